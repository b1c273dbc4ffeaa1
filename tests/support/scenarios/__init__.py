"""What a daemon is put through in virtual time, and what it is found in then."""
