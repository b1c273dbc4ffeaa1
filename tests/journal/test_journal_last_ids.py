"""The last ids, in a file beside the journal: written before they are given, never lowered, believed within bounds."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from domain_world import T0
from journal_kit import change_inside, event, look_inside

from bursar.journal import events
from bursar.journal.errors import JournalError
from bursar.journal.last_ids import LARGEST, SIZE, LastIds
from bursar.journal.writer import Journal


@pytest.fixture
def ids(tmp_path: Path) -> Iterator[LastIds]:
    made = LastIds(tmp_path / "ids")
    yield made
    made.close()


def test_what_is_noted_is_known_to_the_next_that_reads(ids: LastIds) -> None:
    ids.note({"events": 9, "ledger": 2})
    assert LastIds(ids.path).known == {"events": 9, "ledger": 2}


def test_no_id_is_lowered(ids: LastIds) -> None:
    ids.note({"events": 9, "ledger": 2})
    ids.note({"events": 8, "ledger": 3})
    assert LastIds(ids.path).known == {"events": 9, "ledger": 3}


def test_the_file_is_one_sector_with_the_largest_ids_of_all_tables(path: Path) -> None:
    Journal.open(path).close()
    tables = [name for (name,) in look_inside(path, "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")]
    ids = LastIds.beside(path)
    ids.note(dict.fromkeys(tables, LARGEST))
    ids.close()
    assert (ids.path.stat().st_size, LastIds(ids.path).known["ledger"]) == (SIZE, LARGEST)


@pytest.mark.parametrize(
    "content",
    [b"", b"events", b"events=", b"events=x", b"events=1=2", b"events=-1", b"events=9007199254740993", b"\xff\xfe",
     b"events=" + b"9" * 10_000, b"\0" * SIZE],
)  # fmt: skip
def test_a_file_that_makes_no_sense_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ids").write_bytes(content)
    assert LastIds(tmp_path / "ids").known == {}


async def test_no_commit_gives_an_id_that_the_file_does_not_know(path: Path) -> None:
    journal = Journal.open(path)
    found = await journal.write(lambda tx: (events.add(tx, event(at=T0)), LastIds.beside(path).known)[1])
    journal.close()
    assert (found.get("events"), LastIds.beside(path).known["events"]) == (None, 1)


async def test_where_the_file_cannot_be_written_nothing_is_committed(path: Path) -> None:
    journal = Journal.open(path)
    LastIds.beside(path).path.mkdir()
    with pytest.raises(JournalError):
        await journal.write(lambda tx: events.add(tx, event(at=T0)))
    journal.close()
    assert look_inside(path, "SELECT count(*) FROM events") == [(0,)]


async def test_an_older_journal_in_its_place_goes_on_after_them(path: Path) -> None:
    """Whoever put it there, and whatever it is."""
    Journal.open(path).close()
    shutil.copyfile(path, path.with_name("older.db"))
    LastIds.beside(path).note({"events": 40, "strange": 7})
    shutil.copyfile(path.with_name("older.db"), path)
    journal = Journal.open(path)
    await journal.write(lambda tx: events.add(tx, event(at=T0)))
    journal.close()
    assert look_inside(path, "SELECT max(seq) FROM events") == [(41,)]


async def test_a_journal_that_is_ahead_of_the_file_goes_on_after_its_own(path: Path) -> None:
    """A loss of power may leave it so."""
    Journal.open(path).close()
    LastIds.beside(path).note({"events": 3})
    change_inside(path, "DELETE FROM sqlite_sequence", "INSERT INTO sqlite_sequence VALUES ('events', 50)")
    journal = Journal.open(path)
    await journal.write(lambda tx: events.add(tx, event(at=T0)))
    journal.close()
    assert (look_inside(path, "SELECT max(seq) FROM events"), LastIds.beside(path).known["events"]) == ([(51,)], 51)
