"""What happens to the daemon instead of a kill: time passes, a clock is set, it is frozen and woken, the disk is full."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from bursar_prove.crash_injector import Disk
from bursar_prove.scaled_clock import Pace
from bursar_prove.shared import Shared
from bursar_prove.strike import FROZEN_S, KILL, Kind, Strike, happen, thaw
from support.limits import WAIT_S


@pytest.fixture
def victim() -> Iterator[Popen[bytes]]:
    """A process that answers what it is told, in the daemon's place."""
    with Popen(["cat"], stdin=PIPE, stdout=PIPE) as process:
        yield process
        process.kill()


def test_a_kill_is_a_kill(victim: Popen[bytes]) -> None:
    happen(KILL, victim.pid, Pace(60.0), "daemon")
    assert victim.wait(WAIT_S) == -signal.SIGKILL


def test_an_idle_hour_passes_for_everybody(victim: Popen[bytes]) -> None:
    pace = Pace(60.0)
    happen(Strike(Kind.IDLE, 3600.0), victim.pid, pace, "daemon")
    assert (pace.shared.leap_s(), pace.shared.struck) == (3600.0, True)


def test_a_jump_sets_the_wall_clock_alone(victim: Popen[bytes]) -> None:
    pace = Pace(60.0)
    happen(Strike(Kind.JUMP, -3600.0), victim.pid, pace, "daemon")
    assert (pace.shared.wall_s, pace.shared.leap_s()) == (-3600.0, 0.0)


async def test_what_is_frozen_goes_on_once_settle_is_over(victim: Popen[bytes]) -> None:
    pace = Pace(60.0)
    happen(Strike(Kind.FREEZE, FROZEN_S), victim.pid, pace, "sandbox")
    thawing = asyncio.get_running_loop().create_task(thaw(pace))
    assert victim.stdin is not None
    assert victim.stdout is not None
    victim.stdin.write(b"awake\n")
    victim.stdin.flush()
    said = await asyncio.get_running_loop().run_in_executor(None, victim.stdout.readline)
    thawing.cancel()
    with suppress(asyncio.CancelledError):
        await thawing
    assert (said, pace.shared.leap_s()) == (b"awake\n", FROZEN_S)


def test_a_full_disk_fails_commits_and_keeps_the_transaction_open(tmp_path: Path) -> None:
    shared, connection = Shared(), sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    disk = Disk(connection, shared)
    shared.full = 1
    disk.execute("BEGIN")
    with pytest.raises(OSError, match="No space left"):
        disk.execute("COMMIT")
    assert (connection.in_transaction, shared.full) == (True, 0)
    disk.execute("COMMIT")
    connection.close()
