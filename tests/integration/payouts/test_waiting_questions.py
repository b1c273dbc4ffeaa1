"""The question beside what waits at the provider: asked once, and silent only where a site is known to debit at once."""

from __future__ import annotations

import pytest

from bursar.api import Intent, Succeeded, Unreachable
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_the_question_is_asked_once_where_payouts_are_not_polled(world: World) -> None:
    """`poll: {payouts: off}`: payout 101 waits all the time; a coupon changes now and then."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    world.site.coupons = {"1": "new"}
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: off}")))
    await world.live(minutes=30)
    assert await world.states() == ["awaiting_approval"]
    for n in range(5):
        world.site.coupons[f"c{n}"] = "new"
        await world.live(minutes=30)
    assert (await world.states(), len(await world.events("approval.wanted"))) == (["awaiting_approval"], 1)


async def test_the_question_is_asked_once_while_payouts_cannot_be_read(world: World) -> None:
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=30)
    assert await world.states() == ["awaiting_approval"]
    world.site.down["payouts"] = Unreachable("no")
    await world.restart()
    for n in range(5):
        world.site.coupons[f"c{n}"] = "new"
        await world.live(minutes=30)
    assert (await world.states(), len(await world.events("approval.wanted"))) == (["awaiting_approval"], 1)


async def test_no_restart_asks_the_question_anew(world: World) -> None:
    """After a restart the coupons, polled before the payouts, have changed."""
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.live(minutes=30)
    assert await world.states() == ["awaiting_approval"]
    for n in range(3):
        world.site.coupons[f"c{n}"] = "new"
        await world.restart(minutes=2)
        await world.live(minutes=30)
    assert (await world.states(), len(await world.events("approval.wanted"))) == (["awaiting_approval"], 1)


async def test_the_question_is_asked_once_where_only_the_evidence_shows_what_waits(world: World) -> None:
    """Payouts are polled each 6 h; 101 came since: only the evidence shows it."""
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: 6h}")))
    await world.live(minutes=30)
    world.site.payouts = {"101": "waiting"}
    world.site.money("400")
    await world.live(minutes=30)
    assert await world.states() == ["awaiting_approval"]
    for n in range(3):
        world.site.coupons[f"c{n}"] = "new"
        await world.live(minutes=30)
    assert (await world.states(), len(await world.events("approval.wanted"))) == (["awaiting_approval"], 1)


@pytest.mark.parametrize("polls", ["{payouts: 1h, info: 5m}", "{payouts: 1m, info: 5m}"])
async def test_that_a_balance_fell_once_a_payout_was_done_is_no_sign_of_a_site_that_debits_at_once(
    world: World, polls: str
) -> None:
    """Payout 1 is completed (and debited then); the balance is polled before the payouts are. Then a person's own
    payout 102 waits for the same 600 that the balance shows still: it must be asked about."""

    async def pays(_intent: Intent) -> Succeeded:
        number = str(len(world.site.performed))
        world.site.payouts[number] = "waiting"
        return Succeeded(number)

    world.site.money("400")
    world.site.will("payout", pays, pays)
    await world.open(config(PAY, accounts=account(more=f"settle: 1m, poll: {polls}")))
    await world.live(minutes=90)
    world.site.payouts["1"] = "done"
    world.site.money("0")
    await world.live(hours=2)
    world.site.payouts["102"] = "waiting"
    world.site.money("600")
    await world.live(hours=3, every_s=120)
    assert ([str(one.cost) for one in world.site.performed], (await world.states())[-1]) == (
        ["400"],
        "awaiting_approval",
    )
