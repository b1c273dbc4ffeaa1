"""The matrix is whole, a cell can be named, and a seed chooses."""

from __future__ import annotations

from collections import Counter

import pytest

from bursar_prove.matrix import (
    ANYWHERE,
    COMMIT_POINTS,
    COMMITS,
    FAULTS,
    REQUEST_POINTS,
    choose,
    matrix,
    read_cell,
)
from support.prove import SCENARIOS

ACTIONS = SCENARIOS.actions
PLACES = len(REQUEST_POINTS) * len(ACTIONS) + len(COMMIT_POINTS) * len(COMMITS) + 1


def test_every_point_meets_every_action_or_commit_under_every_fault() -> None:
    assert len(set(matrix(ACTIONS))) == PLACES * len(FAULTS)


def test_every_cell_can_be_named() -> None:
    assert [read_cell(str(cell), ACTIONS) for cell in matrix(ACTIONS)] == matrix(ACTIONS)


@pytest.mark.parametrize(
    "name", ["", "after-effect", "after-effect:payout", "after-effect:poll:none", f"{ANYWHERE}:add:none"]
)
def test_what_names_no_cell_is_refused_with_how_one_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="one is POINT:AT:FAULT"):
        read_cell(name, ACTIONS)


def test_the_same_seed_chooses_the_same_cells() -> None:
    assert choose(50, 7, ACTIONS) == choose(50, 7, ACTIONS)


def test_another_seed_chooses_others() -> None:
    assert choose(50, 7, ACTIONS) != choose(50, 8, ACTIONS)


def test_a_short_run_meets_every_place_once() -> None:
    assert max(Counter((cell.point, cell.at) for cell in choose(PLACES, 1, ACTIONS)).values()) == 1


def test_a_short_run_meets_every_fault_at_least_twice() -> None:
    assert min(Counter(cell.fault for cell in choose(PLACES, 1, ACTIONS)).values()) >= 2


def test_a_long_run_meets_every_cell() -> None:
    assert set(choose(len(matrix(ACTIONS)), 1, ACTIONS)) == set(matrix(ACTIONS))


def test_one_cell_is_played_alone() -> None:
    only = read_cell("after-effect:payout:late", ACTIONS)
    assert choose(3, 1, ACTIONS, [only]) == [only] * 3


def test_several_cells_take_turns() -> None:
    one, other = read_cell("after-effect:payout:late", ACTIONS), read_cell("before-commit:poll:idle", ACTIONS)
    assert choose(3, 1, ACTIONS, [one, other]) == [one, other, one]
