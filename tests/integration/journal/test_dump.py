"""What the proof reads out of a journal: the trail of an intent ends with its state, whatever else stands in it."""

from __future__ import annotations

from bursar.api import Refused
from bursar.domain.ids import IntentId
from bursar.journal.dump import read_dump
from support.config import config
from support.world import World

PAY = "name: pay, on: balance.passed_min_payout, do: [{payout: {method: '7'}}]"


async def pay(world: World, more: str) -> None:
    world.site.money("600")
    await world.open(config(f"{{{PAY}, {more}}}"))
    await world.turn()


async def trail_and_state(world: World) -> tuple[str, str]:
    """Return how the first intent's trail ends, and its state."""
    claims = await world.read(read_dump)
    return claims.trail[IntentId(1)], claims.intents[0].state


async def test_a_question_is_no_state(world: World) -> None:
    await pay(world, "approve: {above: 500, within: 12h}")
    assert await trail_and_state(world) == ("awaiting_approval", "awaiting_approval")


async def test_that_it_is_retried_is_no_state(world: World) -> None:
    world.site.will("payout", Refused("not now"))
    await pay(world, "cooldown: 1h")
    await world.say("retry", ids=["1"])
    assert await trail_and_state(world) == ("refused", "refused")


async def test_an_answer_is_the_state_that_it_leads_to(world: World) -> None:
    await pay(world, "approve: {above: 500, within: 12h}")
    await world.say("deny", ids=["1"])
    assert await trail_and_state(world) == ("denied", "denied")
