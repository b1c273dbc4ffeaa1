"""Weeks in the life of a rule that pays out, by chance: late debits, payouts by hand, slips, edits, pauses, restarts, lists
that fail. Nothing is asked for twice, and what is due has left in the end.

`BURSAR_FUZZ_LIVES` of each kind (1), from `BURSAR_FUZZ_SEED` on.
"""

from __future__ import annotations

import os
import random

import pytest

from support.scenarios.payouts_lived import RULES, Life
from support.world import World

FIRST = int(os.environ.get("BURSAR_FUZZ_SEED", "1"))
LIVES = int(os.environ.get("BURSAR_FUZZ_LIVES", "1"))


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("seed", range(FIRST, FIRST + LIVES))
async def test_nothing_is_paid_twice_and_all_is_paid(world: World, seed: int, kind: str) -> None:
    random.seed(seed)  # polls are spread by chance
    life = Life(world, kind, seed)
    await life.begin()
    await life.go_on(250)
    assert life.books.twice is None, "\n".join(life.books.log[-60:])
    await life.calm_down(500)
    assert life.books.twice is None, "\n".join(life.books.log[-60:])
    assert life.books.balance < life.least, "\n".join([*life.books.log[-60:], *await world.matches("reason")])
