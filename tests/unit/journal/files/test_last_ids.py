"""The last ids, in a file beside the journal: written before they are given, never lowered, believed within bounds."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bursar.journal import events
from bursar.journal.errors import JournalError, JournalFull
from bursar.journal.files import last_ids, sidecar
from bursar.journal.files.last_ids import LARGEST, SIZE, LastIds
from bursar.journal.files.send_counter import SendCount, SendCounter
from bursar.journal.writer import Journal
from support.domain import T0
from support.journal import change_inside, event, look_inside


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
    assert (found["events"], LastIds.beside(path).known["events"]) == (0, 1)


async def test_where_the_file_cannot_be_written_nothing_is_committed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open(path)
    monkeypatch.setattr(last_ids.os, "pwrite", fails(OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(JournalFull):
        await journal.write(lambda tx: events.add(tx, event(at=T0)))
    monkeypatch.undo()
    journal.close()
    assert look_inside(path, "SELECT count(*) FROM events") == [(0,)]


def test_a_file_that_cannot_be_opened_is_named(path: Path) -> None:
    Journal.open(path).close()
    ids = LastIds.beside(path).path
    ids.unlink()
    ids.mkdir()
    with pytest.raises(JournalError, match=str(ids)):
        Journal.open(path)
    Journal.open(path.with_name("other.db")).close()  # its lock was let go


def fails(error: Exception) -> Callable[..., None]:
    """Return a function that raises."""

    def fail(*_: object) -> None:
        raise error

    return fail


def test_what_root_makes_belongs_to_whom_the_folder_belongs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the daemon's user could write nothing after one command that root gave."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(sidecar.os, "geteuid", lambda: 0)
    monkeypatch.setattr(sidecar.os, "fchown", lambda _file, uid, gid: given.append((uid, gid)))
    for _ in range(2):  # what is there already stays as it is
        Journal.open(path).close()
    folder = path.parent.stat()
    assert given == [(folder.st_uid, folder.st_gid)] * len(("lock", "fence", "ids"))


@pytest.mark.parametrize("last", ["9223372036854775807", "9007199254740993", "-5", "'x'", "NULL", "1e300"])
async def test_a_counter_in_the_journal_that_is_damaged_is_not_believed(path: Path, last: str) -> None:
    Journal.open(path).close()
    change_inside(path, f"UPDATE sqlite_sequence SET seq = {last} WHERE name = 'events'")
    LastIds.beside(path).path.unlink()
    journal = Journal.open(path)
    await journal.write(lambda tx: events.add(tx, event(at=T0)))
    journal.close()
    assert (look_inside(path, "SELECT max(seq) FROM events"), LastIds.beside(path).known["events"]) == ([(1,)], 1)


@pytest.mark.parametrize(("sent", "first"), [(0, 1), (3, 100_001)])
async def test_many_ids_are_left_out_where_nobody_knows_the_last_ones(path: Path, sent: int, first: int) -> None:
    """As soon as it is opened, by whatever command: what is written before the next start has an id, too."""
    Journal.open(path).close()
    LastIds.beside(path).path.unlink()
    counter = SendCounter.beside(path)
    counter.raise_to(SendCount(look_inside(path, "SELECT value FROM meta WHERE key = 'journal_id'")[0][0], sent))
    counter.close()
    for _ in range(2):  # once is enough
        Journal.open(path).close()
    journal = Journal.open(path)
    await journal.write(lambda tx: events.add(tx, event(at=T0)))
    journal.close()
    assert look_inside(path, "SELECT max(seq) FROM events") == [(first,)]


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
