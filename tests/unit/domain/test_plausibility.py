"""Which polls show implausibly much that changed or vanished at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.domain.detect import Change
from bursar.domain.observation import Snapshot
from bursar.domain.plausibility import implausible
from support.domain import ORDER, after, look, order, seen

SOON = timedelta(minutes=1)
KINDS = {"order": ORDER}


def moved(count: int, state: str = "partial", **fields: object) -> list[tuple[Snapshot, Change]]:
    """Return so many steps from one state to another."""
    steps = []
    for number in range(count):
        before = order("pending", str(number), currency="USD", remains=10)
        what = seen(ORDER, state, str(number), **{"currency": "USD", "remains": 10, **fields})  # type: ignore[arg-type]
        steps.append((before, look(before, what, after(1))))
    return steps


def doubt(
    steps: list[tuple[Snapshot, Change]],
    looked_at: int,
    since_last: timedelta | None = SOON,
    *,
    gone: int = 0,
    own: int = 0,
) -> str | None:
    """Ask about a poll; the first so many steps are what bursar did itself."""
    done = {before.ref for before, _ in steps[:own]}
    return implausible(KINDS, steps, looked_at, gone, looked_at, since_last, done)


def test_more_than_half_of_many_that_moved_are_doubted() -> None:
    assert doubt(moved(13), 25) == "13 of 25 changed their state at once"


def test_half_of_them_may_move() -> None:
    assert doubt(moved(13), 26) is None


@pytest.mark.parametrize(("many", "doubted"), [(20, False), (21, True)])
def test_few_may_all_move(many: int, doubted: bool) -> None:
    assert (doubt(moved(many), many) is not None) is doubted


def test_progress_within_a_state_is_believed() -> None:
    assert doubt(moved(50, "pending", remains=1), 50) is None


def test_after_a_long_absence_many_may_have_moved() -> None:
    assert doubt(moved(50), 50, timedelta(hours=2)) is None


def test_the_first_poll_of_all_is_believed() -> None:
    assert doubt(moved(50), 50, None) is None


def test_more_than_half_that_vanished_are_doubted() -> None:
    assert doubt([], 25, gone=13) == "13 of 25 vanished at once"


def test_half_of_them_may_vanish() -> None:
    assert doubt([], 26, gone=13) is None


def test_few_may_all_vanish() -> None:
    assert doubt([], 20, gone=20) is None


def test_vanishing_is_doubted_however_long_nobody_looked() -> None:
    assert doubt([], 25, timedelta(days=9), gone=25) is not None


def test_others_under_the_same_ids_are_doubted_however_few_and_late() -> None:
    assert doubt(moved(1, "pending", currency="EUR"), 1, timedelta(days=9)) is not None


def test_one_odd_one_among_many_is_believed() -> None:
    assert doubt(moved(1, "pending", currency="EUR"), 2) is None


def test_an_identity_that_becomes_known_is_no_other() -> None:
    before = order("pending", currency=None)
    steps = [(before, look(before, seen(ORDER, "pending", currency="EUR"), after(1)))]
    assert doubt(steps, 1) is None


def test_what_bursar_did_itself_is_not_doubted() -> None:
    assert doubt(moved(50), 50, own=50) is None


def test_a_few_that_moved_with_what_bursar_did_are_believed() -> None:
    assert doubt(moved(30), 30, own=25) is None


def test_too_many_that_moved_with_what_bursar_did_are_doubted() -> None:
    assert doubt(moved(30), 30, own=10) == "20 of 30 changed their state at once"


def test_what_bursar_did_to_most_hides_no_doubt_about_the_others() -> None:
    assert doubt(moved(53), 75, own=35) is None
    assert doubt(moved(56), 75, own=35) == "21 of 40 changed their state at once"


def test_what_bursar_did_makes_no_subject_another() -> None:
    assert doubt(moved(1, "pending", currency="EUR"), 1, own=1) is not None
