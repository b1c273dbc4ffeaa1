"""What keeps a payout from leaving for once does not end it for good."""

from __future__ import annotations

import pytest

from bursar.api import Intent, NotSent, Observation, Observed, SubjectRef, Succeeded, Unreachable
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World

PAY = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
DUE = '{name: p, on: balance, when: balance.amount >= 100, do: [{payout: {method: "7"}}]}'


@pytest.mark.parametrize("rule", [PAY, DUE], ids=["event", "state"])
@pytest.mark.parametrize("slip", ["0", "20"])
async def test_one_slip_of_the_look_before_sending(world: World, rule: str, slip: str) -> None:
    """The balance is 400 in every poll; the look just before sending slips once."""
    world.site.money("400")
    world.site.will("prepare", {"known": [], "waiting": [], "balance": slip})
    await world.open(config(rule))
    await world.live(days=1, every_s=900)
    assert left(world) == ["400"]


async def test_a_person_pays_out_by_hand_between_the_poll_and_the_look_and_as_much_comes_in(world: World) -> None:
    """By the next poll 60 came in, above the minimum of 50: no event would ever come again."""
    world.site.money("400")
    world.site.will("prepare", {"known": ["101"], "waiting": [], "balance": "0"})
    await world.open(config(PAY, accounts=account(more="poll: {payouts: off}")))
    await world.poll()
    world.site.payouts["101"] = "done"
    await world.send()
    world.site.money("60")
    await world.live(days=1, every_s=900)
    assert left(world) == ["60"]


async def test_a_yes_while_when_does_not_hold_ends_nothing(world: World) -> None:
    """At 14:00, of a rule for the morning: the question stays, and the yes of the next morning counts."""
    rule = PAY.replace(", do:", ", when: now.hour < 13, do:").replace("}]}", "}], approve: {above: 1, within: 48h}}")
    world.site.money("400")
    await world.open(config(rule))
    await world.live(hours=2, every_s=300)
    assert await world.states() == ["awaiting_approval"]
    [answer] = await world.say("approve", ids=["1"])
    assert "its question stays" in str(answer["problem"])
    assert await world.states() == ["awaiting_approval"]
    await world.live(hours=12, every_s=900)
    await world.say("approve", ids=["1"])
    await world.live(minutes=10)
    assert left(world) == ["400"]


@pytest.mark.parametrize("grown", ["600", "900"])
async def test_a_yes_counts_for_what_the_rule_would_not_ask_about_now(world: World, grown: str) -> None:
    """Asked about 400, above 100; the rule asks above 800 by now, and the balance has grown."""
    rule = PAY.replace("}]}", "}], approve: {above: %s, within: 12h}}")
    world.site.money("400")
    await world.open(config(rule % 100))
    await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]
    await world.reload(config(rule % 800))
    world.site.money(grown)
    await world.live(minutes=12)
    await world.say("approve", ids=["1"])
    await world.live(minutes=12)
    assert left(world) == (["600"] if grown == "600" else [])


@pytest.mark.parametrize("rule", [PAY, DUE], ids=["event", "state"])
async def test_a_payout_that_the_site_cancels_is_asked_for_again_after_its_rest(world: World, rule: str) -> None:
    pays_late(world)
    world.site.money("400")
    await world.open(config(rule, accounts=account(more="settle: 1m")))
    await world.live(minutes=30)
    world.site.payouts["1"] = "canceled"
    await world.live(hours=12, every_s=1800)
    assert left(world) == ["400"]
    await world.live(days=2, every_s=1800)
    assert left(world) == ["400", "400"]


@pytest.mark.parametrize("slip", ["left out", "unreadable"])
async def test_the_one_look_after_a_payout_has_ended_leaves_the_balance_out(world: World, slip: str) -> None:
    """A site that debits on completion; 300 came in while payout 1 waited, and each later poll shows them."""
    slipped: list[int] = []

    async def info(_look: object) -> Observation:
        if slipped or "payout.done" not in await world.told():
            return Observation("info", (Observed(SubjectRef("balance", "balance"), dict(world.site.balance or {})),))
        slipped.append(1)
        problems = {"balance": "the amount is no number"} if slip == "unreadable" else {}
        return Observation("info", (), problems=problems)

    pays_late(world)
    world.site.money("400")
    world.site.will("info", *[info] * 9999)
    await world.open(config(PAY, accounts=account(more="settle: 1m, poll: {payouts: 1m}")))
    await world.live(minutes=30)
    world.site.money("700")
    await world.live(minutes=30)
    world.site.payouts["1"] = "done"
    world.site.money("300")
    await world.live(hours=12, every_s=300)
    assert (left(world), slipped) == (["400", "300"], [1])


async def test_why_nothing_is_sent_is_said_where_the_look_before_it_fails(world: World) -> None:
    """Polls are fine; what is read just before sending is not, for hours."""

    async def fails(_intent: Intent) -> object:
        raise Unreachable("HTTP 500")

    world.site.money("400")
    world.site.will("prepare", *[fails] * 9999)
    await world.open(config(PAY))
    await world.live(minutes=30)
    [waits] = await world.intents()
    words = "what is read just before sending cannot be read: HTTP 500"
    assert (str(waits.state), waits.reason) == ("ready", words)
    await world.live(hours=1)
    lapsed = await world.events("action.lapsed")
    assert [event["data"]["reason"] for event in lapsed] == [f"not sent within an hour: {words}"]


async def test_a_payout_that_is_canceled_after_its_rule_was_edited_is_asked_for_by_the_rule_as_it_is(
    world: World,
) -> None:
    rule = '{name: p, on: balance, when: balance.amount >= %s, do: [{payout: {method: "7"}}]}'
    pays_late(world)
    world.site.money("400")
    panel = account(more="settle: 1m, poll: {payouts: 1m}")
    await world.open(config(rule % 100, accounts=panel))
    await world.live(minutes=30)
    await world.reload(config(rule % 150, accounts=panel))
    await world.live(minutes=30)
    world.site.payouts["1"] = "canceled"
    await world.live(days=2, every_s=900)
    assert left(world) == ["400", "400"]


async def test_the_first_of_two_actions_is_asked_for_again_where_it_was_undone(world: World) -> None:
    """The order after it was made, and is not made a second time for it."""

    async def pays(_intent: Intent) -> Succeeded:
        number = str(1 + len(world.site.payouts))
        world.site.payouts[number] = "waiting"
        world.site.money("160")
        return Succeeded(number)

    two = '{name: p, on: balance, when: balance.amount >= 100, do: [{payout: {method: "7"}}, {add: {link: x}}]}'
    world.site.will("payout", pays, pays)
    world.site.money("400")
    await world.open(config(two, accounts=account(more="settle: 1m, poll: {payouts: 1m}")))
    await world.live(hours=2, every_s=60)
    assert [one.action for one in world.site.performed] == ["payout", "add"]
    world.site.payouts["1"] = "canceled"
    await world.live(days=2, every_s=900)
    assert [one.action for one in world.site.performed][:3] == ["payout", "add", "payout"]


async def test_why_nothing_is_sent_is_said_where_a_site_is_too_slow_for_ever(world: World) -> None:
    """Polls are fine; the look just before sending takes too long, each time."""

    async def late(_intent: Intent) -> NotSent:
        return NotSent("the provider is too slow")

    world.site.money("400")
    world.site.will("payout", *[late] * 9999)
    await world.open(config(PAY))
    await world.live(hours=6, every_s=60)
    [gave_up] = await world.events("action.gave_up")
    assert gave_up["data"]["reason"] == "8 tries; the last: the provider is too slow"
