"""A look after the yes that every later poll contradicts frees no balance."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import Observation, Observed, SubjectRef, Succeeded
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
BALANCE = SubjectRef("balance", "balance")


def seen(amount: str, least: str = "50") -> Observation:
    fields = {"min_payout": Decimal(least), "currency": "USD", "amount": Decimal(amount)}
    return Observation("info", (Observed(BALANCE, fields),))


async def one_slip(world: World) -> None:
    looked = world.site.looked("info")
    world.site.will("info", seen("0"))
    while world.site.looked("info") == looked:
        await world.live(seconds=30, every_s=30)


@pytest.mark.parametrize("left", ["0", "900"])
async def test_a_slip_after_the_yes_that_every_poll_contradicts(world: World, left: str) -> None:
    """The site debits on completion, and its payouts wait for long. The look after the yes slips (0); hundreds of polls
    show 900. The balance falls to 500 and passes the minimum again."""
    world.site.money("900", "600")
    world.site.will("payout", Succeeded("1", left=Decimal(left)), Succeeded("2"))
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: 5m, info: 5m}")))
    await world.turn()
    world.site.payouts["1"] = "waiting"
    await world.live(days=1, every_s=300)
    world.site.money("500", "600")
    await world.live(minutes=20)
    world.site.money("900", "600")
    await world.live(days=8, every_s=900)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


async def test_a_poll_that_contradicts_the_look_after_the_yes_and_one_slip(world: World) -> None:
    """The look after the yes slips; a day of polls shows 900; one poll slips: two looks, and hundreds between them."""
    world.site.money("900")
    world.site.will("payout", Succeeded("1", left=Decimal(0)), Succeeded("2"))
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: 5m, info: 5m}")))
    await world.turn()
    world.site.payouts["1"] = "waiting"
    await world.live(hours=20, every_s=300)
    await one_slip(world)
    await world.live(hours=3, every_s=300)
    assert [str(one.cost) for one in world.site.performed] == ["900"]


@pytest.mark.parametrize("shown", ["899.50", "900.50"])
@pytest.mark.parametrize("payouts", ["off", "5m"])
async def test_a_slip_after_the_yes_and_some_cents_that_come_in_or_go(world: World, shown: str, payouts: str) -> None:
    """The site debits on completion. The look after the yes slips (0); a charge-back, or a commission, comes before the
    first poll. Time alone is no second look."""
    world.site.money("900", "600")
    world.site.will("payout", Succeeded("1", left=Decimal(0)), Succeeded("2"))
    await world.open(config(PAY, accounts=account(more=f"settle: 1m, poll: {{payouts: '{payouts}', info: 5m}}")))
    await world.turn()
    world.site.payouts["1"] = "waiting"
    world.site.money(shown, "600")
    await world.live(days=9, every_s=900)
    world.site.money("500", "600")
    await world.live(hours=1, every_s=300)
    world.site.money(shown, "600")
    await world.live(hours=1, every_s=300)
    assert [str(one.cost) for one in world.site.performed] == ["900"]
    assert "action.unconfirmed" in await world.told()
