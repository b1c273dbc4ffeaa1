"""A payout, or an order, whose answer was lost and that was let go: how tests bring it about, and how it turns up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from bursar.api import CannotTell, DidNot, Finding, Happened, Intent, Lost, Succeeded, Unreachable
from bursar.pipeline.outcomes import record_outcome
from support.config import account, config
from support.world import World

GONE = Unreachable("the answer was lost")
MAYBE = CannotTell("payout 1 is new, and the site does not say for whom", suspect="1")
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7", account: {env: WALLET}}}]}'
ADD = "{name: r, on: order.partial, do: [{add: {link: x}}], cooldown: 1m}"
QUICK = account(more="settle: 1m")
Look = Callable[[Intent], Awaitable[Finding]]


def landed(world: World, wallet: str | None = None) -> Look:
    """Return how a site is looked at that lists payout 1 once it has landed, as one to its own wallet."""

    async def look(intent: Intent) -> Finding:
        there = "1" in world.site.payouts and wallet in (None, intent.params.get("account"))
        return Happened(Succeeded("1", moved=Decimal(900)), "payout 1 is new") if there else DidNot("it is not there")

    return look


async def call(world: World, action: str, **params: str) -> None:
    await world.say("call", account="panel", method=action, params=params, wait_s=0)


async def let_go(world: World, rule: str = PAY, wallet: str | None = None) -> None:
    """A payout is lost; a person says that it did not happen."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[landed(world, wallet)] * 999)
    await world.open(config(rule, accounts=QUICK))
    await world.turn()
    await world.say("resolve", id="1")


async def due_again(world: World) -> None:
    """The balance falls, and passes the minimum once more."""
    for amount in ("20", "900"):
        world.site.money(amount)
        await world.live(hours=2, every_s=300)


async def late_yes(world: World, reference: str) -> None:
    """The provider's own yes to the first attempt is written at last."""
    [one, *_] = await world.intents()
    yes = Succeeded(reference)
    await world.context.commit(lambda uow: record_outcome(uow, one.id, one.fence, yes, uow.now))


async def a_person_says_so(world: World, reference: str) -> None:
    await world.say("resolve", id="1", happened=True, reference=reference)
