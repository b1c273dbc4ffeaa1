"""One look says a status word that nobody knows: what a rule has decided, and waits, goes on after it."""

from __future__ import annotations

import pytest

from support.config import config
from support.world import World

DO = "%sdo: [{add: {link: x}}]}"
STATE = "{name: s, on: order, when: order.state == 'partial', " + DO
RULES = pytest.mark.parametrize(
    "rule",
    [STATE, STATE % "for: 10m, %s", "{name: s, on: order.partial, when: order.state == 'partial', " + DO],
    ids=["state", "for", "event"],
)


async def partial(world: World, rule: str, *, paused: bool = False) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=10)
    if paused:
        await world.say("pause", account="panel")
    world.site.orders["1"] = "partial"
    await world.live(minutes=20)


async def word_that_nobody_knows(world: World) -> None:
    world.site.orders["1"] = "unknown"
    await world.live(minutes=10)


@RULES
async def test_what_was_held_back_is_done_once_the_word_is_known_again(world: World, rule: str) -> None:
    await partial(world, rule % "", paused=True)
    world.site.orders["1"] = "unknown"
    await world.say("resume", account="panel")
    await word_that_nobody_knows(world)
    before = len(world.site.done("add"))
    world.site.orders["1"] = "partial"
    await world.live(hours=2)
    assert (before, len(world.site.done("add"))) == (0, 1)


@RULES
async def test_a_question_stays(world: World, rule: str) -> None:
    await partial(world, rule % "approve: {within: 48h}, ")
    assert await world.states() == ["awaiting_approval"]
    await word_that_nobody_knows(world)
    world.site.orders["1"] = "partial"
    await world.live(minutes=10)
    assert (await world.states())[-1] == "awaiting_approval"


@RULES
async def test_what_is_known_to_be_over_ends(world: World, rule: str) -> None:
    await partial(world, rule % "", paused=True)
    await word_that_nobody_knows(world)
    world.site.orders["1"] = "completed"
    await world.say("resume", account="panel")
    await world.live(hours=2)
    assert len(world.site.done("add")) == 0
