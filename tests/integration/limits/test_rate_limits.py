"""A provider that wants its key left alone for a while: nothing stops but that account."""

from __future__ import annotations

from datetime import timedelta

from support.config import account, config
from support.scenarios.orders import partial
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"


async def test_a_key_that_is_to_be_left_alone_for_an_hour_stops_no_loop(world: World) -> None:
    await partial(world, REFILL)
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    world.site.orders["2"] = "partial"
    await world.track("2")
    stalled = []
    for _ in range(20):
        await world.live(seconds=30, every_s=30)
        stalled += world.context.liveness.stalled()
    assert (stalled, world.site.done("refill")) == ([], ["1"])


async def test_a_key_that_was_left_alone_goes_on_afterwards(world: World) -> None:
    await partial(world, REFILL)
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.live(hours=1.5, every_s=60)
    assert sorted(world.site.done("refill")) == ["1", "2"]


async def test_a_person_is_told_what_a_call_waits_for(world: World) -> None:
    await world.open(config())
    await world.turn()
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    answer = await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=5)
    row = answer["intents"][0]
    assert (row["state"], "left alone" in row["reason"]) == ("ready", True)


async def test_a_rate_limit_of_one_account_leaves_the_others_alone(world: World) -> None:
    names = f"{account()}, {account('second', 2, 'OTHER')}"
    await world.open(config(REFILL, accounts=names))
    world.supervisor.limiters["panel"].pause_for(timedelta(hours=1))
    other = world.sites.sites["http://127.0.0.1:2/api"]
    other.orders["1"] = "partial"
    await world.track("1", account="second")
    await world.live(minutes=3)
    assert other.done("refill") == ["1"]
