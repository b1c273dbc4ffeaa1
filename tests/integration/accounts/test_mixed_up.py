"""Accounts whose addresses and keys are mixed up in the configuration, and go on once each has its own back."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bursar.api import CannotTell, Lost, Observation, Observed, Rejected, SubjectRef, Unreachable
from bursar.control.messages import RequestRejected
from support.config import account, config
from support.limits import until
from support.scenarios.accounts import REFILL, began
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'

BOTH = account() + ", " + account("other", 2, "OTHER")
SWAPPED = account(port=2, key="OTHER") + ", " + account("other")


async def mixed_up(world: World) -> None:
    """Have a payout lost at one of two accounts, and then their addresses and keys swapped."""
    world.site.money("600")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[CannotTell("the list is down")] * 99)
    await world.open(config(PAY, accounts=BOTH))
    await world.live(minutes=2)
    await world.restart(config(PAY, accounts=SWAPPED))


@pytest.mark.parametrize("name", ["panel", "other"])
async def test_an_account_with_the_address_and_key_of_another_is_not_confirmed(world: World, name: str) -> None:
    await mixed_up(world)
    with pytest.raises(RequestRejected, match=r"has the url and key of (other|panel) now: put its own back"):
        await world.say("accounts_confirm", account=name)


async def test_a_lost_payout_is_not_made_again_at_another_account(world: World) -> None:
    await mixed_up(world)
    for name in ("panel", "other"):
        with contextlib.suppress(RequestRejected):
            await world.say("accounts_confirm", account=name)
    world.sites.sites["http://127.0.0.1:2/api"].money("600")
    await world.live(minutes=30)
    assert [one.done("payout") for one in world.sites.sites.values()] == [["balance"], []]


async def test_why_two_accounts_that_were_mixed_up_are_in_quarantine_is_told(world: World) -> None:
    await mixed_up(world)
    words = "it has the url and key of other now: put its own back, or say `bursar accounts replace panel`"
    [told, _] = [event["data"]["reason"] for event in await world.events("account.quarantined")]
    shown = {row["name"]: row["reason"] for row in await world.say("accounts")}
    assert (told, shown["panel"]) == (words, words)


async def test_accounts_that_were_mixed_up_go_on_once_each_has_its_own_back(world: World) -> None:
    await mixed_up(world)
    await world.restart(config(PAY, accounts=BOTH))
    assert (await world.state("panel"), await world.state("other")) != ("quarantined", "quarantined")


async def test_an_account_is_not_released_by_orders_at_the_address_of_another(world: World) -> None:
    """Two panels count their orders from 1, and sell the same services: their orders may look alike."""
    await began(world)
    await world.restart(config(REFILL, accounts=BOTH))
    world.sites.sites["http://127.0.0.1:2/api"].orders |= world.site.orders
    await world.restart(config(REFILL, accounts=SWAPPED))
    await world.live(minutes=10)
    assert await world.state("panel") == "quarantined"


async def test_a_new_name_for_where_a_configured_account_was_is_in_quarantine(world: World) -> None:
    await mixed_up(world)
    await world.restart(config(PAY, accounts=f"{account(port=3)}, {account('new')}"))
    assert (await world.state("panel"), await world.state("new")) == ("quarantined", "quarantined")


async def test_an_account_of_which_nothing_is_known_takes_no_address_where_money_is_lost(world: World) -> None:
    await mixed_up(world)
    await world.live(minutes=30)
    assert (await world.state("other"), world.site.done("payout")) == ("quarantined", ["balance"])


async def answered_after_a_reload(world: World, answer: Observation | Exception) -> None:
    """Ask, have the address change meanwhile, and only then be answered: a plugin may swallow its cancellation."""
    await began(world)
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(_look: object) -> Observation:
        asked.set()
        await may_answer.wait()
        if isinstance(answer, Exception):
            raise answer
        return answer

    world.site.will("orders", slow)
    await world.wait(minutes=2)
    looking = asyncio.ensure_future(world.poll())
    await until(asked.is_set)
    await world.reload(config(REFILL, accounts=account(port=9)))
    may_answer.set()
    await looking


async def test_what_was_asked_for_at_the_address_before_a_reload_counts_for_no_other(world: World) -> None:
    seen = [Observed(SubjectRef("order", id_), {"service": f"s{id_}"}, "partial") for id_ in ("1", "2", "3")]
    await answered_after_a_reload(world, Observation("orders", tuple(seen)))
    assert (await world.state(), await world.told("order.partial")) == ("quarantined", [])


@pytest.mark.parametrize("error", [Rejected("wrong key"), Unreachable("down")])
async def test_what_failed_at_the_address_before_a_reload_is_no_failure_of_another(
    world: World, error: Exception
) -> None:
    await answered_after_a_reload(world, error)
    rows = await world.read(lambda tx: tx.all("SELECT failures FROM streams WHERE failures > 0"))
    assert (rows, await world.told("account.rejected")) == ([], [])


async def test_a_name_is_not_taken_for_a_new_account_where_money_is_unknown_under_another_name(world: World) -> None:
    await mixed_up(world)
    with pytest.raises(RequestRejected, match="what became of payout 1 at the account that was panel: say"):
        await world.say("accounts_replace", account="other")
    await world.say("resolve", id="1", happened=True)
    await world.say("accounts_replace", account="other")


async def test_what_another_name_meant_before_it_was_replaced_is_not_confirmed(world: World) -> None:
    """Of two that were mixed up one was replaced: the other must not go on with its own past where that one was."""
    await mixed_up(world)
    await world.say("resolve", id="1", happened=True)
    await world.say("accounts_replace", account="other")
    with pytest.raises(RequestRejected, match=r"it is what other@.* was: say `bursar accounts rename other@"):
        await world.say("accounts_confirm", account="panel")


async def test_a_new_name_for_what_another_one_meant_before_it_was_replaced_is_in_quarantine(world: World) -> None:
    """What was done there counts: a cooldown of its rule, a pause."""
    world.site.money("600")
    await world.open(config(PAY))
    await world.live(minutes=2)
    await world.restart(config(PAY, accounts=account(port=9)))
    await world.say("accounts_replace", account="panel")
    await world.restart(config(PAY, accounts=f"{account(port=9)}, {account('old')}"))
    assert (await world.state("panel") == "quarantined", await world.state("old")) == (False, "quarantined")
    assert await world.told("account.gone") == []
