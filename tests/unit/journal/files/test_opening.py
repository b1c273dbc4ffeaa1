"""A journal is opened: begun, refused and left alone; folders that may not be written, and disks that are full."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bursar.journal import meta
from bursar.journal.errors import (
    JournalDamaged,
    JournalError,
    JournalFull,
    JournalMissing,
    JournalNewer,
    JournalReadOnly,
)
from bursar.journal.writer import Journal, read_once
from support.journal import change_inside, put

NOBODY = 65534


def test_a_journal_is_made_where_there_is_none(path: Path) -> None:
    Journal.open(path).close()
    assert path.exists()


def test_its_folder_is_made_too(tmp_path: Path) -> None:
    Journal.open(tmp_path / "a" / "b" / "journal.db").close()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_nobody_else_may_read_it(path: Path) -> None:
    Journal.open(path).close()
    assert path.stat().st_mode & 0o077 == 0


def test_none_is_made_when_that_is_not_wanted(path: Path) -> None:
    with pytest.raises(JournalMissing, match="there is no journal yet"):
        Journal.open(path, create=False)
    assert not path.exists()


def test_a_journal_that_was_closed_can_be_opened_again(path: Path) -> None:
    Journal.open(path).close()
    before = read_once(path, lambda tx: meta.get(tx, "journal_id"))
    Journal.open(path).close()
    assert before is not None
    assert read_once(path, lambda tx: meta.get(tx, "journal_id")) == before


def test_a_journal_that_could_not_be_opened_is_not_locked(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be one" * 100)
    for _ in range(2):
        with pytest.raises(JournalDamaged):
            Journal.open(path)


@pytest.mark.parametrize("content", [b"", b"long enough to be a database " * 100, b"SQLite format 3\x00"])
def test_what_is_no_journal_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalDamaged):
        Journal.open(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(path: Path) -> None:
    change_inside(path, "CREATE TABLE songs (name TEXT)")
    with pytest.raises(JournalDamaged, match="another program's database"):
        Journal.open(path)


def test_another_programs_database_is_left_as_it_was(path: Path) -> None:
    change_inside(path, "CREATE TABLE songs (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(JournalDamaged):
        Journal.open(path)
    assert path.read_bytes() == before


def test_another_programs_marked_database_is_refused(path: Path) -> None:
    change_inside(path, "PRAGMA application_id=7", "CREATE TABLE songs (name TEXT)")
    with pytest.raises(JournalDamaged):
        Journal.open(path)


def make_newer(path: Path) -> None:
    """Make a journal of a bursar to come."""
    Journal.open(path).close()
    change_inside(path, "PRAGMA user_version=99")


def test_a_newer_journal_is_refused(path: Path) -> None:
    make_newer(path)
    with pytest.raises(JournalNewer, match="upgrade bursar"):
        Journal.open(path)


def test_a_newer_journal_is_left_as_it_was(path: Path) -> None:
    make_newer(path)
    before = path.read_bytes()
    with pytest.raises(JournalNewer):
        Journal.open(path)
    assert path.read_bytes() == before


def test_a_newer_journal_is_not_read(path: Path) -> None:
    make_newer(path)
    with pytest.raises(JournalNewer):
        read_once(path, lambda tx: tx.all("SELECT * FROM meta"))


def test_another_programs_database_is_not_read(path: Path) -> None:
    change_inside(path, "CREATE TABLE meta (name TEXT)")
    with pytest.raises(JournalDamaged):
        read_once(path, lambda tx: tx.all("SELECT * FROM meta"))


def test_there_is_nothing_to_read_where_no_journal_is(path: Path) -> None:
    with pytest.raises(JournalMissing, match="`bursar run` makes it"):
        read_once(path, lambda tx: None)


def test_a_journal_that_is_gone_is_not_begun_anew(path: Path) -> None:
    Journal.open(path).close()
    path.unlink()
    with pytest.raises(JournalMissing, match="restore a backup"):
        Journal.open(path)
    assert not path.exists()


def test_a_journal_that_was_emptied_is_not_begun_anew(path: Path) -> None:
    Journal.open(path).close()
    path.write_bytes(b"")
    with pytest.raises(JournalDamaged, match="the file is empty"):
        Journal.open(path)


def test_a_page_that_was_overwritten_is_an_error_and_no_answer(path: Path) -> None:
    Journal.open(path).close()
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(bytes(content))
    with pytest.raises(JournalDamaged):
        Journal.open(path)


def test_a_folder_in_the_place_of_the_file_is_an_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises(JournalError):
        Journal.open(path)


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file", "utf-8")
    with pytest.raises(JournalError):
        Journal.open(tmp_path / "state" / "journal.db")


@contextmanager
def nobody(folder: Path) -> Iterator[None]:
    """Be somebody who owns nothing here and may look at everything; root steps back, anybody else is that already."""
    if os.geteuid() != 0:
        yield
        return
    closed = [(parent, parent.stat().st_mode) for parent in folder.parents if not parent.stat().st_mode & 0o001]
    for parent, mode in closed:
        parent.chmod(mode | 0o055)
    try:
        os.seteuid(NOBODY)
    except OSError:  # a root that may not: of a container without capabilities, or of a user namespace
        if os.access(folder.parent, os.W_OK):
            pytest.skip("this root may write everywhere and be nobody else")
    try:
        yield
    finally:
        os.seteuid(0)
        for parent, mode in closed:
            parent.chmod(mode)


def test_a_folder_that_may_not_be_written_is_an_error(path: Path) -> None:
    path.parent.chmod(0o555)
    with nobody(path), pytest.raises(JournalReadOnly, match="check the owner and mode"):
        Journal.open(path)


def test_a_file_that_may_not_be_written_is_an_error(path: Path) -> None:
    Journal.open(path).close()
    for file in path.parent.iterdir():
        file.chmod(0o444)
    path.parent.chmod(0o555)
    with nobody(path), pytest.raises(JournalReadOnly):
        Journal.open(path)


async def test_a_full_disk_fails_the_write_and_says_so(journal: Journal) -> None:
    await fill_up(journal)
    with pytest.raises(JournalFull, match="the disk is full"):
        await journal.write(lambda tx: put(tx, "x" * 200_000))


async def test_what_was_there_before_the_disk_was_full_is_there(journal: Journal) -> None:
    await journal.write(lambda tx: put(tx, "before"))
    await fill_up(journal)
    with pytest.raises(JournalFull):
        await journal.write(lambda tx: put(tx, "x" * 200_000))
    assert await journal.read(lambda tx: tx.one("SELECT value FROM meta WHERE key = 'note'")) == ("before",)


async def test_a_full_disk_that_has_room_again_takes_writes(journal: Journal) -> None:
    await fill_up(journal)
    with pytest.raises(JournalFull):
        await journal.write(lambda tx: put(tx, "x" * 200_000))
    await journal.write(lambda tx: tx.run("PRAGMA max_page_count = 1000000"))
    await journal.write(lambda tx: put(tx, "x" * 200_000))


async def fill_up(journal: Journal) -> None:
    """Let the database grow no further."""
    pages = await journal.read(lambda tx: tx.one("PRAGMA page_count"))
    await journal.write(lambda tx: tx.run(f"PRAGMA max_page_count = {pages[0] + 5}"))
