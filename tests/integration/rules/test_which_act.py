"""A match knows which of its rule's actions it has done: whichever try of one had happened, what comes next is done once."""

from __future__ import annotations

import pytest

from bursar.api import Succeeded
from support.config import config
from support.scenarios.lost import GONE, a_person_says_so, late_yes
from support.world import World

TWO = '{name: r, on: order.partial, do: [{add: {link: "x"}}, {add: {link: "y"}}], cooldown: 1m'
BRIEF = "retention: {events: 3d, matches: 3d, deliveries: 3d}"


async def partial(world: World, rule: str, settings: str = "") -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(rule, settings=settings))
    await world.track("1")
    await world.turn()


def links(world: World) -> list[object]:
    return [one.params["link"] for one in world.site.performed]


@pytest.mark.parametrize("found", [late_yes, a_person_says_so, None])
async def test_a_first_that_turns_up_beside_its_second_takes_nothing_from_what_comes_next(
    world: World, found: object
) -> None:
    """x is lost, let go and made once more; then the first turns up: y is still to be made."""
    world.site.will("add", GONE)
    await partial(world, TWO + ", approve: {within: 2d}}")
    await world.say("approve", ids=["1"])
    await world.live(minutes=2)
    await world.say("resolve", id="1")
    await world.live(minutes=12)
    await world.say("approve", ids=["2"])
    await world.live(minutes=12)
    assert await world.states() == ["refused", "succeeded", "awaiting_approval"]
    if found in (late_yes, a_person_says_so):
        await found(world, "55")  # type: ignore[operator]
    await world.live(minutes=2)
    await world.say("approve", ids=["3"])
    await world.live(hours=3, every_s=300)
    assert links(world) == ["x", "x", "y"]


@pytest.mark.parametrize("turned_up", [True, False])
async def test_a_second_that_was_out_when_the_first_turned_up_takes_nothing_from_what_comes_next(
    world: World, turned_up: bool
) -> None:
    world.site.will("add", GONE, GONE)
    await partial(world, '{name: r, on: order.partial, do: [{add: {link: "x"}}, cancel], cooldown: 1m}')
    await world.say("resolve", id="1")
    await world.live(minutes=12, every_s=20)
    assert await world.states() == ["refused", "unknown"]
    if turned_up:
        await a_person_says_so(world, "55")
    await world.say("resolve", id="2", happened=True, reference="56")
    await world.live(hours=3, every_s=300)
    assert world.site.done("cancel") == ["1"]


async def test_what_comes_next_and_was_let_go_is_made_once_more_though_the_first_turns_up(world: World) -> None:
    world.site.will("add", GONE, Succeeded("56"), GONE)
    await partial(world, TWO + "}")
    await world.say("resolve", id="1")
    await world.live(minutes=14, every_s=30)
    await world.say("resolve", id="3")
    await a_person_says_so(world, "55")
    await world.live(hours=3, every_s=300)
    assert links(world) == ["x", "x", "y", "y"]


@pytest.mark.parametrize("settings", ["", BRIEF])
async def test_what_had_happened_is_not_done_again_though_what_came_before_it_is_long_over(
    world: World, settings: str
) -> None:
    """The canceling is over for longer than anything is kept when the order that was lost turns up."""
    world.site.will("add", GONE)
    await partial(world, '{name: r, on: order.partial, do: [cancel, {add: {link: "x"}}], cooldown: 14d}', settings)
    await world.turn()
    assert await world.states() == ["succeeded", "unknown"]
    await world.say("resolve", id="2")
    await world.live(days=8, every_s=3600)
    await world.say("resolve", id="2", happened=True, reference="4711")
    await world.live(days=20, every_s=3600)
    assert len(world.site.done("add")) == 1
