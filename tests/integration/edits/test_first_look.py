"""A state rule that sees a subject for the first time (it is new, edited, or back) goes by how that stood before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import Later, Lost, Refused
from support.config import config
from support.world import World

TELLS = "{name: t, on: order.completed, do: [{notify: {sink: ops, text: done}}]}"
ORDERS = '{name: s, on: order, when: order.state == "in_progress", do: [{add: {link: x}}]}'
PARTIAL = '{name: s, on: order, when: order.state == "partial" and order.remains > %s,%s do: [{add: {link: x}}]}'
MORE = {"remains": Decimal(100)}


def off(rule: str) -> str:
    return rule.replace("name: s", "name: s, mode: 'off'")


@pytest.mark.parametrize("word", ["in_progress", "unknown"])
async def test_old_orders_are_no_news_for_a_new_rule_whatever_word_the_first_look_says(world: World, word: str) -> None:
    """The panel says a word that nobody knows of ten orders for some minutes."""
    ids = [str(number) for number in range(1, 31)]
    for id_ in ids:
        world.site.orders[id_] = ("in_progress", MORE)
    await world.open(config(TELLS))
    await world.track(*ids)
    await world.live(minutes=10)
    for id_ in ids[:10]:
        world.site.orders[id_] = (word, MORE)
    await world.reload(config(f"{TELLS}\n{ORDERS}"))
    await world.live(minutes=5)
    for id_ in ids:
        world.site.orders[id_] = ("in_progress", MORE)
    await world.live(minutes=30)
    assert world.site.done("add") == []


@pytest.mark.parametrize("word", ["partial", "unknown"])
@pytest.mark.parametrize("hold", ["", " for: 10m,"])
@pytest.mark.parametrize("restarted", [False, True])
async def test_an_edited_rule_does_nothing_a_second_time(world: World, word: str, hold: str, restarted: bool) -> None:
    """It has ordered anew for a partial order; then its threshold is edited, and the order is above that, too."""
    world.site.orders["1"] = ("in_progress", MORE)
    await world.open(config(PARTIAL % (10, hold)))
    await world.track("1")
    await world.live(minutes=5)
    world.site.orders["1"] = ("partial", MORE)
    await world.live(minutes=30)
    assert len(world.site.done("add")) == 1
    world.site.orders["1"] = (word, MORE)
    if restarted:
        await world.restart(config(PARTIAL % (20, hold)), minutes=10)
    else:
        await world.reload(config(PARTIAL % (20, hold)))
    await world.live(hours=3)
    world.site.orders["1"] = ("partial", MORE)
    await world.live(days=1, every_s=600)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("known", [True, False])
async def test_a_field_that_was_never_known_before_makes_no_old_order_news(world: World, known: bool) -> None:
    """The panel begins to say what remains just as a rule about that is new."""
    ids = [str(number) for number in range(1, 11)]
    for id_ in ids:
        world.site.orders[id_] = ("partial", MORE if known else {})
    await world.open(config(TELLS))
    await world.track(*ids)
    await world.live(minutes=10)
    for id_ in ids:
        world.site.orders[id_] = ("partial", MORE)
    await world.reload(config(f"{TELLS}\n{PARTIAL % (10, '')}"))
    await world.live(minutes=30)
    assert world.site.done("add") == []


async def test_a_word_that_is_known_from_now_on_makes_no_old_order_news(world: World) -> None:
    """For days the panel's word for `partial` was not known; the plugin that knows it, and the rule, come together."""
    world.site.orders["1"] = ("in_progress", MORE)
    await world.open(config(TELLS))
    await world.track("1")
    await world.live(minutes=10)
    world.site.orders["1"] = ("unknown", MORE)
    await world.live(days=1, every_s=900)
    world.site.orders["1"] = ("partial", MORE)
    await world.restart(config(f"{TELLS}\n{PARTIAL % (10, '')}"), minutes=10)
    await world.live(days=1, every_s=900)
    assert world.site.done("add") == []


@pytest.mark.parametrize("edit", ["reload", "restart", "the same", "new"])
async def test_what_is_entered_at_the_first_look_is_an_entry(world: World, edit: str) -> None:
    """The order is in progress as the rule is edited, and partial at the next look."""
    world.site.orders["1"] = ("in_progress", MORE)
    await world.open(config(TELLS if edit == "new" else PARTIAL % (10, "")))
    await world.track("1")
    await world.live(minutes=30)
    world.site.orders["1"] = ("partial", MORE)
    if edit in ("restart", "the same"):
        await world.restart(config(PARTIAL % (20 if edit == "restart" else 10, "")), minutes=10)
    else:
        await world.reload(config(PARTIAL % (20, "")))
    await world.live(hours=3, every_s=60)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("word", ["in_progress", "unknown"])
async def test_what_a_new_rule_found_there_it_finds_there_once_it_is_back(world: World, word: str) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(TELLS))
    await world.track("1")
    await world.live(minutes=10)
    await world.reload(config(ORDERS))
    await world.live(minutes=10)
    await world.reload(config(off(ORDERS)))
    await world.live(minutes=2)
    world.site.orders["1"] = word
    await world.reload(config(ORDERS))
    await world.live(minutes=10)
    world.site.orders["1"] = "in_progress"
    await world.live(hours=1)
    assert world.site.done("add") == []


@pytest.mark.parametrize("away", [off(ORDERS), TELLS], ids=["off", "gone"])
@pytest.mark.parametrize("hold", ["", " for: 10m,"])
async def test_what_came_to_nothing_is_done_once_the_rule_is_back(world: World, away: str, hold: str) -> None:
    """It matched while everything was paused; off and on: nothing was done."""
    rule = ORDERS.replace(" do:", f"{hold} do:")
    world.site.orders["1"] = "pending"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=10)
    await world.say("pause")
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=30)
    assert world.site.done("add") == []
    await world.reload(config(away))
    await world.live(minutes=10)
    await world.reload(config(rule))
    await world.say("resume")
    await world.live(hours=3, every_s=300)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("hold", ["", " for: 10m,"])
@pytest.mark.parametrize("away", [True, False])
async def test_what_a_person_said_did_not_happen_is_done_though_the_rule_was_away(
    world: World, hold: str, away: bool
) -> None:
    """An order is lost, a person says that it did not happen; the rule goes off and on: after its rest it is ordered."""
    rule = ORDERS.replace(" do:", f"{hold} do:")
    world.site.orders["1"] = "pending"
    world.site.will("add", Lost("no answer"))
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=10)
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=30)
    assert await world.states() == ["unknown"]
    await world.say("resolve", id="1")
    if away:
        await world.reload(config(off(rule)))
        await world.live(minutes=10)
        await world.reload(config(rule))
    await world.live(days=3, every_s=900)
    assert len(world.site.done("add")) == 2


REFILL = '{name: s, on: order, when: order.state == "partial" and order.remains > %s, do: [refill]}'


@pytest.mark.parametrize("how", ["retried at once", "by itself"])
async def test_what_an_edit_has_ended_is_asked_anew(world: World, how: str) -> None:
    """A refill was put off; the rule is edited. A person has it tried again before the next poll, or nobody does."""
    world.site.will("refill", *[Later("busy")] * 3)
    world.site.orders["1"] = ("in_progress", {"remains": Decimal(50)})
    await world.open(config(REFILL % 10))
    await world.track("1")
    await world.live(minutes=3)
    world.site.orders["1"] = ("partial", {"remains": Decimal(50)})
    await world.live(minutes=1)
    assert await world.states() == ["deferred"]
    await world.reload(config(REFILL % 20))
    assert await world.states() == ["lapsed"]
    world.site.next["refill"].clear()
    if how == "retried at once":
        await world.say("retry", ids=["1"])
    await world.live(hours=2)
    assert await world.states() == ["lapsed", "succeeded"]


@pytest.mark.parametrize("how", ["retried at once", "by itself"])
async def test_a_payout_whose_question_an_edit_has_ended_is_asked_about_anew(world: World, how: str) -> None:
    do = "do: [{payout: {method: '7'}}], approve: {above: 1, within: 12h}"
    rule = f"{{name: s, on: balance, when: balance.amount >= %s, {do}}}"
    await world.open(config(rule % 100))
    world.site.money("20")
    await world.live(minutes=12)
    world.site.money("400")
    await world.live(minutes=12)
    assert await world.states() == ["awaiting_approval"]
    await world.reload(config(rule % 150))
    assert await world.states() == ["lapsed"]
    if how == "retried at once":
        await world.say("retry", ids=["1"])
    await world.live(hours=2)
    assert await world.states() == ["lapsed", "awaiting_approval"]


@pytest.mark.parametrize("edited", [True, False])
async def test_what_was_refused_for_ever_is_not_asked_for_after_an_edit_either(world: World, edited: bool) -> None:
    world.site.will("refill", Refused("not for you", never=True))
    world.site.orders["1"] = ("in_progress", {"remains": Decimal(50)})
    await world.open(config(REFILL % 10))
    await world.track("1")
    await world.live(minutes=3)
    world.site.orders["1"] = ("partial", {"remains": Decimal(50)})
    await world.live(minutes=10)
    if edited:
        await world.reload(config(REFILL % 20))
    else:
        await world.reload(config(off(REFILL % 10)))
        await world.reload(config(REFILL % 10))
    await world.live(days=2, every_s=1800)
    assert len(world.site.done("refill")) == 1
