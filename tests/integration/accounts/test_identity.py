"""Accounts are what their provider, address and key say: quarantined, released, confirmed, replaced, renamed, gone."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal

import pytest

from bursar.api import (
    CannotTell,
    DidNot,
    Happened,
    Intent,
    Lost,
    Observation,
    Observed,
    Rejected,
    SubjectRef,
    Succeeded,
    Unreachable,
)
from bursar.control.messages import RequestRejected
from bursar.domain.ids import AccountName
from bursar.pipeline import account_identity
from bursar.pipeline.rejected import ActionRejected
from bursar.settings.model import ConfigurationError
from support.config import account, config
from support.limits import until
from support.toy import hang
from support.world import World

REFILL = "{name: e, on: order.partial, do: [refill]}"
PANEL, NEW = AccountName("panel"), AccountName("new")
PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
OTHER = account(key="OTHER")


async def began(world: World, rules: str = REFILL, state: str = "in_progress") -> None:
    """Start with three orders under watch and seen."""
    world.site.orders |= {id_: (state, {"service": f"s{id_}"}) for id_ in ("1", "2", "3")}
    await world.open(config(rules))
    await world.track("1", "2", "3")
    await world.live(minutes=2)


async def rekey(world: World, rules: str = REFILL, *, known: bool = True) -> None:
    """Start again with another key; the orders are there, or not."""
    if not known:
        world.site.orders |= dict.fromkeys(("1", "2", "3"), "Incorrect order ID")
    await world.restart(config(rules, accounts=OTHER))


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


async def test_an_account_is_released_when_its_known_orders_reappear(world: World) -> None:
    await began(world)
    await rekey(world)
    await world.live(minutes=3)
    assert (await world.state(), await world.told("account.*")) == ("ok", ["account.quarantined", "account.released"])


async def test_an_account_is_not_released_by_one_of_three_orders(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(("2", "3"), "Incorrect order ID")
    await rekey(world)
    await world.live(minutes=30)
    assert await world.state() == "quarantined"


async def test_an_account_is_not_released_when_the_orders_are_others(world: World) -> None:
    await began(world)
    world.site.orders |= {id_: ("completed", {"service": "other"}) for id_ in ("1", "2", "3")}
    await rekey(world)
    await world.live(minutes=30)
    assert await world.state() == "quarantined"


async def test_an_account_is_not_released_by_the_currency_of_its_balance(world: World) -> None:
    world.site.money("20")
    await began(world)
    await rekey(world, known=False)
    await world.live(minutes=30)
    assert await world.state() == "quarantined"


async def test_what_happened_in_the_quarantine_is_seen_when_it_is_released(world: World) -> None:
    await began(world)
    world.site.orders["1"] = ("partial", {"service": "s1"})
    world.site.orders |= dict.fromkeys(("2", "3"), None)
    await rekey(world)
    await world.live(minutes=2)
    unseen = await world.told("order.partial")
    world.site.orders |= {id_: ("completed", {"service": f"s{id_}"}) for id_ in ("2", "3")}
    await world.live(minutes=25)
    assert (unseen, world.site.done("refill")) == ([], ["1"])


async def test_an_account_is_not_released_by_orders_that_tell_nothing(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(("1", "2", "3"), "completed")
    await rekey(world)
    await world.live(minutes=30)
    assert await world.state() == "quarantined"


async def test_an_account_of_one_order_is_released_by_it(world: World) -> None:
    world.site.orders["1"] = ("in_progress", {"service": "s1"})
    await world.open(config())
    await world.track("1")
    await world.live(minutes=2)
    await rekey(world)
    await world.live(minutes=3)
    assert await world.state() == "ok"


async def test_what_was_held_back_by_the_quarantine_is_done_when_a_person_says_that_it_is_the_same(
    world: World,
) -> None:
    await began(world)
    world.site.orders["1"] = ("partial", {"service": "s1"})
    world.site.orders |= dict.fromkeys(("2", "3"), "Incorrect order ID")
    await rekey(world)
    await world.live(minutes=2)
    await world.say("accounts_confirm", account="panel")
    await world.live(minutes=12)
    assert world.site.done("refill") == ["1"]


async def test_an_account_that_is_configured_as_before_is_released(world: World) -> None:
    await began(world)
    await rekey(world, known=False)
    await world.restart(config(REFILL))
    assert await world.told("account.*") == ["account.quarantined", "account.released"]


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


async def test_an_account_is_not_released_by_one_order_however_often_it_is_seen(world: World) -> None:
    await began(world)
    world.site.orders |= dict.fromkeys(("2", "3"), None)
    await rekey(world)
    for number in range(8):  # it is shown anew each time
        world.site.orders["1"] = ("in_progress", {"service": "s1", "remains": Decimal(number)})
        await world.live(minutes=3)
    assert await world.state() == "quarantined"


async def test_an_account_is_not_released_by_what_was_first_seen_in_the_quarantine(world: World) -> None:
    """Other amounts under known ids tell nothing; seen twice, they are still those of the other world."""
    world.site.orders |= {id_: ("completed", {"service": "s", "remains": Decimal(5)}) for id_ in ("1", "2", "3")}
    await world.open(config(REFILL))
    await world.track("1", "2", "3")
    await world.live(minutes=2)
    world.site.orders |= {id_: ("completed", {"service": "s", "remains": Decimal(9)}) for id_ in ("1", "2", "3")}
    await world.restart(config(REFILL, accounts=OTHER))
    await world.live(hours=30, every_s=600)
    await world.restart()
    await world.live(minutes=10)
    assert await world.state() == "quarantined"


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


async def test_a_key_that_was_tried_under_another_name_can_be_confirmed(world: World) -> None:
    """Nothing was seen or done there: nothing would be forgotten."""
    await began(world)
    await world.restart(config(REFILL, accounts=f"{account()}, {account('trial', key='OTHER')}"))
    await world.restart(config(REFILL, accounts=OTHER))
    await world.say("accounts_confirm", account="panel")
    assert await world.state() == "ok"


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
    await world.live(hours=24, every_s=900)
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
