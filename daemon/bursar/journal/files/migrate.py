"""Tables of an older bursar's journal are brought up to date, after a copy was made beside it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from bursar.journal.errors import JournalDamaged, JournalNewer
from bursar.journal.files.connection import sync
from bursar.journal.files.scripts import statements
from bursar.journal.migrations import MIGRATIONS, VERSION

APPLICATION_ID = 0x62757273


def check(connection: sqlite3.Connection, path: Path) -> int:
    """Check that a database is a journal of this bursar or of an older one; return the version of its tables.

    Raises:
        JournalError: it is another program's, or a newer bursar's.
    """
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application not in {0, APPLICATION_ID} or (application == 0 and tables):
        raise JournalDamaged(f"{path}: is another program's database, not a journal of bursar")
    if version > VERSION:
        newer = f"tables {version}, this one knows {VERSION}"
        raise JournalNewer(f"{path}: was written by a newer bursar ({newer}); upgrade bursar")
    return version


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to date, in one transaction.

    Raises:
        JournalError: it is another program's, or a newer bursar's.
    """
    version = check(connection, path)
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # All steps in one transaction: a full disk in the middle leaves the journal as the older bursar wrote it.
        for script in MIGRATIONS[version:]:
            for statement in statements(script):
                connection.execute(statement)
        if version == 0:
            connection.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [("journal_id", secrets.token_hex(8)), ("digest_key", secrets.token_hex(32)), ("sent", "0")],
            )
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has undone it already
            connection.execute("ROLLBACK")
        raise


def back_up(reader: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy a journal of an older version to a file beside it, before it is changed."""
    copy = path.with_name(f"{path.name}.version-{version}")
    part = copy.with_name(f".{copy.name}.part")
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(part, isolation_level=None)) as target:
        reader.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    part.replace(copy)
    sync(copy.parent)
