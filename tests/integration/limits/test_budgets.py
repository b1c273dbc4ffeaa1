"""Budgets of a rule, of an account, and over all accounts: each stops what would pass it, and says so."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bursar.api import Later, Lost, Observation, Observed, Refused, SubjectRef, Succeeded
from bursar.control.messages import RequestRejected
from bursar.domain.ids import AccountName
from bursar.journal import ledger
from support.config import account, config
from support.scenarios.payouts import DUE, PAYOUT, due_again, payout_due
from support.world import World

BALANCE = SubjectRef("balance", "balance")


async def test_a_rules_budget_stops_what_would_pass_it_and_says_so(world: World) -> None:
    await payout_due(world, "budget: {payout: {max: 500, every: 24h}}")
    assert (await world.states(), await world.matches(), await world.told("budget.*")) == (
        [],
        ["budget"],
        ["budget.exhausted"],
    )


async def test_what_is_open_reserves_its_budget(world: World) -> None:
    world.site.will("payout", Later("busy", retry_after=timedelta(hours=2)))
    await payout_due(world, "budget: {payout: {max: 1000, every: 24h}}")
    world.site.money("10")
    await world.live(minutes=10)
    world.site.money("600")
    await world.live(hours=2, every_s=300)
    for amount in ("10", "600"):
        world.site.money(amount)
        await world.live(minutes=10)
    assert (await world.states(), await world.matches()) == (["succeeded"], ["budget"])


async def test_what_was_refused_gives_its_budget_back(world: World) -> None:
    world.site.will("payout", Refused("not now"))
    await payout_due(world, "budget: {payout: {max: 1000, every: 48h}}, cooldown: 1h")
    await world.live(hours=2, every_s=300)
    assert await world.states() == ["refused", "succeeded"]


async def test_a_budget_is_free_again_when_its_window_has_passed(world: World) -> None:
    await payout_due(world, "budget: {payout: {max: 1000, every: 24h}}")
    world.site.money("10")
    await world.live(minutes=20)
    world.site.money("600")
    await world.live(minutes=10)
    held = await world.matches()
    await world.live(hours=25, every_s=1200)
    assert (held, await world.states()) == (["budget"], ["succeeded", "succeeded"])


async def test_an_accounts_budget_holds_for_every_rule(world: World) -> None:
    limited = account(more="budget: {payout: {max: 500, every: 24h}}")
    await payout_due(world, "cooldown: 1h", accounts=limited)
    assert (await world.states(), await world.matches()) == ([], ["budget"])


async def test_an_accounts_budget_stops_a_person_too(world: World) -> None:
    world.site.money("600")
    await world.open(config(accounts=account(more="budget: {payout: {max: 500, every: 24h}}")))
    await world.turn()
    with pytest.raises(RequestRejected, match="budget of the account panel: 0 of 500"):
        await world.say("call", account="panel", method="payout", params={"method": "7"})
    assert await world.states() == []


async def test_what_a_person_called_for_counts_in_the_accounts_budget(world: World) -> None:
    world.site.money("300")
    await world.open(config(accounts=account(more="budget: {payout: {max: 400, every: 24h}}")))
    await world.turn()
    await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0)
    await world.live(minutes=5)
    world.site.money("140")
    await world.live(minutes=6)
    with pytest.raises(RequestRejected, match="300 of 400"):
        await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0)
    assert await world.states() == ["succeeded"]


async def test_what_a_person_names_as_made_settles_its_budget(world: World) -> None:
    world.site.will("payout", Lost("no reply"))
    await payout_due(world, "budget: {payout: {max: 1000, every: 24h}}")
    world.site.will("payouts", listed("4711", "250"))
    await world.live(minutes=6)
    await world.say("resolve", id="1", happened=True, reference="4711")
    [entry] = await world.read(lambda tx: ledger.of_subject(tx, AccountName("panel"), BALANCE, 9))
    assert (entry.amount, entry.settled) == (Decimal(250), True)


def listed(id_: str, amount: str) -> Observation:
    """Return a list of payouts with one in it, which is over."""
    return Observation("payouts", (Observed(SubjectRef("payout", id_), {"amount": Decimal(amount)}, "done"),))


SHARED = "budget: [{payout: {max: 1000, currency: USD, every: 24h}}]"


async def test_a_budget_over_all_accounts_leaves_other_currencies_alone(world: World) -> None:
    euros = account("second", 2, "OTHER").replace("currency: USD", "currency: EUR")
    world.sites.sites["http://127.0.0.1:2/api"].money("600", currency="EUR")
    await payout_due(world, "cooldown: 1h", settings=SHARED, accounts=f"{account()}, {euros}")
    assert await world.states() == ["succeeded", "succeeded"]


async def test_a_budget_over_all_accounts_stops_a_person_too(world: World) -> None:
    world.site.money("1600")
    await world.open(config(settings=SHARED))
    await world.turn()
    with pytest.raises(RequestRejected, match="budget of settings: 0 of 1000"):
        await world.say("call", account="panel", method="payout", params={"method": "7"})


async def test_a_budget_over_all_accounts_counts_what_an_account_paid_that_is_replaced(world: World) -> None:
    await payout_due(world, "cooldown: 1h", settings=SHARED)
    world.environ["KEY"] = "the-key-of-another-account"
    await world.restart(minutes=5)
    await world.live(minutes=6)
    await world.say("accounts_replace", account="panel")
    await due_again(world, "600")
    assert (await world.states(), await world.matches()) == (["succeeded"], ["budget"])


@pytest.mark.parametrize("freed", ["did not", "undone", "settled", "denied"])
async def test_what_a_budget_holds_back_is_asked_once_more_when_less_counts(world: World, freed: str) -> None:
    """Not only when its window is over, which may be a week."""
    names = f"{account()}, {account('second', 2)}"
    rule = f"{{name: pay, {DUE}, {PAYOUT}, accounts: [panel]{', approve: {within: 12h}' if freed == 'denied' else ''}}}"
    other = f"{{name: other, {DUE}, {PAYOUT}, accounts: [second]}}"
    budget = "budget: [{payout: {max: 1000, currency: USD, every: 7d}}]"
    outcome = Lost("no answer") if freed == "did not" else Succeeded("5")
    world.site.will("payout", outcome)
    world.site.money("600")
    second = world.sites.sites["http://127.0.0.1:2/api"]
    await world.open(config(f"{rule}\n{other}", accounts=names, settings=budget))
    await world.turn()
    second.money("700")
    await world.live(minutes=10)
    assert (second.done("payout"), await world.matches()) == ([], ["budget"])
    if freed == "did not":
        await world.say("resolve", id="1")
    elif freed == "denied":
        await world.say("deny", ids=["1"])
    elif freed == "undone":
        world.site.payouts["5"] = "canceled"
    else:
        world.site.money("0")
        world.site.will("payouts", listed("5", "250"))
    await world.live(minutes=12)
    assert second.done("payout") == ["balance"]
