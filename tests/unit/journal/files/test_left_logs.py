"""A log that a killed writer left behind is read with the main file that it belongs to, and with no other."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bursar.journal.errors import JournalDamaged
from bursar.journal.writer import Journal, read_once

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
