"""Names of accounts that disappear, are changed, or are two for one account: nothing that was done is forgotten."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bursar.control.messages import RequestRejected
from bursar.domain.ids import AccountName
from bursar.pipeline import account_identity
from bursar.pipeline.operator.action_rejected import ActionRejected
from bursar.settings.model import ConfigurationError
from support.config import account, config
from support.limits import until
from support.scenarios.accounts import OTHER, REFILL, began
from support.toy import hang
from support.world import World

PANEL, NEW = AccountName("panel"), AccountName("new")
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'


async def test_two_names_for_one_account_are_refused(world: World) -> None:
    with pytest.raises(ConfigurationError, match="same account"):
        await world.open(config(accounts=f"{account()}, {account('again')}"))
    world._journal = None


async def test_a_name_that_disappears_with_orders_under_watch_is_told(world: World) -> None:
    await began(world)
    await world.restart(config(accounts=account("other", 2, "OTHER")))
    assert [(e["type"], e["account"]) for e in await world.events("account.*")] == [("account.gone", "panel")]


async def test_a_name_that_disappeared_is_told_once(world: World) -> None:
    await began(world)
    elsewhere = config(accounts=account("other", 2, "OTHER"))
    await world.restart(elsewhere)
    await world.restart(elsewhere)
    assert await world.told("account.*") == ["account.gone"]


async def test_a_name_that_disappears_with_nothing_at_stake_is_told_to_nobody(world: World) -> None:
    await world.open(config())
    await world.turn()
    await world.restart(config(accounts=account("other", 2, "OTHER")))
    assert await world.told("account.*") == []


async def test_an_account_under_another_name_is_in_quarantine_until_it_is_renamed(world: World) -> None:
    await began(world)
    await world.restart(config(REFILL.replace("on:", "accounts: [renamed], on:"), accounts=account("renamed")))
    assert await world.state("renamed") == "quarantined"


async def test_a_renamed_account_is_not_confirmed_past_what_was_done_there(world: World) -> None:
    """Its budgets and cooldowns would be forgotten."""
    await began(world)
    await world.restart(config(accounts=account("renamed")))
    words = "it is what panel was: say `bursar accounts rename panel renamed` or `bursar accounts replace renamed`"
    with pytest.raises(RequestRejected, match=words):
        await world.say("accounts_confirm", account="renamed")
    [row] = await world.say("accounts")
    assert (row["state"], row["reason"]) == ("quarantined", words)


async def test_a_renamed_account_goes_on(world: World) -> None:
    await began(world)
    await world.restart(config(accounts=account("renamed")))
    await world.live(minutes=2)
    await world.say("accounts_rename", old="panel", new="renamed")
    world.site.orders["1"] = ("partial", {"service": "s1"})
    await world.live(minutes=5)
    rows = {row["id"]: (row["account"], row["state"]) for row in await world.say("orders")}
    assert rows["1"] == ("renamed", "partial")


async def test_a_renamed_account_acts(world: World) -> None:
    await began(world)
    await world.restart(config(REFILL, accounts=account("renamed")))
    await world.say("accounts_rename", old="panel", new="renamed")
    world.site.orders["1"] = ("partial", {"service": "s1"})
    await world.live(minutes=5)
    assert world.site.done("refill") == ["1"]


async def test_a_renamed_account_that_was_paused_under_its_new_name_stays_paused(world: World) -> None:
    await began(world)
    await world.restart(config(REFILL, accounts=account("renamed")))
    await world.say("pause", account="renamed")
    await world.say("accounts_rename", old="panel", new="renamed")
    world.site.orders["1"] = ("partial", {"service": "s1"})
    await world.live(minutes=5)
    assert world.site.performed == []


async def test_renaming_into_a_name_with_a_life_is_declined(world: World) -> None:
    await began(world)
    await world.restart(config(accounts=account("renamed")))
    await world.track("8", account="renamed")
    with pytest.raises(RequestRejected):
        await world.say("accounts_rename", old="panel", new="renamed")


@pytest.mark.parametrize("verb", ["accounts_confirm", "accounts_replace"])
async def test_saying_what_an_account_is_that_is_not_in_quarantine_is_declined(world: World, verb: str) -> None:
    await began(world)
    with pytest.raises(RequestRejected, match="not in quarantine"):
        await world.say(verb, account="panel")


PAID = PAY.replace("}]}", "}], cooldown: 24h}")


async def paid(world: World) -> None:
    """Have a payout done, and as much earned again."""
    world.site.money("600")
    await world.open(config(PAID))
    await world.live(minutes=2)
    world.site.money("0")
    await world.live(minutes=6)
    world.site.money("600")


async def test_an_account_under_another_name_does_not_forget_what_was_paid_there(world: World) -> None:
    await paid(world)
    await world.reload(config(PAID, accounts=account("renamed")))
    await world.live(minutes=20)
    assert (len(world.site.performed), await world.state("renamed")) == (1, "quarantined")


async def test_an_account_under_a_third_name_does_not_forget_what_was_paid_under_the_second(world: World) -> None:
    await world.open(config(PAID, accounts=account("started")))
    await world.live(minutes=2)
    await world.close()
    await paid(world)
    await world.reload(config(PAID, accounts=account("renamed")))
    await world.live(minutes=20)
    assert (len(world.site.performed), await world.state("renamed")) == (1, "quarantined")


async def test_an_account_that_is_renamed_takes_over_its_cooldown(world: World) -> None:
    await paid(world)
    await world.reload(config(PAID, accounts=account("renamed")))
    await world.say("accounts_rename", old="panel", new="renamed")
    await world.live(minutes=20)
    assert (len(world.site.performed), await world.state("renamed")) == (1, "ok")


async def test_a_paused_account_is_not_set_going_by_another_name(world: World) -> None:
    world.site.money("0")
    await world.open(config(PAY))
    await world.live(minutes=2)
    await world.say("pause", account="panel")
    await world.reload(config(PAY, accounts=account("renamed")))
    world.site.money("600")
    await world.live(minutes=20)
    assert world.site.performed == []


async def test_an_account_under_a_new_name_is_not_renamed_while_something_is_sent_there(world: World) -> None:
    """Who sends it would write its end under the old name, and the new name take it for nobody's."""
    await began(world)
    world.site.orders["1"] = ("partial", {"service": "s1"})
    await world.wait(minutes=2)
    await world.poll()
    world.site.will("refill", hang)
    sending = asyncio.ensure_future(world.send())
    await until(lambda: bool(world.site.performed))
    with pytest.raises(ActionRejected, match="refill 1 is being sent at panel: say it again once that has ended"):
        await world.context.commit(lambda uow: account_identity.rename(uow, PANEL, NEW, {NEW: None}))
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending


async def test_a_name_that_disappears_is_told_where_its_pause_or_what_was_done_would_be_forgotten(world: World) -> None:
    """Renamed, and its key rotated, in one edit: nobody can see that it is the same."""
    world.site.money("600")
    await world.open(config(PAY))
    await world.live(minutes=2)
    await world.say("pause", account="panel")
    await world.restart(config(PAY, accounts=account("other", key="OTHER")))
    [told] = await world.events("account.gone")
    assert told["account"] == "panel"
    assert "`bursar accounts rename panel NEW`" in told["data"]["reason"]


async def test_a_key_that_was_tried_under_another_name_can_be_confirmed(world: World) -> None:
    """Nothing was seen or done there: nothing would be forgotten."""
    await began(world)
    await world.restart(config(REFILL, accounts=f"{account()}, {account('trial', key='OTHER')}"))
    await world.restart(config(REFILL, accounts=OTHER))
    await world.say("accounts_confirm", account="panel")
    assert await world.state() == "ok"
