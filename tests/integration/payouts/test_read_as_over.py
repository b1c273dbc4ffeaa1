"""What the list that is read just before sending shows as over, and no poll yet: since when it is, nobody knows, and the
balance may show it still. A poll that comes later tells."""

from __future__ import annotations

import pytest

from bursar.api import Intent, Unreachable
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World

STATE = '{name: p, on: balance, when: balance.amount >= 100, do: [{payout: {method: "7"}}]}'
EVENT = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
RULES = pytest.mark.parametrize("rule", [STATE, EVENT], ids=["state", "event"])


async def opened(world: World, rule: str, payouts: str = "5m") -> None:
    pays_late(world)
    world.site.money("20")
    await world.open(config(rule, accounts=account(more=f"settle: 5m, poll: {{payouts: {payouts}, info: 1m}}")))
    await world.live(minutes=20)


async def just_after_a_poll(world: World) -> None:
    looked = world.site.looked("payouts")
    while world.site.looked("payouts") == looked:
        await world.live(seconds=10, every_s=10)


async def paid_by_hand_within_a_minute(world: World) -> None:
    """A person asks for all of it, and the site does it: payout 101."""
    world.site.payouts["101"] = "waiting"
    await world.wait(seconds=20)
    world.site.payouts["101"] = "done"
    await world.wait(seconds=20)


async def leaves_the_balance(world: World) -> None:
    await world.live(minutes=4, every_s=5)
    world.site.money("0")
    await world.live(hours=2)


@RULES
@pytest.mark.parametrize("payouts", ["1m", "5m", "30m"])
async def test_paused_and_paid_by_hand(world: World, rule: str, payouts: str) -> None:
    await opened(world, rule, payouts)
    await world.say("pause", account="panel")
    world.site.money("400")
    await world.live(minutes=10, every_s=30)
    await just_after_a_poll(world)
    await paid_by_hand_within_a_minute(world)
    await world.say("resume", account="panel")
    await leaves_the_balance(world)
    assert left(world) == []


@RULES
@pytest.mark.parametrize("waits", [True, False], ids=["polls have shown it", "polls have not"])
async def test_paid_by_hand_while_it_is_ready_and_cannot_leave(world: World, rule: str, waits: bool) -> None:
    """Polls come meanwhile; the last list of payouts is from before its end."""
    await opened(world, rule)
    world.site.will("prepare", *[Unreachable("HTTP 503")] * 2000)
    world.site.money("400")
    await world.live(minutes=2, every_s=30)
    assert await world.states() == ["ready"]
    await world.say("pause", account="panel")
    if waits:
        world.site.payouts["101"] = "waiting"
    await world.live(minutes=16, every_s=30)
    await just_after_a_poll(world)
    await paid_by_hand_within_a_minute(world)
    world.site.next["prepare"].clear()
    await world.say("resume", account="panel")
    await leaves_the_balance(world)
    assert left(world) == []


@RULES
async def test_what_polls_never_show_is_waited_for_until_one_has_come(world: World, rule: str) -> None:
    """The list that is read just before sending goes back for years, the polls do not."""
    await opened(world, rule)
    old = {"known": ["7", "101"], "waiting": [], "balance": "400"}
    world.site.will("prepare", *[old] * 2000)
    world.site.money("400")
    await world.live(minutes=8, every_s=10)
    assert left(world) == ["400"]


@RULES
async def test_while_the_list_cannot_be_polled_it_is_waited_for_a_quarter_of_an_hour(world: World, rule: str) -> None:
    await opened(world, rule, "1h")
    await just_after_a_poll(world)
    world.site.down["payouts"] = Unreachable("HTTP 500")
    world.site.payouts["101"] = "done"
    world.site.money("400")
    looks = len(world.site.prepared)
    await world.live(minutes=14, every_s=5)
    during, looks = left(world), len(world.site.prepared) - looks
    await world.live(minutes=10, every_s=5)
    assert (during, left(world)) == ([], ["400"])
    assert looks < 14 * 60 / 10  # each costs a request of the key's rate


@RULES
@pytest.mark.parametrize("minutes", [5, 18])
async def test_after_an_outage_it_is_waited_for_from_the_first_look_on(world: World, rule: str, minutes: int) -> None:
    """The list of payouts is down for polls and for looks; a person pays by hand; it is back, and the look comes first."""
    await opened(world, rule)
    await just_after_a_poll(world)
    world.site.down["payouts"] = Unreachable("HTTP 503")
    world.site.will("prepare", *[Unreachable("HTTP 503")] * 2000)
    world.site.money("400")
    await world.live(minutes=minutes, every_s=30)
    assert await world.states() == ["ready"]
    await world.wait(seconds=20)
    world.site.payouts["101"] = "done"
    world.site.next["prepare"].clear()
    world.site.down.clear()
    await leaves_the_balance(world)
    assert left(world) == []


async def test_what_is_sent_beside_it_has_nothing_forgotten(world: World) -> None:
    """Nine refills leave each quarter of a minute; what polls never show is remembered all the same."""
    refill = "{name: r, on: order.partial, do: [refill]}"
    panel = account(more="settle: 5m, poll: {payouts: 2m, info: 1m, orders: 15s}")
    pays_late(world)
    world.site.money("20")
    await world.open(config(EVENT + "\n" + refill, accounts=panel, settings="ceiling: 100000"))
    await world.live(minutes=10)
    old = {"known": ["7", "101"], "waiting": [], "balance": "400"}

    async def lists(intent: Intent) -> object:
        return old if intent.action == "payout" else {}

    world.site.will("prepare", *[lists] * 9000)
    world.site.money("400")
    last: list[str] = []
    for turn in range(36):
        new = [f"{turn}-{number}" for number in range(9)]
        world.site.orders.update({**dict.fromkeys(new, "in_progress"), **dict.fromkeys(last, "partial")})
        await world.track(*new)
        last = new
        await world.live(seconds=15, every_s=15)
    assert len(world.site.done("refill")) > 100
    assert len(world.site.done("payout")) == 1


UNLISTED = account(more="settle: 5m, poll: {payouts: off, info: 1m}")


@RULES
@pytest.mark.parametrize("pauses", [True, False], ids=["paused meanwhile", "not paused"])
async def test_paid_by_hand_where_payouts_are_not_polled(world: World, rule: str, pauses: bool) -> None:
    """No poll will ever show it: a quarter of an hour is waited from the look that does."""
    pays_late(world)
    world.site.money("20")
    await world.open(config(rule, accounts=UNLISTED))
    await world.live(minutes=20)
    if pauses:
        await world.say("pause", account="panel")
        world.site.money("400")
        await world.live(minutes=5, every_s=30)
    world.site.payouts["101"] = "done"
    world.site.money("400")
    await world.say("resume", account="panel")
    await leaves_the_balance(world)
    assert left(world) == []


@RULES
async def test_there_what_was_over_before_is_waited_for_once(world: World, rule: str) -> None:
    pays_late(world)
    world.site.money("20")
    world.site.payouts["90"] = "done"
    await world.open(config(rule, accounts=UNLISTED))
    world.site.money("400")
    await world.live(minutes=14, every_s=30)
    first = left(world)
    await world.live(minutes=3, every_s=30)
    second = left(world)
    world.site.payouts["1"] = "done"
    world.site.money("0")
    await world.live(hours=24, every_s=600)
    world.site.money("500")
    await world.live(minutes=14, every_s=30)
    third = left(world)
    await world.live(minutes=3, every_s=30)
    world.site.payouts["2"] = "done"
    world.site.money("0")
    assert (first, second, third, left(world)) == ([], ["400"], ["400"], ["400", "500"])
    # What was over when the last one was sent is not waited for again: here "1", and no more "90".
    assert set(world.site.payouts) == {"90", "1", "2"}
