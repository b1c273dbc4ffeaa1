"""Time as two things: a timeline of physical time, on which every duration is measured, and the wall clock.

Pure. The timeline is the journal's own: it begins with what the wall clock said when the journal was made, and goes on
with the machine's boot clock, which no setting moves. Every instant in the journal lies on it; only what people read,
and what they wrote into calendars, is the wall clock's. `Offsets` leads from one to the other.

Across a reboot time cannot be measured. The timeline then goes on by what the wall clock says, and the stretch is a
`Gap`: until a witness vouches for the wall clock, whatever protects money counts a gap as nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

JUMP = timedelta(seconds=60)
"""A wall clock that moved by more than this against the boot clock has jumped."""
STEADY_AFTER = timedelta(seconds=60)
"""A wall clock that jumped is believed again once it was steady for so long."""
NOTICED = timedelta(seconds=1)
"""A smaller change of the wall clock against the timeline is not worth a row."""
AGREES = timedelta(minutes=5)
"""A wall clock that a witness contradicts by no more is believed."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the timeline stood when it was last written down.

    Attributes:
        boot_id: Which boot of the machine.
        boot: The boot clock then.
        at: The timeline then.
        wall: The wall clock then.
        vouched: Somebody vouched for the wall clock then: the kernel, or a provider's `Date`.
    """

    boot_id: str
    boot: timedelta
    at: datetime
    wall: datetime
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the timeline that was not measured: it begins at `at`, and is `length` long by the wall clock."""

    at: datetime
    length: timedelta


@dataclass(frozen=True, slots=True)
class Timeline:
    """The timeline of one run: where it stood at one reading of the boot clock."""

    at: datetime
    boot: timedelta

    def now(self, boot: timedelta) -> datetime:
        """Return the instant of a reading of the boot clock."""
        return self.at + (boot - self.boot)


@dataclass(frozen=True, slots=True)
class Resumed:
    """How a run takes the timeline up.

    Attributes:
        timeline: The run's.
        gap: What was not measured, across a reboot.
        jump: By how much the wall clock was set between two runs; None: not by more than `JUMP`.
    """

    timeline: Timeline
    gap: Gap | None = None
    jump: timedelta | None = None


def resume(
    anchor: Anchor | None, last_at: datetime | None, offset: timedelta, boot_id: str, boot: timedelta, wall: datetime
) -> Resumed:
    """Take the timeline up at the start of a run.

    Args:
        anchor: Where it was last written down; None: a journal of a version that had none, or a new one.
        last_at: The newest instant in the journal.
        offset: By how much the wall clock was ahead of the timeline.
        boot_id: Which boot this is.
        boot: The boot clock now.
        wall: The wall clock now.
    """
    # The anchor is written once a minute; what was committed after it must not lie in the future of this run.
    newest = max((at for at in (anchor.at if anchor is not None else None, last_at) if at is not None), default=None)
    # Same boot: the boot clock has measured the time away, and no
    # setting of the wall clock can make `settle` or a cooldown shorter.
    if anchor is not None and anchor.boot_id == boot_id and boot >= anchor.boot:
        timeline = Timeline(anchor.at, anchor.boot)
        ahead = wall - timeline.now(boot) - offset
        return Resumed(timeline, jump=ahead if abs(ahead) > JUMP else None)
    if newest is None:
        return Resumed(Timeline(wall - offset, boot))
    # Another boot: only the wall clock is left to go by, from where it stood at the newest thing that is written down.
    last_wall = anchor.wall + (newest - anchor.at) if anchor is not None else newest + offset
    away = wall - last_wall
    # A wall clock that went back (an empty battery says 1970)
    # must not take the timeline along: instants would come twice.
    if away <= timedelta(0):
        return Resumed(Timeline(newest, boot), jump=away if away < -JUMP else None)
    # A gap, not time that passed: a clock that is a day ahead at boot must not end a cooldown of a day.
    return Resumed(Timeline(newest + away, boot), gap=Gap(newest, away))


def confirms(resumed_wall: datetime, elapsed: timedelta, witness: datetime) -> bool:
    """Return whether a witness of the true time confirms what the wall clock said when a run began.

    Args:
        resumed_wall: What it said.
        elapsed: How long ago that was.
        witness: The true time now, by the kernel or a provider.
    """
    # Of the start, not of now: a clock that was set right meanwhile
    # says nothing of the gap that was read from the wrong one.
    return abs(witness - (resumed_wall + elapsed)) <= AGREES


@dataclass(frozen=True, slots=True)
class Offsets:
    """From the timeline to the wall clock: since each instant, by how much the wall clock is ahead."""

    since: Sequence[datetime] = ()
    ahead: Sequence[timedelta] = ()

    def wall(self, at: datetime) -> datetime:
        """Return what the wall clock said, or will say, at an instant of the timeline."""
        place = bisect_right(self.since, at) - 1
        return at + (self.ahead[max(place, 0)] if self.ahead else timedelta(0))

    @property
    def newest(self) -> timedelta:
        """Return by how much the wall clock is ahead now."""
        return self.ahead[-1] if self.ahead else timedelta(0)


@dataclass(frozen=True, slots=True)
class Measured:
    """The timeline as what protects money counts it: without what was not measured."""

    gaps: Sequence[Gap] = field(default=())

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much measured time lies between two instants."""
        return end - start - self._unmeasured(start, end)

    def after(self, start: datetime, length: timedelta, now: datetime) -> datetime:
        """Return when so much measured time has passed since an instant; gaps are only ever behind `now`."""
        # Longer by what was not measured: the safe side for a rest, a cooldown and `settle`.
        return start + length + self._unmeasured(start, max(start, now))

    def before(self, now: datetime, length: timedelta) -> datetime:
        """Return the instant since which so much measured time has passed."""
        start, left = now, length
        # From the newest gap back: each one reached makes the window
        # longer, so that a budget of a day holds a day that was measured.
        for gap in sorted(self.gaps, key=lambda one: one.at, reverse=True):
            end = min(gap.at + gap.length, start)
            if start - end >= left:
                break
            left -= start - end
            start = min(start, gap.at)
        return start - left

    def _unmeasured(self, start: datetime, end: datetime) -> timedelta:
        lost = timedelta(0)
        for gap in self.gaps:
            lost += max(timedelta(0), min(end, gap.at + gap.length) - max(start, gap.at))
        return lost
