"""The timeline in the journal: where it stood, what the wall clock was ahead of it, and what nobody measured."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bursar.domain.ids import MICROSECOND
from bursar.domain.timeline import Anchor, Gap, Measured, Offsets
from bursar.journal import clock
from bursar.journal.writer import Tx
from support.domain import T0, after
from support.journal import count

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
STOOD = Anchor("3f0c", timedelta(seconds=12, microseconds=345), after(1), after(2))


def ahead(tx: Tx, since: datetime, by: timedelta) -> None:
    """Write by how much the wall clock is ahead."""
    clock.put_offset(tx, since, by // MICROSECOND)


def test_a_new_journal_stood_nowhere(tx: Tx) -> None:
    assert clock.anchor(tx) is None


@pytest.mark.parametrize("vouched", [True, False])
def test_where_the_timeline_stood_survives_whole(tx: Tx, vouched: bool) -> None:
    stood = Anchor(STOOD.boot_id, STOOD.boot, STOOD.at, STOOD.wall, vouched)
    clock.put_anchor(tx, stood)
    assert clock.anchor(tx) == stood


def test_only_where_it_stood_last_is_kept(tx: Tx) -> None:
    clock.put_anchor(tx, STOOD)
    later = Anchor("another", HOUR, after(90), after(95), vouched=True)
    clock.put_anchor(tx, later)
    assert clock.anchor(tx) == later


@pytest.mark.parametrize("days", [0, 1, 9999])
@pytest.mark.parametrize(
    "away",
    [timedelta(days=-20000, microseconds=1), timedelta(microseconds=999999), timedelta(days=20000, microseconds=-7)],
)
def test_where_it_stood_loses_no_microsecond(tx: Tx, days: int, away: timedelta) -> None:
    stood = Anchor("3f0c", timedelta(days=days, microseconds=3), T0 + away, T0 - away)
    clock.put_anchor(tx, stood)
    assert clock.anchor(tx) == stood


def test_a_new_journal_knows_no_offset(tx: Tx) -> None:
    assert clock.offsets(tx) == Offsets()


def test_offsets_survive_in_the_order_of_time(tx: Tx) -> None:
    ahead(tx, after(60), -HOUR)
    ahead(tx, T0, MINUTE)
    assert clock.offsets(tx) == Offsets((T0, after(60)), (MINUTE, -HOUR))


def test_the_offset_of_one_instant_is_the_last_that_was_written(tx: Tx) -> None:
    ahead(tx, T0, MINUTE)
    ahead(tx, T0, HOUR)
    assert clock.offsets(tx) == Offsets((T0,), (HOUR,))


def test_what_was_written_is_what_the_wall_clock_said(tx: Tx) -> None:
    ahead(tx, T0, timedelta(0))
    ahead(tx, after(60), HOUR)
    offsets = clock.offsets(tx)
    assert [offsets.wall(after(minute)) for minute in (30, 60, 90)] == [after(30), after(120), after(150)]


def gap(minute: float, minutes: float) -> Gap:
    """Return a stretch that nobody measured."""
    return Gap(after(minute), minutes * MINUTE)


def test_of_a_new_journal_everything_was_measured(tx: Tx) -> None:
    assert clock.measured(tx) == Measured()


def test_gaps_survive_in_the_order_of_time(tx: Tx) -> None:
    for one in (gap(60, 5), gap(10, 20)):
        clock.put_gap(tx, one, vouched=True)
    assert clock.measured(tx) == Measured((gap(10, 20), gap(60, 5)))


@pytest.mark.parametrize("vouched", [True, False])
def test_a_gap_counts_as_nothing_whoever_vouched_when_it_began(tx: Tx, vouched: bool) -> None:
    clock.put_gap(tx, gap(10, 20), vouched=vouched)
    assert clock.measured(tx).between(T0, after(60)) == 40 * MINUTE


def test_a_gap_that_goes_on_is_one(tx: Tx) -> None:
    clock.put_gap(tx, gap(10, 20), vouched=True)
    clock.put_gap(tx, gap(10, 5), vouched=True)
    assert clock.measured(tx) == Measured((gap(10, 25),))


def test_a_witness_may_confirm_only_what_began_under_a_clock_that_was_believed(tx: Tx) -> None:
    clock.put_gap(tx, gap(10, 20), vouched=True)
    clock.put_gap(tx, gap(60, 5), vouched=False)
    assert clock.vouched_gaps(tx) == [gap(10, 20)]


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True)])
def test_a_gap_of_which_a_part_was_not_believed_is_not(tx: Tx, first: bool, second: bool) -> None:
    clock.put_gap(tx, gap(10, 20), vouched=first)
    clock.put_gap(tx, gap(10, 5), vouched=second)
    assert clock.vouched_gaps(tx) == []


def test_a_gap_that_was_confirmed_counts(tx: Tx) -> None:
    for one in (gap(10, 20), gap(60, 5)):
        clock.put_gap(tx, one, vouched=True)
    clock.close_gap(tx, gap(10, 20))
    assert (clock.measured(tx), count(tx, "gaps")) == (Measured((gap(60, 5),)), 1)
