"""A lost reply to what may be asked twice: it is asked again, in time, and a later status shows its effect."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.api import BadAnswer, Later, Lost
from support.config import config
from support.scenarios.replies import GONE, REFILL, refill
from support.world import World


@pytest.mark.parametrize(
    "outcome", [GONE, BadAnswer("HTML"), Lost("says yes and no"), ValueError("a bug"), "yes", None, True]
)
async def test_what_is_neither_yes_nor_no_is_unknown(world: World, outcome: object) -> None:
    await refill(world, outcome)
    assert await world.states() == ["unknown"]


async def test_a_repeatable_action_is_asked_again_after_its_backoff(world: World) -> None:
    await refill(world, GONE)
    await world.live(minutes=2)
    assert (world.site.done("refill"), await world.states()) == (["1", "1"], ["succeeded"])


async def test_a_repeatable_action_is_not_asked_again_before_its_backoff(world: World) -> None:
    await refill(world, GONE)
    await world.live(seconds=25, every_s=5)
    assert world.site.done("refill") == ["1"]


async def test_a_repeatable_action_is_not_asked_again_when_it_is_wanted_no_more(world: World) -> None:
    await refill(world, GONE, rules='{name: s, on: order, when: order.state == "partial", do: [refill]}')
    await world.live(minutes=1)
    assert await world.states() != ["unknown"]


async def test_a_lost_repeatable_action_has_succeeded_when_a_later_status_shows_its_effect(world: World) -> None:
    await refill(world, GONE, rules='{name: e, on: order.partial, when: order.state == "partial", do: [refill]}')
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=15)
    assert (world.site.done("refill"), await world.states()) == (["1"], ["succeeded"])


async def test_one_that_was_put_off_after_it_was_lost_is_shown_by_a_later_status_too(world: World) -> None:
    await refill(world, GONE, Later("the panel is busy", timedelta(minutes=30)))
    await world.live(minutes=2)
    assert (world.site.done("refill"), await world.states()) == (["1", "1"], ["deferred"])
    world.site.orders["1"] = "in_progress"
    await world.live(hours=2, every_s=300)
    assert (world.site.done("refill"), await world.states()) == (["1", "1"], ["succeeded"])


async def test_the_status_that_a_rule_answers_to_shows_no_effect_of_what_it_did(world: World) -> None:
    """A refill of a completed order: that the order is completed is its reason, not its effect."""
    world.site.will("refill", GONE)
    world.site.orders["1"] = "completed"
    await world.open(config("{name: e, on: order.completed, do: [refill]}"))
    await world.track("1")
    await world.poll()
    await world.wait(seconds=1)
    await world.send()
    await world.tick()
    assert await world.states() == ["unknown"]


async def test_every_loss_of_a_repeatable_action_is_told(world: World) -> None:
    await refill(world, *[GONE] * 4)
    await world.live(minutes=30)
    assert await world.told("action.unknown") == ["action.unknown"] * 4


async def test_a_lost_repeatable_action_blocks_its_subject(world: World) -> None:
    await refill(world, *[GONE] * 99, rules=f"{REFILL}\n{{name: c, on: order.partial, do: [cancel]}}")
    await world.live(minutes=12)
    assert world.site.done("cancel") == []


async def test_a_lost_repeatable_action_blocks_no_other_subject(world: World) -> None:
    await refill(world, *[GONE] * 2)
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.poll()
    await world.send()
    assert "2" in world.site.done("refill")


async def test_a_repeatable_action_that_is_always_lost_is_asked_eight_times(world: World) -> None:
    await refill(world, *[GONE] * 99)
    await world.live(hours=30, every_s=300)
    assert (len(world.site.performed), await world.states()) == (8, ["unknown"])


async def test_an_accepted_refill_that_shows_no_effect_in_a_day_is_told_once(world: World) -> None:
    await refill(world)
    await world.live(hours=30, every_s=600)
    assert await world.told("action.unconfirmed") == ["action.unconfirmed"]


async def test_an_accepted_refill_that_shows_its_effect_is_not_told_of(world: World) -> None:
    await refill(world)
    world.site.orders["1"] = "in_progress"
    await world.live(hours=30, every_s=600)
    assert await world.told("action.unconfirmed") == []
