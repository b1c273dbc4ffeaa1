"""The journal as files: the lock of its folder, what may be opened, and how."""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from bursar.journal.errors import JournalDamaged, JournalLocked, JournalMissing, JournalNewer, explain
from bursar.journal.schema import MIGRATIONS, VERSION, statements
from bursar.journal.send_counter import SendCount, SendCounter

APPLICATION_ID = 0x62757273


def claim(path: Path, *, create: bool) -> int:
    """Take the writer's lock of a journal; give its descriptor.

    Raises:
        JournalLocked: another process has it.
        JournalError: the folder cannot be used.
    """
    if not create and not path.exists():
        raise JournalMissing(f"{path}: there is no journal yet; `bursar run` makes it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise explain(error, path) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
        os.close(lock)
        raise JournalLocked(f"{path}: another bursar writes this journal (process {owner or 'unknown'})") from None
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
    except OSError as error:
        os.close(lock)
        raise explain(error, path) from error
    return lock


def prepare_file(path: Path, sidecar: SendCounter, *, create: bool) -> None:
    """Check what the file is and bring its tables up to date, in one transaction.

    Raises:
        JournalError: it is missing, emptied, damaged, newer, full or read-only.
    """
    there = path.exists()
    if not there and sidecar.exists():
        raise JournalMissing(
            f"{path}: the journal is gone, but {sidecar.path.name} says that it was here; restore a backup, or remove "
            f"{sidecar.path.name} to start with nothing known"
        )
    if there and path.stat().st_size == 0:
        raise JournalDamaged(f"{path}: the file is empty; restore a backup, or remove it to start with nothing known")
    if not there and not create:
        raise JournalMissing(f"{path}: there is no journal yet; `bursar run` makes it")
    try:
        if there:  # looked at before it is opened for writing: that would make a WAL of another program's database
            with closing(connect(path, read_only=True)) as reader:
                check(reader, path)
        connection = connect(path, fresh=not there)
        try:
            _migrate(connection, path)
            _ensure_sidecar(connection, sidecar)
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error


def connect(path: Path, *, read_only: bool = False, fresh: bool = False) -> sqlite3.Connection:
    """Open a connection. Writers: WAL, synchronous=FULL. Readers cannot write, and do not checkpoint."""
    if fresh:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    uri = path.resolve().as_uri() + ("?mode=ro" if read_only else "?mode=rw")
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA busy_timeout=5000")
    if not read_only:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=67108864")
    return connection


def check(connection: sqlite3.Connection, path: Path) -> int:
    """Check that a database is a journal of this bursar or of an older one; give the version of its tables.

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


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = check(connection, path)
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
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
        connection.execute("ROLLBACK")
        raise


def _ensure_sidecar(connection: sqlite3.Connection, sidecar: SendCounter) -> None:
    """Make the sidecar of a journal that has sent nothing yet; one that is lost later stays lost, and tells so."""
    meta = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('journal_id', 'sent')").fetchall())
    if not sidecar.exists() and meta["sent"] == "0":
        sidecar.raise_to(SendCount(meta["journal_id"], 0))
