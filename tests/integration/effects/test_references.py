"""What the provider made for one intent is not taken for what it made for another."""

from __future__ import annotations

from decimal import Decimal

from bursar.api import Happened, Succeeded, Unreachable
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def two_payouts(world: World, found: str) -> None:
    """Have a payout made under the reference 77, and a second one lost, of which a look finds a reference."""
    world.site.will("payout", Succeeded("77", left=Decimal(0)), Unreachable("the answer was lost"))
    world.site.will("reconcile", *[Happened(Succeeded(found))] * 9)
    await world.open(config(PAY, accounts=account(more="settle: 5m")))
    for amount in ("80", "0", "90"):
        world.site.money(amount)
        await world.live(minutes=6)
    await world.live(minutes=20, every_s=30)


async def test_what_another_intent_made_proves_nothing(world: World) -> None:
    await two_payouts(world, found="77")
    assert await world.states() == ["succeeded", "unknown"]


async def test_what_no_other_intent_made_is_its_own(world: World) -> None:
    await two_payouts(world, found="78")
    assert await world.states() == ["succeeded", "succeeded"]
