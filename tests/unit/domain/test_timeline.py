"""The timeline: how a run takes it up, what the wall clock said at its instants, and what counts of it for money."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.timeline import (
    AGREES,
    JUMP,
    Anchor,
    Gap,
    Measured,
    Offsets,
    Resumed,
    Timeline,
    confirms,
    resume,
)
from support.domain import T0, after

NONE, SECOND, MINUTE, HOUR = timedelta(0), timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
MOMENT = timedelta(microseconds=1)
STOOD = Anchor("boot-1", 100 * MINUTE, T0, T0)
"""The timeline stood at T0, 100 minutes after the machine had started, and the wall clock agreed."""


def taken_up(
    anchor: Anchor | None = STOOD,
    *,
    boot_id: str = "boot-2",
    boot: timedelta = MINUTE,
    wall: datetime = T0,
    last_at: datetime | None = None,
    offset: timedelta = NONE,
) -> Resumed:
    """Take the timeline up."""
    return resume(anchor, last_at, offset, boot_id, boot, wall)


def same_boot(minutes: float, wall: datetime, **more: object) -> Resumed:
    """Take the timeline up so many minutes later in the same boot."""
    return taken_up(boot_id="boot-1", boot=STOOD.boot + minutes * MINUTE, wall=wall, **more)  # type: ignore[arg-type]


def now_of(resumed: Resumed, boot: timedelta = MINUTE) -> datetime:
    """Return where the timeline stands."""
    return resumed.timeline.now(boot)


def test_a_timeline_goes_on_with_the_boot_clock() -> None:
    assert Timeline(T0, 100 * MINUTE).now(103 * MINUTE) == after(3)


def test_in_the_same_boot_the_timeline_goes_on_by_the_boot_clock() -> None:
    assert now_of(same_boot(90, after(90)), STOOD.boot + 90 * MINUTE) == after(90)


def test_in_the_same_boot_everything_was_measured() -> None:
    resumed = same_boot(90, after(90))
    assert (resumed.gap, resumed.jump) == (None, None)


@pytest.mark.parametrize("wall", [after(-600), after(2000)])
def test_in_the_same_boot_no_setting_of_the_wall_clock_moves_the_timeline(wall: datetime) -> None:
    resumed = same_boot(90, wall)
    assert (now_of(resumed, STOOD.boot + 90 * MINUTE), resumed.gap) == (after(90), None)


@pytest.mark.parametrize("set_by", [HOUR, -HOUR])
def test_in_the_same_boot_a_wall_clock_that_was_set_has_jumped(set_by: timedelta) -> None:
    assert same_boot(90, after(90) + set_by).jump == set_by


@pytest.mark.parametrize("drift", [JUMP, -JUMP])
def test_in_the_same_boot_a_drift_is_no_jump(drift: timedelta) -> None:
    assert same_boot(90, after(90) + drift).jump is None


def test_in_the_same_boot_a_wall_clock_that_is_ahead_as_before_has_not_jumped() -> None:
    assert same_boot(90, after(90) + HOUR, offset=HOUR).jump is None


def test_a_boot_clock_that_went_back_is_that_of_another_boot() -> None:
    resumed = taken_up(boot_id="boot-1", boot=STOOD.boot - MOMENT, wall=after(30))
    assert resumed.gap == Gap(T0, 30 * MINUTE)


def test_across_a_reboot_the_timeline_goes_on_by_the_wall_clock() -> None:
    assert now_of(taken_up(wall=after(30))) == after(30)


def test_across_a_reboot_nobody_measured() -> None:
    assert taken_up(wall=after(30)).gap == Gap(T0, 30 * MINUTE)


def test_across_a_reboot_an_hour_ahead_stays_an_hour_ahead() -> None:
    ahead = Anchor("boot-1", 100 * MINUTE, T0, T0 + HOUR)
    resumed = taken_up(ahead, wall=after(30) + HOUR, offset=HOUR)
    assert (now_of(resumed), resumed.gap) == (after(30), Gap(T0, 30 * MINUTE))


def test_across_a_reboot_what_was_written_after_the_anchor_counts() -> None:
    resumed = taken_up(wall=after(30), last_at=after(10))
    assert (now_of(resumed), resumed.gap) == (after(30), Gap(after(10), 20 * MINUTE))


def test_across_a_reboot_what_was_written_before_the_anchor_does_not_move_it() -> None:
    assert taken_up(wall=after(30), last_at=after(-10)).gap == Gap(T0, 30 * MINUTE)


@pytest.mark.parametrize("last_at", [None, after(10)])
def test_across_a_reboot_the_timeline_never_goes_back(last_at: datetime | None) -> None:
    resumed = taken_up(wall=after(-600), last_at=last_at)
    assert (now_of(resumed), resumed.gap) == (last_at or T0, None)


def test_across_a_reboot_a_wall_clock_that_went_back_has_jumped() -> None:
    assert taken_up(wall=after(-600)).jump == -600 * MINUTE


def test_across_a_reboot_a_little_back_is_no_jump() -> None:
    assert taken_up(wall=T0 - JUMP).jump is None


def test_across_a_reboot_forward_is_a_gap_and_no_jump() -> None:
    assert taken_up(wall=after(10**6)).jump is None


def test_a_new_journal_begins_with_what_the_wall_clock_says() -> None:
    resumed = taken_up(None, wall=after(7))
    assert (now_of(resumed), resumed.gap, resumed.jump) == (after(7), None, None)


def test_a_journal_without_an_anchor_goes_on_from_its_newest_instant() -> None:
    resumed = taken_up(None, wall=after(30), last_at=after(10))
    assert (now_of(resumed), resumed.gap) == (after(30), Gap(after(10), 20 * MINUTE))


def test_a_journal_without_an_anchor_never_goes_back() -> None:
    resumed = taken_up(None, wall=after(-600), last_at=after(10))
    assert (now_of(resumed), resumed.gap, resumed.jump) == (after(10), None, -610 * MINUTE)


INSTANTS = st.integers(-(10**5), 10**5).map(after)
AWAY = st.integers(0, 10**5).map(lambda seconds: seconds * SECOND)


@given(INSTANTS, st.none() | INSTANTS, st.booleans(), AWAY, INSTANTS)
def test_however_it_is_taken_up_the_timeline_does_not_go_back(
    stood_at: datetime, last_at: datetime | None, same: bool, away: timedelta, wall: datetime
) -> None:
    anchor = Anchor("boot-1", HOUR, stood_at, stood_at)
    written = None if last_at is None else min(last_at, stood_at + away) if same else last_at
    boot = HOUR + away if same else MINUTE
    resumed = resume(anchor, written, NONE, "boot-1" if same else "boot-2", boot, wall)
    assert now_of(resumed, boot) >= max(stood_at, written or stood_at)


@given(INSTANTS, INSTANTS)
def test_what_is_not_measured_is_exactly_what_the_timeline_went_on_by(stood_at: datetime, wall: datetime) -> None:
    resumed = resume(Anchor("boot-1", HOUR, stood_at, stood_at), None, NONE, "boot-2", MINUTE, wall)
    assert now_of(resumed) - stood_at == (resumed.gap.length if resumed.gap is not None else NONE)


AHEAD = Offsets((after(0), after(60)), (HOUR, 3 * HOUR))


@pytest.mark.parametrize(("minutes", "ahead"), [(-5, HOUR), (0, HOUR), (59.9, HOUR), (60, 3 * HOUR), (10**5, 3 * HOUR)])
def test_the_wall_clock_is_ahead_as_it_was_at_that_instant(minutes: float, ahead: timedelta) -> None:
    assert AHEAD.wall(after(minutes)) == after(minutes) + ahead


def test_the_newest_offset_is_how_far_ahead_it_is_now() -> None:
    assert AHEAD.newest == 3 * HOUR


def test_without_offsets_the_wall_clock_says_what_the_timeline_says() -> None:
    assert (Offsets().wall(after(7)), Offsets().newest) == (after(7), NONE)


GAP = Measured((Gap(after(10), 20 * MINUTE),))
"""Minutes 10 to 30 were not measured."""


@pytest.mark.parametrize(
    ("start", "end", "measured"),
    [(0, 10, 10), (0, 30, 10), (0, 40, 20), (30, 40, 10), (10, 30, 0), (15, 25, 0), (20, 40, 10), (0, 20, 10)],
)
def test_a_gap_counts_as_nothing(start: float, end: float, measured: float) -> None:
    assert GAP.between(after(start), after(end)) == measured * MINUTE


@pytest.mark.parametrize(
    ("start", "minutes", "now", "over"),
    [
        (0, 60, 40, 80),  # the gap is behind: twenty minutes more
        (0, 60, 30, 80),
        (0, 60, 5, 60),  # the gap is not there yet
        (30, 60, 40, 90),  # it was before
        (20, 60, 40, 90),  # it began in the gap: ten minutes of it
        (0, 5, 40, 25),  # it was over before the gap began, and stays so
    ],
)
def test_a_duration_ends_later_by_what_was_not_measured(start: float, minutes: float, now: float, over: float) -> None:
    assert GAP.after(after(start), minutes * MINUTE, after(now)) == after(over)


def test_what_begins_after_now_ends_after_its_length() -> None:
    assert GAP.after(after(50), HOUR, after(40)) == after(110)


@pytest.mark.parametrize(
    ("now", "minutes", "since"), [(40, 5, 35), (40, 10, 30), (40, 11, 9), (40, 20, 0), (5, 3, 2), (20, 3, 7)]
)
def test_a_window_reaches_back_over_what_was_not_measured(now: float, minutes: float, since: float) -> None:
    assert GAP.before(after(now), minutes * MINUTE) == after(since)


def test_without_gaps_a_window_is_as_long_as_it_is() -> None:
    plain = Measured()
    assert (plain.before(after(40), HOUR), plain.between(T0, after(40))) == (after(-20), 40 * MINUTE)


def laid_out(parts: list[tuple[int, int]]) -> Measured:
    """Lay gaps out one after the other: so many seconds measured, then so many not."""
    gaps, at = [], T0
    for measured_s, unmeasured_s in parts:
        at += measured_s * SECOND
        gaps.append(Gap(at, unmeasured_s * SECOND))
        at += unmeasured_s * SECOND
    return Measured(tuple(gaps))


def end_of(time: Measured) -> datetime:
    """Return the end of the last gap."""
    return max((gap.at + gap.length for gap in time.gaps), default=T0)


TIMES = st.lists(st.tuples(st.integers(0, 500), st.integers(1, 500)), max_size=6).map(laid_out)
SECONDS = st.integers(0, 2000).map(lambda seconds: seconds * SECOND)


@given(TIMES, SECONDS, SECONDS)
def test_a_window_holds_just_as_much_measured_time_as_it_is_long(
    time: Measured, since_the_last: timedelta, length: timedelta
) -> None:
    now = end_of(time) + since_the_last
    assert time.between(time.before(now, length), now) == length


@given(TIMES, SECONDS, SECONDS, SECONDS)
def test_what_lies_in_a_window_is_what_less_than_its_length_has_passed_since(
    time: Measured, since_the_last: timedelta, length: timedelta, back: timedelta
) -> None:
    now = end_of(time) + since_the_last
    at = now - back
    if time.between(at, now) < length:
        assert at > time.before(now, length)
    if at <= time.before(now, length):
        assert time.between(at, now) >= length


@given(TIMES, SECONDS, SECONDS, SECONDS)
def test_a_duration_is_over_when_so_much_measured_time_has_passed(
    time: Measured, since_the_last: timedelta, length: timedelta, back: timedelta
) -> None:
    now = end_of(time) + since_the_last
    start = now - back
    assert (time.after(start, length, now) <= now) is (time.between(start, now) >= length)


@given(TIMES, SECONDS, SECONDS, st.randoms(use_true_random=False))
def test_the_order_in_which_gaps_are_known_does_not_count(
    time: Measured, since_the_last: timedelta, length: timedelta, random
) -> None:
    mixed = Measured(tuple(random.sample(list(time.gaps), len(time.gaps))))
    now = end_of(time) + since_the_last
    assert mixed.before(now, length) == time.before(now, length)


@given(TIMES, SECONDS, SECONDS)
def test_a_gap_never_makes_a_duration_shorter(time: Measured, since_the_last: timedelta, back: timedelta) -> None:
    now = end_of(time) + since_the_last
    assert NONE <= time.between(now - back, now) <= back


@pytest.mark.parametrize("off", [NONE, AGREES, -AGREES])
def test_a_witness_that_agrees_confirms_the_wall_clock(off: timedelta) -> None:
    assert confirms(T0, HOUR, T0 + HOUR + off)


@pytest.mark.parametrize("off", [AGREES + MOMENT, -AGREES - MOMENT])
def test_a_witness_that_says_something_else_does_not(off: timedelta) -> None:
    assert not confirms(T0, HOUR, T0 + HOUR + off)
