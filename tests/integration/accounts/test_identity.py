"""Accounts are what their provider, address and key say: another one under the same name is put in quarantine."""

from __future__ import annotations

import asyncio
import contextlib

from support.config import account, config
from support.scenarios.accounts import OTHER, REFILL, began, rekey
from support.toy import hang
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_an_account_whose_key_changed_is_put_in_quarantine(world: World) -> None:
    await began(world)
    await rekey(world)
    assert (await world.state(), await world.told("account.*")) == ("quarantined", ["account.quarantined"])


async def test_an_account_whose_address_changed_is_put_in_quarantine(world: World) -> None:
    await began(world)
    await world.restart(config(REFILL, accounts=account(port=2)))
    assert await world.state() == "quarantined"


async def test_an_account_that_is_reloaded_with_another_key_is_put_in_quarantine(world: World) -> None:
    await began(world)
    await world.reload(config(REFILL, accounts=OTHER))
    assert await world.state() == "quarantined"


async def test_an_account_of_which_nothing_is_known_takes_another_key(world: World) -> None:
    await world.open(config())
    await world.restart(config(accounts=OTHER))
    assert await world.told("account.*") == []


async def test_an_account_in_quarantine_is_told_once(world: World) -> None:
    await began(world)
    await rekey(world, known=False)
    await world.live(minutes=20)
    await world.restart()
    await world.live(minutes=20)
    assert await world.told("account.*") == ["account.quarantined"]


async def test_an_account_in_quarantine_sends_nothing(world: World) -> None:
    await began(world)
    await rekey(world, known=False)
    world.site.orders["9"] = ("partial", {"service": "s9"})
    await world.track("9")
    await world.live(minutes=20)
    assert world.site.performed == []


async def test_what_was_ready_is_not_sent_to_another_account(world: World) -> None:
    await began(world)
    world.site.orders["1"] = ("partial", {"service": "s1"})
    await world.wait(minutes=2)
    await world.poll()
    await rekey(world, known=False)
    await world.live(minutes=40)
    assert (world.site.performed, await world.states()) == ([], ["ready"])


async def test_what_is_being_sent_at_a_reload_to_another_key_is_unknown_and_in_quarantine(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    world.site.will("payout", hang)
    sending = asyncio.ensure_future(world.send())
    while not world.site.performed:
        await asyncio.sleep(0)
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
    await world.reload(config(PAY, accounts=OTHER))
    await world.live(minutes=20)
    assert (await world.states(), world.site.reconciled, await world.state()) == (["unknown"], [], "quarantined")


async def test_a_yes_is_not_taken_while_an_account_is_in_quarantine(world: World) -> None:
    """What was asked about was another site's money, perhaps."""
    world.site.money("600")
    asks = PAY.replace("}]}", "}], approve: {above: 1, within: 12h}}")
    await world.open(config(asks))
    await world.live(minutes=2)
    await world.restart(config(asks, accounts=OTHER))
    [answer] = await world.say("approve", ids=["1"])
    assert "in quarantine" in answer["problem"]
    assert await world.states() == ["awaiting_approval"]
