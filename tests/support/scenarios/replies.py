"""Payouts and refills whose answers are lost, and a process that dies in the middle of a request."""

from __future__ import annotations

from bursar.api import Unreachable
from support.config import account, config
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
GONE = Unreachable("the answer was lost")


async def pay(world: World, *findings: object, settle: str = "5m") -> None:
    """Lose the answer to a payout, at 12:00."""
    world.site.money("80")
    world.site.will("payout", GONE)
    world.site.will("reconcile", *findings)
    await world.open(config(PAY, accounts=account(more=f"settle: {settle}")))
    await world.poll()
    await world.send()


async def refill(world: World, *outcomes: object, rules: str = REFILL) -> None:
    """Have a refill end in these outcomes, one attempt after the other."""
    world.site.will("refill", *outcomes)
    world.site.orders["1"] = "partial"
    await world.open(config(rules))
    await world.track("1")
    await world.poll()
    await world.send()
