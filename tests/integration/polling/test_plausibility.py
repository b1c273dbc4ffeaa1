"""Polls in which implausibly much changed are held: told once, not believed, dropped or accepted."""

from __future__ import annotations

import pytest

from bursar.api import Lost, SubjectRef, Succeeded, Unreachable
from bursar.control.messages import RequestRejected
from bursar.domain.ids import IntentId
from bursar.domain.intent import PlannedIntent
from bursar.journal import ledger
from bursar.pipeline.operator.decisions import plan_call
from support.config import account, config
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"
IDS = [f"{number:02}" for number in range(30)]


async def began(world: World, rules: str = "") -> None:
    """Start with thirty orders in progress."""
    world.site.orders |= dict.fromkeys(IDS, "in_progress")
    await world.open(config(rules))
    await world.track(*IDS)
    await world.live(minutes=3)


async def test_a_mass_change_raises_no_event(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(minutes=10)
    assert await world.told("order.canceled") == []


async def test_a_mass_change_causes_no_action(world: World) -> None:
    await began(world, REFILL)
    world.site.orders |= dict.fromkeys(IDS, "partial")
    await world.live(minutes=10)
    assert await world.intents() == []


async def test_a_mass_change_is_told_once(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(hours=2)
    assert await world.told("observation.*") == ["observation.held"]


async def test_a_mass_change_that_goes_on_changing_is_told_once(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS[:20], "canceled")
    for id_ in IDS[20:]:
        await world.live(minutes=3)
        world.site.orders[id_] = "completed"
    await world.live(minutes=3)
    assert await world.told("observation.*") == ["observation.held"]


async def test_a_mass_change_is_told_once_whatever_restarts_there_are(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(minutes=3)
    await world.restart()
    await world.live(minutes=10)
    assert await world.told("observation.*") == ["observation.held"]


async def test_half_of_the_orders_may_change(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS[:15], "completed")
    await world.live(minutes=3)
    assert len(await world.told("order.completed")) == 15


async def test_all_of_twenty_orders_may_change(world: World) -> None:
    world.site.orders |= dict.fromkeys(IDS[:20], "in_progress")
    await world.open(config())
    await world.track(*IDS[:20])
    await world.live(minutes=3)
    world.site.orders |= dict.fromkeys(IDS[:20], "completed")
    await world.live(minutes=3)
    assert len(await world.told("order.completed")) == 20


async def test_progress_is_never_implausible(world: World) -> None:
    from decimal import Decimal

    await began(world)
    world.site.orders |= {id_: ("in_progress", {"remains": Decimal(5)}) for id_ in IDS}
    await world.live(minutes=3)
    assert len(await world.told("order.changed")) == 30


async def test_first_sights_are_never_implausible(world: World) -> None:
    world.site.orders |= dict.fromkeys(IDS, "partial")
    await world.open(config())
    await world.track(*IDS)
    await world.live(minutes=3)
    assert len(await world.told("order.partial")) == 30


async def test_a_listing_that_is_suddenly_empty_is_held(world: World) -> None:
    world.site.coupons = dict.fromkeys(IDS, "new")
    await world.open(config())
    await world.live(minutes=3)
    world.site.coupons = {}
    await world.live(minutes=30)
    assert await world.told() == ["observation.held"]


async def test_a_balance_in_another_currency_is_held(world: World) -> None:
    world.site.money("80")
    await world.open(config())
    await world.turn()
    world.site.money("20", currency="RUB")
    await world.live(minutes=30)
    assert await world.told("observation.*") == ["observation.held"]


async def test_a_held_poll_is_dropped_when_the_next_is_plausible(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(minutes=3)
    world.site.orders |= dict.fromkeys(IDS, "in_progress")
    await world.live(minutes=3)
    assert (await world.told("observation.*"), await world.say("observations")) == (
        ["observation.held", "observation.dropped"],
        [],
    )


async def test_a_held_listing_is_dropped_when_the_next_is_plausible(world: World) -> None:
    world.site.coupons = dict.fromkeys(IDS, "new")
    await world.open(config())
    await world.live(minutes=3)
    world.site.coupons = {}
    await world.live(minutes=3)
    world.site.coupons = dict.fromkeys(IDS, "new")
    await world.live(minutes=3)
    assert await world.told() == ["observation.held", "observation.dropped"]


async def test_a_held_poll_that_a_person_accepts_is_believed(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(minutes=3)
    held = await world.say("observations")
    await world.say("accept", id=held[0]["id"])
    assert len(await world.told("order.canceled")) == 30


async def test_an_accepted_poll_is_believed_once(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(minutes=3)
    await world.say("accept", id=(await world.say("observations"))[0]["id"])
    await world.live(hours=1)
    assert (len(await world.told("order.canceled")), await world.say("observations")) == (30, [])


async def test_what_an_accepted_poll_causes_is_not_sent_before_a_fresh_look(world: World) -> None:
    await began(world, REFILL)
    world.site.orders |= dict.fromkeys(IDS, "partial")
    await world.live(minutes=3)
    await world.say("accept", id=(await world.say("observations"))[0]["id"])
    await world.send()
    assert (len(await world.intents()), world.site.performed) == (30, [])


async def test_what_an_accepted_poll_causes_is_sent_after_a_fresh_look(world: World) -> None:
    await began(world, REFILL)
    world.site.orders |= dict.fromkeys(IDS, "partial")
    await world.live(minutes=3)
    await world.say("accept", id=(await world.say("observations"))[0]["id"])
    await world.live(minutes=12)
    assert len(world.site.performed) == 30


async def test_a_held_poll_that_a_person_drops_is_held_again_if_it_comes_again(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(minutes=3)
    await world.say("drop", id=(await world.say("observations"))[0]["id"])
    await world.live(minutes=3)
    assert await world.told("observation.*") == ["observation.held", "observation.dropped", "observation.held"]


@pytest.mark.parametrize("verb", ["accept", "drop"])
async def test_what_is_not_held_is_declined(world: World, verb: str) -> None:
    await began(world)
    with pytest.raises(RequestRejected):
        await world.say(verb, id="7")


async def test_other_streams_go_on_while_one_is_held(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    world.site.coupons["a"] = "new"
    await world.live(minutes=10)
    assert await world.told("coupon.*") == ["coupon.appeared", "coupon.new"]


async def test_other_orders_go_on_while_some_are_held(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(IDS, "canceled")
    await world.live(minutes=3)
    world.site.orders["new"] = "partial"
    await world.track("new")
    await world.poll()
    assert await world.told("order.partial") == ["order.partial"]


async def held_before(world: World, outcome: object) -> str:
    """Have a poll held in which all orders are completed, and then order 3 refilled; nothing was seen since."""
    world.site.orders |= dict.fromkeys(IDS, "in_progress")
    await world.open(config())
    await world.track(*IDS)
    await world.live(minutes=3)
    world.site.orders |= dict.fromkeys(IDS, "completed")
    await world.live(minutes=1)
    [row] = await world.say("observations")
    world.site.down["orders"] = Unreachable("down")
    await world.wait(minutes=5)
    world.site.will("refill", outcome)
    wanted = PlannedIntent(world.site_account, "refill", SubjectRef("order", "03"), {})
    await world.context.commit(lambda uow: plan_call(uow, wanted))
    await world.send()
    await world.wait(seconds=5)
    return str(row["id"])


@pytest.mark.parametrize("outcome", [Lost("no answer"), Succeeded()])
async def test_an_accepted_poll_says_nothing_of_what_was_done_since(world: World, outcome: object) -> None:
    id_ = await held_before(world, outcome)
    before = await world.read(lambda tx: ledger.load(tx, IntentId(1)))
    await world.say("accept", id=id_)
    orders = {row["id"]: row["state"] for row in await world.say("orders")}
    assert await world.read(lambda tx: ledger.load(tx, IntentId(1))) == before
    assert (orders["03"], orders["04"]) == ("in_progress", "completed")


async def test_a_list_that_was_held_before_something_was_done_is_not_accepted(world: World) -> None:
    ids = [f"c{number}" for number in range(30)]
    world.site.coupons |= dict.fromkeys(ids, "new")
    world.site.money("80")
    await world.open(config())
    await world.live(minutes=3)
    world.site.coupons |= dict.fromkeys(ids, "activated")
    await world.live(minutes=3)
    [row] = await world.say("observations")
    world.site.down["coupons"] = Unreachable("down")
    await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0)
    await world.send()
    with pytest.raises(RequestRejected, match="something was done at panel since it was seen: the next poll shows"):
        await world.say("accept", id=row["id"])


async def test_what_was_seen_at_another_address_is_not_accepted(world: World) -> None:
    id_ = await held_before(world, Succeeded())
    await world.reload(config(accounts=account(port=9)))
    with pytest.raises(RequestRejected, match="it was seen at another url, or with another key, than panel has now"):
        await world.say("accept", id=id_)
    assert await world.state() == "quarantined"
