"""The guards of money: a person's yes, budgets, and the question after a restore. Each stops what it should, and says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import Later, Lost, Observation, Observed, Refused, SubjectRef, SubjectType, Succeeded
from bursar.control.messages import RequestRejected
from bursar.domain.ids import AccountName
from bursar.host.registry import Registry
from bursar.journal import ledger
from support.config import account, config
from support.toy import Sites
from support.world import World

BALANCE = SubjectRef("balance", "balance")
TOY = Sites().registry().providers["toy"]

PAYOUT = "do: [{payout: {method: '7', account: {env: WALLET}}}]"
DUE = "on: balance.passed_min_payout"


async def payout_due(world: World, rule: str, amount: str = "600", **more: str) -> None:
    world.site.money(amount)
    await world.open(config(f"{{name: pay, {DUE}, {PAYOUT}, {rule}}}", events="'approval.*', 'budget.*'", **more))
    await world.turn()


async def test_above_the_sum_a_person_is_asked_and_nothing_is_sent(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.live(minutes=10)
    assert (await world.states(), world.site.done("payout"), await world.told("approval.*")) == (
        ["awaiting_approval"],
        [],
        ["approval.wanted"],
    )


async def test_up_to_the_sum_nobody_is_asked(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}", amount="500")
    assert await world.states() == ["succeeded"]


async def test_a_yes_sends_it_once_on_fresh_facts(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert (await world.states(), world.site.done("payout")) == (["succeeded"], ["balance"])


async def test_a_yes_to_what_is_not_true_any_more_sends_nothing(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}, when: 'balance.amount >= 550'")
    world.site.money("520")
    await world.live(minutes=10)
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert ((await world.states())[0], world.site.done("payout")) == ("lapsed", [])


async def test_a_no_sends_nothing_and_is_told(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("deny", ids=["1"])
    await world.live(hours=2)
    assert (await world.states(), world.site.done("payout"), await world.told("action.*")) == (
        ["denied"],
        [],
        ["action.denied"],
    )


async def test_silence_means_no(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.live(hours=13, every_s=600)
    assert (await world.states(), world.site.done("payout"), await world.told("action.*")) == (
        ["lapsed"],
        [],
        ["action.lapsed"],
    )


async def test_what_waits_for_a_yes_survives_a_restart(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.restart(clean=False, minutes=5)
    await world.turn()
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert (await world.states(), len(world.site.done("payout"))) == (["succeeded"], 1)


async def test_what_was_denied_is_asked_again_after_the_cooldown(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}, cooldown: 24h")
    await world.say("deny", ids=["1"])
    await world.live(hours=25, every_s=1200)
    assert await world.states() == ["denied", "awaiting_approval"]


@pytest.mark.parametrize("verb", ["approve", "deny"])
async def test_a_decision_about_what_is_over_changes_nothing_and_is_in_the_audit_trail(world: World, verb: str) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await world.say("deny", ids=["1"])
    with pytest.raises(RequestRejected, match="intent 1 is denied"):
        await world.say(verb, ids=["1"])
    noted = await world.read(lambda tx: tx.all("SELECT actor, what FROM audit ORDER BY seq DESC LIMIT 1"))
    assert (await world.states(), noted) == (["denied"], [("person", f"declined.{verb}")])


async def test_resolving_what_is_not_unknown_is_declined(world: World) -> None:
    await payout_due(world, "cooldown: 24h")
    with pytest.raises(RequestRejected, match=r"intent 1 is succeeded \(the provider said yes\), not unknown"):
        await world.say("resolve", id="1")


async def test_an_unknown_id_is_declined(world: World) -> None:
    await payout_due(world, "cooldown: 24h")
    with pytest.raises(RequestRejected, match="there is no action 99"):
        await world.say("approve", ids=["99"])


@pytest.mark.parametrize("ids", [["1", "99"], ["99", "1"]])
async def test_an_unknown_id_costs_the_others_nothing(world: World, ids: list[str]) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    said = await world.say("deny", ids=ids)
    assert (await world.states(), said[1]["problem"]) == (["denied"], "there is no action 99: see `bursar actions`")


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


async def restored(world: World) -> None:
    """Start again on a journal that is older than what was sent."""
    await world.close()
    sidecar = world.folder / "journal.db.fence"
    journal, sent = sidecar.read_text(encoding="utf-8").split()
    sidecar.write_text(f"{journal} {int(sent) + 1:020d}\n", encoding="utf-8")
    await world.open(world._path.read_text(encoding="utf-8"))


async def due_again(world: World, amount: str) -> None:
    """Let the balance fall below the minimum, and pass it again."""
    world.site.money("10")
    await world.live(minutes=10)
    world.site.money(amount)
    await world.live(minutes=10)


async def test_after_a_restore_money_asks_a_person_whatever_its_rule_says(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await due_again(world, "600")
    [wanted] = await world.events("approval.wanted")
    assert (await world.states(), world.site.performed) == (["awaiting_approval"], [])
    assert "the journal was restored, and knows nothing since" in wanted["data"]["reason"]
    assert "bursar restore --confirm" in wanted["data"]["reason"]


async def test_after_a_restore_what_a_person_says_yes_to_is_sent(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await due_again(world, "600")
    [asked] = await world.intents()
    await world.say("approve", ids=[asked.shown_id])
    await world.live(minutes=10)
    assert await world.states() == ["succeeded"]


async def test_after_a_restore_what_can_be_repeated_asks_nobody(world: World) -> None:
    await world.open(config("{name: r, on: order.partial, do: [refill]}"))
    await restored(world)
    world.site.orders["1"] = "partial"
    await world.track("1")
    await world.live(minutes=3)
    assert await world.states() == ["succeeded"]


@pytest.mark.parametrize(("verb", "then"), [("restore_confirm", "succeeded"), ("resume", "awaiting_approval")])
async def test_after_a_restore_only_its_confirmation_ends_the_asking(world: World, verb: str, then: str) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await world.say(verb)
    await due_again(world, "700")
    assert await world.states() == [then]


async def test_the_caution_after_a_restore_outlives_a_restart(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    await world.restart(minutes=5)
    await due_again(world, "600")
    assert await world.states() == ["awaiting_approval"]


async def test_a_confirmed_restore_is_in_the_audit_trail_and_confirmed_once(world: World) -> None:
    await payout_due(world, "cooldown: 1h", amount="10")
    await restored(world)
    since = (await world.say("status"))["restored"]
    first, second = await world.say("restore_confirm"), await world.say("restore_confirm")
    noted = await world.read(lambda tx: tx.all("SELECT actor FROM audit WHERE what = 'restore.confirm'"))
    assert (first, second, len(noted)) == (
        {"restored": since, "unknown": []},
        {"restored": None, "unknown": []},
        2,
    )
    assert since is not None


@pytest.mark.parametrize("rule", ["approve: {above: 500, within: 12h}", "cooldown: 1h"])
async def test_after_a_restore_what_was_open_is_unknown_and_not_sent(world: World, rule: str) -> None:
    world.site.money("600")
    await world.open(config(f"{{name: pay, {DUE}, {PAYOUT}, {rule}}}"))
    await world.poll()
    await restored(world)
    await world.live(minutes=30)
    assert (await world.states(), world.site.performed, await world.told("action.unknown")) == (
        ["unknown"],
        [],
        ["action.unknown"],
    )


async def test_after_a_restore_what_was_deferred_is_unknown_and_not_sent(world: World) -> None:
    world.site.will("payout", Later("in a while"))
    await payout_due(world, "cooldown: 1h")
    await restored(world)
    await world.live(minutes=30)
    assert (await world.states(), len(world.site.performed)) == (["unknown"], 1)


async def test_of_what_was_open_in_a_restored_journal_a_person_says_what_became(world: World) -> None:
    await payout_due(world, "approve: {above: 500, within: 12h}")
    await restored(world)
    answer = await world.say("resolve", id="1", happened=True, reference="4711")
    [intent] = await world.intents()
    assert (answer["state"], intent.reference) == ("succeeded", "4711")


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


@pytest.mark.parametrize("still", [0, "", Decimal(0), []])
async def test_a_plugins_no_that_is_no_false_is_a_no(world: World, still: Any) -> None:
    kinds = {kind.name: kind for kind in TOY.subjects}
    event = replace(kinds["balance"].events[0], still=lambda _fields: still)
    subjects = tuple(kind if kind.name != "balance" else other(kind, events=(event,)) for kind in TOY.subjects)
    toy = replace(world.sites.registry().providers["toy"], subjects=subjects)
    sinks = world.sites.registry().sinks
    world.sites.registry = lambda: Registry({"toy": toy}, sinks)  # type: ignore[method-assign]
    await payout_due(world, "cooldown: 1h")
    assert world.site.performed == []


def other(kind: SubjectType, **changes: Any) -> SubjectType:
    """Return a type of subject that is declared in another way."""
    declared = {name: getattr(kind, name) for name in kind.__dataclass_fields__ if name != "all_fields"}
    return SubjectType(**{**declared, **changes})


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
