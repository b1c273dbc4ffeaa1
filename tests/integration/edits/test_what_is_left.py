"""A rule that pays out is off for a while, gone, or edited: what is there of the balance then is asked about as the rule is
now, whatever it has paid, asked for or been refused before; and nothing is paid a second time."""

from __future__ import annotations

import pytest

from bursar.api import Refused
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World

STATE = '{name: p, on: balance, when: balance.amount >= 100, %sdo: [{payout: {method: "7"}}]}'
EVENT = '{name: p, on: balance.passed_min_payout, when: balance.amount >= 100, %sdo: [{payout: {method: "7"}}]}'
RULES = pytest.mark.parametrize("rule", [STATE, EVENT], ids=["state", "event"])
ASKS = "approve: {above: 50, within: 12h}, "
QUICK = account(more="settle: 5m, poll: {payouts: 1m, info: 1m}")
TWO = QUICK + ", " + account("second", port=2, key="OTHER")
OFF = "mode: off, "


async def paid(world: World, rule: str, more: str = "", amount: str = "400") -> None:
    """400 has left; the list shows it as waiting."""
    pays_late(world)
    world.site.money("20")
    await world.open(config(rule % more, accounts=TWO))
    await world.live(minutes=10)
    world.site.money(amount)
    await world.live(minutes=10)
    await says_yes(world)
    assert left(world) == [amount]


async def over(world: World, balance: str) -> None:
    world.site.payouts["1"] = "done"
    world.site.money(balance)
    await world.live(minutes=40)


async def says_yes(world: World) -> None:
    for one in await world.say("actions"):
        if one["state"] == "awaiting_approval":
            await world.say("approve", ids=[str(one["id"])])
    await world.live(minutes=10)


@pytest.mark.parametrize("away", [OFF, None, "mode: shadow, "], ids=["off", "gone", "shadow"])
@pytest.mark.parametrize("below", [True, False], ids=["it was below meanwhile", "it was never below"])
async def test_what_came_in_while_a_state_rule_was_away_is_paid(world: World, below: bool, away: str | None) -> None:
    await paid(world, STATE)
    if below:
        await over(world, "0")
    await world.reload(config("" if away is None else STATE % away, accounts=TWO))
    await world.live(minutes=20)
    world.site.payouts["1"] = "done"
    world.site.money("900")
    await world.live(minutes=40)
    await world.reload(config(STATE % "", accounts=TWO))
    await world.live(hours=3)
    assert left(world) == ["400", "900"]


@RULES
@pytest.mark.parametrize("away", [OFF, None, "a slip"], ids=["off", "gone", "a slip"])
@pytest.mark.parametrize("how", ["asked about", "refused once"])
async def test_the_rest_that_came_to_nothing_is_asked_for_again(
    world: World, rule: str, away: str | None, how: str
) -> None:
    asks = ASKS.replace("50", "450") if how == "asked about" else ""
    await paid(world, rule, asks)
    if how == "refused once":
        world.site.next["payout"].clear()
        world.site.will("payout", Refused("try later"))
    await over(world, "500")
    before = await world.states()
    assert before == ["succeeded", "awaiting_approval" if asks else "refused"]
    slips = rule.replace(">= 100", ">= 99999") % asks
    meanwhile = "" if away is None else slips if away == "a slip" else rule % (asks + away)
    await world.reload(config(meanwhile, accounts=TWO))
    await world.live(minutes=20)
    pays_late(world)
    await world.reload(config(rule % asks, accounts=TWO))
    await world.live(days=2, every_s=600)
    await says_yes(world)
    assert (left(world)[-1], (await world.states())[-1]) == ("500", "succeeded")


EDITS = {
    "off": lambda rule: config(rule % (OFF + ASKS), accounts=TWO),
    "gone": lambda _rule: config("", accounts=TWO),
    "for another account": lambda rule: config(rule % ("accounts: [second], " + ASKS), accounts=TWO),
    "a slip": lambda rule: config(rule.replace(">= 100", ">= 99999") % ASKS, accounts=TWO),
    "a higher threshold": lambda rule: config(rule.replace(">= 100", ">= 350") % ASKS, accounts=TWO),
}


@RULES
@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("first", [True, False], ids=["the first", "the rest"])
async def test_what_is_asked_about_is_asked_about_again_once_the_edit_is_taken_back(
    world: World, rule: str, edit: str, first: bool
) -> None:
    if first:
        pays_late(world)
        world.site.money("20")
        await world.open(config(rule % ASKS, accounts=TWO))
        await world.live(minutes=10)
        world.site.money("300")
        await world.live(minutes=10)
    else:
        await paid(world, rule, ASKS)
        await over(world, "300")
    assert (await world.states())[-1] == "awaiting_approval"
    await world.reload(EDITS[edit](rule))
    await world.live(minutes=20)
    assert (await world.states())[-1] == "lapsed"
    await world.reload(config(rule % ASKS, accounts=TWO))
    await world.live(hours=2)
    assert (await world.states())[-1] == "awaiting_approval"
    await says_yes(world)
    assert left(world) == (["300"] if first else ["400", "300"])


@RULES
async def test_what_was_paid_and_is_in_the_balance_still_is_not_paid_by_an_edit(world: World, rule: str) -> None:
    """The site debits only when a payout is done; the threshold is edited, twice, and the rule is off in between."""
    await paid(world, rule)
    for text in (rule.replace("100", "150") % "", rule % OFF, rule.replace("100", "60") % "", rule % ""):
        await world.reload(config(text, accounts=TWO))
        await world.live(minutes=20)
    world.site.payouts["1"] = "done"
    await world.live(minutes=4)
    world.site.money("0")
    await world.live(hours=2)
    assert left(world) == ["400"]


@RULES
async def test_a_persons_no_outlives_an_edit_of_the_condition(world: World, rule: str) -> None:
    pays_late(world)
    world.site.money("20")
    await world.open(config(rule % ASKS, accounts=TWO))
    await world.live(minutes=10)
    world.site.money("300")
    await world.live(minutes=10)
    await world.say("deny", ids=["1"])
    await world.reload(config(rule.replace("100", "150") % ASKS, accounts=TWO))
    await world.live(hours=5)
    assert (await world.states())[-1] == "denied"
