"""A payout that is due by a rule, and due once more."""

from __future__ import annotations

from bursar.api import Intent, Succeeded
from support.config import config
from support.world import World

PAYOUT = "do: [{payout: {method: '7', account: {env: WALLET}}}]"
DUE = "on: balance.passed_min_payout"


async def payout_due(world: World, rule: str, amount: str = "600", **more: str) -> None:
    world.site.money(amount)
    await world.open(config(f"{{name: pay, {DUE}, {PAYOUT}, {rule}}}", events="'approval.*', 'budget.*'", **more))
    await world.turn()


async def due_again(world: World, amount: str) -> None:
    """Let the balance fall below the minimum, and pass it again."""
    world.site.money("10")
    await world.live(minutes=10)
    world.site.money(amount)
    await world.live(minutes=10)


def left(world: World) -> list[str]:
    """Return the amounts of which a payout was asked for, in order."""
    return [str(intent.cost) for intent in world.site.performed]


def pays_late(world: World) -> None:
    """The site debits on completion, and lists what waits."""

    async def pays(_intent: Intent) -> Succeeded:
        number = str(len(world.site.performed))
        world.site.payouts[number] = "waiting"
        return Succeeded(number)

    world.site.will("payout", pays, pays, pays)
