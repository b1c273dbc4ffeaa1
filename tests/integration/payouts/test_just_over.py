"""A payout that was just listed as over: by a slip, or some minutes before it leaves the balance. Until that is clear the
balance may show it still, and nothing is paid beside it, whoever asks."""

from __future__ import annotations

import pytest

from bursar.api import Observation, Observed, SubjectRef, Unreachable
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World, with_function

STATE = '{name: p, on: balance, when: balance.amount >= 100, do: [{payout: {method: "7"}}]}'
EVENT = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
BIG = '{name: big, on: balance, when: balance.amount >= 1000, do: [{payout: {method: "8"}}]}'
RULES = pytest.mark.parametrize("rule", [STATE, EVENT], ids=["state", "event"])
LIST_FIRST = pytest.mark.parametrize("list_first", [True, False], ids=["listed before it is debited", "a slip"])
QUICK = account(more="settle: 5m, poll: {payouts: 1m, info: 5m}")


async def waits(world: World, rule: str) -> None:
    """Have 400 asked for, at a site that debits what is done."""
    pays_late(world)
    world.site.money("400")
    await world.open(config(rule, accounts=QUICK))
    await world.live(minutes=12)
    assert left(world) == ["400"]


async def over(world: World, *, list_first: bool, then: str = "0") -> None:
    """Have it listed as done for some minutes: then it leaves the balance, or it waits again."""
    world.site.payouts["1"] = "done"
    await world.live(minutes=4, every_s=30)
    if list_first:
        world.site.money(then)
    else:
        world.site.payouts["1"] = "waiting"
    await world.live(hours=1, every_s=60)


@RULES
@LIST_FIRST
async def test_it_is_paid_once(world: World, rule: str, list_first: bool) -> None:
    await waits(world, rule)
    await over(world, list_first=list_first)
    assert left(world) == ["400"]


@LIST_FIRST
async def test_what_waited_for_its_end_waits_on(world: World, list_first: bool) -> None:
    """A second rule has matched, since 1000 came in."""
    await waits(world, STATE + "\n" + BIG)
    world.site.money("1400")
    await world.live(minutes=30)
    await over(world, list_first=list_first, then="1000")
    assert left(world) == (["400", "1000"] if list_first else ["400"])


async def test_an_edit_meanwhile_pays_nothing(world: World) -> None:
    await waits(world, STATE)
    world.site.payouts["1"] = "done"
    await world.live(minutes=2, every_s=30)
    await world.reload(config(STATE.replace("100", "101"), accounts=QUICK))
    await world.live(minutes=6, every_s=30)
    world.site.money("0")
    await world.live(hours=1, every_s=60)
    assert left(world) == ["400"]


@LIST_FIRST
async def test_a_persons_own_is_waited_for_as_well(world: World, list_first: bool) -> None:
    """A person has asked for all of it by hand."""
    world.site.payouts["1"] = "waiting"
    world.site.money("400")
    await world.open(config(EVENT, accounts=QUICK))
    await world.live(minutes=12)
    await over(world, list_first=list_first)
    assert left(world) == []


async def test_why_says_what_is_waited_for(world: World) -> None:
    await waits(world, EVENT)
    world.site.payouts["1"] = "done"
    await world.live(minutes=8, every_s=30)
    said = await world.matches("reason")
    assert said == ["payout/1 was listed as over a short while ago: the balance may show it still"]


@RULES
async def test_what_is_there_then_is_paid(world: World, rule: str) -> None:
    await waits(world, rule)
    world.site.payouts["1"] = "done"
    await world.live(hours=1, every_s=60)
    assert left(world) == ["400", "400"]


async def test_where_a_site_debits_at_once_nothing_is_waited_for(world: World) -> None:
    pays_late(world)
    world.site.money("400")
    await world.open(config(EVENT, accounts=QUICK.replace("settle: 5m", "settle: 5m, debits_at_once: true")))
    await world.live(minutes=12)
    world.site.payouts["1"] = "done"
    await world.live(minutes=3, every_s=30)
    assert left(world) == ["400", "400"]


async def test_one_poll_of_an_hour_is_no_end(world: World) -> None:
    """The list that is read just before sending says nothing of payouts."""
    pays_late(world)
    world.site.money("400")
    await world.open(config(EVENT, accounts=account(more="settle: 5m, poll: {payouts: 1h, info: 5m}")))
    with_function(world, evidence_lists=None)
    await world.live(hours=3)

    async def slips(_look: object) -> Observation:
        return Observation("payouts", (Observed(SubjectRef("payout", "1"), {}, "done"),))

    world.site.will("payouts", slips)
    await world.live(hours=4)
    assert left(world) == ["400"]


@RULES
async def test_a_list_that_cannot_be_polled_any_more_keeps_the_money_for_an_hour(world: World, rule: str) -> None:
    """The list that is read just before sending shows its end, too."""
    await waits(world, rule)
    world.site.payouts["1"] = "done"
    world.site.money("300")
    await world.live(seconds=60, every_s=60)
    world.site.down["payouts"] = Unreachable("HTTP 500")
    await world.live(minutes=30, every_s=60)
    during = left(world)
    await world.live(hours=3, every_s=60)
    assert (during, left(world)) == (["400"], ["400", "300"])


async def test_what_the_first_poll_lists_as_over_is_not_waited_for(world: World) -> None:
    pays_late(world)
    world.site.payouts["100"] = "done"
    world.site.money("400")
    await world.open(config(EVENT, settings="baseline: events", accounts=QUICK))
    await world.live(minutes=3, every_s=10)
    assert left(world) == ["400"]


ASKED = EVENT.replace("}]}", "}], approve: {above: 1, within: 12h}}")


async def said_yes(world: World, settle: int) -> None:
    """Have a yes be given to 400 just as a person's own payout is listed as done."""
    pays_late(world)
    world.site.money("400")
    quick = QUICK.replace("settle: 5m", f"settle: {settle}m")
    await world.open(config(ASKED, events="'approval.*'", accounts=quick))
    await world.live(minutes=12)
    world.site.payouts["101"] = "waiting"
    await world.live(minutes=12)
    world.site.payouts["101"] = "done"
    await world.live(minutes=2, every_s=30)
    await world.say("approve", ids=["1"])


@pytest.mark.parametrize("settle", [5, 20, 30])
async def test_a_yes_outlives_the_wait(world: World, settle: int) -> None:
    await said_yes(world, settle)
    await world.live(hours=3, every_s=60)
    assert left(world) == ["400"]


async def test_a_row_of_ends_keeps_no_old_yes(world: World) -> None:
    """A payout of somebody else's ends every ten minutes: the yes ends, and a person is asked anew once they do."""
    await said_yes(world, 30)
    for number in range(102, 120):
        world.site.payouts[str(number)] = "done"
        await world.live(minutes=10, every_s=60)
    assert ((await world.states())[0], left(world)) == ("lapsed", [])
    await world.live(hours=3, every_s=60)
    assert (await world.states())[-1] == "awaiting_approval"
