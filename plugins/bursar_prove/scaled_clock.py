"""Clocks for the proof: one that runs faster than the machine's, the same in every process, and the sandbox's own.

`Pace` makes settling, back-off and holds short without any of them being another than in life: a daemon that is killed
and started again goes on with the same time. It can leap, in every process at once: so an hour passes in the middle of
something. `SetClock` is what the daemon sees: the same seconds, under a wall clock that somebody sets. `WorldClock`
moves the providers' worlds: it can leap ahead, so that a balance has grown, and stand still, so that everything comes
to rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from bursar.api.clock import Clock
from bursar.loops.clock import RealClock
from bursar_prove.shared import Shared

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
SLICE_S = 0.05
"""A sleeper looks this often whether the clock leapt."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A `Clock` on which so many seconds pass in one of the machine's.

    Attributes:
        speed: How many.
        epoch_s: The machine's monotonic seconds at which it stood at `BEGIN`: one for all processes of a run.
        shared: What leapt.
    """

    speed: float
    epoch_s: float = field(default_factory=lambda: RealClock().monotonic())
    shared: Shared = field(default_factory=Shared)

    def now(self) -> datetime:
        """Return the instant, as the run counts time."""
        return BEGIN + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the seconds since the run began."""
        return (RealClock().monotonic() - self.epoch_s) * self.speed + self.shared.leap_s()

    async def sleep(self, seconds: float) -> None:
        """Wait so long by this clock; a leap counts."""
        ends_s = self.monotonic() + seconds
        while (left_s := (ends_s - self.monotonic()) / self.speed) > 0:
            await RealClock().sleep(min(left_s, SLICE_S))
        await RealClock().sleep(0)


@dataclass(frozen=True, slots=True)
class SetClock:
    """The daemon's clock: the run's seconds, under a wall clock that somebody sets."""

    pace: Pace

    def now(self) -> datetime:
        """Return what the clock on the wall says."""
        return self.pace.now() + timedelta(seconds=self.pace.shared.wall_s)

    def monotonic(self) -> float:
        """Return the seconds since the run began."""
        return self.pace.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait so long."""
        await self.pace.sleep(seconds)


@dataclass(slots=True)
class WorldClock:
    """The clock of one provider's world."""

    clock: Clock
    ahead_s: float = 0.0
    stopped_at_s: float | None = None

    def now(self) -> datetime:
        """Return the world's instant."""
        return BEGIN + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the world's seconds."""
        return self.clock.monotonic() + self.ahead_s if self.stopped_at_s is None else self.stopped_at_s

    async def sleep(self, seconds: float) -> None:
        """Wait so long."""
        await self.clock.sleep(seconds)

    def leap(self, seconds: float) -> None:
        """Let so much happen at once."""
        self.ahead_s += seconds

    def stop(self) -> None:
        """Let nothing happen any more but what is asked for."""
        self.stopped_at_s = self.monotonic()
