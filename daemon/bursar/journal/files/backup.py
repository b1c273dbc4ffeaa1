"""Back-up, restore and a look at the journal's health. None of it needs the daemon to stop, but for restore."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path

from bursar.domain.ids import microseconds
from bursar.journal import audit, meta
from bursar.journal.errors import JournalDamaged, JournalError, JournalMissing, JournalNewer, explain
from bursar.journal.files import kept_pauses
from bursar.journal.files.connection import connect, sync
from bursar.journal.files.last_ids import SKIPPED, LastIds, go_on_after, last_ids
from bursar.journal.files.lock import claim, missing, resolved
from bursar.journal.files.migrate import APPLICATION_ID, migrate
from bursar.journal.files.scripts import statements
from bursar.journal.files.send_counter import SendCount, SendCounter
from bursar.journal.migrations import VERSION
from bursar.journal.schema import TABLES
from bursar.journal.writer import Tx

FIXED_WAL = (3, 51, 3)
"""From this version on SQLite does not corrupt a WAL under two writers."""


def back_up(source: Path, target: Path) -> int:
    """Copy a journal, also one that is being written, as it is at one instant; return its size in bytes.

    Raises:
        JournalError: there is none, the target exists, or it cannot be written.
    """
    if not source.exists():
        raise missing(resolved(source))
    if target.exists():
        raise JournalError(f"{target}: exists already; name another file")
    part = target.with_name(f".{target.name}.part")
    try:
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        reader, copy = connect(source, read_only=True), sqlite3.connect(part, isolation_level=None)
        try:
            # All pages in one go: a copy that a writer overtakes would begin anew each time, and might never end.
            reader.backup(copy, pages=-1)
            # As one file: a copy of it elsewhere would lack the log beside it, with its newest commits.
            copy.execute("PRAGMA journal_mode=DELETE")
        finally:
            reader.close()
            copy.close()
        # Before it has the name of a backup: one that is not whole must not be found on the day it is needed.
        check_file(part)
        sync(part)
        part.rename(target)
        # The name, too: without this a power cut may leave no file of that name, or an empty one.
        sync(target.parent)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise explain(error, target) from error
    return target.stat().st_size


def restore(backup: Path, target: Path, now: datetime) -> Path | None:
    """Put a back-up in the place of a journal; return where the old one was moved to, if there was one.

    The sidecar stays: by it the next start recognizes that the journal was restored, and what was ready or being sent
    in it becomes unknown.

    Raises:
        JournalError: a daemon runs, or the file is not a whole journal.
    """
    check_file(backup)
    target = resolved(target)
    part = target.with_name(f".{target.name}.part")
    if target.exists() and backup.samefile(target):
        raise JournalError(f"{backup}: is the journal itself, and stays as it is; name a backup")
    if part.exists() and backup.samefile(part):
        raise JournalError(f"{backup}: is what a restore writes over; give it another name")
    # No daemon may write while its journal is replaced under it.
    lock = claim(target, create=True)
    try:
        _clear(part)
        _copy(backup, part)
        part.chmod(0o600)
        # An old message, `approve 17`, must not speak of another payout after the restore.
        _keep_ids(part, _given(target), LastIds.beside(target).known)
        # What a person has stopped since the backup stays stopped:
        # refills, which no caution holds back, would go out at once.
        kept_pauses.keep(part, kept_pauses.paused(target))
        check_file(part)  # what is put in place is what was looked at
        sync(part)
        # Before the newer journal is moved away: the counter beside it
        # may be an older copy, and would hide that this is a restore.
        _keep_count(target)
        moved = _set_aside(target, now)  # not before the copy is there
        part.rename(target)
        sync(target.parent)
    except BaseException as error:
        _clear(part)  # on a disk that is full it would go on filling it
        if isinstance(error, (sqlite3.Error, OSError)):
            raise explain(error, target) from error
        raise
    finally:
        os.close(lock)
    return moved


def _clear(part: Path) -> None:
    """Remove what a restore writes, and what SQLite keeps beside it: left by one that was killed, it would be played back."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        part.with_name(f"{part.name}{suffix}").unlink(missing_ok=True)


def _copy(backup: Path, part: Path) -> None:
    """Copy a back-up, with what a log beside it has: one that was made with `cp` has its newest commits there."""
    log = backup.with_name(f"{backup.name}-wal")
    if not log.exists() or not log.stat().st_size:
        shutil.copyfile(backup, part)
        return
    part.unlink(missing_ok=True)
    with closing(connect(backup, read_only=True)) as reader, closing(sqlite3.connect(part)) as whole:
        reader.backup(whole)


def _set_aside(target: Path, now: datetime) -> Path | None:
    """Move a journal out of the way, with what its log has; return where to. None: there is none."""
    log, shared = (target.with_name(f"{target.name}{suffix}") for suffix in ("-wal", "-shm"))
    aside = _free(target.with_name(f"{target.name}.before-restore-{now:%Y%m%d-%H%M%S}"))
    there = target.exists()
    if there:
        with suppress(sqlite3.DatabaseError):  # a damaged one is moved as it is
            _checkpoint(target)
        target.rename(aside)
    if log.exists() and log.stat().st_size:  # somebody reads it, it cannot be read, or its journal was moved away
        log.rename(_free(aside.with_name(f"{aside.name}-wal")))
    for left in (log, shared):
        left.unlink(missing_ok=True)
    return aside if there else None


def _free(path: Path) -> Path:
    """Return a name that nothing has yet: another restore may be of the same second, or the clock was set back."""
    return next(
        one
        for number in count(1)
        if not (one := path if number == 1 else path.with_name(f"{path.name}-{number}")).exists()
    )


def _given(path: Path) -> dict[str, int]:
    """Return the last id of each table of the journal that is replaced; nothing, if there is none, or none readable."""
    try:
        with closing(connect(path, read_only=True)) as connection:
            return last_ids(connection)
    except sqlite3.Error:
        return {}


def _keep_count(path: Path) -> None:
    """Raise the counter beside a journal to what the journal has counted, if that is an older copy of the file.

    By it the next start recognizes that the back-up is older than what was sent.
    """
    counter = SendCounter.beside(path)
    with suppress(sqlite3.Error, KeyError, ValueError), closing(connect(path, read_only=True)) as connection:
        said = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('journal_id', 'sent')").fetchall())
        own, beside = SendCount(said["journal_id"], int(said["sent"])), counter.read()
        if beside is not None and beside.journal == own.journal and beside.sent < own.sent:
            counter.raise_to(own)
    counter.close()


def _keep_ids(path: Path, given: Mapping[str, int], counted: Mapping[str, int]) -> None:
    """Have no id used again that was given after the back-up.

    Args:
        path: The copy of the back-up.
        given: The last ids of the journal that it replaces.
        counted: Those that are written beside it; both empty: they are not known.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if (
            connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete"
        ):  # in a log it could be lost unheard
            raise JournalError(f"{path}: the copy cannot be written as one file")
        migrate(connection, path)  # one of version 1 counts its ids by its rows
        go_on_after(connection, given)
        go_on_after(connection, counted, 0 if given or counted else SKIPPED)


def check_file(path: Path) -> None:
    """Check that a file is a whole journal.

    Raises:
        JournalError: it is missing, another program's, damaged, or newer than this bursar.
    """
    if not path.exists():
        raise JournalMissing(f"{path}: there is no such file")
    try:
        connection = connect(path, read_only=True)
        try:
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise JournalDamaged(f"{path}: is not a journal of bursar")
            if connection.execute("PRAGMA user_version").fetchone()[0] > VERSION:
                raise JournalNewer(f"{path}: was written by a newer bursar; upgrade bursar")
            verdict = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise explain(error, path) from error
    if verdict != "ok":
        raise JournalDamaged(f"{path}: is damaged ({verdict})")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `ok`, `warning` or `bad`, and a sentence."""

    what: str
    verdict: str
    reason: str


def examine(path: Path, now: datetime) -> list[Finding]:
    """Look at a journal's health: the file, the tables, the chain, what is stuck, the clock."""
    try:
        check_file(path)
    except JournalError as error:
        return [Finding("file", "bad", str(error))]
    connection = connect(path, read_only=True)
    try:
        tx = Tx(connection)
        sidecar = SendCounter.beside(resolved(path))
        return [
            Finding("file", "ok", "whole, by the database's own check"),
            _tables(tx),
            _chain(tx),
            _sidecar(tx, sidecar),
            *_stuck(tx, now),
            _clock(tx, now),
            _modes(path),
            _engine(),
        ]
    finally:
        connection.close()


def _tables(tx: Tx) -> Finding:
    there = {row[0] for row in tx.all("SELECT name FROM sqlite_master WHERE sql IS NOT NULL")}
    wanted = {_name(statement) for statement in statements(TABLES)}
    missing = sorted(wanted - there)
    if missing:
        return Finding("tables", "bad", f"missing: {', '.join(missing)}; restore a backup")
    return Finding("tables", "ok", f"version {VERSION}")


def _name(statement: str) -> str:
    words = statement.replace("UNIQUE ", "").split()
    return words[2]


def _chain(tx: Tx) -> Finding:
    good, broken = audit.verify(tx)
    if broken is not None:
        return Finding("audit", "bad", f"the first broken link is entry {broken.seq}: {broken.reason}")
    return Finding("audit", "ok", f"{good} entries in order")


def _sidecar(tx: Tx, sidecar: SendCounter) -> Finding:
    if meta.restored(tx, sidecar.read()):
        return Finding("sidecar", "warning", "the journal is older than what was sent: the next start asks about it")
    return Finding("sidecar", "ok", f"{meta.send_count(tx).sent} sendings and decisions counted")


def _stuck(tx: Tx, now: datetime) -> list[Finding]:
    questions = (
        (
            "unknown actions",
            "SELECT count(*) FROM intents WHERE state = 'unknown'",
            "see `bursar actions --state unknown`",
        ),
        (
            "dead letters",
            "SELECT count(*) FROM deliveries WHERE state = 'dead'",
            "see `bursar deliveries --state dead`",
        ),
        (
            "held observations",
            "SELECT count(*) FROM held_observations WHERE state = 'held'",
            "see `bursar observations`",
        ),
        (
            "quarantined accounts",
            "SELECT count(*) FROM accounts WHERE quarantine_digest IS NOT NULL",
            "see `bursar accounts`",
        ),
        (
            "pauses",
            "SELECT count(*) FROM accounts WHERE paused_at IS NOT NULL",
            "nothing is done there until `bursar resume`: see `bursar status`",
        ),
        (
            "restored",
            f"SELECT count(*) FROM meta WHERE key = '{meta.RESTORED}'",
            "what was sent since the backup is not known here, and rules ask first, until `bursar restore --confirm`",
        ),
        ("rejected accounts", "SELECT count(*) FROM accounts WHERE parked_at IS NOT NULL", "see `bursar accounts`"),
        (
            "problems",
            "SELECT count(*) FROM subjects WHERE problem IS NOT NULL AND vanished_at IS NULL",
            "subjects that cannot be read, or that the provider does not know: see `bursar accounts`",
        ),
    )
    found = []
    for what, sql, hint in questions:
        count = (tx.one(sql) or (0,))[0]
        found.append(Finding(what, "warning" if count else "ok", f"{count}; {hint}" if count else "none"))
    hour_ago = microseconds(now) - 3_600_000_000
    late = (tx.one("SELECT count(*) FROM deliveries WHERE state = 'due' AND next_at < ?", hour_ago) or (0,))[0]
    found.append(
        Finding("late deliveries", "warning" if late else "ok", f"{late} due for over an hour" if late else "none")
    )
    return found


def _clock(tx: Tx, now: datetime) -> Finding:
    last = meta.last_commit(tx)
    if last is not None and (last - now).total_seconds() > 60:
        return Finding("clock", "bad", f"the last commit, {last:%Y-%m-%d %H:%M:%S}Z, lies in the future: set the clock")
    return Finding("clock", "ok", "after the last commit")


def _modes(path: Path) -> Finding:
    mode = path.stat().st_mode & 0o077
    if mode:
        return Finding("file mode", "warning", f"{path} can be read by others: chmod 600 it")
    return Finding("file mode", "ok", "readable by its owner only")


def _engine() -> Finding:
    note = "" if sqlite3.sqlite_version_info >= FIXED_WAL else "; it needs one writer at a time, which bursar sees to"
    return Finding("sqlite", "ok", f"{sqlite3.sqlite_version}{note}")


def _checkpoint(path: Path) -> None:
    connection = connect(path)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
