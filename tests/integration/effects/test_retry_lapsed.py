"""What lapsed because its rule was changed is put to the rule as it is, and nothing that was done is done again by that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.api import Later, Lost, Refused
from bursar.control.messages import RequestRejected
from support.config import account, config
from support.world import World

ADD = '{name: r, on: order.partial, do: [{add: {link: "x"}}]}'
BOTH = '{name: r, on: order.partial, do: [{add: {link: "x"}}, cancel]}'
ASKS = ", approve: {within: 3d}}"


async def partial(world: World, rule: str, **more: str) -> None:
    """Have the rule asked about order 1."""
    world.site.orders["1"] = "partial"
    await world.open(config(rule, **more))
    await world.track("1")
    await world.live(minutes=3)


async def once_more(world: World) -> None:
    """Have the order leave its state and come back to it."""
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(hours=3, every_s=300)


async def test_a_second_action_that_lapsed_has_the_first_not_done_again(world: World) -> None:
    world.site.will("cancel", Later("busy", retry_after=timedelta(hours=1)))
    await partial(world, BOTH)
    assert await world.states() == ["succeeded", "deferred"]
    await world.reload(config(BOTH.replace("cancel]", "{cancel: {why: late}}]")))
    with pytest.raises(RequestRejected, match="add went out as intent 1, and would once more"):
        await world.say("retry", ids=["2"])
    await world.live(minutes=12)
    assert len(world.site.done("add")) == 1


async def test_what_the_rule_has_done_since_is_not_done_again(world: World) -> None:
    await partial(world, ADD[:-1] + ASKS)
    await world.reload(config(ADD.replace('"x"', '"y"')))
    await once_more(world)
    assert await world.states() == ["lapsed", "succeeded"]
    with pytest.raises(RequestRejected, match="the rule r has asked for add since, as intent 2"):
        await world.say("retry", ids=["1"])
    await world.live(hours=3, every_s=300)
    assert len(world.site.done("add")) == 1


async def test_the_rest_of_what_is_under_way_is_not_dropped(world: World) -> None:
    await partial(world, BOTH[:-1] + ASKS)
    await world.reload(config(BOTH.replace('"x"', '"y"')))
    world.site.will("cancel", Later("busy", retry_after=timedelta(hours=9)))
    await once_more(world)
    with pytest.raises(RequestRejected, match="since, as intent"):
        await world.say("retry", ids=["1"])
    await world.live(hours=24, every_s=600)
    assert (len(world.site.done("add")), (await world.states())[-1]) == (1, "succeeded")


async def test_a_lost_one_that_may_still_land_is_not_sent_beside_it(world: World) -> None:
    slow = account(more="settle: 30m")
    world.site.will("add", Lost("no answer"))
    await partial(world, ADD, accounts=slow)
    await world.say("resolve", id="1", again=True)
    await world.reload(config(ADD.replace('"x"', '"y"'), accounts=slow))
    with pytest.raises(RequestRejected, match="went out as intent 1"):
        await world.say("retry", ids=["1"])
    await world.live(minutes=6)
    assert len(world.site.performed) == 1


async def test_what_the_provider_has_refused_before_can_be_put_to_the_rule_again(world: World) -> None:
    """Refused, asked for again, and a question then: nothing of it went out in effect."""
    rule = '{name: r, on: order.partial, do: [{add: {link: "x"}}], cooldown: 1h}'
    world.site.will("add", Refused("not now"))
    await partial(world, rule)
    await world.reload(config(rule[:-1] + ASKS))
    await world.live(hours=2, every_s=300)
    assert await world.states() == ["refused", "awaiting_approval"]
    await world.reload(config(rule.replace('"x"', '"y"')[:-1] + ASKS))
    await world.say("retry", ids=["2"])
    await world.live(minutes=12)
    assert (await world.states())[-1] == "awaiting_approval"
