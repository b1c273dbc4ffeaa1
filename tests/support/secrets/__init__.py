"""Secrets that are planted, servers that tell them, and the play in which none may be seen."""
