"""`bursar restore` stands beside `bursar backup`."""

from bursar.cli.backup import restore

__all__ = ["restore"]
