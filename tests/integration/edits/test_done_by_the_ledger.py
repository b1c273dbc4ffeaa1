"""What a rule has done for an entry is not done again, whatever the rule was meanwhile; and what it had matched, and did
nothing for, is asked about once more."""

from __future__ import annotations

import pytest

from bursar.api import Lost
from support.config import config
from support.world import World

STUCK = '{name: again, on: order, when: order.state == "in_progress"%s, for: 2h, do: [{add: {link: x}}]}'
EVENT = "{name: again, on: order.in_progress, do: [{add: {link: x}}]}"
NOW = '{name: again, on: order, when: order.state == "in_progress"%s, do: [{add: {link: x}}]}'
OTHER = ' and order.id != "77"'
TELLS = "{name: t, on: order.completed, do: [{notify: {sink: ops, text: done}}]}"


async def entered(world: World, rule: str, hours: float = 4) -> None:
    """Have an order enter a state under a rule, and let time pass."""
    world.site.orders["1"] = "pending"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=5)
    world.site.orders["1"] = "in_progress"
    await world.live(hours=hours, every_s=300)


@pytest.mark.parametrize("between", [' and order.id == "77"', " and order.remains > 5"], ids=["false", "unknown"])
@pytest.mark.parametrize("rule", [STUCK, NOW], ids=["for", "now"])
async def test_an_edit_that_is_taken_back(world: World, rule: str, between: str) -> None:
    await entered(world, rule % "")
    assert len(world.site.done("add")) == 1
    await world.reload(config(rule % between))
    await world.live(minutes=10)
    await world.reload(config(rule % ""))
    await world.live(hours=6, every_s=300)
    assert len(world.site.done("add")) == 1


async def test_a_rule_for_events_that_becomes_one_for_a_state(world: World) -> None:
    await entered(world, EVENT)
    assert len(world.site.done("add")) == 1
    await world.reload(config(STUCK % ""))
    await world.live(hours=6, every_s=300)
    assert len(world.site.done("add")) == 1


async def test_a_copy_under_a_new_name_beside_the_old_one_that_is_off(world: World) -> None:
    rule = STUCK % ""
    await entered(world, rule)
    old, new = rule.replace("again,", "again, mode: 'off',"), rule.replace("again", "anew")
    await world.reload(config(f"{old}\n{new}"))
    await world.live(hours=6, every_s=300)
    assert len(world.site.done("add")) == 1


async def test_a_later_entry_is_done(world: World) -> None:
    await entered(world, EVENT)
    world.site.orders["1"] = "pending"
    await world.live(minutes=10)
    await world.reload(config(NOW % ""))
    await world.live(minutes=10)
    world.site.orders["1"] = "in_progress"
    await world.live(hours=1, every_s=300)
    assert len(world.site.done("add")) == 2


@pytest.mark.parametrize("edit", [True, False])
async def test_an_entry_after_a_word_that_nobody_knows(world: World, edit: bool) -> None:
    """The rule has seen it outside before that word; then it is edited, and the order is in progress."""
    world.site.orders["1"] = "pending"
    await world.open(config(NOW % ""))
    await world.track("1")
    await world.live(minutes=5)
    world.site.orders["1"] = "unknown"
    await world.live(minutes=5)
    if edit:
        await world.reload(config(NOW % OTHER))
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=30)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("how", ["a pause", "a question"])
@pytest.mark.parametrize("edit", ["what it does", "when"])
@pytest.mark.parametrize("rule", [NOW, STUCK], ids=["now", "for"])
@pytest.mark.parametrize("state", ["in_progress", "canceled"])
async def test_what_only_waited_goes_on_as_the_rule_is_now(
    world: World, how: str, edit: str, rule: str, state: str
) -> None:
    """Mending a link, or a quantity, while something waits must not end it for good; also of an order that is over, which
    is polled no more."""
    asks = ", approve: {within: 90d}}" if how == "a question" else "}"
    rule = rule.replace("}}]}", "}}]" + asks).replace("in_progress", state)
    world.site.orders["1"] = "pending"
    await world.open(config(rule % ""))
    await world.track("1")
    await world.live(minutes=5)
    if how == "a pause":
        await world.say("pause")
    world.site.orders["1"] = state
    await world.live(hours=3, every_s=300)
    await world.reload(config(rule.replace("link: x", "link: y") % "" if edit == "what it does" else rule % OTHER))
    await world.say("resume")
    await world.live(hours=4, every_s=300)
    if how == "a question":
        [asked] = [one for one in await world.intents() if str(one.state) == "awaiting_approval"]
        await world.say("approve", ids=[asked.shown_id])
        await world.live(minutes=10)
    assert [one.params["link"] for one in world.site.performed] == ["y" if edit == "what it does" else "x"]


@pytest.mark.parametrize("rule", [NOW, STUCK], ids=["now", "for"])
@pytest.mark.parametrize("again", [False, True])
async def test_a_did_not_after_an_edit_has_the_rule_asked_as_it_is(world: World, rule: str, again: bool) -> None:
    world.site.will("add", Lost("reset"))
    await entered(world, rule % "", hours=3)
    assert await world.states() == ["unknown"]
    await world.reload(config(rule % OTHER))
    await world.live(minutes=30)
    await world.say("resolve", id="1", happened=False, again=again)
    await world.live(days=3, every_s=1800)
    assert len(world.site.done("add")) == 2


async def test_a_rule_for_events_is_retried_after_a_did_not(world: World) -> None:
    """It is not asked by itself, since its event comes no more; a person has it tried again."""
    world.site.will("add", Lost("reset"))
    await entered(world, EVENT, hours=1)
    await world.reload(config(EVENT.replace(", do", f", when: {OTHER[5:]}, do")))
    await world.say("resolve", id="1", happened=False, again=False)
    await world.live(days=3, every_s=1800)
    await world.say("retry", ids=["1"])
    await world.live(hours=1, every_s=300)
    assert len(world.site.done("add")) == 2


@pytest.mark.parametrize(
    "other",
    [
        '{name: again, on: coupon, when: account.currency == "USD", do: [{add: {link: x}}]}',
        '{name: again, on: balance, when: account.currency == "USD", do: [{payout: {method: "7"}}]}',
    ],
)
async def test_what_waits_about_an_order_is_not_put_to_a_rule_about_something_else(world: World, other: str) -> None:
    world.site.orders["1"] = "pending"
    world.site.money("5")
    await world.open(config(NOW % ""))
    await world.track("1")
    await world.live(minutes=5)
    await world.say("pause")
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=5)
    await world.reload(config(other))
    await world.say("resume")
    await world.live(hours=2, every_s=300)
    assert world.site.performed == []
