"""What protects money counts measured time only: no restart, no set clock, no reboot with a wrong one ends it early."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from bursar.api import DidNot, Finding, Happened, Intent, Lost, Succeeded
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}], cooldown: 1h}'
DAYS = 86400.0


async def lost_add(world: World, settle: str) -> None:
    """An order is lost, and a person says that it did not happen."""
    world.site.will("add", Lost("no answer"))
    await world.open(config(accounts=account(more=f"settle: {settle}")))
    await call(world)
    await world.send()
    await world.say("resolve", id="1")


async def call(world: World) -> None:
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)


async def nothing(_world: World) -> None:
    """The control."""


async def restart(world: World) -> None:
    await world.restart(seconds=10)


async def set_clock(world: World) -> None:
    world.clock.jump(600)
    await world.live(minutes=5, every_s=30)


@pytest.mark.parametrize("happens", [nothing, restart, set_clock])
async def test_a_settle_longer_than_an_hour_is_waited_for(
    world: World, happens: Callable[[World], Awaitable[None]]
) -> None:
    await lost_add(world, "3h")
    await world.live(minutes=65, every_s=300)
    await happens(world)
    await call(world)
    await world.live(minutes=10)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("jump_s", [0, 7200, DAYS])
async def test_settle_is_waited_for_after_a_reboot_with_a_wrong_clock(world: World, jump_s: float) -> None:
    await lost_add(world, "30m")
    await world.reboot(jump_s=jump_s, seconds=20)
    await call(world)
    await world.live(minutes=3, every_s=30)
    assert len(world.site.performed) == 1


async def test_a_retried_call_outlasts_a_settle_longer_than_an_hour(world: World) -> None:
    await lost_add(world, "90m")
    await world.say("retry", ids=["1"])
    await world.live(hours=3, every_s=300)
    assert (len(world.site.performed), await world.states()) == (2, ["refused", "succeeded"])


@pytest.mark.parametrize("jump_s", [0, 8 * DAYS, 30 * DAYS])
async def test_a_payout_in_doubt_is_looked_for_through_a_measured_week(world: World, jump_s: float) -> None:
    async def look(_intent: Intent) -> Finding:
        there = "1" in world.site.payouts
        return Happened(Succeeded("1", moved=Decimal(900)), "payout 1 is new") if there else DidNot("it is not there")

    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[look] * 999)
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.turn()
    await world.say("resolve", id="1")
    await world.live(minutes=5)
    await world.reboot(jump_s=jump_s)
    world.site.payouts["1"] = "waiting"
    await world.live(hours=26, every_s=600)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("jump_s", [0, 8 * DAYS, 30 * DAYS])
async def test_what_is_listed_as_waiting_keeps_the_balance_busy_through_a_measured_week(
    world: World, jump_s: float
) -> None:
    world.site.money("600")
    world.site.will("payout", Succeeded("41"))
    await world.open(config(PAY + "\n" + PAY.replace("name: p", "name: q")))
    await world.turn()
    world.site.payouts = {"41": "waiting"}
    await world.live(minutes=12)
    await world.reboot(jump_s=jump_s)
    await world.live(hours=26, every_s=900)
    assert ([str(one.cost) for one in world.site.performed], await world.told("action.unconfirmed")) == (["600"], [])
