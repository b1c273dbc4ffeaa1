"""Two daemons never write one journal, by whatever names they know it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bursar.journal.errors import JournalError, JournalLocked
from bursar.journal.files.lock import claim
from bursar.journal.writer import Journal
from support.journal import look_inside, put


async def test_a_second_writer_is_turned_away(journal: Journal) -> None:
    with pytest.raises(JournalLocked, match=f"process {os.getpid()}"):
        Journal.open(journal.path)


async def test_a_second_writer_that_was_turned_away_does_no_harm(journal: Journal) -> None:
    with pytest.raises(JournalLocked):
        Journal.open(journal.path)
    await journal.write(lambda tx: put(tx, "still"))


def test_a_writer_in_another_process_is_turned_away(path: Path) -> None:
    lock = claim(path, create=True)
    script = f"from pathlib import Path; from bursar.journal.writer import Journal; Journal.open(Path({str(path)!r}))"
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=False)
    os.close(lock)
    assert "JournalLocked" in other.stderr


def linked(tmp_path: Path, way: str) -> tuple[Path, Path]:
    """Return two names of one journal that is not there yet."""
    real = tmp_path / "state" / "journal.db"
    real.parent.mkdir()
    other = tmp_path / "other" / "journal.db"
    if way == "the folder":
        other.parent.symlink_to(real.parent)
    else:
        other.parent.mkdir()
        other.symlink_to(real)
    return real, other


WAYS = pytest.mark.parametrize("way", ["the file", "the folder"])


@WAYS
@pytest.mark.parametrize("first", [0, 1])
def test_two_names_of_one_journal_are_one_lock(tmp_path: Path, way: str, first: int) -> None:
    names = linked(tmp_path, way)
    journal = Journal.open(names[first])
    try:
        with pytest.raises(JournalLocked, match=f"process {os.getpid()}"):
            Journal.open(names[1 - first])
    finally:
        journal.close()


def test_a_journal_with_a_second_name_is_not_opened_under_either(tmp_path: Path) -> None:
    """A hard link has a lock and a log of its own: two daemons could write at once."""
    names = tmp_path / "journal.db", tmp_path / "other" / "journal.db"
    Journal.open(names[0]).close()
    names[1].parent.mkdir()
    names[1].hardlink_to(names[0])
    for name in names:
        with pytest.raises(JournalError, match="hard link"):
            Journal.open(name)
    names[1].unlink()
    Journal.open(names[0]).close()


@WAYS
def test_a_journal_under_another_name_is_the_same(tmp_path: Path, way: str) -> None:
    real, other = linked(tmp_path, way)
    Journal.open(other).close()
    before = look_inside(real, "SELECT * FROM meta ORDER BY key")
    Journal.open(real).close()
    assert look_inside(other, "SELECT * FROM meta ORDER BY key") == before


@WAYS
def test_what_lies_beside_a_journal_lies_beside_the_file_itself(tmp_path: Path, way: str) -> None:
    real, other = linked(tmp_path, way)
    Journal.open(other).close()
    there = {path.name for path in real.parent.iterdir()}
    assert {"journal.db", "journal.db.lock", "journal.db.fence"} <= there
    assert way == "the folder" or [path.name for path in other.parent.iterdir()] == ["journal.db"]


def test_a_name_that_leads_nowhere_but_to_itself_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "journal.db").symlink_to(tmp_path / "journal.db")
    with pytest.raises(JournalError):
        Journal.open(tmp_path / "journal.db")
