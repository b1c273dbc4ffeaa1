"""What all processes of a run have in common: how far its clock leapt, where the wall clock stands, what is full.

A few numbers in memory that forked children inherit. Each number has one writer at a time; a reader sees the old or the
new one.
"""

from __future__ import annotations

import mmap
from enum import IntEnum

NUMBER = 8


class _Slot(IntEnum):
    LEAP_OF_SANDBOX = 0
    LEAP_OF_DAEMON = 1
    WALL = 2
    FULL = 3
    STRUCK = 4
    FROZEN = 5


LEAPS = {"sandbox": _Slot.LEAP_OF_SANDBOX, "daemon": _Slot.LEAP_OF_DAEMON}


class Shared:
    """The numbers. Make it before the first fork."""

    def __init__(self) -> None:
        self._numbers = memoryview(mmap.mmap(-1, NUMBER * len(_Slot))).cast("d")

    def leap_s(self) -> float:
        """Return how many seconds of the run's clock have passed in leaps."""
        return sum(self._numbers[slot] for slot in LEAPS.values())

    def leap(self, who: str, seconds: float) -> None:
        """Let so many seconds pass at once, in every process."""
        self._numbers[LEAPS[who]] += seconds

    @property
    def wall_s(self) -> float:
        """By how much the wall clock is ahead of the run's clock."""
        return self._numbers[_Slot.WALL]

    @wall_s.setter
    def wall_s(self, seconds: float) -> None:
        self._numbers[_Slot.WALL] = seconds

    @property
    def full(self) -> int:
        """How many commits to come find the disk full."""
        return int(self._numbers[_Slot.FULL])

    @full.setter
    def full(self, commits: int) -> None:
        self._numbers[_Slot.FULL] = commits

    @property
    def struck(self) -> bool:
        """What a round has instead of a kill at its point has happened."""
        return bool(self._numbers[_Slot.STRUCK])

    @struck.setter
    def struck(self, yes: bool) -> None:
        self._numbers[_Slot.STRUCK] = yes

    @property
    def frozen(self) -> int:
        """The process that stands still until somebody wakes it; 0: none."""
        return int(self._numbers[_Slot.FROZEN])

    @frozen.setter
    def frozen(self, pid: int) -> None:
        self._numbers[_Slot.FROZEN] = pid
