"""`actions retry`: what a person has asked for anew is done once, and nothing of others is taken for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import Refused, Succeeded, Unreachable
from support.config import account, config
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
REFILL = "{name: e, on: order.partial, do: [refill]}"


async def refill_that_gave_up(world: World, rules: str) -> None:
    """Have a newer match of a refill wait for a person, without an intent of its own."""
    world.site.will("refill", *[Refused("E-17", unread=True)] * 9)
    world.site.orders["1"] = "partial"
    world.site.money("80")
    await world.open(config(rules))
    await world.track("1")
    await world.turn()
    for state in ("in_progress", "partial"):
        world.site.orders["1"] = state
        await world.live(minutes=10)
    assert "gave_up" in await world.matches()


async def test_a_call_is_retried_though_a_rule_waits_for_something_else(world: World) -> None:
    await refill_that_gave_up(world, REFILL)
    world.site.will("payout", Refused("no"))
    await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0)
    await world.turn()
    [refused] = await world.intents("payout")
    said = await world.say("retry", ids=[str(refused.id)])
    await world.live(hours=2, every_s=600)
    assert (said[0]["problem"], await world.states("payout")) == (None, ["refused", "succeeded"])
    assert await world.matches() == ["gave_up"]


async def test_that_nothing_waits_for_a_retry_is_said_though_something_else_waits(world: World) -> None:
    world.site.will("payout", Refused("no"))
    await refill_that_gave_up(world, f"{REFILL}\n{PAY}")
    await world.reload(config(REFILL))
    [refused] = await world.intents("payout")
    said = await world.say("retry", ids=[str(refused.id)])
    assert "nothing waits for intent" in said[0]["problem"]


async def test_that_nothing_waits_for_a_retry_advises_no_call_while_the_same_is_asked(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", Refused("no"))
    await world.open(config(PAY[:-1] + ", cooldown: 1h, approve: {within: 12h}}"))
    await world.turn()
    await world.say("approve", ids=["1"])
    await world.live(hours=3, every_s=600)
    assert await world.states() == ["refused", "awaiting_approval"]
    [said] = await world.say("retry", ids=["1"])
    assert (
        said["problem"] == "nothing waits for intent 1 any more: intent 2 (payout, awaiting_approval) is about the same"
    )


async def test_a_call_is_retried_once(world: World) -> None:
    """A second retry would pay again."""
    world.site.money("80")
    world.site.will("payout", Refused("no"))
    await world.open(config())
    await world.turn()
    await world.say("call", account="panel", method="payout", params={"method": "7"}, wait_s=0)
    await world.turn()
    first = await world.say("retry", ids=["1"])
    await world.live(minutes=10)
    second = await world.say("retry", ids=["1"])
    await world.live(minutes=10)
    assert (first[0]["problem"], second[0]["problem"]) == (
        None,
        "intent 1 was asked for anew already: see `bursar actions`",
    )
    assert len(world.site.done("payout")) == 2  # the one that was refused, and the one that was made


@pytest.mark.parametrize("days", [300, 420])
async def test_what_waits_for_a_retry_can_be_retried_after_any_time(world: World, days: int) -> None:
    world.site.money("80")
    world.site.will("payout", Refused("E-17", unread=True))
    await world.open(config(PAY))
    await world.turn()
    await world.live(days=days, every_s=86400)  # the balance stays above its minimum: no new event, no new match
    await world.say("retry", ids=["1"])
    await world.live(hours=2, every_s=600)
    assert (await world.states())[-1] == "succeeded"


@pytest.mark.parametrize("how", ["refused", "did not", "denied"])
async def test_a_rest_counts_no_day_that_nobody_measured(world: World, how: str) -> None:
    """The machine starts with its clock two days ahead, and nobody vouches for it: a day of rest has not passed."""
    world.site.money("80")
    answers = {"refused": [Refused("Minimum is 100")], "did not": [Unreachable("the answer was lost")]}
    world.site.will("payout", *answers.get(how, []))
    await world.open(config(PAY if how != "denied" else PAY.replace("do:", "approve: {within: 12h}, do:")))
    await world.turn()
    if how == "did not":
        await world.say("resolve", id="1", did_not=True)
    if how == "denied":
        await world.say("deny", ids=["1"])
    await world.live(hours=1, every_s=600)
    before = await world.states()
    await world.reboot(jump_s=2 * 86400)
    await world.live(hours=2, every_s=300)
    assert await world.states() == before


async def test_a_retry_ends_the_rest_after_a_persons_did_not(world: World) -> None:
    world.site.money("80")
    world.site.will("payout", Unreachable("the answer was lost"))
    await world.open(config(PAY))
    await world.turn()
    await world.say("resolve", id="1", did_not=True)
    await world.say("retry", ids=["1"])
    await world.live(hours=2, every_s=300)
    assert await world.states() == ["refused", "succeeded"]


@pytest.mark.parametrize("kept", ["1d", "90d"])
async def test_what_the_provider_undoes_after_days_counts_whatever_the_retention(world: World, kept: str) -> None:
    world.site.money("80")
    world.site.will("payout", Succeeded(reference="7"))
    await world.open(config(PAY, settings=f"retention: {{events: {kept}, matches: {kept}}}"))
    await world.turn()
    world.site.money("0")
    world.site.payouts["7"] = "waiting"
    await world.live(days=3, every_s=1800)
    world.site.payouts["7"] = "canceled"
    world.site.money("80")
    await world.live(hours=3, every_s=300)
    assert world.site.done("payout") == ["balance"]  # the next one rests for a day


async def test_a_budget_counts_what_was_spent_though_the_currency_is_not_known_any_more(world: World) -> None:
    rule = PAY.replace("do:", "budget: {payout: {max: 1000, every: 24h}}, do:")
    world.site.balance = {"amount": Decimal(900), "min_payout": Decimal(50)}
    await world.open(config(rule))
    await world.turn()
    await world.reload(config(rule, accounts=account().replace(", currency: USD", "")))
    for amount, minutes in ((0, 12), (900, 120)):
        world.site.balance = {"amount": Decimal(amount), "min_payout": Decimal(50)}
        await world.live(minutes=minutes, every_s=300)
    assert (len(world.site.performed), await world.matches()) == (1, ["budget"])


@pytest.mark.parametrize("more", ["cooldown: 24h", "limit: {per: order, max: 1, every: 24h}", "approve: {within: 12h}"])
async def test_what_is_counted_by_order_is_counted_by_order_before_it_has_a_name(world: World, more: str) -> None:
    """What a provider refused to make is one row of refusals, and nothing else."""
    rule = "{name: r, on: action.refused, when: event.rule == null, do: [{add: {link: other}}], " + more + "}"
    await world.open(config(rule))
    for number, link in enumerate(("A", "B")):
        world.site.will("add", Refused("no"))
        await world.say("call", account="panel", method="add", params={"link": link}, wait_s=0)
        await world.live(minutes=3, every_s=30)
        if "approve" in more and number == 0:
            await world.say("deny", ids=["2"])
    assert [block for block in await world.matches() if block != "denied"] == []


@pytest.mark.parametrize("answered", [False, True])
async def test_what_nobody_answered_after_a_no_can_be_retried(world: World, answered: bool) -> None:
    world.site.money("900")
    asks = PAY[:-1] + ", approve: {above: 1, within: 12h}, cooldown: 6h}"
    await world.open(config(asks, accounts=account(more="settle: 1m")))
    await world.live(minutes=6)
    await world.say("deny", ids=["1"])
    await world.live(hours=7, every_s=600)
    assert await world.states() == ["denied", "awaiting_approval"]
    if answered:
        await world.say("deny", ids=["2"])
    else:
        await world.live(hours=12, every_s=600)
    [said] = await world.say("retry", ids=["2"])
    await world.live(minutes=12)
    assert (said["problem"], (await world.states())[2:]) == (None, ["awaiting_approval"])


async def test_a_second_retry_of_what_was_bought_names_it_and_advises_no_call(world: World) -> None:
    """Refused in words that nobody can read; retried, it was bought: a call would buy it once more."""
    world.site.will("add", Refused("?", unread=True))
    world.site.orders["1"] = "in_progress"
    await world.open(config("{name: again, on: order.canceled, do: [{add: {link: x}}]}"))
    await world.track("1")
    await world.live(minutes=3)
    world.site.orders["1"] = "canceled"
    await world.live(minutes=5)
    await world.say("retry", ids=["1"])
    await world.live(minutes=5)
    assert len(world.site.done("add")) == 2
    said = await world.say("retry", ids=["1"])
    assert said[0]["problem"] == "nothing waits for intent 1 any more: add was done as intent 2"
