"""A state rule that pays out goes on, though the balance never leaves its condition: what is there later is another sum."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import Intent, Observation, Observed, SubjectRef, Succeeded
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World, with_function

STATE = '{name: p, on: balance, when: balance.amount >= 100, do: [{payout: {method: "7"}}]}'
EVENT = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
BOTH = pytest.mark.parametrize("rule", [STATE, EVENT], ids=["state", "event"])


@BOTH
async def test_after_one_that_was_never_shown_each_is_asked_about(world: World, rule: str) -> None:
    world.site.will("payout", *[Succeeded()] * 9)
    world.site.money("400")
    await world.open(config(rule, accounts=account(more="settle: 1m")))
    for day in range(10):
        world.site.money(str(400 + 100 * day))
        await world.live(days=1, every_s=3600)
    assert left(world) == ["400"]
    assert len(await world.events("approval.wanted")) > 1


@BOTH
async def test_after_one_that_is_done_what_came_in_meanwhile_is_paid(world: World, rule: str) -> None:
    """The site debits on completion, and 1000 came in meanwhile."""
    pays_late(world)
    world.site.money("400")
    await world.open(config(rule, accounts=account(more="settle: 1m")))
    await world.live(hours=3, every_s=300)
    world.site.money("1400")
    await world.live(hours=3, every_s=300)
    world.site.payouts["1"] = "done"
    world.site.money("1000")
    await world.live(days=2, every_s=3600)
    assert left(world) == ["400", "1000"]


async def test_a_plugin_that_names_nothing_that_it_makes_is_asked_beside_what_was_never_shown(world: World) -> None:
    """`settled_by` is None: one slip of the balance, below its minimum, has it pass that once more."""
    world.site.will("payout", *[Succeeded()] * 9)
    world.site.money("400")
    await world.open(config(EVENT, accounts=account(more="settle: 1m")))
    with_function(world, settled_by=None, evidence_lists=None)
    await world.live(days=2, every_s=1800)
    assert len(await world.told("action.unconfirmed")) == 1

    async def slips(_look: object) -> Observation:
        low = {"amount": Decimal(10), "min_payout": Decimal(50)}
        return Observation("info", (Observed(SubjectRef("balance", "balance"), {**low, "currency": "USD"}),))

    world.site.will("info", slips)
    await world.live(days=2, every_s=1800)
    assert left(world) == ["400"]


async def takes_all(world: World, rule: str) -> None:
    """The site debits at once: the balance leaves the condition by itself."""

    async def pays(_intent: Intent) -> Succeeded:
        world.site.money("0")
        return Succeeded(str(len(world.site.performed)))

    world.site.will("payout", *[pays] * 9)
    world.site.money("400")
    await world.open(config(rule, accounts=account(more="settle: 1m")))


@BOTH
async def test_what_leaves_the_condition_is_paid_once_for_each_entry(world: World, rule: str) -> None:
    await takes_all(world, rule)
    for amount in ("400", "500", "600"):
        world.site.money(amount)
        await world.live(hours=3, every_s=300)
    assert left(world) == ["400", "500", "600"]


QUICK = account(more="settle: 1m, poll: {payouts: 1m, info: 5m}")


async def waits(world: World) -> None:
    """Have 400 asked for, at a site that debits what is done."""
    pays_late(world)
    world.site.money("400")
    await world.open(config(STATE, accounts=QUICK))
    await world.live(minutes=12)
    assert left(world) == ["400"]


async def over(world: World, amount: str = "300") -> None:
    """Have it done, and so much there then."""
    world.site.payouts["1"] = "done"
    world.site.money(amount)
    await world.live(hours=3, every_s=60)


async def test_the_rest_is_paid_under_a_new_name(world: World) -> None:
    await waits(world)
    await world.reload(config(STATE.replace("name: p,", "name: q, was: p,"), accounts=QUICK))
    await world.live(minutes=12)
    await over(world)
    assert left(world) == ["400", "300"]


@pytest.mark.parametrize(
    "now",
    [
        "{name: p, on: balance, when: balance.amount >= 100, do: [{add: {link: x}}]}",
        '{name: p, on: coupon, when: account.currency == "USD", do: [{add: {link: x}}]}',
    ],
)
async def test_a_rule_that_does_something_else_now_is_not_asked_by_the_end_of_a_payout(world: World, now: str) -> None:
    await waits(world)
    await world.reload(config(now, accounts=QUICK))
    await world.live(minutes=12)
    await over(world)
    assert [one.action for one in world.site.performed] == ["payout"]


@pytest.mark.parametrize(
    "now",
    [
        "{name: p, on: balance, when: balance.amount >= 100, do: [{add: {link: x}}]}",
        '{name: p, on: coupon, when: account.currency == "USD", do: [{add: {link: x}}]}',
    ],
)
async def test_a_rule_that_does_something_else_now_is_not_asked_by_a_payout_that_is_undone(
    world: World, now: str
) -> None:
    await waits(world)
    await world.reload(config(now, accounts=QUICK))
    await world.live(minutes=12)
    world.site.payouts["1"] = "canceled"
    await world.live(days=3, every_s=1800)
    assert [one.action for one in world.site.performed] == ["payout"]


async def test_a_rule_about_an_order_that_pays_is_not_asked_by_more_money(world: World) -> None:
    async def pays(_intent: Intent) -> Succeeded:
        number = str(len(world.site.performed))
        world.site.payouts[number] = "done"
        world.site.money("0")
        return Succeeded(number)

    world.site.will("payout", *[pays] * 9)
    world.site.orders["1"] = "pending"
    world.site.money("400")
    rule = '{name: p, on: order, when: order.state == "completed", do: [{payout: {method: "7"}}], cooldown: 1h}'
    await world.open(config(rule, accounts=QUICK))
    await world.track("1")
    await world.live(minutes=12)
    world.site.orders["1"] = "completed"
    await world.live(hours=3)
    for amount in ("100", "200", "300"):
        world.site.money(amount)
        await world.live(hours=12, every_s=300)
    assert left(world) == ["400"]


FOR = STATE.replace("do:", "for: 10m, do:")


@pytest.mark.parametrize("rule", [STATE, FOR, EVENT], ids=["state", "for", "event"])
@pytest.mark.parametrize("minutes", [2, 60])
async def test_what_is_left_is_paid_though_the_rule_was_away_as_its_payout_was_done(
    world: World, rule: str, minutes: int
) -> None:
    pays_late(world)
    world.site.money("400")
    await world.open(config(rule, accounts=QUICK))
    await world.live(minutes=30)
    await world.reload(config(rule.replace("name: p,", "name: p, mode: 'off',"), accounts=QUICK))
    await world.live(minutes=2)
    world.site.payouts["1"] = "done"
    world.site.money("700")
    await world.live(minutes=minutes)
    await world.reload(config(rule, accounts=QUICK))
    await world.live(hours=3)
    assert left(world) == ["400", "700"]


async def test_a_lower_threshold_is_one_for_what_is_left(world: World) -> None:
    async def pays(_intent: Intent) -> Succeeded:
        world.site.payouts["1"] = "done"
        world.site.money("60" if len(world.site.performed) == 1 else "0")
        return Succeeded(str(len(world.site.performed)))

    world.site.will("payout", pays, pays)
    world.site.money("400")
    await world.open(config(FOR, accounts=QUICK))
    await world.live(hours=2, every_s=60)
    assert left(world) == ["400"]
    await world.reload(config(FOR.replace("100", "50"), accounts=QUICK))
    await world.live(hours=2, every_s=60)
    assert left(world) == ["400", "60"]
