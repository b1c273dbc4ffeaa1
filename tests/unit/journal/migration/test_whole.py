"""A journal of the first version is brought up to date as a whole: its tables, its trail, and what has not changed its form."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import audit, matches
from bursar.journal.files.backup import check_file
from bursar.journal.files.scripts import statements
from bursar.journal.migrations import ACTS, AWAY, DEBITS, FIRST, LEDGER, LINES, LOOKUPS, MEANINGS, MIGRATIONS, VERSION
from bursar.journal.schema import TABLES
from bursar.journal.writer import Journal, read_once
from support.journal import look_inside
from support.old_journal import META, dump, everything, filling, opened, updated


def columns_of(connection: sqlite3.Connection) -> dict[str, object]:
    """Return the shape of each table, and the text of each index."""
    found: dict[str, object] = {}
    for kind, name, text in connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        if kind == "table":
            columns = sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({name})"))
            found[name] = columns, "WITHOUT ROWID" in text, "AUTOINCREMENT" in text
        else:
            found[name] = " ".join(text.split())
    return found


def test_the_tables_of_a_filled_journal_are_those_of_a_new_one(old: Path) -> None:
    updated(old, everything)
    fresh = sqlite3.connect(":memory:")
    for statement in statements(TABLES):
        fresh.execute(statement)
    with opened(old) as connection:
        assert columns_of(connection) == columns_of(fresh)
    fresh.close()


def test_the_file_is_whole_and_of_the_newest_version(old: Path) -> None:
    updated(old, everything)
    check_file(old)
    assert look_inside(old, "PRAGMA user_version") == [(VERSION,)]


def test_what_the_journal_is_stays(old: Path) -> None:
    updated(old, everything)
    found = dict(look_inside(old, "SELECT key, value FROM meta"))
    assert {key: found[key] for key in META} == META


KEPT = ("streams", "subjects", "events", "rearmed", "verdicts", "attempts", "deliveries", "held_observations", "audit")
"""Tables that are as they were."""


def test_what_has_not_changed_its_form_is_as_it_was(old: Path) -> None:
    with filling(old) as journal:
        everything(journal)
    before = dump(old)[1]
    updated(old)
    now = dump(old)[1]
    assert {table: now[table] for table in KEPT} == {table: before[table] for table in KEPT}


def test_the_audit_trail_is_whole(old: Path) -> None:
    updated(old, everything)
    assert read_once(old, audit.verify)[1] is None


def test_opening_again_brings_nothing_up_to_date_twice(old: Path) -> None:
    updated(old, everything)
    before = dump(old)
    updated(old)
    assert dump(old) == before


RELEASED = (
    "2c14cef5f25cb874",
    "9691756d88a8a83f",
    "1af5b63708254b6e",
    "e6c899c68b2bd18b",
    "26640a79d27f2ce3",
    "b8bb9a9077c6dba7",
    "0f3e741aae1c1df2",
    "49c17254b31c0f5f",
)
"""What stands for each released step, in order; a new one is added, and none is changed."""


def test_no_released_step_is_edited() -> None:
    """A journal that an edited step has not seen keeps its version, and what the edit was to bring never comes to it."""
    assert tuple(hashlib.sha256(step.encode()).hexdigest()[:16] for step in MIGRATIONS) == RELEASED


def test_there_is_a_step_for_every_version() -> None:
    assert (MIGRATIONS, VERSION) == ((FIRST, LEDGER, MEANINGS, ACTS, LINES, AWAY, DEBITS, LOOKUPS), 8)


async def test_a_journal_that_was_brought_up_to_date_is_written_on(old: Path) -> None:
    updated(old, everything)
    journal = Journal.open(old)
    try:
        held = HoldBack(BlockReason.PAUSED, "the account is paused")
        await journal.write(lambda tx: matches.hold_back(tx, matches.held_by(tx, "r")[0], held, 0))
        assert await journal.read(lambda tx: matches.held_by(tx, "r")[0].block) == "paused"
    finally:
        journal.close()
