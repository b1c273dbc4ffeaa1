"""`for`: a condition that must hold without a break, across restarts, failures, edits and unknown words."""

from __future__ import annotations

import pytest

from bursar.api import Rejected, Unreachable
from support.config import config
from support.world import World

STUCK = 'when: \'order.state in ["pending", "in_progress"]\''
HOLD = f"{{name: h, on: order, {STUCK}, for: 2h, do: [cancel]}}"


async def watch(world: World, state: str, every_s: float = 60, **passed: float) -> None:
    """Let order 1 be in a state for so long."""
    world.site.orders["1"] = state
    await world.live(every_s, **passed)


async def begin(world: World, rules: str = HOLD) -> None:
    """Start with order 1 in progress, seen for the first time."""
    world.site.orders["1"] = "in_progress"
    await world.open(config(rules))
    await world.track("1")
    await world.turn()


async def test_a_hold_does_not_fire_before_it_is_due(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=119)
    assert world.site.done("cancel") == []


async def test_a_hold_that_fell_due_fires(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=122)
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_fires_once(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", hours=9)
    assert world.site.done("cancel") == ["1"]


async def test_progress_within_the_condition_is_no_break(world: World) -> None:
    await begin(world)
    await watch(world, "pending", minutes=60)
    await watch(world, "in_progress", minutes=62)
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_that_is_broken_begins_anew(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=90)
    await watch(world, "partial", minutes=10)
    await watch(world, "in_progress", minutes=90)
    assert world.site.done("cancel") == []


async def test_a_hold_that_was_broken_is_due_after_its_whole_time(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=90)
    await watch(world, "partial", minutes=10)
    await watch(world, "in_progress", minutes=135)
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_is_broken_at_its_very_end(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=119)
    await watch(world, "completed", hours=3)
    assert world.site.done("cancel") == []


@pytest.mark.parametrize("clean", [True, False])
async def test_a_hold_survives_a_restart(world: World, clean: bool) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=60)
    await world.restart(clean=clean, minutes=30)
    await watch(world, "in_progress", minutes=35)
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_fires_once_whatever_restarts_there_are(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=122)
    await world.restart(clean=False)
    await watch(world, "in_progress", hours=4)
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_that_fell_due_while_nobody_looked_fires_at_the_next_look(world: World) -> None:
    await begin(world)
    await world.restart(hours=5)
    await world.turn()
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_that_fell_due_while_nobody_looked_and_is_broken_does_not_fire(world: World) -> None:
    await begin(world)
    world.site.orders["1"] = "completed"
    await world.restart(hours=5)
    await watch(world, "completed", hours=5)
    assert world.site.done("cancel") == []


@pytest.mark.parametrize("error", [Unreachable("no answer"), Rejected("wrong key")])
async def test_a_hold_that_fell_due_does_not_fire_while_polls_fail(world: World, error: Exception) -> None:
    await begin(world)
    world.site.down |= dict.fromkeys(("orders", "coupons", "info", "payouts"), error)
    await watch(world, "in_progress", hours=6, every_s=300)
    assert await world.intents() == []


async def test_a_hold_that_fell_due_while_polls_failed_fires_when_they_succeed(world: World) -> None:
    await begin(world)
    world.site.down["orders"] = Unreachable("no answer")
    await watch(world, "in_progress", hours=6, every_s=300)
    world.site.down.clear()
    await watch(world, "in_progress", minutes=40)
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_does_not_fire_on_an_answer_that_leaves_the_order_out(world: World) -> None:
    await begin(world)
    world.site.orders["1"] = None
    await world.live(hours=4)
    assert await world.intents() == []


async def test_a_hold_does_not_fire_on_a_complaint_about_the_order(world: World) -> None:
    await begin(world)
    await watch(world, "Incorrect order ID", hours=4)
    assert await world.intents() == []


async def test_an_unknown_word_is_no_break(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=60)
    await watch(world, "unknown", minutes=30)
    await watch(world, "in_progress", minutes=32)
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_does_not_fire_on_an_unknown_word(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=60)
    await watch(world, "unknown", hours=3)
    assert world.site.done("cancel") == []


async def test_a_hold_that_fell_due_under_an_unknown_word_fires_when_the_word_is_known_again(world: World) -> None:
    await begin(world)
    await watch(world, "unknown", hours=3)
    await watch(world, "in_progress", minutes=20)
    assert world.site.done("cancel") == ["1"]


async def test_an_unknown_word_between_two_states_of_which_the_second_is_outside_is_a_break(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=60)
    await watch(world, "unknown", minutes=30)
    await watch(world, "partial", minutes=12)
    await watch(world, "in_progress", minutes=60)
    assert world.site.done("cancel") == []


async def test_a_subject_that_is_inside_when_the_rule_is_new_fires_through_for(world: World) -> None:
    await begin(world, "")
    await watch(world, "in_progress", hours=1)
    await world.restart(config(HOLD))
    await watch(world, "in_progress", minutes=130)
    assert world.site.done("cancel") == ["1"]


async def test_a_hold_counts_from_the_rules_first_sight(world: World) -> None:
    await begin(world, "")
    await watch(world, "in_progress", hours=5)
    await world.restart(config(HOLD))
    await watch(world, "in_progress", minutes=110)
    assert world.site.done("cancel") == []


async def test_a_longer_for_puts_the_hold_off(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=100)
    await world.reload(config(HOLD.replace("2h", "4h")))
    await watch(world, "in_progress", minutes=130)
    assert world.site.done("cancel") == []


async def test_a_longer_for_counts_from_the_same_beginning(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=100)
    await world.reload(config(HOLD.replace("2h", "4h")))
    await watch(world, "in_progress", minutes=145)
    assert world.site.done("cancel") == ["1"]


async def test_a_shorter_for_brings_the_hold_forward(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=50)
    await world.reload(config(HOLD.replace("2h", "30m")))
    await watch(world, "in_progress", minutes=2)
    assert world.site.done("cancel") == ["1"]


async def test_editing_the_condition_ends_the_hold(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=100)
    await world.reload(config(HOLD.replace('["pending", ', '["partial", "pending", ')))
    await watch(world, "in_progress", minutes=60)
    assert world.site.done("cancel") == []


async def test_a_rule_that_was_away_begins_anew(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=100)
    await world.reload(config())
    await world.reload(config(HOLD))
    await watch(world, "in_progress", minutes=60)
    assert world.site.done("cancel") == []


async def test_a_rule_that_was_off_begins_anew(world: World) -> None:
    await begin(world)
    await watch(world, "in_progress", minutes=100)
    await world.reload(config(HOLD.replace("{name", "{mode: off, name")))
    await watch(world, "partial", minutes=20)
    await watch(world, "in_progress", minutes=20)
    await world.reload(config(HOLD))
    await watch(world, "in_progress", minutes=60)
    assert world.site.done("cancel") == []


async def test_a_hold_whose_match_was_held_back_and_that_was_broken_since_does_not_fire_early(world: World) -> None:
    await begin(world)
    await world.say("pause")
    await watch(world, "in_progress", minutes=130)
    await watch(world, "partial", minutes=12)
    await watch(world, "in_progress", minutes=20)
    await world.say("resume")
    await watch(world, "in_progress", minutes=30)
    assert world.site.done("cancel") == []


async def test_a_hold_that_tells_fires_too(world: World) -> None:
    await begin(world, f"{{name: h, on: order, {STUCK}, for: 2h, do: [{{notify: {{sink: ops, text: stuck}}}}]}}")
    await watch(world, "in_progress", hours=5)
    assert await world.texts() == ["stuck"]


async def test_a_hold_on_a_listing_that_never_changes_fires(world: World) -> None:
    world.site.coupons["a"] = "new"
    rule = '{name: h, on: coupon, when: coupon.state == "new", for: 2h, do: [{notify: {sink: ops, text: unused}}]}'
    await world.open(config(rule))
    await world.live(hours=3)
    assert await world.texts() == ["unused"]


async def test_a_hold_that_is_due_has_its_order_looked_at_once_an_interval_at_most(world: World) -> None:
    await begin(world)
    world.site.orders["1"] = None
    await world.live(hours=2)
    before = world.site.looked("orders")
    await world.live(minutes=30, every_s=5)
    assert world.site.looked("orders") - before <= 31
