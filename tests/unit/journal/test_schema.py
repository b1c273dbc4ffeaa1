"""The tables: the migrations give exactly them, and a new journal is marked as ours."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bursar.journal.files.migrate import APPLICATION_ID
from bursar.journal.files.scripts import statements
from bursar.journal.migrations import MIGRATIONS, VERSION
from bursar.journal.schema import TABLES
from bursar.journal.writer import Journal
from support.journal import change_inside, look_inside


def shape(scripts: tuple[str, ...]) -> dict[str, str]:
    """Return every table and index that scripts make, by name."""
    connection = sqlite3.connect(":memory:")
    try:
        for script in scripts:
            for statement in statements(script):
                connection.execute(statement)
        return columns_of(connection)
    finally:
        connection.close()


def columns_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the shape of each table (its columns, whatever order they came in) and the text of each index."""
    found = {}
    for kind, name, text in connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"):
        if kind == "table":
            columns = sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({name})"))
            found[name] = f"{columns} {'WITHOUT ROWID' in text}"
        else:
            found[name] = " ".join(text.split())
    return found


def test_the_migrations_give_exactly_the_tables() -> None:
    assert shape(MIGRATIONS) == shape((TABLES,))


def test_the_version_counts_the_migrations() -> None:
    assert len(MIGRATIONS) == VERSION


def test_a_new_journal_is_marked_as_ours(path: Path) -> None:
    Journal.open(path).close()
    assert look_inside(path, "PRAGMA application_id") == [(APPLICATION_ID,)]


def test_a_new_journal_has_the_newest_version(path: Path) -> None:
    Journal.open(path).close()
    assert look_inside(path, "PRAGMA user_version") == [(VERSION,)]


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_a_journal_of_each_version_is_brought_up_to_the_newest(path: Path, version: int) -> None:
    made = [statement for script in MIGRATIONS[:version] for statement in statements(script)]
    meta = "INSERT INTO meta VALUES ('journal_id', 'abc'), ('digest_key', 'ff'), ('sent', '0')"
    change_inside(path, *made, meta, f"PRAGMA application_id={APPLICATION_ID}", f"PRAGMA user_version={version}")
    Journal.open(path).close()
    connection = sqlite3.connect(path)
    assert columns_of(connection) == shape((TABLES,))
    connection.close()


def test_opening_again_changes_no_key(path: Path) -> None:
    Journal.open(path).close()
    before = look_inside(path, "SELECT * FROM meta ORDER BY key")
    Journal.open(path).close()
    assert look_inside(path, "SELECT * FROM meta ORDER BY key") == before


def test_two_journals_have_keys_of_their_own(tmp_path: Path) -> None:
    keys = set()
    for name in ("one.db", "two.db"):
        Journal.open(tmp_path / name).close()
        keys.update(look_inside(tmp_path / name, "SELECT value FROM meta WHERE key IN ('digest_key', 'journal_id')"))
    assert len(keys) == 4


def test_no_statement_of_the_schema_is_cut_in_two() -> None:
    assert all(sqlite3.complete_statement(f"{statement};") for statement in statements(TABLES))
