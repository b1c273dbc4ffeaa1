"""A payout that was accepted, and that nothing has shown to be taken, is asked about beside each later one, until a list
shows it as over, or a person says that it happened."""

from __future__ import annotations

import pytest

from bursar.api import Intent, Succeeded
from support.config import account, config
from support.scenarios.payouts import left
from support.world import World, with_function

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


def pays(world: World, *, number: bool) -> None:
    """The site says yes; no list and no balance ever shows it."""

    async def accepts(_intent: Intent) -> Succeeded:
        return Succeeded(str(len(world.site.performed)) if number else None)

    world.site.will("payout", *[accepts] * 9)


@pytest.mark.parametrize("more", ["", ", poll: {payouts: off}", ", debits_at_once: true"])
@pytest.mark.parametrize("number", [True, False])
async def test_weeks_of_silence_are_no_yes(world: World, more: str, number: bool) -> None:
    pays(world, number=number)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more=f"settle: 1m{more}")))
    await world.live(days=20, every_s=1800)
    assert (left(world), len(await world.told("action.unconfirmed"))) == (["400"], 1)


async def test_weeks_of_silence_are_no_yes_where_an_account_may_have_several_balances(world: World) -> None:
    """A plugin whose action names its balance by the event, and has no fixed one (`subject_id`)."""
    pays(world, number=True)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    with_function(world, subject_id=None)
    await world.live(days=20, every_s=1800)
    assert (left(world), len(await world.told("action.unconfirmed"))) == (["400"], 1)


@pytest.mark.parametrize("number", [True, False])
async def test_a_no_each_day_is_no_yes_a_week_later(world: World, number: bool) -> None:
    pays(world, number=number)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    for _ in range(40):
        await world.live(hours=12, every_s=1800)
        for intent in await world.intents():
            if str(intent.state) == "awaiting_approval":
                await world.say("deny", ids=[intent.shown_id])
    assert left(world) == ["400"]


@pytest.mark.parametrize("listed", [True, False])
async def test_a_person_ends_it_by_saying_that_it_happened(world: World, listed: bool) -> None:
    async def takes(_intent: Intent) -> Succeeded:
        if listed:
            world.site.payouts["1"] = "waiting"
        world.site.money("300")
        return Succeeded("1")

    world.site.money("400")
    world.site.will("payout", takes, Succeeded("2"))
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(days=9, every_s=1800)
    assert (left(world), (await world.states())[1]) == (["400"], "lapsed")
    await world.say("resolve", id="1", happened=True)
    world.site.payouts["1"] = "done"
    await world.live(days=3, every_s=1800)
    assert left(world)[:2] == ["400", "300"]


async def test_a_look_that_always_contradicts_the_polls_is_tried_less_and_less(world: World) -> None:
    """Each poll shows 400, and each look just before sending 0."""

    async def nothing(_intent: Intent) -> object:
        return {"known": [], "waiting": [], "balance": "0"}

    world.site.money("400")
    world.site.will("prepare", *[nothing] * 9999)
    await world.open(config(PAY))
    await world.live(days=1, every_s=60)
    told = len(await world.told("action.lapsed"))
    assert (left(world), 2 < told < 15) == ([], True)


async def test_one_that_a_list_has_shown_as_over_is_forgotten_though_its_row_is_let_go(world: World) -> None:
    """Told as never shown; then it is listed as done; months later neither the list nor the journal has its row."""
    pays(world, number=True)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=5)
    world.site.payouts["1"] = "waiting"
    await world.live(days=16, every_s=3600)
    assert len(await world.told("action.unconfirmed")) == 1
    world.site.payouts["1"] = "done"
    world.site.money("450")
    await world.live(hours=2, every_s=300)
    world.site.payouts["2"] = "done"
    world.site.money("20")
    await world.live(days=1, every_s=1800)
    world.site.payouts.clear()
    await world.live(days=200, every_s=12 * 3600)
    world.site.money("900")
    await world.live(hours=2, every_s=300)
    assert left(world) == ["400", "450", "900"]


@pytest.mark.parametrize("number", [True, False])
async def test_a_plugin_that_lists_nothing_is_asked_beside_it_too(world: World, number: bool) -> None:
    """`evidence_lists` is None, and payouts are not polled."""
    pays(world, number=number)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: off}")))
    with_function(world, evidence_lists=None)
    await world.live(minutes=30, every_s=300)
    await answer(world)
    await world.live(days=6, every_s=1800)
    assert (left(world), len(await world.told("action.unconfirmed"))) == (["400"], 1)


@pytest.mark.parametrize("kept", ["", "retention: {events: 7d}"])
async def test_what_is_asked_about_can_be_answered_however_old_it_is(world: World, kept: str) -> None:
    """Nobody knows its number, and ended actions are let go after 90 days, or 7."""
    pays(world, number=False)
    world.site.money("400")
    await world.open(config(PAY, settings=kept, accounts=account(more="settle: 1m")))
    await world.live(days=30 if kept else 100, every_s=3 * 3600)
    assert "of intent 1 " in (await world.events("approval.wanted"))[-1]["data"]["reason"]
    await world.say("resolve", id="1", happened=True)
    await world.live(days=1, every_s=1800)
    assert left(world) == ["400", "400"]


async def test_it_is_asked_about_however_many_came_after_it(world: World) -> None:
    """Each later one is asked about beside it, gets its yes, and is listed as done."""

    async def later(_intent: Intent) -> Succeeded:
        number = str(len(world.site.performed))
        world.site.payouts[number] = "done"
        world.site.money("0")
        return Succeeded(number)

    world.site.will("payout", Succeeded(), *[later] * 30)
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(days=10, every_s=3600)
    for number in range(12):
        world.site.money(str(500 + 100 * number))
        for _ in range(16):
            await world.live(hours=6, every_s=3600)
            if await answer(world):
                await world.live(hours=1, every_s=300)
                break
        else:
            raise AssertionError(f"{500 + 100 * number} was not asked about")
    assert left(world) == ["400", *(str(500 + 100 * number) for number in range(12))]


async def answer(world: World) -> int:
    """Say yes to all that is asked."""
    asked = [one.shown_id for one in await world.intents() if str(one.state) == "awaiting_approval"]
    for number in asked:
        await world.say("approve", ids=[number])
    return len(asked)
