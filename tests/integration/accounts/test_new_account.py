"""A name that means another account from now on inherits nothing; and the way back from that."""

from __future__ import annotations

import contextlib

import pytest

from bursar.api import DidNot, Happened, Intent, Lost, Succeeded, Unreachable
from bursar.control.messages import RequestRejected
from support.config import config
from support.scenarios.accounts import OTHER, began, rekey
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_a_new_account_knows_nothing_of_the_old_orders(world: World) -> None:
    await began(world)
    await rekey(world, known=False)
    await world.say("accounts_replace", account="panel")
    assert (await world.say("orders"), await world.state()) == ([], "starting")


async def test_a_new_account_does_not_ask_for_the_old_orders(world: World) -> None:
    await began(world)
    await rekey(world, known=False)
    await world.live(minutes=2)
    await world.say("accounts_replace", account="panel")
    await world.live(minutes=2)
    before = world.site.looked("orders")
    await world.live(minutes=30)
    assert world.site.looked("orders") == before


async def test_a_new_account_has_a_baseline_of_its_own(world: World) -> None:
    world.site.coupons["a"] = "new"
    await began(world)
    await rekey(world, known=False)
    world.site.coupons = {"b": "activated"}
    await world.say("accounts_replace", account="panel")
    await world.live(minutes=5)
    assert await world.told("coupon.*") == []


async def test_a_new_account_does_not_do_what_was_ready_for_the_old_one(world: World) -> None:
    await began(world)
    world.site.orders["1"] = ("partial", {"service": "s1"})
    await world.wait(minutes=2)
    await world.poll()
    await rekey(world, known=False)
    await world.say("accounts_replace", account="panel")
    await world.live(minutes=30)
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


async def unknown_payout(world: World) -> None:
    """Lose the answer to a payout."""
    world.site.money("80")
    world.site.will("payout", Unreachable("lost"))
    await world.open(config(PAY))
    await world.turn()


@pytest.mark.parametrize("finding", [DidNot(), Happened(Succeeded("5"))])
async def test_a_lost_payout_is_not_looked_for_in_another_world(world: World, finding: object) -> None:
    await unknown_payout(world)
    world.site.will("reconcile", *[finding] * 9)
    await world.restart(config(PAY, accounts=OTHER))
    await world.live(minutes=40)
    assert (world.site.reconciled, await world.states()) == ([], ["unknown"])


async def test_a_lost_payout_is_not_asked_for_in_a_new_account(world: World) -> None:
    await unknown_payout(world)
    world.site.will("reconcile", *[DidNot()] * 99)
    await world.restart(config(PAY, accounts=OTHER))
    with contextlib.suppress(RequestRejected):
        await world.say("accounts_replace", account="panel")
    await world.live(minutes=40)
    assert [str(i.state) for i in await world.intents() if i.id == 1] == ["unknown"]


async def test_a_new_account_is_declined_while_a_payout_of_the_old_one_is_unknown(world: World) -> None:
    await unknown_payout(world)
    await world.restart(config(PAY, accounts=OTHER))
    with pytest.raises(RequestRejected, match="bursar actions resolve 1"):
        await world.say("accounts_replace", account="panel")


async def test_a_person_resolves_what_was_unknown_and_then_the_account_is_new(world: World) -> None:
    await unknown_payout(world)
    await world.restart(config(PAY, accounts=OTHER))
    await world.say("resolve", id="1", happened=True)
    await world.say("accounts_replace", account="panel")
    assert await world.state() == "starting"


async def test_a_deferred_payout_is_not_asked_for_in_a_new_account(world: World) -> None:
    from bursar.api import Later

    world.site.money("80")
    world.site.will("payout", Later("in a minute"))
    await world.open(config(PAY))
    await world.turn()
    world.site.money("10")
    await world.restart(config(PAY, accounts=OTHER))
    await world.say("accounts_replace", account="panel")
    await world.live(minutes=40)
    assert len(world.site.performed) == 1


async def replaced(world: World) -> str:
    """Pay 900; another key, and by mistake `replace`; the own key back. Return what `accounts` says."""
    rule = PAY.replace("]}", "], cooldown: 24h}")
    world.site.money("900")

    async def pay(_intent: Intent) -> Succeeded:
        world.site.money("0")
        return Succeeded()

    world.site.will("payout", *[pay] * 5)
    await world.open(config(rule))
    await world.live(minutes=12)
    await world.restart(config(rule, accounts=OTHER))
    await world.say("accounts_replace", account="panel")
    await world.track("1")
    await world.live(minutes=6)
    await world.restart(config(rule))
    await world.live(minutes=6)
    [row] = await world.say("accounts")
    return str(row["reason"])


async def test_the_way_back_from_a_replace_is_named(world: World) -> None:
    said = await replaced(world)
    before = said.split(" ")[3]
    assert said == (
        f"it is what {before} was: say `bursar accounts rename {before} panel` or `bursar accounts replace panel`"
    )
    with pytest.raises(RequestRejected, match="accounts rename"):
        await world.say("accounts_confirm", account="panel")


async def test_the_way_back_from_a_replace_has_what_was_done_count_again(world: World) -> None:
    """Though an order was put under watch meanwhile: that is of the other world, which is put away."""
    world.site.orders["1"] = "in_progress"
    before = (await replaced(world)).split(" ")[3]
    await world.say("accounts_rename", old=before, new="panel")
    world.site.money("600")
    await world.live(hours=2, every_s=300)
    during = len(world.site.performed)
    for amount in ("0", "600"):
        world.site.money(amount)
        await world.live(hours=12, every_s=900)
    assert (await world.state(), during, len(world.site.performed)) == ("ok", 1, 2)


async def test_the_way_back_from_a_replace_waits_for_what_nobody_knows(world: World) -> None:
    before = (await replaced(world)).split(" ")[3]
    await world.restart(config(accounts=OTHER))
    world.site.will("add", Lost("no answer"))
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    await world.send()
    await world.restart(config())
    with pytest.raises(RequestRejected, match="nobody knows what became of add"):
        await world.say("accounts_rename", old=before, new="panel")
