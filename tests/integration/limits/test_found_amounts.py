"""What a payout that still waits is found with gives no budget back."""

from __future__ import annotations

from decimal import Decimal

from bursar.api import Happened, Intent, Lost, Succeeded
from support.config import account, config
from support.world import World

PAY = (
    '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], budget: {payout: {max: 1000, every: 30d}}}'
)


async def test_a_lost_one_that_is_found_waiting_with_less(world: World) -> None:
    """The site debits at once, and lists 1 at first (docs: a site may list anything at first)."""

    async def lost(_intent: Intent) -> Lost:
        world.site.money("0")
        world.site.payouts["1"] = "waiting"
        return Lost("no answer")

    world.site.money("900")
    world.site.will("payout", lost, Succeeded("2"))
    world.site.will("reconcile", *[Happened(Succeeded("1", moved=Decimal(1)), "payout 1 is new")] * 9)
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: 5m, info: 5m}")))
    await world.live(hours=1, every_s=60)
    assert await world.states() == ["succeeded"]
    world.site.money("900")
    await world.live(hours=2, every_s=300)
    assert [str(one.cost) for one in world.site.performed] == ["900"]
