"""What may be opened as a journal, and how: its file is checked, made where that is wanted, and brought up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bursar.journal.errors import JournalDamaged, JournalError, explain
from bursar.journal.files.connection import connect
from bursar.journal.files.last_ids import SKIPPED, go_on_after
from bursar.journal.files.lock import missing
from bursar.journal.files.migrate import back_up, check, migrate
from bursar.journal.files.send_counter import SendCount, SendCounter, was_restored
from bursar.journal.migrations import VERSION


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
                    back_up(reader, path, version)
        connection = connect(path, fresh=not there)
        try:
            migrate(connection, path)
            _ensure_counter(connection, counter)
            go_on_after(connection, given, SKIPPED if not given and _restored(connection, counter) else 0)
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error


def refuse_empty(path: Path) -> None:
    """Refuse a file with nothing in it: somebody has emptied it.

    Raises:
        JournalDamaged: it is empty.
    """
    if path.stat().st_size == 0:
        raise JournalDamaged(f"{path}: the file is empty; restore a backup, or remove it to start with nothing known")


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
