"""The journal as files: locks, what is refused and left alone, full disks, the counter beside it, moved files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bursar.journal.errors import (
    JournalDamaged,
    JournalError,
    JournalFull,
    JournalLocked,
    JournalMissing,
    JournalNewer,
    JournalReadOnly,
)
from bursar.journal.files import claim
from bursar.journal.send_counter import SendCount, SendCounter
from bursar.journal.writer import Journal, read_once
from support.journal import change_inside, look_inside, put

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


WRITE_AND_DIE = """
import asyncio, os, sys
from pathlib import Path
from bursar.journal import audit, meta
from bursar.journal.writer import Journal
from datetime import datetime, timezone

async def main():
    journal = Journal.open(Path(sys.argv[1]))
    for number in range(int(sys.argv[2])):
        def write(tx):
            meta.put(tx, "note", "x" * 3000 + str(number))
            audit.add(tx, "bursar", "step", None, {"number": number}, datetime(2026, 1, 1, tzinfo=timezone.utc))
        await journal.write(write)
    if sys.argv[3] == "copied back":
        await journal.write(lambda tx: None)
        journal._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        journal._place.note()
    os._exit(0)

asyncio.run(main())
"""
"""A writer whose process ends with its write-ahead log left behind."""


def write_and_die(path: Path, writes: int, log: str = "left") -> None:
    """Write so often, and die; the log was copied back into the main file, or not."""
    subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(path), str(writes), log], check=True)
    assert path.with_name("journal.db-wal").stat().st_size


def numbers(path: Path) -> int:
    """Count the audit entries."""
    return read_once(path, lambda tx: tx.all("SELECT count(*) FROM audit"))[0][0]


@pytest.mark.parametrize("log", ["left", "copied back"])
def test_a_log_that_was_left_behind_is_read(path: Path, log: str) -> None:
    write_and_die(path, 5, log)
    Journal.open(path).close()
    assert numbers(path) == 5


def test_a_log_that_was_left_behind_twice_is_read(path: Path) -> None:
    for _ in range(2):
        write_and_die(path, 5)
    Journal.open(path).close()
    assert numbers(path) == 10


def old_and_new(path: Path) -> bytes:
    """Write a journal, keep a copy of it, and write on; the log of the new one is left behind."""
    write_and_die(path, 3)
    Journal.open(path).close()
    old = path.read_bytes()
    write_and_die(path, 300, "copied back")
    return old


def test_an_older_file_in_the_place_of_the_main_one_is_refused_while_its_log_lies_there(path: Path) -> None:
    old = old_and_new(path)
    path.unlink()
    path.write_bytes(old)
    with pytest.raises(JournalDamaged, match="bursar restore"):
        Journal.open(path)


def test_an_older_main_file_that_was_written_over_the_newer_one_is_refused(path: Path) -> None:
    old = old_and_new(path)
    path.write_bytes(old)
    with pytest.raises(JournalDamaged, match=r"does not fit journal\.db-wal beside it"):
        Journal.open(path)


PAY_AND_DIE = """
import asyncio, os, sys
from datetime import datetime, timezone
from pathlib import Path
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.intent import PlannedIntent, State
from bursar.journal import audit, intents
from bursar.journal.writer import Journal

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
PAYOUT = PlannedIntent(AccountName("panel"), "payout", SubjectRef("balance", sys.argv[2]), {})

def pay(tx):
    intent = intents.send(tx, intents.add(tx, PAYOUT, State.READY, None, None, NOW), None, None, NOW)
    audit.add(tx, "bursar", "intent.sending", intent.id, {}, NOW)

async def main():
    journal = Journal.open(Path(sys.argv[1]))
    await journal.write(pay)
    if sys.argv[3] == "stop":
        return journal.close()
    journal._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    journal._place.note()
    await journal.write(lambda tx: audit.add(tx, "bursar", "step", None, {}, NOW))
    os._exit(0)

asyncio.run(main())
"""
"""A writer that sends a payout, and either stops, or dies a little later with its write-ahead log left behind."""


def pay(path: Path, id_: str, end: str) -> None:
    """Have a payout sent."""
    subprocess.run([sys.executable, "-c", PAY_AND_DIE, str(path), id_, end], check=True)


def test_an_older_main_file_whose_log_holds_the_trail_but_not_the_payouts_is_refused(path: Path) -> None:
    pay(path, "1", "stop")
    old = path.read_bytes()
    pay(path, "2", "die")
    path.write_bytes(old)
    with pytest.raises(JournalDamaged):
        Journal.open(path).close()


def test_an_older_main_file_that_was_moved_there_is_refused_whatever_its_log_holds(path: Path) -> None:
    pay(path, "1", "stop")
    old = path.with_name("old.db")
    shutil.copyfile(path, old)
    pay(path, "2", "die")
    old.replace(path)
    with pytest.raises(JournalDamaged, match="was put there while"):
        Journal.open(path)


def test_a_main_file_that_does_not_fit_its_log_is_left_alone(path: Path) -> None:
    old = old_and_new(path)
    path.unlink()
    path.write_bytes(old)
    log = path.with_name("journal.db-wal").read_bytes()
    with pytest.raises(JournalDamaged):
        Journal.open(path)
    assert (path.read_bytes(), path.with_name("journal.db-wal").read_bytes()) == (old, log)


def test_an_older_main_file_without_the_newer_log_is_opened(path: Path) -> None:
    old = old_and_new(path)
    path.write_bytes(old)
    for name in ("journal.db-wal", "journal.db-shm"):
        path.with_name(name).unlink()
    Journal.open(path).close()
    assert numbers(path) == 3


def test_a_journal_that_was_closed_can_be_opened_again(path: Path) -> None:
    Journal.open(path).close()
    Journal.open(path).close()


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


def test_a_sidecar_is_made_with_the_journal(path: Path) -> None:
    Journal.open(path).close()
    (id_,) = look_inside(path, "SELECT value FROM meta WHERE key = 'journal_id'")[0]
    assert SendCounter(path.with_name("journal.db.fence")).read() == SendCount(id_, 0)


def test_a_sidecar_that_is_lost_after_a_sending_stays_lost(path: Path) -> None:
    Journal.open(path).close()
    change_inside(path, "UPDATE meta SET value = '3' WHERE key = 'sent'")
    path.with_name("journal.db.fence").unlink()
    Journal.open(path).close()
    assert not path.with_name("journal.db.fence").exists()


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[SendCounter]:
    made = SendCounter(tmp_path / "fence")
    yield made
    made.close()


def test_a_sidecar_says_what_it_was_raised_to(sidecar: SendCounter) -> None:
    sidecar.raise_to(SendCount("abc", 7))
    assert sidecar.read() == SendCount("abc", 7)


def test_a_sidecar_is_never_lowered(sidecar: SendCounter) -> None:
    sidecar.raise_to(SendCount("abc", 7))
    sidecar.raise_to(SendCount("abc", 6))
    assert sidecar.read() == SendCount("abc", 7)


def test_a_sidecar_of_another_journal_is_begun_anew(sidecar: SendCounter) -> None:
    sidecar.raise_to(SendCount("abc", 7))
    sidecar.raise_to(SendCount("xyz", 1))
    assert sidecar.read() == SendCount("xyz", 1)


@pytest.mark.parametrize("content", [b"", b"abc", b"abc x", b"\xff\xfe", b"abc 1 2"])
def test_a_sidecar_that_makes_no_sense_says_nothing(sidecar: SendCounter, content: bytes) -> None:
    sidecar.path.write_bytes(content)
    assert sidecar.read() is None


def test_a_sidecar_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        SendCounter(tmp_path / "nowhere" / "fence").raise_to(SendCount("abc", 1))
