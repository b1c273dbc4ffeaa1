"""How long to wait before what failed is tried again: pauses double to an end, and what is asked for counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.backoff import Backoff

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PLAIN = Backoff(MINUTE, HOUR)
FIRSTS = st.integers(1, 3600).map(lambda seconds: seconds * SECOND)
BACKOFFS = st.builds(lambda first, times: Backoff(first, times * first), FIRSTS, st.integers(1, 1000))
FAILURES = st.integers(1, 10**9)
ASKED = st.timedeltas(timedelta.min, timedelta.max)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32)])
def test_each_failure_doubles_the_pause(failures: int, minutes: int) -> None:
    assert PLAIN.pause(failures) == minutes * MINUTE


@pytest.mark.parametrize("failures", [7, 31, 10**9])
def test_no_pause_is_longer_than_the_longest(failures: int) -> None:
    assert PLAIN.pause(failures) == HOUR


@pytest.mark.parametrize("failures", [0, -5])
def test_no_failure_pauses_as_the_first_does(failures: int) -> None:
    assert PLAIN.pause(failures) == MINUTE


def test_a_first_pause_beyond_the_longest_is_cut() -> None:
    assert Backoff(DAY, HOUR).pause(1) == HOUR


def test_what_is_asked_for_counts_where_it_is_longer() -> None:
    assert PLAIN.pause(1, 5 * HOUR) == 5 * HOUR


def test_what_is_asked_for_does_not_shorten_a_pause() -> None:
    assert PLAIN.pause(3, SECOND) == 4 * MINUTE


def test_what_is_asked_for_may_pass_the_longest_pause_of_our_own() -> None:
    assert PLAIN.pause(9, 2 * HOUR) == 2 * HOUR


def test_what_is_asked_for_has_a_bound() -> None:
    assert PLAIN.pause(1, timedelta.max) == DAY


def test_another_bound_may_be_set() -> None:
    assert Backoff(MINUTE, HOUR, longest_asked=7 * DAY).pause(1, timedelta.max) == 7 * DAY


@pytest.mark.parametrize("asked", [timedelta(0), -SECOND, timedelta.min])
def test_what_is_asked_for_in_the_past_is_nothing(asked: timedelta) -> None:
    assert PLAIN.pause(2, asked) == 2 * MINUTE


@pytest.mark.parametrize("first", [DAY, 30 * DAY])
def test_a_long_first_pause_can_fail_as_often_as_any(first: timedelta) -> None:
    assert Backoff(first, first).pause(31) == first


@given(BACKOFFS, FAILURES)
def test_more_failures_never_pause_for_less(backoff: Backoff, failures: int) -> None:
    assert backoff.pause(failures) <= backoff.pause(failures + 1)


@given(BACKOFFS, FAILURES, st.none() | ASKED)
def test_every_pause_lies_between_the_first_and_the_bounds(
    backoff: Backoff, failures: int, asked: timedelta | None
) -> None:
    assert backoff.first <= backoff.pause(failures, asked) <= max(backoff.longest, backoff.longest_asked)


@given(BACKOFFS, FAILURES, ASKED)
def test_asking_never_shortens_a_pause(backoff: Backoff, failures: int, asked: timedelta) -> None:
    assert backoff.pause(failures, asked) >= backoff.pause(failures)
