"""Connections to a journal, and files that are on the disk."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def connect(path: Path, *, read_only: bool = False, fresh: bool = False) -> sqlite3.Connection:
    """Open a connection. Writers: WAL, synchronous=FULL. Readers cannot write, and do not checkpoint."""
    if fresh:
        # SQLite would make it by the umask: names of orders and amounts for everybody to read.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    uri = path.resolve().as_uri() + ("?mode=ro" if read_only else "?mode=rw")
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA busy_timeout=5000")
    if not read_only:
        connection.execute("PRAGMA journal_mode=WAL")
        # NORMAL may lose the last commits of a WAL with the power: a `sending` whose request has left among them.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=67108864")
    return connection


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
