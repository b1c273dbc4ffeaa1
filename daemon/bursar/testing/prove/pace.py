"""Clocks for the proof: one that runs faster than the machine's, the same in every process, and the sandbox's own.

`Pace` makes settling, back-off and holds short without any of them being another than in life: a daemon that is killed
and started again goes on with the same time. `WorldClock` moves the providers' worlds: it can leap ahead, so that a
balance has grown, and stand still, so that everything comes to rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from bursar.api.clock import Clock
from bursar.loops.clock import RealClock

BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Pace:
    """A `Clock` on which so many seconds pass in one of the machine's.

    Attributes:
        speed: How many.
        epoch_s: The machine's monotonic seconds at which it stood at `BEGIN`: one for all processes of a run.
    """

    speed: float
    epoch_s: float = field(default_factory=lambda: RealClock().monotonic())

    def now(self) -> datetime:
        """Give the instant, as the run counts time."""
        return BEGIN + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Give the seconds since the run began."""
        return (RealClock().monotonic() - self.epoch_s) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait so long by this clock."""
        await RealClock().sleep(seconds / self.speed)


@dataclass(slots=True)
class WorldClock:
    """The clock of one provider's world."""

    clock: Clock
    ahead_s: float = 0.0
    stopped_at_s: float | None = None

    def now(self) -> datetime:
        """Give the world's instant."""
        return BEGIN + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Give the world's seconds."""
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
