"""A rule with another text is asked about the balance, whatever of it was edited: `when`, `on`, the method; and whatever
came of what it asked for before."""

from __future__ import annotations

import pytest

from bursar.api import DidNot, Lost, Refused
from support.config import account, config
from support.scenarios.payouts import left, pays_late
from support.world import World

STATE = '{name: p, on: balance, when: balance.amount >= 100, %sdo: [{payout: {method: "7"}}]}'
EVENT = STATE.replace("on: balance,", "on: balance.passed_min_payout,")
HOLD = STATE % "for: 10m, %s"
RULES = pytest.mark.parametrize("rule", [STATE, EVENT], ids=["state", "event"])
ALL = pytest.mark.parametrize("rule", [STATE, EVENT, HOLD], ids=["state", "event", "for"])
OFF = "mode: off, "
ASKS = "approve: {above: 50, within: 48h}, "
QUICK = account(more="settle: 5m, poll: {payouts: 1m, info: 1m}")


async def opened(world: World, rule: str) -> None:
    world.site.money("20")
    pays_late(world)
    await world.open(config(rule, accounts=QUICK))
    await world.live(minutes=10)


async def edit(world: World, rule: str) -> None:
    await world.reload(config(rule, accounts=QUICK))


def answers(world: World, *outcomes: object) -> None:
    world.site.next["payout"].clear()
    world.site.will("payout", *outcomes)


@ALL
@pytest.mark.parametrize("back", ["reload", "restart"])
async def test_what_was_lost_and_did_not_happen_is_asked_for(world: World, rule: str, back: str) -> None:
    await opened(world, rule % "")
    answers(world, Lost("no answer"))
    world.site.will("reconcile", *[DidNot("it is not there")] * 999)
    world.site.money("400")
    await world.live(minutes=2)
    while await world.states() != ["unknown"]:
        await world.live(minutes=1)
    change = world.restart if back == "restart" else world.reload
    await change(config(rule % OFF, accounts=QUICK))
    await world.live(hours=1)
    assert await world.states() == ["lapsed"]
    pays_late(world)
    await change(config(rule % "", accounts=QUICK))
    await world.live(hours=3, every_s=300)
    assert left(world) == ["400", "400"]


@ALL
async def test_so_is_what_was_lost_and_then_refused(world: World, rule: str) -> None:
    await opened(world, rule % "")
    answers(world, Lost("no answer"), Refused("try later"))
    world.site.will("reconcile", *[DidNot("it is not there")] * 999)
    world.site.money("400")
    await world.live(hours=1)
    assert await world.states() == ["refused"]
    await edit(world, rule % OFF)
    await world.live(hours=1)
    pays_late(world)
    await edit(world, rule % "")
    await world.live(hours=30, every_s=300)
    assert left(world) == ["400", "400", "400"]


async def has_paid(world: World, rule: str) -> None:
    """400 has left; 300 has come in since."""
    await opened(world, rule)
    world.site.money("400")
    await world.live(minutes=20)
    assert left(world) == ["400"]


async def comes_in(world: World, amount: str) -> None:
    world.site.payouts["1"] = "done"
    world.site.money(amount)
    await world.live(hours=1)


@RULES
async def test_another_when_with_another_method(world: World, rule: str) -> None:
    await has_paid(world, rule.replace(">= 100", ">= 400") % "")
    await comes_in(world, "300")
    await edit(world, rule.replace('"7"', '"8"') % "")
    await world.live(hours=3)
    assert left(world) == ["400", "300"]


@RULES
async def test_another_method_alone_asks_nothing_twice(world: World, rule: str) -> None:
    await has_paid(world, rule % "")
    await edit(world, rule.replace('"7"', '"8"') % "")
    await world.live(hours=3)
    assert left(world) == ["400"]


@RULES
async def test_off_and_on_with_another_method(world: World, rule: str) -> None:
    await has_paid(world, rule % "")
    await edit(world, rule % OFF)
    await comes_in(world, "300")
    await edit(world, rule.replace('"7"', '"8"') % "")
    await world.live(hours=3)
    assert left(world) == ["400", "300"]


async def test_an_event_rule_that_said_no(world: World) -> None:
    await opened(world, EVENT.replace(">= 100", ">= 500") % "")
    world.site.money("300")
    await world.live(minutes=10)
    await edit(world, EVENT.replace('"7"', '"8"') % "")
    await world.live(hours=3)
    assert left(world) == ["300"]


@pytest.mark.parametrize(
    ("one", "two"),
    [(STATE, EVENT), (EVENT, STATE), (HOLD, EVENT), (EVENT, HOLD)],
    ids=["state to event", "event to state", "for to event", "event to for"],
)
@pytest.mark.parametrize("what", ["asked", "paused", "refused"])
async def test_what_waits_is_put_to_a_rule_with_another_on(world: World, one: str, two: str, what: str) -> None:
    asks = ASKS if what == "asked" else ""
    await opened(world, one % asks)
    if what == "refused":
        answers(world, Refused("try later"))
    if what == "paused":
        await world.say("pause", account="panel")
    world.site.money("300")
    await world.live(minutes=20)
    await edit(world, two % asks)
    pays_late(world)
    await world.live(minutes=10)
    if what == "paused":
        await world.say("resume", account="panel")
    await world.live(hours=26, every_s=300)
    states = await world.states()
    if what == "asked":
        assert states[-1] == "awaiting_approval"
    else:
        assert (left(world)[-1:], states[-1]) == (["300"], "succeeded")


@ALL
async def test_what_is_paid_is_not_paid_to_a_rule_with_another_on(world: World, rule: str) -> None:
    await has_paid(world, rule % "")
    await edit(world, (STATE if rule == EVENT else EVENT) % "")
    await world.live(hours=3)
    assert left(world) == ["400"]


@ALL
async def test_a_question_is_put_to_another_rule_that_has_the_text(world: World, rule: str) -> None:
    await opened(world, rule % ASKS)
    world.site.money("300")
    await world.live(minutes=20)
    assert await world.states() == ["awaiting_approval"]
    await edit(world, rule % (ASKS + OFF) + "\n" + (rule % ASKS).replace("name: p", "name: q"))
    await world.live(hours=2)
    assert await world.states() == ["lapsed", "awaiting_approval"]


@RULES
@pytest.mark.parametrize("first", ["paid", "asked", "refused", "denied"])
async def test_what_comes_in_while_it_is_off(world: World, rule: str, first: str) -> None:
    """What it was about before is paid by hand meanwhile."""
    asks = ASKS if first in ("asked", "denied") else ""
    await opened(world, rule % asks)
    if first == "refused":
        answers(world, Refused("try later"))
    world.site.money("300")
    await world.live(minutes=10)
    if first == "denied":
        await world.say("deny", ids=["1"])
    await edit(world, rule % (asks + OFF))
    await world.live(minutes=10)
    if first != "paid":
        world.site.payouts["101"] = "waiting"
    await world.live(hours=1)
    world.site.payouts = dict.fromkeys(world.site.payouts, "done")
    await world.live(minutes=2)
    world.site.money("0")
    await world.live(hours=30, every_s=600)
    world.site.money("900")
    await world.live(hours=1)
    pays_late(world)
    await edit(world, rule % asks)
    await world.live(hours=2, every_s=120)
    assert left(world)[-1:] == ["900"] or (await world.states())[1:] == ["awaiting_approval"]


TWIN = "{name: %s, on: order, when: order.state == 'partial', %sdo: [{add: {link: x}}]}"


@pytest.mark.parametrize("edited", ["off", "gone", "a slip"])
@pytest.mark.parametrize("waits", ["for: 1h, ", "for: 1h, approve: {within: 48h}, "], ids=["paused", "asked"])
async def test_a_twin_that_has_ordered_does_not_order_for_the_other(world: World, edited: str, waits: str) -> None:
    """Two rules of one text: the second waits while the first has ordered, and then is edited."""
    first = TWIN % ("q", "")
    world.site.orders["1"] = "in_progress"
    await world.open(config(first + "\n" + TWIN % ("p", waits)))
    await world.track("1")
    await world.live(minutes=5)
    world.site.orders["1"] = "partial"
    await world.live(minutes=10)
    await world.say("pause", account="panel") if "approve" not in waits else None
    await world.live(minutes=90)
    second = {
        "off": TWIN % ("p", OFF + waits),
        "gone": "",
        "a slip": TWIN.replace("partial", "canceled") % ("p", waits),
    }
    await world.reload(config(first + "\n" + second[edited]))
    await world.say("resume")
    await world.live(hours=3)
    assert [one.rule for one in world.site.performed] == ["q"]


@ALL
@pytest.mark.parametrize("days", [1, 40])
async def test_a_no_that_is_not_for_ever_is_asked_again_however_long_it_was_off(
    world: World, rule: str, days: int
) -> None:
    await opened(world, rule % "")
    answers(world, Refused("try later"))
    world.site.money("400")
    await world.live(minutes=20)
    await edit(world, rule % OFF)
    await world.live(days=days, every_s=14_400)
    pays_late(world)
    await edit(world, rule % "")
    await world.live(hours=30, every_s=300)
    assert left(world) == ["400", "400"]


@RULES
@pytest.mark.parametrize("how", ["asked", "paused"])
async def test_a_copy_that_was_there_before_is_asked_once_the_old_one_is_out(world: World, rule: str, how: str) -> None:
    """The careful order in which people replace a rule: first the copy, then the old one out."""
    asks = ASKS if how == "asked" else ""
    copy = (rule % asks).replace("name: p", "name: q")
    await opened(world, rule % asks)
    if how == "paused":
        await world.say("pause", account="panel")
    world.site.money("300")
    await world.live(minutes=20)
    await edit(world, rule % asks + "\n" + copy)
    await world.live(minutes=20)
    await edit(world, copy)
    await world.say("resume", account="panel") if how == "paused" else None
    await world.live(hours=2)
    assert left(world) == ["300"] if how == "paused" else (await world.states())[-1] == "awaiting_approval"


async def test_a_copy_is_asked_about_an_order_for_which_the_old_one_had_acted_an_earlier_time(world: World) -> None:
    rule = TWIN % ("p", "")
    world.site.orders["1"] = "in_progress"
    await world.open(config(rule))
    await world.track("1")
    for state in ("partial", "in_progress"):
        await world.live(minutes=10)
        world.site.orders["1"] = state
    await world.live(minutes=10)
    await world.say("pause", account="panel")
    world.site.orders["1"] = "partial"
    await world.live(minutes=10)
    await world.reload(config(TWIN % ("p", OFF) + "\n" + TWIN % ("q", "")))
    await world.say("resume", account="panel")
    await world.live(hours=2)
    assert [one.rule for one in world.site.performed] == ["p", "q"]


@pytest.mark.parametrize("swapped", [True, False], ids=["they change texts", "the first is off"])
async def test_a_rule_that_gets_the_text_of_one_that_has_ordered_orders_nothing(world: World, swapped: bool) -> None:
    cancels = TWIN.replace("add: {link: x}", "refill")
    world.site.orders["1"] = "in_progress"
    world.site.will("refill", *[Refused("not yet")] * 99)
    await world.open(config(TWIN % ("q", "") + "\n" + cancels % ("p", "for: 1h, ")))
    await world.track("1")
    await world.live(minutes=5)
    world.site.orders["1"] = "partial"
    await world.live(hours=2)
    assert [one.action for one in world.site.performed] == ["add", "refill"]
    other = cancels % ("q", "for: 1h, ") if swapped else TWIN % ("q", OFF)
    await world.reload(config(TWIN % ("p", "") + "\n" + other))
    await world.live(hours=30, every_s=300)
    assert [one.action for one in world.site.performed].count("add") == 1


async def test_a_wider_when_asks_about_an_order_for_which_it_had_acted_an_earlier_time(world: World) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(TWIN % ("p", "")))
    await world.track("1")
    for state in ("partial", "in_progress"):
        await world.live(minutes=10)
        world.site.orders["1"] = state
    await world.live(minutes=10)
    await world.say("pause", account="panel")
    world.site.orders["1"] = "partial"
    await world.live(minutes=10)
    wider = TWIN.replace("'partial'", "'partial' or order.state == 'in_progress'")
    await world.reload(config(wider % ("p", "")))
    await world.say("resume", account="panel")
    await world.live(hours=2)
    assert len(world.site.done("add")) == 2
