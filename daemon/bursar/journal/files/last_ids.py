"""The last id of each table that gives ids: none is used again, not even by a journal that was restored.

An old message, a link or a person's note speaks of an action by its id, and must never speak of another one. So the
last ids stand in a file beside the journal too, before the commit that gives them.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from bursar.journal.files.sidecar import open_sidecar

SIZE = 512
"""The file's size: one sector, which a crash leaves as it was or as it was to be."""
QUESTIONS = "questions"
"""Under which name the highest number is kept that a question has had: those of an action that was known to an older
journal go on after it."""
FLOOR = "questions_after"
"""Which intents of a journal that went on after another are asked under numbers beyond which: `LAST_ID NUMBER`."""
SKIPPED = 100_000
"""So many ids are left out where it is not known how many were given after the back-up."""
LARGEST = 2**53
"""A larger one is nothing that was given, but damage."""
_COUNTED = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"


class LastIds:
    """A small file, written in place. It outlives the process; a loss of power may take its last seconds.

    Attributes:
        known: What it says, by table; empty: the last ids are not known.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known = _read(path)
        self._file: int | None = None

    @classmethod
    def beside(cls, journal: Path) -> LastIds:
        """Return that of a journal, by its resolved path."""
        return cls(journal.with_name(f"{journal.name}.ids"))

    def note(self, given: Mapping[str, int]) -> None:
        """Write the last ids, those that are about to be given among them; never lower.

        Raises:
            OSError: it could not be written; then none may be given.
        """
        # Never lower: an older journal in this place has given fewer, but people hold messages with the later numbers.
        highest = self.known | {name: max(last, self.known.get(name, 0)) for name, last in given.items()}
        if highest == self.known:
            return
        if self._file is None:
            self._file = open_sidecar(self.path)
        line = " ".join(f"{name}={last}" for name, last in sorted(highest.items()))
        os.pwrite(self._file, line.ljust(SIZE - 1).encode("ascii") + b"\n", 0)
        self.known = highest

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _read(path: Path) -> dict[str, int]:
    try:
        with path.open(encoding="ascii") as file:
            found = {name: int(last) for name, last in (word.split("=") for word in file.read(SIZE).split())}
    except (OSError, ValueError):
        return {}
    # Damage, not a count: believed, it would leave no room for another id.
    return found if all(0 <= last <= LARGEST for last in found.values()) else {}


def last_ids(connection: sqlite3.Connection) -> dict[str, int]:
    """Return the last id that each table has given, and the highest number of a question (`QUESTIONS`).

    A table whose counter is damaged goes on after its last row.
    """
    found = connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    asked = connection.execute("SELECT value FROM meta WHERE key = ?", (QUESTIONS,)).fetchone()
    found += [(QUESTIONS, int(asked[0]))] if asked is not None and str(asked[0]).isdecimal() else []
    return {name: last for name, last in found if isinstance(last, int) and 0 <= last <= LARGEST}


def go_on_after(connection: sqlite3.Connection, given: Mapping[str, int], skipped: int = 0) -> None:
    """Have each table go on after the last id that was given, in this journal or in a newer one.

    Args:
        connection: One that writes, outside a transaction.
        given: The last id of each table, as far as it is known.
        skipped: How many more are left out.
    """
    own = connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
    known = last_ids(connection)
    tables = [name for (name,) in connection.execute(_COUNTED).fetchall()]
    after = {name: max(known.get(name, 0), given.get(name, 0)) + skipped for name in tables}
    behind = any(given.get(name, 0) > known.get(name, 0) for name in (*tables, QUESTIONS))
    if sorted(after.items()) == sorted(own, key=str) and not behind:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute("DELETE FROM sqlite_sequence")
        connection.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", after.items())
        if behind:
            # `approve 17.2` from before a restore must not answer a question
            # of this journal: its questions go on after the highest.
            floor = f"{after.get('ledger', 0)} {max(given.get(QUESTIONS, 0), known.get(QUESTIONS, 0))}"
            put = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            connection.executemany(put, [(FLOOR, floor), (QUESTIONS, floor.partition(" ")[2])])
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has undone it already
            connection.execute("ROLLBACK")
        raise
