"""What waits goes on: beside what landed late, under another name, after a plugin's fault, once a budget would allow it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import CostFacts, DidNot, Finding, Happened, Intent, Later, Lost, Outcome, Succeeded
from bursar.control.messages import RequestRejected
from bursar.pipeline import rule_evaluation
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7", account: {env: WALLET}}}]}'
QUICK = account(more="settle: 1m")
LIMIT = ", limit: {per: account, max: 1, every: 24h}}"
TELLS = "{name: p, on: coupon.activated, do: [{notify: {sink: ops, text: hi}}]}"


def landed(world: World) -> Callable[[Intent], Awaitable[Finding]]:
    """Return how a site is looked at that lists payout 1 once it has landed."""

    async def look(_: Intent) -> Finding:
        there = "1" in world.site.payouts
        return Happened(Succeeded("1", moved=Decimal(900)), "payout 1 is new") if there else DidNot("it is not there")

    return look


async def takes(world: World, left: str = "20") -> Callable[[Intent], Awaitable[Outcome]]:
    """Return how a site pays that debits at once."""

    async def pay(_: Intent) -> Outcome:
        world.site.money(left)
        return Succeeded(f"{len(world.site.performed)}", left=Decimal(left))

    return pay


# beside what landed late


@pytest.mark.parametrize("becomes", ["done", "waiting for ever", "unlisted"])
async def test_what_comes_in_after_a_lost_payout_had_taken_the_balance_is_paid_once_that_one_is_over(
    world: World, becomes: str
) -> None:
    """The site debits at once: the balance was 0 meanwhile, and passes the minimum once, maybe never to come anew."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"), await takes(world))
    world.site.will("reconcile", *[landed(world)] * 999)
    unlisted = account(more="settle: 1m, poll: {payouts: off}")
    await world.open(config(PAY[:-1] + ", cooldown: 1h}", accounts=unlisted if becomes == "unlisted" else QUICK))
    await world.turn()
    await world.say("resolve", id="1")
    world.site.payouts["1"] = "waiting"
    for amount in ("0", "600"):
        world.site.money(amount)
        await world.live(hours=2, every_s=600)
    assert (await world.states(), await world.matches()) == (["succeeded", "lapsed"], ["open_intent"])
    if becomes == "done":
        world.site.payouts["1"] = "done"
    days = {"done": 1, "waiting for ever": 8, "unlisted": 2}[becomes]
    await world.live(days=days, every_s=1800)
    if becomes != "done":  # nobody has seen it taken: it may be the same money
        asked = (await world.intents())[-1]
        assert (str(asked.state), "payout 1 was accepted" in asked.reason) == ("awaiting_approval", True)
        await world.say("approve", ids=[asked.shown_id])
        await world.live(minutes=12)
    assert (len(world.site.performed), await world.matches()) == (2, [])


@pytest.mark.parametrize("lost", ["", "same match", "another match"])
async def test_where_payouts_are_not_polled_what_comes_in_after_one_has_taken_the_balance_is_paid(
    world: World, lost: str
) -> None:
    """The balance never falls below the minimum, and no poll shows that the payout is done."""
    world.site.money("900")
    if not lost:
        world.site.will("payout", Succeeded("1"))
    if lost:
        world.site.will("payout", Lost("no answer"))
        world.site.will("reconcile", *[landed(world)] * 999)
    await world.open(config(PAY[:-1] + ", cooldown: 1h}", accounts=account(more="settle: 1m, poll: {payouts: off}")))
    await world.turn()
    if lost:
        await world.say("resolve", id="1")
    for amount in ("20", "900") if lost == "another match" else ():
        world.site.money(amount)
        await world.live(minutes=10)
    world.site.payouts["1"] = "waiting"
    await world.live(hours=3, every_s=120)
    world.site.will("payout", await takes(world))
    world.site.money("300")
    await world.live(hours=60, every_s=600)
    assert len(world.site.performed) == 2


async def test_a_match_that_waited_and_its_event_that_comes_anew_ask_for_one_payout(world: World) -> None:
    """What landed late is done, which frees the match that waited and has its event asked anew; the site debits late."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer"))
    world.site.will("reconcile", *[landed(world)] * 999)
    await world.open(config(PAY[:-1] + ", cooldown: 1h}", accounts=QUICK))
    await world.turn()
    await world.say("resolve", id="1")
    world.site.payouts["1"] = "waiting"
    for amount in ("0", "600"):
        world.site.money(amount)
        await world.live(hours=2, every_s=600)
    assert await world.matches() == ["open_intent"]
    world.site.payouts["1"] = "done"
    await world.live(hours=2, every_s=600)
    assert (len(world.site.performed), await world.matches()) == (2, [])
    await world.live(days=3, every_s=1800)
    assert len(world.site.performed) == 2


async def test_a_match_that_waits_is_asked_though_its_rule_hears_of_each_sight(world: World) -> None:
    """The order changes at each look: what its rule asks of the new events is not what it asked of the one that waits."""
    world.site.orders["1"] = ("in_progress", {"remains": Decimal(100)})
    await world.open(config("{name: r, on: order.changed, when: before.remains == 100, do: [refill]}"))
    await world.track("1")
    await world.live(minutes=5)
    await world.say("pause")
    world.site.orders["1"] = ("in_progress", {"remains": Decimal(99)})
    await world.live(minutes=5)
    assert await world.matches() == ["paused"]
    await world.say("resume")
    for remains in range(90, 60, -1):
        world.site.orders["1"] = ("in_progress", {"remains": Decimal(remains)})
        await world.live(minutes=1)
    assert world.site.done("refill") == ["1"]


# a text that goes on under another name


@pytest.mark.parametrize("restarted", [True, False])
async def test_what_a_text_held_is_asked_of_the_name_that_has_the_text_now(world: World, restarted: bool) -> None:
    world.site.money("900")
    world.site.will("payout", await takes(world))
    await world.open(config(PAY[:-1] + LIMIT, accounts=QUICK))
    await world.live(minutes=12)
    world.site.money("700")
    await world.live(minutes=12)
    assert (len(world.site.performed), await world.matches()) == (1, ["limit"])
    edited = config(PAY.replace("name: p", "name: q")[:-1] + LIMIT + "\n" + TELLS, accounts=QUICK)
    await (world.restart(edited) if restarted else world.reload(edited))
    [told] = [one["data"] for one in await world.events("rule.changed")]
    assert (told["rule"], told["number"], told["reason"]) == ("p", 1, "1 that waited end: the rule changed")
    await world.live(minutes=12)
    assert (await world.matches("rule"), await world.matches()) == (["q"], ["limit"])
    await world.live(hours=50, every_s=1200)
    assert len(world.site.performed) == 2


@pytest.mark.parametrize("shadow", ["", ", mode: shadow"])
async def test_a_question_ends_with_its_text_and_the_name_that_has_it_now_asks(world: World, shadow: str) -> None:
    asks = PAY[:-1] + ", approve: {above: 1, within: 12h}"
    copy = asks.replace("name: p", "name: s") + ", mode: shadow}\n" if shadow else ""
    world.site.money("900")
    await world.open(config(copy + asks + "}"))
    await world.live(minutes=6)
    assert await world.states() == ["awaiting_approval"]
    await world.reload(config(copy + asks.replace("name: p", "name: q") + "}\n" + TELLS))
    await world.live(minutes=12)
    assert [(one.rule, str(one.state)) for one in await world.intents()] == [
        ("p", "lapsed"), ("q", "awaiting_approval"),
    ]  # fmt: skip
    await world.say("approve", ids=["2"])
    await world.live(minutes=3)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_rules_that_held_the_same_and_get_other_texts_keep_no_daemon_from_starting(
    world: World, restarted: bool
) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config("{name: a, on: order.partial, do: [refill]}\n{name: c, on: order.partial, do: [refill]}"))
    await world.track("1")
    await world.live(minutes=2)
    await world.say("pause")
    world.site.orders["1"] = "partial"
    await world.live(minutes=3)
    assert await world.matches("rule") == ["a", "c"]
    others = TELLS.replace("name: p", "name: a") + "\n" + TELLS.replace("name: p", "name: c")
    edited = config("{name: q, on: order.partial, do: [refill]}\n" + others)
    await (world.restart(edited) if restarted else world.reload(edited))
    assert await world.matches("rule") == []
    assert sorted(one["data"]["rule"] for one in await world.events("rule.changed")) == ["a", "c"]


@pytest.mark.parametrize("renamed", [False, True])
async def test_a_lost_payout_whose_text_goes_on_under_another_name_keeps_nothing_back_for_good(
    world: World, renamed: bool
) -> None:
    world.site.money("900")
    world.site.will("payout", Lost("no answer"), Succeeded("2"))
    world.site.will("reconcile", *[DidNot("it is not there")] * 99)
    await world.open(config(PAY, accounts=QUICK))
    await world.turn()
    assert await world.states() == ["unknown"]
    if renamed:
        await world.reload(config(PAY.replace("name: p", "name: q") + "\n" + TELLS, accounts=QUICK))
    await world.live(hours=3, every_s=60)
    assert len(world.site.performed) == 2


# after a plugin's fault


async def with_cost(world: World, cost: Callable[[CostFacts], Decimal]) -> None:
    """Have the plugin work out costs in another way from now on."""
    spec = world.context.config.accounts[world.site_account]
    actions = {**spec.actions, "payout": replace(spec.actions["payout"], cost=cost)}
    world.context.config = replace(world.context.config, accounts={world.site_account: replace(spec, actions=actions)})


def fails(_facts: CostFacts) -> Decimal:
    raise KeyError("rate")


async def test_a_yes_to_what_a_plugin_cannot_judge_is_answered_and_changes_nothing(world: World) -> None:
    world.site.money("900")
    await world.open(config(PAY[:-1] + ", approve: {above: 1, within: 12h}}"))
    await world.live(minutes=6)
    await with_cost(world, fails)
    [said] = await world.say("approve", ids=["1"])
    assert await world.states() == ["awaiting_approval"]
    words = "intent 1 cannot go on now: a plugin's function failed (KeyError): nobody can tell; not before "
    assert said["problem"].startswith(words)


async def test_a_call_whose_cost_a_plugin_cannot_work_out_is_refused_in_a_sentence(world: World) -> None:
    world.site.money("900")
    await world.open(config())
    await world.live(minutes=6)
    await with_cost(world, fails)
    with pytest.raises(RequestRejected, match="a plugin's function failed"):
        await world.say("call", account="panel", method="payout", params={"method": "7", "account": "T"}, wait_s=0)


@pytest.mark.parametrize("way", ["an hour", "a reload", "a restart"])
async def test_what_a_plugins_fault_held_back_is_told_and_asked_again(world: World, way: str) -> None:
    await world.open(config(PAY))
    await with_cost(world, fails)
    world.site.money("900")
    await world.live(minutes=6)
    assert (await world.matches(), await world.told("rule.failed")) == (["broken"], ["rule.failed"])
    if way == "an hour":
        await with_cost(world, lambda _facts: Decimal(900))
    else:
        await (world.reload(config(PAY)) if way == "a reload" else world.restart(config(PAY)))
    await world.live(minutes=70 if way == "an hour" else 10)
    assert len(world.site.performed) == 1


async def test_a_cost_that_fails_while_a_balance_is_busy_does_not_fill_the_log(
    world: World, logged: list[MutableMapping[str, Any]]
) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded("1"))
    await world.open(config(PAY, accounts=QUICK))
    await world.live(minutes=6)
    world.site.money("901")
    await world.live(minutes=6)
    await with_cost(world, fails)
    logged.clear()
    await world.live(minutes=5, every_s=1)
    assert sum(1 for line in logged if line.get("event") == "plugin.function_failed") < 20


# a budget that nothing stands in the way of


@pytest.mark.parametrize("at_first", ["1200", "700"])
async def test_a_budget_that_was_too_small_for_the_whole_allows_what_is_left(world: World, at_first: str) -> None:
    """1200 is more than it ever allows; a person takes 500 by hand: 700 are allowed, and nothing was spent."""
    world.site.money(at_first)
    await world.open(config(PAY, accounts=account(more="settle: 1m, budget: {payout: {max: 1000, every: 7d}}")))
    await world.live(hours=1, every_s=300)
    world.site.money("700")
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) >= 1


@pytest.mark.parametrize("before", ["0", "300"])
async def test_a_budget_allows_what_is_left_also_where_something_was_spent(world: World, before: str) -> None:
    """A person takes so much by hand that what is left fits: it is asked for soon, not when the window has moved on."""
    world.site.will("payout", await takes(world, "0"), await takes(world, "0"))
    world.site.money(before)
    await world.open(config(PAY, accounts=account(more="settle: 1m, budget: {payout: {max: 1000, every: 7d}}")))
    await world.live(hours=1, every_s=300)
    paid = len(world.site.performed)
    world.site.money("800" if paid else "1100")
    await world.live(hours=1, every_s=300)
    assert await world.matches() == ["budget"]
    world.site.money("300")
    await world.live(hours=8, every_s=300)
    assert len(world.site.performed) == paid + 1


@pytest.mark.parametrize("gone", ["removed", "replaced", ""])
async def test_what_a_living_rule_did_at_an_account_that_is_gone_is_its_own(world: World, gone: str) -> None:
    """Two rules go on, each with its own `when` and limit; the account where one has acted is there no more."""
    limit = "limit: {per: rule, max: 2, every: 24h}"
    rules = "\n".join(
        f"{{name: {name}, on: order.partial, when: order.service == '{service}', do: [refill], {limit}}}"
        for name, service in (("one", "1"), ("two", "2"))
    )
    second = world.sites.sites["http://127.0.0.1:2/api"]
    second.orders |= {id_: ("partial", {"service": "1"}) for id_ in ("1", "2")}
    await world.open(config(rules, accounts=f"{QUICK}, {account('second', 2)}"))
    await world.track("1", "2", account="second")
    await world.live(minutes=5)
    second.orders |= {"1": "completed", "2": "completed"}
    await world.live(minutes=5)
    assert len(second.done("refill")) == 2
    if gone == "removed":
        await world.reload(config(rules, accounts=QUICK))
    if gone == "replaced":
        await world.restart(config(rules, accounts=f"{QUICK}, {account('second', 2, key='OTHER')}"))
        await world.live(minutes=2)
        await world.say("accounts_replace", account="second")
    world.site.orders["3"] = ("partial", {"service": "2"})
    await world.track("3")
    await world.live(minutes=30)
    assert world.site.done("refill") == ["3"]


# what a person says


@pytest.mark.parametrize("retried", [False, True])
async def test_a_denied_one_that_was_tried_again_can_be_put_to_the_edited_rule(world: World, retried: bool) -> None:
    asks = PAY[:-1] + ", approve: {above: 1, within: 12h}}"
    world.site.money("900")
    await world.open(config(asks, accounts=QUICK))
    await world.live(minutes=6)
    await world.say("deny", ids=["1"])
    await world.say("pause")
    if retried:
        await world.say("retry", ids=["1"])
        await world.live(minutes=6)
    await world.reload(config(asks.replace('"7"', '"8"'), accounts=QUICK))
    await world.say("resume")
    await world.say("retry", ids=["1"])
    await world.live(minutes=12)
    assert await world.states() == ["denied", "awaiting_approval"]


@pytest.mark.parametrize("times", [1, 2])
async def test_a_retry_that_finds_nothing_says_so_each_time(world: World, times: int) -> None:
    world.site.money("900")
    await world.open(config(PAY[:-1] + ", approve: {above: 1, within: 12h}}", accounts=QUICK))
    await world.live(minutes=6)
    await world.say("deny", ids=["1"])
    world.site.money("20")
    await world.live(hours=26, every_s=600)
    for _ in range(times):
        [said] = await world.say("retry", ids=["1"])
        assert "nothing waits" in said["problem"]


@pytest.mark.parametrize("lost", [True, False])
async def test_a_retry_says_what_holds_still(world: World, lost: bool) -> None:
    """Denied; where an attempt was lost before, it may have landed, and the cooldown counts it."""
    world.site.money("900")
    world.site.will("payout", Lost("no answer") if lost else Later("busy"))
    world.site.will("reconcile", *[DidNot("it is not there")] * 999)
    await world.open(config(PAY[:-1] + ", cooldown: 14d}", accounts=QUICK))
    await world.turn()
    if lost:
        await world.say("pause")
        await world.live(minutes=6)
    await world.say("deny", ids=["1"])
    if lost:
        await world.say("resume")
    [said] = await world.say("retry", ids=["1"])
    words = said["warning"] or ""
    assert ("it is held back still until " in words and "cooldown" in words) == lost
    await world.live(hours=2, every_s=300)
    assert len(world.site.performed) == (1 if lost else 2)


@pytest.mark.parametrize("named", [False, True])
async def test_the_number_of_what_is_listed_as_waiting_does_not_free_its_balance(world: World, named: bool) -> None:
    """The site debits on completion: which one it is does not say that it was taken."""
    world.site.money("900")
    world.site.will("payout", Succeeded())
    await world.open(config(PAY + "\n" + PAY.replace("name: p", "name: q"), accounts=QUICK))
    await world.turn()
    world.site.payouts["41"] = "waiting"
    await world.live(minutes=12)
    assert await world.matches() == ["open_intent"]
    if named:
        said = await world.say("resolve", id="1", happened=True, reference="41")
        assert "keeps its balance" in said["warning"]
    await world.live(hours=6, every_s=300)
    assert len(world.site.performed) == 1


async def test_a_number_that_is_given_after_it_was_undone_undoes_it_no_second_time(world: World) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded())
    await world.open(config(PAY[:-1] + ", cooldown: 10d}", accounts=QUICK))
    await world.turn()
    for state in ("waiting", "canceled"):
        world.site.payouts["41"] = state
        await world.live(minutes=12)
    assert await world.told("action.undone") == ["action.undone"]
    await world.say("resolve", id="1", happened=True, reference="41")
    assert await world.told("action.undone") == ["action.undone"]


async def done_without_a_number(world: World) -> None:
    """A payout whose number the answer did not say is listed as done."""
    world.site.money("900")
    await world.open(config(PAY))
    world.site.will("payout", Succeeded())
    await world.live(minutes=5)
    world.site.payouts["41"] = "done"
    await world.live(minutes=5)


async def test_a_number_that_no_poll_has_shown_can_be_put_right(world: World) -> None:
    await done_without_a_number(world)
    mistyped = await world.say("resolve", id="1", happened=True, reference="14")
    assert "no poll has shown payout 14 so far" in mistyped["warning"]
    await world.say("resolve", id="1", happened=True, reference="41")
    [one] = await world.intents()
    assert one.reference == "41"


async def test_the_number_of_what_had_succeeded_can_be_given_later(world: World) -> None:
    await done_without_a_number(world)
    said = await world.say("resolve", id="1", happened=True, reference="41")
    [one] = await world.intents()
    assert (one.reference, said["problem"]) == ("41", None)
    with pytest.raises(RequestRejected, match="intent 1 is 41, which the provider lists"):
        await world.say("resolve", id="1", happened=True, reference="42")
    assert await world.read(lambda tx: tx.all("SELECT 1 FROM intents WHERE confirm_by IS NOT NULL")) == []


@pytest.mark.parametrize("number", ["77", None])
async def test_a_payout_that_a_person_names_and_that_stays_waiting_is_told_in_the_end(
    world: World, number: str | None
) -> None:
    world.site.money("900")
    world.site.will("payout", Succeeded(number))
    await world.open(config(PAY))
    await world.turn()
    world.site.payouts["5"] = "waiting"
    await world.live(minutes=20)
    await world.say("resolve", id="1", happened=True, reference="5")
    await world.live(days=12, every_s=3600)
    assert await world.told("action.unconfirmed") == ["action.unconfirmed"]


async def test_a_newer_event_takes_the_place_of_what_waits_in_one_sight(world: World) -> None:
    """A re-order rule: what waits out its cooldown and a new event are seen by one poll: one order is made."""
    world.site.orders["1"] = "partial"
    await world.open(config("{name: r, on: order.partial, do: [{add: {link: x}}], cooldown: 30m}"))
    await world.track("1")
    await world.turn()
    for state, minutes in (("in_progress", 10), ("partial", 5), ("in_progress", 10)):
        world.site.orders["1"] = state
        await world.live(minutes=minutes)
    world.site.orders["1"] = "partial"
    await world.wait(minutes=20)
    await world.live(hours=3, every_s=300)
    assert len(world.site.done("add")) == 2


async def test_a_function_that_fails_for_a_newer_event_costs_no_poll(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> Any:
        raise KeyError("rate")

    world.site.orders["1"] = "partial"
    await world.open(config("{name: r, on: order.partial, do: [{add: {link: x}}], cooldown: 30m}"))
    await world.track("1")
    await world.turn()
    for state, minutes in (("in_progress", 10), ("partial", 5), ("in_progress", 10)):
        world.site.orders["1"] = state
        await world.live(minutes=minutes)
    monkeypatch.setattr(rule_evaluation, "evaluate", broken)
    world.site.orders["1"] = "partial"
    await world.wait(minutes=20)
    await world.live(minutes=10)
    failures = await world.read(lambda tx: [count for (count,) in tx.all("SELECT failures FROM streams")])
    assert (sum(failures), len(world.site.done("add"))) == (0, 2)
