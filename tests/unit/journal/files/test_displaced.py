"""An open journal whose files are moved, removed or replaced is displaced, and says what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bursar.journal.files.lock import claim
from bursar.journal.writer import Journal
from support.journal import put


async def test_a_journal_that_lies_where_it_was_opened_is_not_displaced(journal: Journal) -> None:
    await journal.write(lambda tx: put(tx, "x"))
    assert journal.displaced() is None


def move(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def remove(path: Path) -> None:
    path.unlink()


def replace_with_a_copy(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copyfile(path, copy)
    copy.replace(path)


def move_the_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("moved"))


async def displaced_by(folder: Path, what: Callable[[Path], None], name: str) -> str | None:
    """Open a journal, do something to one of its files, and ask whether it is where it was."""
    folder.mkdir()
    journal = Journal.open(folder / "journal.db")
    try:
        await journal.write(lambda tx: put(tx, "x"))
        what(folder / name)
        return journal.displaced()
    finally:
        journal.close()


@pytest.mark.parametrize("name", ["journal.db", "journal.db.lock", "journal.db.fence", "journal.db.ids"])
@pytest.mark.parametrize("what", [move, remove, move_the_folder])
async def test_a_journal_whose_files_are_gone_is_displaced(
    tmp_path: Path, what: Callable[[Path], None], name: str
) -> None:
    found = await displaced_by(tmp_path / "state", what, name)
    assert found is not None
    assert "is gone" in found


@pytest.mark.parametrize("name", ["journal.db", "journal.db.lock", "journal.db.fence", "journal.db.ids"])
async def test_a_journal_whose_files_were_replaced_is_displaced(tmp_path: Path, name: str) -> None:
    found = await displaced_by(tmp_path / "state", replace_with_a_copy, name)
    assert found is not None
    assert f"{name} is another file now" in found


async def test_a_journal_that_is_displaced_says_what_to_do(tmp_path: Path) -> None:
    found = await displaced_by(tmp_path / "state", remove, "journal.db")
    assert found is not None
    assert found.endswith("restart bursar")


async def test_a_journal_that_was_put_back_is_not_displaced(journal: Journal) -> None:
    away = journal.path.with_name("elsewhere")
    journal.path.rename(away)
    gone = journal.displaced()
    away.rename(journal.path)
    assert (gone is not None, journal.displaced()) == (True, None)


async def test_a_journal_whose_lock_was_removed_could_be_opened_twice_and_is_displaced(journal: Journal) -> None:
    journal.path.with_name("journal.db.lock").unlink()
    os.close(claim(journal.path, create=True))
    assert journal.displaced() is not None
