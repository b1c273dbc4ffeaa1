"""What is held back about a subject that no poll shows any more: it vanished, nobody watches it, its stream is off."""

from __future__ import annotations

import pytest

from bursar.api import Refused, Unreachable
from support.config import account, config
from support.world import World

REPLACE = "{name: v, on: coupon.vanished, do: [{add: {link: more}}]}"
NEW = "{name: s, on: coupon, when: 'coupon.state == \"new\"', do: [{add: {link: more}}]}"
OFF = account(more="poll: {coupons: 'off'}")


async def ended(world: World) -> list[str]:
    """Return why matches came to nothing, oldest first."""
    return await world.read(
        lambda tx: [row[0] for row in tx.all("SELECT reason FROM matches WHERE state = 'dropped' ORDER BY id")]
    )


async def vanishes(world: World, rule: str, *, paused: bool = True) -> None:
    """Have a coupon vanish, of two."""
    world.site.coupons |= {"a": "new", "b": "new"}
    await world.open(config(rule))
    await world.live(minutes=10)
    if paused:
        await world.say("pause")
    del world.site.coupons["a"]
    await world.live(minutes=5)


async def test_what_answers_to_a_vanishing_is_sent(world: World) -> None:
    await vanishes(world, REPLACE, paused=False)
    await world.live(minutes=5)
    assert await world.states() == ["succeeded"]


@pytest.mark.parametrize("restart", [False, True])
async def test_what_answers_to_a_vanishing_and_was_held_back_is_sent_after_that(world: World, restart: bool) -> None:
    await vanishes(world, REPLACE)
    before = await world.states(), await world.matches()
    if restart:
        await world.restart(clean=False, minutes=5)
    await world.say("resume")
    await world.live(minutes=10)
    assert (before, await world.states(), await world.matches()) == (([], ["paused"]), ["succeeded"], [])


async def test_what_answers_to_a_vanishing_is_not_sent_on_a_list_that_nobody_has_read_since(world: World) -> None:
    await vanishes(world, REPLACE)
    world.site.down["coupons"] = Unreachable("no answer")
    await world.say("resume")
    await world.live(minutes=30)
    before = list(world.site.performed)
    world.site.down.clear()
    await world.live(hours=1)
    assert (before, await world.states()) == ([], ["succeeded"])


async def test_what_vanished_and_is_back_is_asked_as_it_is_then(world: World) -> None:
    await vanishes(world, REPLACE.replace("do:", "when: 'coupon.state == \"new\"', do:"))
    world.site.coupons["a"] = "activated"
    await world.live(minutes=5)
    await world.say("resume")
    await world.live(minutes=10)
    assert (await world.states(), await world.matches()) == ([], [])


async def test_what_has_vanished_has_left_the_condition_of_a_state_rule(world: World) -> None:
    world.site.coupons["b"] = "new"
    await world.open(config(NEW))
    await world.live(minutes=10)
    await world.say("pause")
    world.site.coupons["a"] = "new"
    await world.live(minutes=5)
    held = await world.matches()
    del world.site.coupons["a"]
    await world.live(minutes=5)
    await world.say("resume")
    await world.live(minutes=10)
    assert (held, await world.states(), await world.matches()) == (["paused"], [], [])
    assert await ended(world) == ["it has left its condition since: the coupon has vanished"]


async def test_what_has_vanished_is_not_in_the_state_that_its_event_told_of(world: World) -> None:
    rule = "{name: n, on: coupon.activated, do: [{add: {link: more}}]}"
    await vanishes(world, rule)
    world.site.coupons["b"] = "activated"
    await world.live(minutes=5)
    world.site.coupons = {"c": "new"}
    await world.live(minutes=5)
    await world.say("resume")
    await world.live(minutes=10)
    assert (await world.states(), await ended(world)) == ([], ["no longer true: the coupon has vanished"])


async def test_what_was_ready_when_its_order_was_untracked_comes_to_an_end(world: World) -> None:
    await world.open(config("{name: r, on: order.partial, do: [refill]}"))
    world.site.orders["1"] = "partial"
    await world.track("1")
    await world.poll()
    await world.say("untrack", account="panel", ids=["1"])
    await world.live(hours=3, every_s=300)
    assert (await world.states(), await world.matches()) == (["lapsed"], [])
    assert await ended(world) == ["nobody can tell how it stands: order/1 is not under watch"]


async def test_what_answers_to_an_order_that_fell_out_of_watch_comes_to_an_end(world: World) -> None:
    """A person has it refilled; the panel says no, and a rule answers to that."""
    await world.open(config("{name: r, on: action.refused, when: event.action == 'refill', do: [cancel]}"))
    world.site.orders["1"] = "completed"
    await world.track("1")
    await world.live(days=100, every_s=86400)
    before = world.site.looked("orders")
    await world.live(days=3, every_s=86400)
    watched = world.site.looked("orders") - before
    world.site.will("refill", Refused("too old"))
    call = {"order": "1"}
    await world.say("call", account="panel", method="refill", params=call, wait_s=0)
    await world.live(hours=3, every_s=300)
    assert (watched, await world.states(), await world.matches()) == (0, ["refused", "lapsed"], [])


async def test_what_is_held_about_a_stream_that_is_off_waits_until_that_is_on(world: World) -> None:
    rule = "{name: n, on: coupon.activated, do: [{add: {link: more}}]}"
    world.site.coupons["a"] = "new"
    await world.open(config(rule))
    await world.live(minutes=5)
    await world.say("pause")
    world.site.coupons["a"] = "activated"
    await world.live(minutes=5)
    held = await world.matches()
    await world.reload(config(rule, accounts=OFF))
    await world.say("resume")
    await world.live(minutes=5)
    assert (held, await world.states(), await world.matches()) == (["paused"], [], ["stale"])
    assert await world.matches("reason") == ["nobody looks at it: coupons is off"]
    await world.reload(config(rule))
    await world.live(minutes=12)
    assert (await world.states(), await world.matches()) == (["succeeded"], [])


async def test_a_text_about_a_stream_that_is_off_is_told_at_its_time(world: World) -> None:
    rule = (
        "{name: n, on: coupon.activated, limit: {per: account, max: 1, every: 2h}, "
        "do: [{notify: {sink: ops, text: 'used {{ coupon.id }}'}}]}"
    )
    world.site.coupons |= {"a": "new", "b": "new"}
    await world.open(config(rule))
    await world.live(minutes=5)
    for id_ in ("a", "b"):
        world.site.coupons[id_] = "activated"
        await world.live(minutes=2)
    await world.reload(config(rule, accounts=OFF))
    await world.live(hours=3, every_s=300)
    assert (await world.texts(), await world.matches()) == (["used a", "used b"], [])


async def test_a_payout_is_not_forgotten_where_its_stream_was_off_for_a_while(world: World) -> None:
    """The balance never falls below the minimum: its event would not come anew."""
    rule = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
    world.site.money("20")
    await world.open(config(rule))
    await world.say("pause")
    world.site.money("900")
    await world.live(minutes=12)
    await world.say("resume")
    await world.reload(config(rule, accounts=account(more="poll: {info: off}")))
    await world.live(minutes=12)
    await world.reload(config(rule))
    await world.live(minutes=12)
    assert world.site.done("payout") == ["balance"]
