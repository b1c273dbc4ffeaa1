"""The journal: the database, the only channel between the parts. All SQL lives in this package."""
