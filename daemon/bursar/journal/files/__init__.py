"""The journal as files: the lock of its folder, what may be opened, and what lies beside it."""
