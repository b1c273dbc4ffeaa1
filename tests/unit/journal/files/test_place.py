"""The main file of an open journal is its writer's alone: what others write into it is noticed before it is used."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from bursar.journal.errors import JournalDamaged, JournalLocked
from bursar.journal.files import place
from bursar.journal.files.place import claim_file
from bursar.journal.writer import Journal
from support.journal import change_inside, count, look_inside, put

BIG = "x" * 100_000


async def with_a_copy_over_it(path: Path) -> tuple[Journal, bytes]:
    """Return an open journal over whose main file an older copy was written, as `cp` does, and the copy."""
    journal = Journal.open(path)
    for number in range(100):  # more than the log holds before it is written into the main file
        await journal.write(lambda tx, n=number: put(tx, f"{BIG}{n}"))  # type: ignore[misc]
    older = path.read_bytes()
    for number in range(100):
        await journal.write(lambda tx, n=number: tx.run("INSERT INTO meta VALUES (?, ?)", f"n{n}", BIG))  # type: ignore[misc]
    assert path.read_bytes() != older
    with path.open("r+b") as file:
        file.write(older)
        file.truncate()
    return journal, older


async def test_a_journal_that_was_written_over_commits_nothing_any_more(path: Path) -> None:
    journal, _ = await with_a_copy_over_it(path)
    for _ in range(2):
        with pytest.raises(JournalDamaged, match="another program wrote into the journal while bursar ran"):
            await journal.write(lambda tx: put(tx, "after"))
    journal.close()


async def test_a_journal_that_was_written_over_is_displaced_and_says_what_to_do(path: Path) -> None:
    journal, _ = await with_a_copy_over_it(path)
    with pytest.raises(JournalDamaged):
        await journal.write(lambda tx: put(tx, "after"))
    assert "bursar restore" in str(journal.displaced())
    journal.close()


async def test_what_was_written_over_a_journal_is_left_as_it_is(path: Path) -> None:
    """SQLite would put its own log into the pages of the other file as it closes."""
    journal, older = await with_a_copy_over_it(path)
    with pytest.raises(JournalDamaged):
        await journal.write(lambda tx: put(tx, "after"))
    journal.close()
    assert path.read_bytes() == older


async def test_a_back_up_that_was_copied_over_a_journal_that_ran_is_not_started_on_beside_the_log(path: Path) -> None:
    journal, _ = await with_a_copy_over_it(path)
    with pytest.raises(JournalDamaged):
        await journal.write(lambda tx: put(tx, "after"))
    journal.close()
    with pytest.raises(JournalDamaged, match=r"journal\.db-wal"):
        Journal.open(path)


async def test_a_journal_that_changes_its_own_main_file_goes_on(path: Path) -> None:
    journal = Journal.open(path)
    before = path.stat().st_size
    for number in range(200):
        await journal.write(lambda tx, n=number: tx.run("INSERT INTO meta VALUES (?, ?)", f"n{n}", BIG))  # type: ignore[misc]
    assert (path.stat().st_size > before, journal.displaced()) == (True, None)
    assert await journal.read(lambda tx: count(tx, "meta")) >= 200
    journal.close()


async def test_readers_and_other_programs_that_do_not_write_the_main_file_are_let_be(journal: Journal) -> None:
    await journal.write(lambda tx: put(tx, "before"))
    look_inside(journal.path, "SELECT * FROM meta")
    change_inside(journal.path, "CREATE TEMP TABLE mine (a)")
    shutil.copyfile(journal.path, journal.path.with_name("copy.db"))
    journal.path.chmod(0o600)
    await journal.write(lambda tx: put(tx, "after"))
    assert journal.displaced() is None


async def test_a_file_that_is_seen_in_another_folder_too_has_one_writer(journal: Journal, tmp_path: Path) -> None:
    """As a bind mount of the file alone shows it; a second name does the same."""
    other = tmp_path / "other"
    other.mkdir()
    os.link(journal.path, other / "journal.db")
    with pytest.raises(JournalLocked, match="another bursar writes this file"):
        Journal.open(other / "journal.db")
    (other / "journal.db").unlink()
    await journal.write(lambda tx: put(tx, "after"))


async def test_a_journal_holds_its_file_until_it_is_closed(path: Path) -> None:
    journal = Journal.open(path)
    with pytest.raises(JournalLocked):
        claim_file(path)
    journal.close()
    os.close(claim_file(path))


def test_a_journal_that_could_not_be_opened_lets_its_file_go(path: Path) -> None:
    path.write_bytes(b"no database")
    with pytest.raises(JournalDamaged):
        Journal.open(path)
    os.close(claim_file(path))


async def test_a_full_disk_at_the_note_beside_the_journal_is_no_other_program(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, write = Journal.open(path), os.pwrite

    def full(file: int, data: bytes, at: int) -> int:
        if file == journal._lock:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data, at)

    monkeypatch.setattr(place.os, "pwrite", full)
    for number in range(100):
        await journal.write(lambda tx, n=number: put(tx, f"{BIG}{n}"))  # type: ignore[misc]
    monkeypatch.setattr(place.os, "pwrite", write)
    await journal.write(lambda tx: put(tx, "after"))
    noted = path.with_name("journal.db.lock").read_text(encoding="ascii").split()
    assert (journal.displaced(), noted[2]) == (None, str(path.stat().st_size))
    journal.close()
