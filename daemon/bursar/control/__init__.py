"""The interface to a running daemon: what can be asked and commanded, over its socket or where none runs."""
