"""The journal as files: the lock of its folder, what may be opened, and how."""

from __future__ import annotations

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bursar.journal.errors import JournalDamaged, JournalError, JournalLocked, JournalMissing, JournalNewer, explain
from bursar.journal.last_ids import SKIPPED, go_on_after
from bursar.journal.migrations import MIGRATIONS, VERSION
from bursar.journal.place import Looks, lock_of, noted_of
from bursar.journal.scripts import statements
from bursar.journal.send_counter import SendCount, SendCounter, was_restored
from bursar.journal.sidecar import open_sidecar

APPLICATION_ID = 0x62757273


def resolved(path: Path) -> Path:
    """Return where a journal really lies: two names for one file must meet at one lock."""
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise JournalError(f"{path}: cannot be found out where it lies ({type(error).__name__})") from error


def claim(path: Path, *, create: bool) -> int:
    """Take the writer's lock of a journal, beside the file itself, whatever names lead to it; return its descriptor.

    Raises:
        JournalLocked: another process has it.
        JournalError: the folder cannot be used.
    """
    path = resolved(path)
    if not create and not path.exists():
        raise missing(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = open_sidecar(lock_of(path))
    except OSError as error:
        raise explain(error, path) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(lock, 20, 0).decode("ascii", "replace").split("\n")[0].strip()
        os.close(lock)
        raise JournalLocked(f"{path}: another bursar writes this journal (process {owner or 'unknown'})") from None
    try:
        # What the last writer noted of the main file stays: by it a log that does not belong to that is recognized.
        kept = noted_of(lock)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n{kept}".encode("ascii"), 0)
    except OSError as error:
        os.close(lock)
        raise explain(error, path) from error
    return lock


def writer_of(path: Path) -> int | None:
    """Return the process that has the writer's lock of a journal; None: none, or it may not be looked at.

    The lock is tried only where the process that is noted there lives: a daemon that starts just now is not disturbed.
    """
    try:
        lock = os.open(lock_of(resolved(path)), os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, JournalError):
        return None
    try:
        noted = os.pread(lock, 20, 0).decode("ascii", "replace").split("\n")[0].strip()
        pid = int(noted) if noted.isdecimal() else 0
        if not pid or not Path("/proc", str(pid)).exists():
            return None
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return pid
    except OSError:
        return None
    finally:
        os.close(lock)
    return None


def refuse_written(path: Path) -> None:
    """Refuse a journal that another process writes.

    Raises:
        JournalLocked: one does.
        JournalError: the folder cannot be used.
    """
    if lock_of(resolved(path)).exists():
        os.close(claim(path, create=True))


def check_log(path: Path, lock: int) -> None:
    """Check that a write-ahead log that was left behind belongs to the main file beside it.

    Raises:
        JournalDamaged: the main file was put there while the log is of another one, or the two do not fit together.
    """
    log = path.with_name(path.name + "-wal")
    if not log.exists() or not log.stat().st_size or not path.exists():
        return
    noted, found = noted_of(lock).split(), Looks.of(path)
    # SQLite would play the newer log into the older file: pages of two journals, and payouts that it knows half.
    if noted and noted[0] != str(found.inode):
        raise JournalDamaged(
            f"{path}: was put there while {log.name} beside it belongs to the journal before it; restore with "
            f"`bursar restore`, or remove {log.name} and its -shm first"
        )
    if noted != [str(found.inode), str(found.size), str(found.mtime_ns)]:
        with closing(connect(path, read_only=True)) as reader:
            fits = _fits_its_trail(reader)
        if not fits:
            raise JournalDamaged(f"{path}: does not fit {log.name} beside it; restore a backup with `bursar restore`")


def _fits_its_trail(reader: sqlite3.Connection) -> bool:
    """Return whether the pages are whole, the audit trail ends where it should, and intents stand where it says."""
    if reader.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
        return False
    head = reader.execute("SELECT value FROM meta WHERE key = 'audit_head'").fetchone()
    last = reader.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    if last is not None and head is not None and head[0] != f"{last[0]} {last[1]}":
        return False
    astray = f"SELECT count(*) FROM ({LAST_STEPS}) a JOIN intents i ON i.id = a.intent_id WHERE 'intent.' || i.state <> a.what"
    missing = f"SELECT count(*) FROM ({LAST_STEPS}) a LEFT JOIN ledger l ON l.id = a.intent_id WHERE l.id IS NULL"
    has_ledger = reader.execute("PRAGMA user_version").fetchone()[0] > 1
    return not any(reader.execute(sql).fetchone()[0] for sql in ((astray, missing) if has_ledger else (astray,)))


LAST_STEPS = (
    "SELECT intent_id, what FROM audit WHERE seq IN (SELECT max(seq) FROM (SELECT seq, intent_id, what, at FROM audit ORDER BY seq "
    "DESC LIMIT 1000) WHERE what LIKE 'intent.%' AND what NOT IN ('intent.question', 'intent.retry') AND at > (SELECT max(at) FROM "
    "audit) - 2592000000000 GROUP BY intent_id)"
)
"""Where the audit trail's last entries, of the last 30 days, say that intents stand."""


def refuse_empty(path: Path) -> None:
    """Refuse a file with nothing in it: somebody has emptied it.

    Raises:
        JournalDamaged: it is empty.
    """
    if path.stat().st_size == 0:
        raise JournalDamaged(f"{path}: the file is empty; restore a backup, or remove it to start with nothing known")


def prepare_file(path: Path, counter: SendCounter, given: Mapping[str, int], *, create: bool) -> None:
    """Check what the file is and bring its tables up to date, in one transaction; an older one is backed up first.

    Args:
        path: The journal, resolved.
        counter: The counter beside it.
        given: The last id of each table that was given there, as far as it is known: it goes on after them.
        create: Whether one that is not there is made.

    Raises:
        JournalError: it is missing, emptied, damaged, newer, full or read-only.
    """
    there = path.exists()
    # A counter without its journal: things were sent from here. An empty one would know of none of them.
    if not there and (counter.exists() or not create):
        raise missing(path)
    if there:
        refuse_empty(path)
    if there and path.stat().st_nlink > 1:
        raise JournalError(
            f"{path}: has a second name (a hard link), under which it could be written at the same time; remove that name"
        )
    try:
        if there:  # looked at before it is opened for writing: that would make a WAL of another program's database
            with closing(connect(path, read_only=True)) as reader:
                version = check(reader, path)
                if 0 < version < VERSION:
                    _back_up(reader, path, version)
        connection = connect(path, fresh=not there)
        try:
            migrate(connection, path)
            _ensure_counter(connection, counter)
            go_on_after(connection, given, SKIPPED if not given and _restored(connection, counter) else 0)
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error


def _back_up(reader: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy a journal of an older version to a file beside it, before it is changed."""
    copy = path.with_name(f"{path.name}.version-{version}")
    part = copy.with_name(f".{copy.name}.part")
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(part, isolation_level=None)) as target:
        reader.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")
    part.replace(copy)
    sync(copy.parent)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


def missing(path: Path) -> JournalMissing:
    """Return that there is no journal, and what to do: it was never made, it is gone, or its volume is not mounted."""
    if not path.parent.is_dir():
        return JournalMissing(
            f"{path}: the folder {path.parent} is not there: is its volume mounted? If bursar never ran here, "
            "`bursar run` makes it, and the journal"
        )
    counter = SendCounter.beside(path).path
    if not counter.exists():
        return JournalMissing(f"{path}: there is no journal yet; `bursar run` makes it")
    return JournalMissing(
        f"{path}: the journal is gone, but {counter.name} says that it was here; restore a backup, or remove "
        f"{counter.name} to start with nothing known"
    )


def _restored(connection: sqlite3.Connection, counter: SendCounter) -> bool:
    """Return whether a journal is behind what was sent."""
    meta = dict(connection.execute("SELECT key, value FROM meta").fetchall())
    own = SendCount(meta["journal_id"], int(meta["sent"]))
    return was_restored(own, counter.read(), new="started_at" not in meta)


def _ensure_counter(connection: sqlite3.Connection, counter: SendCounter) -> None:
    """Make the counter of a journal on which nothing ran yet; one that is lost later stays lost, and tells so."""
    known = "SELECT key, value FROM meta WHERE key IN ('journal_id', 'sent', 'started_at')"
    meta = dict(connection.execute(known).fetchall())
    # Only where nothing ever ran: a backup from before the first
    # sending has counted nothing either, and must not be believed.
    if not counter.exists() and meta["sent"] == "0" and "started_at" not in meta:
        counter.raise_to(SendCount(meta["journal_id"], 0))
