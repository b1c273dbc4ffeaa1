"""What happens to the daemon at the point of a cell: it is killed, time passes, a clock is set, or the disk is full.

What is at the point makes it happen: the crash injector in the daemon, or the interceptor in the sandbox.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bursar.loops.clock import RealClock
from bursar_prove.scaled_clock import Pace

FROZEN_S = 600.0
FIRST_S = 120.0
"""Of a freeze, so much passes first: what comes late comes while the daemon is frozen, and everybody sees it then."""
LOOK_EVERY_S = 0.02


class Kind(StrEnum):
    """What happens."""

    KILL = "kill"
    IDLE = "idle"
    JUMP = "jump"
    FREEZE = "freeze"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Strike:
    """One thing that happens.

    Attributes:
        kind: What.
        seconds: How long nothing moves, or by how much the wall clock is ahead then.
        commits: How many commits find the disk full.
    """

    kind: Kind
    seconds: float = 0.0
    commits: int = 0


KILL = Strike(Kind.KILL)


def happen(strike: Strike, pid: int, pace: Pace, who: str) -> None:
    """Make it happen to a process.

    Args:
        strike: What.
        pid: The daemon.
        pace: The run's clock, and what all processes share.
        who: The process that calls.
    """
    pace.shared.struck = strike.kind is not Kind.KILL
    if strike.kind is Kind.IDLE:
        pace.shared.leap(who, strike.seconds)
    elif strike.kind is Kind.JUMP:
        pace.shared.wall_s = strike.seconds
    elif strike.kind is Kind.DISK:
        pace.shared.full = strike.commits
    elif strike.kind is Kind.FREEZE:
        pace.shared.frozen = pid
        _signal(pid, signal.SIGSTOP)
    else:
        _signal(pid, signal.SIGKILL)


async def thaw(pace: Pace) -> None:
    """Wake frozen processes, once enough time has passed for all others; for ever."""
    while True:
        await RealClock().sleep(LOOK_EVERY_S)
        pid = pace.shared.frozen
        if not pid or not _stands_still(pid):
            continue
        for seconds in (FIRST_S, FROZEN_S - FIRST_S):
            pace.shared.leap("sandbox", seconds)
            await RealClock().sleep(5 * LOOK_EVERY_S)
        pace.shared.frozen = 0
        _signal(pid, signal.SIGCONT)


def _stands_still(pid: int) -> bool:
    """Return whether a process was stopped, or is gone."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(") ")[2][:1]
    except OSError:
        return True
    return state in "TtZX"


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
