"""How often subjects are looked at, and how long an account that fails is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bursar.domain.poll_intervals import DAY_S, HOUR_S, absence, pause_s

MONTH_S = 30 * DAY_S


def moving(quiet_s: float, interval_s: float = 60.0) -> float | None:
    """Return the pause of an order that is not finished."""
    return pause_s(interval_s, quiet_s, terminal=False, acted_on=False, watch_for_s=MONTH_S)


def finished(quiet_s: float, interval_s: float = 60.0, *, acted_on: bool = False) -> float | None:
    """Return the pause of an order that is finished."""
    return pause_s(interval_s, quiet_s, terminal=True, acted_on=acted_on, watch_for_s=MONTH_S)


@pytest.mark.parametrize(
    ("quiet_s", "pause"), [(0.0, 60.0), (HOUR_S - 1, 60.0), (HOUR_S, 180.0), (DAY_S - 1, 180.0), (DAY_S, 720.0)]
)
def test_the_longer_it_is_quiet_the_less_it_is_looked_at(quiet_s: float, pause: float) -> None:
    assert moving(quiet_s) == pause


def test_a_quiet_one_is_looked_at_every_hour_at_least() -> None:
    assert moving(DAY_S, interval_s=1800.0) == HOUR_S


def test_an_interval_over_an_hour_is_kept() -> None:
    assert moving(DAY_S, interval_s=2 * HOUR_S) == 2 * HOUR_S


def test_a_finished_one_is_looked_at_daily() -> None:
    assert finished(HOUR_S) == DAY_S


def test_one_that_just_finished_is_looked_at_more() -> None:
    assert finished(0.0) == 600.0


def test_a_finished_one_is_looked_at_no_more_in_the_end() -> None:
    assert (finished(MONTH_S - 1), finished(MONTH_S)) == (DAY_S, None)


def test_a_finished_one_that_was_acted_on_is_a_moving_one() -> None:
    assert finished(HOUR_S, acted_on=True) == moving(HOUR_S)


def test_one_that_is_not_finished_is_never_let_go() -> None:
    assert moving(10 * MONTH_S) is not None


@given(st.floats(1, 10 * DAY_S), st.floats(0, 10 * MONTH_S), st.booleans(), st.booleans())
def test_nothing_is_looked_at_more_often_than_the_interval_says_or_less_than_daily(
    interval_s: float, quiet_s: float, terminal: bool, acted_on: bool
) -> None:
    pause = pause_s(interval_s, quiet_s, terminal, acted_on, MONTH_S)
    assert pause is None or min(interval_s, DAY_S) <= pause <= max(interval_s, DAY_S)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (50, 30)])
def test_an_account_that_fails_is_left_alone_twice_as_long_each_time(failures: int, minutes: int) -> None:
    assert absence(failures, timedelta(minutes=1), None) == timedelta(minutes=minutes)


def test_a_long_interval_is_the_longest_absence() -> None:
    assert absence(9, timedelta(hours=6), None) == timedelta(hours=6)


def test_what_the_provider_asks_for_is_obeyed() -> None:
    assert absence(1, timedelta(minutes=1), timedelta(hours=2)) == timedelta(hours=2)


def test_a_provider_that_asks_for_less_is_left_alone_all_the_same() -> None:
    assert absence(3, timedelta(minutes=1), timedelta(seconds=1)) == timedelta(minutes=4)


def test_a_provider_cannot_ask_for_more_than_a_day() -> None:
    assert absence(1, timedelta(minutes=1), timedelta(days=900)) == timedelta(days=1)


@given(st.integers(0, 10**9), st.timedeltas(timedelta(0), timedelta(days=30)))
@example(failures=31, interval=timedelta(days=1))
def test_an_absence_has_an_end(failures: int, interval: timedelta) -> None:
    assert timedelta(seconds=1) <= absence(failures, interval, None) <= max(interval, timedelta(minutes=30))
