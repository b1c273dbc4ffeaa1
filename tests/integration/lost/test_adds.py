"""A lost reply to an order: only a person can tell what became of it."""

from __future__ import annotations

import pytest

from bursar.api import Observed, SubjectRef, Succeeded
from bursar.pipeline.outcomes import record_outcome
from support.config import config
from support.scenarios.replies import GONE
from support.world import World

ADD = "{name: a, on: order.partial, do: [{add: {link: more}}]}"


async def test_an_add_stays_unknown_until_a_person_says(world: World) -> None:
    world.site.will("add", GONE)
    world.site.orders["1"] = "partial"
    await world.open(config(ADD))
    await world.track("1")
    await world.live(hours=30, every_s=600)
    assert (len(world.site.performed), await world.states()) == (1, ["unknown"])


async def test_a_lost_add_blocks_other_adds_on_the_account(world: World) -> None:
    world.site.will("add", GONE)
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.open(config(ADD))
    await world.track("1", "2")
    await world.live(hours=3, every_s=300)
    assert world.site.done("add").__len__() == 1


async def test_two_adds_that_were_planned_together_are_not_sent_when_the_first_is_lost(world: World) -> None:
    world.site.will("add", GONE)
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.open(config(ADD))
    await world.track("1", "2")
    await world.poll()
    await world.send()
    assert (len(world.site.performed), sorted(await world.states())) == (1, ["ready", "unknown"])


async def test_what_waited_for_a_lost_add_goes_on_when_a_person_says(world: World) -> None:
    world.site.will("add", GONE)
    world.site.orders |= {"1": "partial", "2": "partial"}
    await world.open(config(ADD))
    await world.track("1", "2")
    await world.live(hours=3, every_s=300)
    await world.say("resolve", id="1", happened=True)
    await world.live(hours=2, every_s=120)
    assert len(world.site.performed) == 2


@pytest.mark.parametrize(("fence", "then"), [(1, "succeeded"), (2, "unknown")])
async def test_a_yes_that_comes_after_its_attempt_was_given_up_is_one(world: World, fence: int, then: str) -> None:
    """A plugin was told to stop, say, and its answer came all the same; one of another attempt says nothing."""
    world.site.will("add", GONE)
    world.site.orders["1"] = "partial"
    await world.open(config(ADD))
    await world.track("1")
    await world.live(minutes=2)
    late = Succeeded("77", tracked=(Observed(SubjectRef("order", "77"), {}),))
    [intent] = await world.intents()
    await world.context.commit(lambda uow: record_outcome(uow, intent.id, fence, late, uow.now))
    assert (await world.states())[0] == then
    assert ("77" in [row["id"] for row in await world.say("orders")]) == (then == "succeeded")
