"""Between the plan and the request something else changed: the rule, the currency, the hour, the plugin, the journal."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import CostFacts, Fields, Happened, Intent, Json, Lost, Refused, Succeeded, Unreachable
from bursar.control.messages import RequestRejected
from bursar.control.offline import decide
from bursar.settings.read import read_configuration
from support.config import account, config
from support.scenarios.backup import back_up, put_back
from support.world import World, with_function

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
ASK = PAY[:-1] + ", approve: {within: 12h}}"
COOL = PAY[:-1] + ", cooldown: 14d}"
QUICK = account(more="settle: 1m")


def take_all(world: World) -> Callable[[Intent], Awaitable[Succeeded]]:
    """Return how a site pays that debits at once."""

    async def take(_intent: Intent) -> Succeeded:
        world.site.money("0", currency=world.site.balance["currency"])
        return Succeeded(left=Decimal(0))

    return take


# the rule


@pytest.mark.parametrize("guard", ["cooldown: 24h", "limit: {per: account, max: 1, every: 24h}"])
async def test_what_a_rule_is_given_by_an_edit_counts_at_the_claim(world: World, guard: str) -> None:
    world.site.money("900")
    world.site.will("payout", take_all(world))
    await world.open(config(PAY, accounts=QUICK))
    await world.turn()
    await world.reload(config(ASK, accounts=QUICK))
    await world.live(minutes=12)
    world.site.money("700")
    await world.live(minutes=12)
    await world.reload(config(f"{ASK[:-1]}, {guard}}}", accounts=QUICK))
    await world.say("approve", ids=["2"])
    await world.live(minutes=12)
    assert (len(world.site.performed), await world.matches()) == (1, [guard.partition(":")[0]])


async def test_a_was_that_is_said_late_counts_for_what_is_ready(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", take_all(world))
    await world.open(config(COOL, accounts=QUICK))
    await world.turn()
    q = COOL.replace("name: p", "name: q").replace('"7"', '"8"')
    await world.reload(config(q, accounts=QUICK))
    await world.live(minutes=12)
    world.site.money("700")
    await world.wait(minutes=6)
    await world.poll()
    assert await world.states() == ["succeeded", "ready"]
    await world.reload(config(q.replace("name: q", "name: q, was: p"), accounts=QUICK))
    await world.live(minutes=12)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("newer", [True, False])
async def test_what_a_person_has_tried_again_waits_for_no_cooldown_of_the_refusal(world: World, newer: bool) -> None:
    world.site.money("900")
    world.site.will("payout", Refused("gibberish", unread=True))
    await world.open(config(COOL, accounts=QUICK))
    await world.turn()
    if newer:
        for amount in ("20", "900"):
            world.site.money(amount)
            await world.live(minutes=12)
    await world.say("retry", ids=["1"])
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 2


async def test_a_budget_that_nobody_uses_holds_nobody_back_for_its_window(world: World) -> None:
    """The first reserves 600, and is held back itself when its balance has grown."""
    second = world.sites.sites["http://127.0.0.1:2/api"]
    accounts = f"{QUICK}, {account('second', 2, more='settle: 1m')}"
    world.site.money("600")
    await world.open(
        config(PAY, accounts=accounts, settings="budget: [{payout: {max: 1000, currency: USD, every: 7d}}]")
    )
    await world.poll("panel")
    second.money("500")
    await world.poll("second")
    world.site.money("1200")
    await world.live(hours=2, every_s=300)
    assert ([one.account for one in second.performed], world.site.performed) == (["second"], [])


# the hour


async def test_a_start_sends_no_call_that_was_ready_for_days(world: World) -> None:
    """The executors have their turn before the timer."""
    await world.open(config())
    world.site.will("prepare", *[Unreachable("down")] * 50)
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    await world.send()
    world.site.next["prepare"].clear()
    await world.restart(hours=72)
    await world.send()
    assert (world.site.performed, await world.states()) == ([], ["lapsed"])


async def offline(world: World, verb: str, **params: Any) -> Any:
    """Have a command decide where no daemon runs."""
    registry = world.sites.registry()
    configuration = read_configuration([world._path], registry, environ=world.environ)
    return await decide(configuration, registry, verb, params)


def days_pass(world: World, days: int) -> None:
    """Have everything in the journal lie further back."""
    columns = {
        "intents": ("created_at", "ready_at", "sent_at", "request_ended_at", "due_at"),
        "postings": ("at",),
        "ledger": ("planned_at",),
    }
    with closing(sqlite3.connect(world.folder / "journal.db")) as connection, connection:
        for table, names in columns.items():
            for name in names:
                connection.execute(f"UPDATE {table} SET {name} = {name} - ?", (days * 86_400_000_000,))


@pytest.mark.parametrize(("method", "params"), [("add", {"link": "x"}), ("payout", {"method": "7"})])
async def test_a_call_that_was_ready_for_days_is_not_sent_by_another_call(
    world: World, method: str, params: dict[str, str]
) -> None:
    """No daemon runs, and no timer: 80 were there at the first call, 5000 are at the second."""
    world._path.write_text(config(), encoding="utf-8")
    world.site.money("80")
    world.site.will("prepare", *[Unreachable("down")] * 50)
    said = await offline(world, "call", account="panel", method=method, params=params, wait_s=1)
    assert said["intents"][0]["state"] == "ready"
    days_pass(world, 3)
    world.site.next["prepare"].clear()
    world.site.money("5000")
    world.site.orders["5"] = "partial"
    await offline(world, "call", account="panel", method="refill", params={"order": "5"}, wait_s=3)
    assert [one.action for one in world.site.performed] == ["refill"]


# the currency


@pytest.mark.parametrize("rule", [PAY, ASK])
async def test_a_budget_counts_what_left_in_the_currency_in_which_it_left(world: World, rule: str) -> None:
    """Planned in EUR, by a mistake; corrected, and sent as 600 USD."""

    async def say_yes() -> None:
        for row in await world.say("actions"):
            if row["state"] == "awaiting_approval":
                await world.say("approve", ids=[row["id"]])
        await world.live(minutes=12)

    budget = account(more="settle: 1m, budget: {payout: {max: 1000, every: 7d}}")
    world.site.money("600", currency="USD")
    world.site.will("payout", take_all(world), take_all(world))
    await world.open(config(rule, accounts=budget.replace("USD", "EUR")))
    await world.poll()
    await world.reload(config(rule, accounts=budget))
    await say_yes()
    await say_yes()
    world.site.money("900", currency="USD")
    await world.live(minutes=12)
    await say_yes()
    assert len(world.site.performed) == 1


async def test_a_yes_in_one_currency_is_none_in_another_where_a_call_is_tried_again(world: World) -> None:
    world.site.money("80", currency="UAH")
    world.site.will("payout", Refused("no"))
    await world.open(config(accounts=QUICK.replace("USD", "UAH")))
    await world.poll()
    asked: dict[str, Any] = {"account": "panel", "method": "payout", "params": {"method": "7"}, "wait_s": 0}
    await world.say("call", **asked, amounts=["80"], currencies=["UAH"])
    await world.send()
    await world.reload(config(accounts=QUICK))
    world.site.money("80", currency="USD")
    await world.live(minutes=12)
    with pytest.raises(RequestRejected, match="the amount was shown in UAH, and panel counts in USD now"):
        await world.say("retry", ids=["1"])
    assert len(world.site.performed) == 1


# the plugin


async def with_cost(world: World, cost: Callable[[CostFacts], Decimal]) -> None:
    """Have the plugin work out costs in another way from now on."""
    with_function(world, cost=cost)


async def test_a_function_that_fails_once_at_the_claim_costs_no_payout(world: World) -> None:
    fails = [True]

    def cost(facts: CostFacts) -> Decimal:
        if fails and facts.evidence is not None:
            fails.clear()
            raise KeyError("rate")
        return Decimal(600)

    world.site.money("600")
    await world.open(config(PAY))
    await world.poll()
    await with_cost(world, cost)
    await world.send()
    assert (await world.states(), world.site.performed) == (["lapsed"], [])
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


async def test_what_fails_to_say_what_the_evidence_shows_costs_a_rest_and_no_loop(
    world: World, logged: list[MutableMapping[str, Any]]
) -> None:
    def fails(_evidence: Json) -> Fields:
        raise KeyError("balance")

    world.site.money("600")
    await world.open(config(PAY))
    await world.poll()
    shows = world.context.config.accounts[world.site_account].actions["payout"].evidence_shows
    with_function(world, evidence_shows=fails)
    await world.send()
    assert (await world.states(), await world.matches(), world.site.performed) == (["lapsed"], ["broken"], [])
    assert [line["event"] for line in logged if line["event"].endswith("failed")] == ["plugin.function_failed"]
    assert shows is not None
    with_function(world, evidence_shows=shows)
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("bad", ["NaN", "sNaN", "9E+999999", "-9E+999999", "Infinity"])
async def test_a_cost_that_is_no_number_costs_no_yes_and_no_poll(world: World, bad: str) -> None:
    async def yes(_intent: Intent) -> Succeeded:
        world.site.money("650")
        await world.wait(seconds=1)
        return Succeeded("41")

    world.site.money("600")
    world.site.will("payout", yes)
    await world.open(config(PAY))
    await world.poll()
    await with_cost(world, lambda _facts: Decimal(bad) if world.site.performed else Decimal(600))
    await world.send()
    await world.live(minutes=30)
    failures = await world.read(lambda tx: [count for (count,) in tx.all("SELECT failures FROM streams")])
    assert (await world.states(), sum(failures)) == (["succeeded"], 0)


async def test_what_goes_back_to_waiting_after_its_end_is_busy_again(world: World) -> None:
    world.site.money("600")
    world.site.will("payout", Succeeded("41"))
    await world.open(config(PAY[:-1] + ", cooldown: 1h}"))
    await world.live(minutes=12)
    for state, amount in (("waiting", "600"), ("done", "0"), ("canceled", "600"), ("waiting", "600")):
        world.site.payouts = {"41": state}
        world.site.money(amount)
        await world.live(minutes=12)
    await world.live(hours=5, every_s=300)
    assert len(world.site.performed) == 1


async def test_a_person_ends_that_a_balance_is_busy(world: World) -> None:
    """The site debited at once, but the answer was lost, and 400 have come in since: nothing shows what it took."""

    async def dies(_intent: Intent) -> Lost:
        world.site.money("400")
        world.site.payouts = {"41": "waiting"}
        return Lost("no answer")

    world.site.money("600")
    world.site.will("payout", dies)
    world.site.will("reconcile", *[Happened(Succeeded("41", moved=Decimal(600)))] * 3)
    await world.open(config(PAY, accounts=QUICK))
    await world.live(minutes=12)
    asked: dict[str, Any] = {"account": "panel", "method": "payout", "params": {"method": "7"}, "wait_s": 0}
    with pytest.raises(RequestRejected, match="`bursar actions resolve 1 --happened` says that it has"):
        await world.say("call", **asked)
    await world.say("resolve", id="1", happened=True)
    await world.say("call", **asked)
    await world.live(minutes=12)
    assert len(world.site.performed) == 2
    with pytest.raises(RequestRejected, match="intent 1 has succeeded, and nothing waits for its effect"):
        await world.say("resolve", id="1", happened=True)


# the journal


@pytest.mark.parametrize(
    "edited",
    [COOL, COOL.replace("do:", "when: balance.amount > 1, do:"), COOL.replace("name: p", "name: p, mode: 'off'"), ""],
)
async def test_a_restored_journal_takes_what_was_open_for_unknown_whatever_the_rules_are_now(
    world: World, edited: str
) -> None:
    world.site.money("900")
    world.site.will("payout", take_all(world))
    await world.open(config(COOL, accounts=QUICK))
    await world.poll()
    assert await world.states() == ["ready"]
    kept = await back_up(world)
    await world.live(minutes=2)
    assert len(world.site.performed) == 1
    world._path.write_text(config(edited, accounts=QUICK), encoding="utf-8")
    await put_back(world, kept)
    assert (await world.states(), await world.told("action.unknown")) == (["unknown"], ["action.unknown"])
