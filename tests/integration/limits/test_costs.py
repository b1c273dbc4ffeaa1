"""What an order costs is told by a stream that may be off: it is looked at for whatever waits for its cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import CostFacts, Intent, Later, Observation, Observed, PollRequest, SubjectRef, Succeeded
from bursar.control.messages import RequestRejected
from bursar.domain.ids import IntentId
from bursar.journal import ledger
from support.config import account, config
from support.toy import ACTIONS
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
OFF = account(more="poll: {coupons: off}")
BUDGET = "budget: {add: {max: 50, every: 24h}}"
ASKS = "approve: {above: 5, within: 3d}"
PRICE = SubjectRef("coupon", "price")


def priced(facts: CostFacts) -> Any:
    return facts.related[PRICE].fields["amount"] if PRICE in facts.related else None


async def wanted(world: World, rule: str, *outcomes: object, accounts: str = OFF) -> list[Decimal]:
    """Have a rule add something whose price the coupons tell; return where the price stands."""
    price = [Decimal(30)]
    toy = world.sites.registry().providers["toy"]
    add = replace(ACTIONS[2], cost=priced, cost_needs=lambda params: [PRICE], cost_stream="coupons")
    made = world.sites.registry(toy=replace(toy, actions=(*ACTIONS[:2], add, *ACTIONS[3:])))
    world.sites.registry = lambda **_changes: made  # type: ignore[method-assign]

    async def coupons(_look: PollRequest) -> Observation:
        return Observation("coupons", (Observed(PRICE, {"amount": price[0]}, "new"),))

    world.site.will("coupons", *[coupons] * 999)
    world.site.will("add", *outcomes)
    world.site.orders["1"] = "partial"
    await world.open(
        config(f"{{name: a, on: order.partial, do: [{{add: {{link: more}}}}], {rule}}}", accounts=accounts)
    )
    await world.track("1")
    await world.live(minutes=10)
    return price


async def test_a_budget_has_the_price_looked_at(world: World) -> None:
    await wanted(world, BUDGET)
    assert (await world.states(), world.site.looked("coupons")) == (["succeeded"], 1)


async def test_nothing_is_looked_at_for_nothing(world: World) -> None:
    await wanted(world, BUDGET)
    await world.live(days=2, every_s=3600)
    assert world.site.looked("coupons") == 1


async def test_a_price_that_rose_is_asked_about_anew(world: World) -> None:
    price = await wanted(world, ASKS)
    price[0] = Decimal(90)
    await world.live(hours=14, every_s=600)
    [answer] = await world.say("approve", ids=["1"])
    [row] = await world.say("actions")
    assert ("90 USD now" in answer["problem"], world.site.performed) == (True, [])
    assert row["reason"] == "the amount has changed: 90 now, 30 before"


async def test_a_yes_after_half_a_day_is_taken(world: World) -> None:
    await wanted(world, ASKS)
    await world.live(hours=14, every_s=600)
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert await world.states() == ["succeeded"]


async def test_a_yes_outlasts_half_a_day_in_which_the_provider_says_later(world: World) -> None:
    await wanted(world, ASKS, Later("later", retry_after=timedelta(hours=14)))
    await world.say("approve", ids=["1"])
    await world.live(hours=15, every_s=600)
    assert await world.states() == ["succeeded"]


async def test_a_person_who_asks_has_the_price_looked_at(world: World) -> None:
    await wanted(world, "mode: off", accounts=account(more=f"poll: {{coupons: off}}, {BUDGET}"))
    await world.say("call", account="panel", method="add", params={"link": "x"}, wait_s=0)
    with pytest.raises(
        RequestRejected, match="budget of the account panel: 30 of 50 USD in 24h spent or reserved; this would add 30"
    ):
        await world.say("call", account="panel", method="add", params={"link": "y"}, wait_s=0)


@pytest.mark.parametrize("slipped", [False, True])
async def test_in_quarantine_no_price_is_asked_for_each_second(world: World, slipped: bool) -> None:
    """A question about an order waits; the url is that of another site for half a day, and the price grows old."""
    await wanted(world, ASKS)
    assert await world.states() == ["awaiting_approval"]
    rule = f"{{name: a, on: order.partial, do: [{{add: {{link: more}}}}], {ASKS}}}"
    other = world.sites.sites["http://127.0.0.1:2/api"]
    priced = Observation("coupons", (Observed(PRICE, {"amount": Decimal(30)}, "new"),))
    other.will("coupons", *[priced] * 9999)
    if slipped:
        await world.reload(config(rule, accounts=account(port=2, more="poll: {coupons: off}")))
        assert await world.state() == "quarantined"
    await world.live(hours=13, every_s=300)
    at = other if slipped else world.site
    before = at.looked("coupons")
    for _ in range(60):
        await world.wait(seconds=1)
        await world.poll()
    assert at.looked("coupons") - before <= 2


async def test_a_price_that_was_missing_for_a_while_holds_nothing_back_for_a_budgets_whole_window(world: World) -> None:
    toy = world.sites.registry().providers["toy"]
    add = replace(ACTIONS[2], cost=priced, cost_needs=lambda params: [PRICE], cost_stream="coupons")
    made = world.sites.registry(toy=replace(toy, actions=(*ACTIONS[:2], add, *ACTIONS[3:])))
    world.sites.registry = lambda **_changes: made  # type: ignore[method-assign]
    listed: list[Observed] = []

    async def coupons(_look: PollRequest) -> Observation:
        return Observation("coupons", tuple(listed))

    world.site.will("coupons", *[coupons] * 9999)
    world.site.orders["1"] = "partial"
    budget = "budget: {add: {max: 50, every: 30d}}"
    await world.open(config(f"{{name: a, on: order.partial, do: [{{add: {{link: more}}}}], {budget}}}"))
    await world.track("1")
    await world.live(minutes=20)
    assert await world.matches() == ["budget"]
    listed.append(Observed(PRICE, {"amount": Decimal(30)}, "new"))
    await world.live(days=2, every_s=1800)
    assert await world.states() == ["succeeded"]


@pytest.mark.parametrize("grows", ["before the poll", "before the request"])
async def test_a_budget_that_never_allows_is_told_once_wherever_it_was_met(world: World, grows: str) -> None:
    world.site.money("1200" if grows == "before the poll" else "900")

    async def grown(_intent: Intent) -> dict[str, object]:
        world.site.money("1200")
        return {"known": [], "balance": "1200"}

    if grows == "before the request":
        world.site.will("prepare", grown)
    budget = account(more="settle: 1m, budget: {payout: {max: 1000, every: 7d}}")
    await world.open(config(PAY, accounts=budget))
    await world.live(days=2, every_s=600)
    assert (await world.matches(), world.site.performed) == (["budget"], [])
    assert await world.told("budget.exhausted") == ["budget.exhausted"]


@pytest.mark.parametrize("rules", [1, 2])
async def test_a_budget_that_refuses_just_before_the_request_costs_a_look_an_hour_for_each_rule(
    world: World, rules: int
) -> None:
    """The look before the request always shows more than the polls do."""
    world.site.money("900")

    async def more(_intent: Intent) -> dict[str, object]:
        return {"known": [], "balance": "1200"}

    world.site.will("prepare", *[more] * 9999)
    budget = ", budget: {payout: {max: 1000, every: 7d}}}"
    text = "\n".join(PAY.replace("name: p", f"name: {name}")[:-1] + budget for name in "pq"[:rules])
    await world.open(config(text, accounts=account(more="settle: 1m")))
    await world.live(days=1, every_s=300)
    assert len(await world.intents()) <= 25 * rules


def listed(id_: str, amount: str, state: str) -> Observation:
    """Return a list of payouts with one in it."""
    return Observation("payouts", (Observed(SubjectRef("payout", id_), {"amount": Decimal(amount)}, state),))


@pytest.mark.parametrize("at_first", ["0.012", "8", "800"])
async def test_an_amount_that_is_listed_wrongly_at_first_gives_no_room_in_a_budget(world: World, at_first: str) -> None:
    """A provider may list anything while a payout waits: less than half of what left is believed once it is over."""
    world.site.money("800")
    world.site.will("payout", Succeeded("101"), Succeeded("102"))
    await world.open(config(PAY, accounts=account(more="settle: 1m, budget: {payout: {max: 1000, every: 24h}}")))
    await world.turn()
    world.site.money("0")
    world.site.will("payouts", *[listed("101", at_first, "waiting")] * 3, *[listed("101", "800", "waiting")] * 999)
    await world.live(minutes=22)
    world.site.money("600")
    await world.live(hours=5, every_s=300)
    assert (len(world.site.performed), await world.matches()) == (1, ["budget"])


@pytest.mark.parametrize(("states", "counts"), [(["waiting", "waiting"], 800), (["waiting", "done"], 300)])
async def test_less_than_half_of_what_left_is_believed_once_a_payout_is_over(
    world: World, states: list[str], counts: int
) -> None:
    world.site.money("800")
    world.site.will("payout", Succeeded("101"))
    await world.open(config(PAY, accounts=account(more="settle: 1m")))
    await world.turn()
    world.site.will("payouts", *[listed("101", "300", state) for state in states for _ in range(3)])
    await world.live(minutes=42)
    entry = await world.read(lambda tx: ledger.load(tx, IntentId(1)))
    assert entry is not None
    assert entry.amount == counts
