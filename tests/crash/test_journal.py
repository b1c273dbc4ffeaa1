"""A writer is killed in the middle, again and again: what it was told was committed is there, and nothing is torn."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bursar.journal import audit
from bursar.journal.writer import Journal, Tx, read_once

WRITER = """
import asyncio, sys
from datetime import datetime, timezone
from pathlib import Path
from bursar.journal import audit, meta
from bursar.journal.writer import Journal

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)

async def lane(journal, name):
    number = int(await journal.read(lambda tx: meta.get(tx, name)) or 0)
    while True:
        number += 1
        def write(tx):
            meta.put(tx, name, str(number))
            audit.add(tx, name, "step", None, {"number": number}, NOW)
        await journal.write(write)
        print(name, number, flush=True)

async def main():
    journal = Journal.open(Path(sys.argv[1]))
    await asyncio.gather(*(lane(journal, f"lane-{n}") for n in range(4)))

asyncio.run(main())
"""


def write_until_killed(path: Path, lines: int) -> dict[str, int]:
    """Have a process write, kill it after so many acknowledgements; give the last acknowledged number of each lane."""
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        heard = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        heard += process.stdout.readlines()
    told: dict[str, int] = {}
    for line in heard:
        if line.endswith("\n"):
            name, number = line.split()
            told[name] = int(number)
    return told


def lanes(tx: Tx) -> dict[str, int]:
    """Return what the journal says of each lane."""
    return {row[0]: int(row[1]) for row in tx.all("SELECT key, value FROM meta WHERE key LIKE 'lane-%'")}


def entries(tx: Tx) -> dict[str, int]:
    """Count the audit entries of each lane."""
    return dict(tx.all("SELECT actor, count(*) FROM audit GROUP BY actor"))


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """Return a journal whose writer was killed three times, and what it last acknowledged."""
    path = tmp_path_factory.mktemp("killed") / "journal.db"
    told: dict[str, int] = {}
    for lines in (1, 40, 150):
        told |= write_until_killed(path, lines)
    return path, told


def test_what_was_acknowledged_is_there(killed: tuple[Path, dict[str, int]]) -> None:
    path, told = killed
    there = read_once(path, lanes)
    assert all(there[name] >= number for name, number in told.items())


def test_nothing_is_half_there(killed: tuple[Path, dict[str, int]]) -> None:
    assert read_once(killed[0], lanes) == read_once(killed[0], entries)


def test_the_audit_trail_is_whole(killed: tuple[Path, dict[str, int]]) -> None:
    assert read_once(killed[0], audit.verify)[1] is None


def test_the_lock_died_with_the_process(killed: tuple[Path, dict[str, int]]) -> None:
    Journal.open(killed[0]).close()


def test_the_file_is_sound(killed: tuple[Path, dict[str, int]]) -> None:
    assert read_once(killed[0], lambda tx: tx.one("PRAGMA integrity_check")) == ("ok",)
