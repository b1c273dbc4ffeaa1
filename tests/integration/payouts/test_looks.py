"""What counts as one of the two looks that show that a balance was taken: a poll that shows the balance, and no other."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bursar.api import (
    CannotTell,
    Coverage,
    Happened,
    Intent,
    Lost,
    Observation,
    Observed,
    PollRequest,
    SubjectRef,
    Succeeded,
)
from support import toy
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]'
BALANCE = SubjectRef("balance", "balance")
REST = {"min_payout": Decimal(50), "currency": "USD"}


def seen(amount: str | None, currency: str = "USD") -> Observation:
    fields = {**REST, "currency": currency, "amount": None if amount is None else Decimal(amount)}
    return Observation("info", (Observed(BALANCE, fields),))


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(Observation("info", (), complete=False), id="incomplete list that leaves it out"),
        pytest.param(Observation("info", (Observed(BALANCE, {}),)), id="no information, and no problem"),
        pytest.param(seen(None), id="None, and no problem"),
        pytest.param(
            Observation("info", (Observed(BALANCE, {"min_payout": Decimal(60)}),)), id="no amount, another minimum"
        ),
        pytest.param(seen("900", "EUR"), id="held as implausible"),
        pytest.param(
            Observation("info", (), problems={"balance": "unreadable"}, complete=False), id="only a problem, incomplete"
        ),
        pytest.param(Observation("info", (), cursor=1, more=False), id="left out of a complete one"),
    ],
)
async def test_no_second_look(world: World, second: Observation) -> None:
    """One poll shows nothing; the next does not show the balance at all; then the money is there again (the site debits
    on completion, and lists the payout as waiting)."""
    world.site.money("900")
    world.site.will("payout", Succeeded("1"), Succeeded("2"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {payouts: 1m, info: 5m}")))
    await world.turn()
    world.site.payouts["1"] = "waiting"
    await world.live(minutes=2)
    world.site.will("info", seen("0"), second)
    await world.live(hours=2, every_s=60)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


async def test_a_held_poll_is_no_second_look_for_a_lost_payout_that_is_found(world: World) -> None:
    """A payout is lost; one poll slips (0); the next is held as implausible; then the payout is found; then the money is
    there again."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"), Succeeded("2"))
    look = Happened(Succeeded("1", moved=Decimal(900)), "payout 1 is new")
    world.site.will("reconcile", *[CannotTell("the list could not be read")] * 1, look, look)
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {info: 20s, payouts: 20s}")))
    await world.turn()
    while len(world.site.reconciled) < 1:
        await world.live(seconds=1, every_s=1)
    world.site.will("info", seen("0"), *[seen("0", "EUR")] * 99)
    start = world.site.looked("info")
    while world.site.looked("info") < start + 2:
        await world.wait(seconds=1)
        await world.poll()
    assert await world.told("observation.held") == ["observation.held"]
    world.site.payouts["1"] = "waiting"
    while len(world.site.reconciled) < 2:
        await world.wait(seconds=1)
        await world.send()
    world.site.next["info"].clear()
    await world.live(minutes=30, every_s=10)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded"])


@pytest.mark.parametrize("how", ["accepted slip, then left out", "restart between"])
async def test_other_looks(world: World, how: str) -> None:
    """A person believes a held poll that shows nothing (one look), and the next says nothing of the balance; or the
    daemon starts anew between the slip and the poll that says nothing."""
    world.site.money("900")
    world.site.will("payout", Succeeded("1"), Succeeded("2"))
    accounts = account(more="settle: 1m, poll: {payouts: 1m, info: 5m}")
    await world.open(config(PAY + "}", accounts=accounts))
    await world.turn()
    world.site.payouts["1"] = "waiting"
    await world.live(minutes=2)
    if how == "restart between":
        world.site.will("info", seen("0"))
        await world.live(minutes=6)
        world.site.will("info", Observation("info", (Observed(BALANCE, {}),)))
        await world.restart()
    else:
        world.site.will("info", seen("0", "EUR"), Observation("info", (Observed(BALANCE, {}),)))
        before = world.site.looked("info")
        while world.site.looked("info") == before:
            await world.live(minutes=1)
        [held] = await world.events("observation.held")
        await world.say("accept", id=held["data"]["held"])
    await world.live(hours=2, every_s=60)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


@pytest.mark.parametrize("second", ["the same", "held"])
async def test_looks_that_were_asked_before_the_request_ended_are_none(world: World, second: str) -> None:
    """The request hangs for a minute; two polls in that time slip; then comes the yes. DESIGN 1.7: an answer that was asked
    for before the end of the last effect changes nothing. The site debits on completion."""

    async def slow(_intent: object) -> Succeeded:
        world.site.will("info", seen("0"), seen("0") if second == "the same" else seen("0", "EUR"))
        for _ in range(50):
            await world.wait(seconds=1)
            await world.poll()
        world.site.payouts["1"] = "waiting"
        return Succeeded("1")

    world.site.money("900")
    world.site.will("payout", slow, Succeeded("2"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {info: 20s, payouts: 20s}")))
    await world.poll()
    await world.wait(seconds=1)
    await world.send()
    await world.live(minutes=30, every_s=10)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


async def test_a_poll_of_a_window_that_is_about_something_else_is_no_look(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin that has its balance in a stream of windows: the second poll is complete, and about nothing new."""
    streams = [
        toy.Stream(one.name, one.interval, Coverage.WINDOW) if one.name == "info" else one for one in toy.STREAMS
    ]
    monkeypatch.setattr(toy, "STREAMS", tuple(streams))
    world.site.money("900")
    world.site.will("payout", Succeeded("1"), Succeeded("2"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {payouts: 1m, info: 5m}")))
    await world.turn()
    world.site.payouts["1"] = "waiting"
    await world.live(minutes=2)
    world.site.will("info", seen("0"), Observation("info", ()))
    await world.live(hours=2, every_s=60)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


async def test_naming_what_was_made_keeps_what_the_look_after_the_yes_showed(world: World) -> None:
    """A person names it (the list shows it as waiting for ever); the look just after the yes had shown 0; 675 came in."""

    async def take(_intent: Intent) -> Succeeded:
        world.site.money("675")
        return Succeeded(left=Decimal(0))

    world.site.money("600")
    world.site.will("payout", take)
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, debits_at_once: true")))
    await world.turn()
    world.site.payouts["41"] = "waiting"
    await world.live(hours=2, every_s=600)
    await world.say("resolve", id="1", happened=True, reference="41")
    await world.live(days=9, every_s=3600)
    assert await world.told("action.unconfirmed") == []


async def test_a_balance_with_an_unreadable_minimum_frees(world: World) -> None:
    """Another field of the balance cannot be read for good; payouts are off; the amount shows that it was taken."""
    rest = {"currency": "USD", "min_payout": Decimal(50)}
    ref = SubjectRef("balance", "balance")

    def seen(amount: str) -> Observation:
        return Observation("info", (Observed(ref, {**rest, "amount": Decimal(amount)}),), problems={"balance": "x"})

    world.site.money("900")
    world.site.will("payout", Succeeded("1"), Succeeded("2"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {payouts: off}")))
    await world.turn()
    world.site.will("info", *[seen("0")] * 6, *[seen("700")] * 999)
    await world.live(hours=6, every_s=300)
    assert [str(i.cost) for i in world.site.performed][:1] == ["900"]
    assert len(world.site.performed) == 2


async def test_an_adapter_that_says_by_itself_that_nothing_is_new(world: World) -> None:
    """The poll that first shows 0 was asked for while the request was under way; from then on the site answers "not
    modified" to whoever names its last answer (an ETag). It is asked once more without one."""

    async def slow(_intent: Intent) -> Succeeded:
        world.site.money("0")
        await world.wait(seconds=5)
        await world.poll()
        await world.wait(seconds=5)
        return Succeeded("1")

    async def tagged(asked: PollRequest) -> Observation:
        amount = str((world.site.balance or {})["amount"])
        if asked.cursor == f"etag of {amount}":
            return Observation("info", nothing_new=True, cursor=asked.cursor)
        return replace(seen(amount), cursor=f"etag of {amount}")

    world.site.money("900")
    world.site.will("info", *[tagged] * 500)
    world.site.will("payout", slow, Succeeded("2"))
    await world.open(config(PAY + "}", accounts=account(more="settle: 1m, poll: {info: 1s, payouts: off}")))
    await world.poll()
    await world.wait(seconds=1)
    await world.send()
    for _ in range(100):
        await world.wait(minutes=15)
        await world.poll()
        await world.tick()
    assert await world.told("action.unconfirmed") == []
    named = [one.cursor for one in world.site.looks if one.stream == "info"]
    assert (None in named[1:], named[-1]) == (True, "etag of 0")
