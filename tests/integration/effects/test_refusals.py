"""Refusals in words that nobody can read, and three in a row: they are a person's, and a retry ends that."""

from __future__ import annotations

import pytest

from bursar.api import Refused, Succeeded
from support.config import config
from support.scenarios.orders import partial
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"
ADD = "{name: a, on: order.partial, do: [{add: {link: more}}]}"
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_what_was_refused_in_words_that_nobody_can_read_is_a_persons(world: World) -> None:
    await partial(world, ADD, Refused("E-17", unread=True), action="add")
    await world.live(days=3, every_s=3600)
    before = await world.states(), await world.told("action.gave_up"), await world.matches()
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert (before, await world.states()) == ((["refused"], ["action.gave_up"], ["gave_up"]), ["refused", "succeeded"])


async def test_a_payout_that_was_refused_in_words_that_nobody_can_read_is_a_persons_also_the_next_time(
    world: World,
) -> None:
    """The balance falls below its minimum, and passes it again: another event, and another match."""
    world.site.money("80")
    world.site.will("payout", Refused("E-17", unread=True))
    await world.open(config(PAY))
    await world.turn()
    world.site.money("5")
    await world.live(hours=1, every_s=600)
    world.site.money("90")
    await world.live(days=3, every_s=3600)
    before = await world.states(), len(world.site.done("payout"))
    how = ["`bursar actions retry 1` asks anew" in str(reason) for reason in await world.matches("reason")]
    await world.say("retry", ids=["1"])
    await world.live(hours=1, every_s=600)
    assert (before, how, await world.states()) == ((["refused"], 1), [True], ["refused", "succeeded"])


async def test_what_waits_for_a_retry_can_be_tried_again_after_any_retention(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", Refused("E-17", unread=True))
    await world.open(config(PAY, settings="retention: {events: 30d, matches: 30d}"))
    await world.turn()
    world.site.money("5")
    await world.live(days=150, every_s=86400)
    world.site.money("90")
    await world.live(days=2, every_s=3600)
    before = await world.matches(), len(world.site.done("payout"))
    await world.say("retry", ids=["1"])
    await world.live(hours=2, every_s=600)
    assert (before, await world.states()) == ((["gave_up"], 1), ["refused", "succeeded"])


async def becomes_partial_again(world: World, times: int) -> None:
    for _ in range(times):
        world.site.orders["1"] = "in_progress"
        await world.live(minutes=10)
        world.site.orders["1"] = "partial"
        await world.live(minutes=10)


async def test_an_add_that_was_refused_in_words_that_nobody_can_read_is_a_persons_also_the_next_time(
    world: World,
) -> None:
    """The order becomes partial again and again: each time it is another match, and another order to add."""
    await partial(world, ADD, *[Refused("E-17", unread=True)] * 20, action="add")
    await becomes_partial_again(world, 5)
    assert (len(world.site.done("add")), len(await world.told("action.gave_up"))) == (1, 6)


async def test_an_add_that_was_refused_three_times_is_a_persons_also_the_next_time(world: World) -> None:
    await partial(world, ADD, *[Refused("no")] * 20, action="add")
    for _ in range(5):
        await becomes_partial_again(world, 1)
        await world.live(hours=26, every_s=3600)
    assert len(world.site.done("add")) == 3


@pytest.mark.parametrize("unread", [True, False])
async def test_a_rule_that_answers_to_the_refusal_of_its_own_add_ends(world: World, unread: bool) -> None:
    """Each of its orders is another, of which none came to be."""
    again = "{name: r, on: action.refused, do: [{add: {link: other}}]}"
    await partial(world, f"{ADD}\n{again}", *[Refused("no", unread=unread)] * 99, action="add")
    await world.live(hours=5, every_s=1200)
    assert len(world.site.done("add")) == 2


async def test_an_add_for_another_order_is_not_stopped_by_the_refusals_of_one(world: World) -> None:
    await partial(world, ADD, Refused("E-17", unread=True), action="add")
    world.site.orders["2"] = "partial"
    await world.track("2")
    await world.live(minutes=10)
    assert await world.states() == ["refused", "succeeded"]


@pytest.mark.parametrize("params", [{"method": "7"}, {"method": "7", "account": "T-wallet-1"}])
async def test_what_a_person_was_refused_in_words_that_nobody_can_read_stops_no_rule(
    world: World, params: dict[str, str]
) -> None:
    """They have read it; the rule rests as after any refusal."""
    world.site.money("80")
    world.site.will("payout", Refused("E-17", unread=True))
    await world.open(config())
    await world.turn()
    await world.say("call", account="panel", method="payout", params=params, wait_s=0)
    await world.turn()
    await world.reload(config(PAY))
    world.site.money("5")
    await world.live(hours=1, every_s=600)
    world.site.money("90")
    await world.live(hours=30, every_s=3600)
    assert await world.states() == ["refused", "succeeded"]


@pytest.mark.parametrize("secret", [{}, {"account": "T-wallet-1"}])
async def test_a_retry_of_a_call_lets_go_what_waits_and_does_it_once(world: World, secret: dict[str, str]) -> None:
    """The rule that waited pays: the person's own payout is not made as well."""
    world.site.money("80")
    world.site.will("payout", *[Refused("no")] * 3)
    await world.open(config())
    await world.turn()
    for _ in range(3):
        await world.say("call", account="panel", method="payout", params={"method": "7", **secret}, wait_s=0)
        await world.turn()
    await world.reload(config(PAY))
    world.site.money("5")
    await world.live(hours=1, every_s=600)
    world.site.money("90")
    await world.live(days=2, every_s=3600)
    before = await world.matches(), await world.told("action.gave_up")
    [said] = await world.say("retry", ids=["1"])
    await world.live(hours=20, every_s=3600)
    assert (before, said["problem"], await world.states()) == (
        (["gave_up"], ["action.gave_up"]),
        None,
        ["refused"] * 3 + ["succeeded"],
    )


async def test_a_retry_of_one_such_order_leaves_the_others_to_the_person(world: World) -> None:
    world.site.orders["2"] = "partial"
    await partial(world, ADD, Refused("E-17", unread=True), Refused("E-18", unread=True), action="add")
    await world.track("2")
    await world.live(days=3, every_s=3600)
    before = await world.states(), await world.matches()
    await world.say("retry", ids=["1"])
    await world.live(days=3, every_s=3600)
    assert (before, await world.states()) == ((["refused"] * 2, ["gave_up"] * 2), ["refused"] * 2 + ["succeeded"])


async def test_refusals_in_a_row_before_a_success_do_not_count_after_it(world: World) -> None:
    await partial(world, REFILL, Refused("no"), Refused("no"), Succeeded(), Refused("no"), Refused("no"))
    await world.live(hours=3, every_s=300)
    for _ in range(3):
        for state in ("in_progress", "partial"):
            world.site.orders["1"] = state
            await world.live(hours=26, every_s=1800)
    assert await world.told("action.gave_up") == []
