"""What the first look since a restore shows may have come about, and been done, before it: it stays asked about."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import Unreachable
from support.config import config
from support.scenarios.backup import restored
from support.world import World

REORDER = "{name: again, on: order.canceled, do: [{add: {link: x}}], limit: {per: order, max: 1, every: 30d}}"
STANDS = '{name: again, on: order, when: order.state == "canceled", do: [{add: {link: x}}]}'
FIELD = "{name: again, on: order, when: order.remains < 10,%s do: [{add: {link: x}}]}"
BALANCE = "{name: again, on: balance, when: balance.amount > 500, do: [{add: {link: x}}]}"
BOTH = pytest.mark.parametrize("rule", [REORDER, STANDS], ids=["event", "state"])


async def watched(world: World, rule: str, **fields: object) -> None:
    world.site.orders["1"] = ("in_progress", fields) if fields else "in_progress"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=5)


@BOTH
@pytest.mark.parametrize("confirmed", ["before", "after"])
async def test_an_order_that_is_tracked_again_after_the_restore(world: World, rule: str, confirmed: str) -> None:
    """It was put under watch after the backup, was canceled, and ordered anew."""
    await watched(world, rule)
    world.site.orders["5"] = "canceled"
    await restored(world)
    await world.live(minutes=10)
    if confirmed == "before":
        await world.say("restore_confirm")
    await world.track("5")
    await world.live(minutes=10)
    if confirmed == "after":
        await world.say("restore_confirm")
        await world.live(minutes=10)
    assert (world.site.done("add"), await world.states()) == ([], ["awaiting_approval"])


@BOTH
async def test_what_is_tracked_again_and_canceled_later_is_news(world: World, rule: str) -> None:
    await watched(world, rule)
    world.site.orders["5"] = "in_progress"
    await restored(world)
    await world.say("restore_confirm")
    await world.track("5")
    await world.live(minutes=10)
    world.site.orders["5"] = "canceled"
    await world.live(minutes=10)
    assert len(world.site.done("add")) == 1


@BOTH
async def test_one_that_the_backup_had_never_looked_at(world: World, rule: str) -> None:
    world.site.down["orders"] = Unreachable("no")
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=5)
    world.site.down.clear()
    world.site.orders["1"] = "canceled"
    await restored(world)
    await world.say("restore_confirm")
    await world.live(hours=3, every_s=600)
    assert world.site.done("add") == []


@BOTH
@pytest.mark.parametrize("moved", [True, False])
@pytest.mark.parametrize("words", [1, 3])
async def test_a_first_look_that_says_a_word_that_nobody_knows(
    world: World, rule: str, moved: bool, words: int
) -> None:
    await watched(world, rule)
    await restored(world)
    await world.say("restore_confirm")
    for number in range(words):
        world.site.orders["1"] = ("unknown", {"remains": Decimal(number)}) if moved else "unknown"
        await world.live(minutes=3)
    world.site.orders["1"] = "canceled"
    await world.live(minutes=10)
    assert (world.site.done("add"), await world.states()) == ([], ["awaiting_approval"])


@pytest.mark.parametrize("wait", ["", " for: 2h,"])
async def test_a_field_that_changed_meanwhile(world: World, wait: str) -> None:
    """The state moves after the first look; what the rule asks about had changed before it."""
    await watched(world, FIELD % wait, remains=Decimal(100))
    world.site.orders["1"] = ("in_progress", {"remains": Decimal(5)})
    await restored(world)
    await world.say("restore_confirm")
    await world.live(minutes=10)
    world.site.orders["1"] = ("pending", {"remains": Decimal(5)})
    await world.live(hours=4, every_s=300)
    assert world.site.done("add") == []


async def test_a_balance_that_grew_meanwhile(world: World) -> None:
    """It has no state: since when it is so nothing tells."""
    world.site.money("400")
    await world.open(config(BALANCE))
    await world.live(minutes=5)
    world.site.money("600")
    await restored(world)
    await world.say("restore_confirm")
    await world.live(hours=4, every_s=300)
    assert world.site.done("add") == []


async def test_an_event_of_later_is_news_whatever_the_age_of_the_state(world: World) -> None:
    rule = "{name: again, on: order.changed, when: order.remains < 10, do: [{add: {link: x}}]}"
    await watched(world, rule, remains=Decimal(100))
    await restored(world)
    await world.live(minutes=10)
    await world.say("restore_confirm")
    await world.live(days=20, every_s=3600)
    world.site.orders["1"] = ("in_progress", {"remains": Decimal(5)})
    await world.live(hours=2, every_s=600)
    assert len(world.site.done("add")) == 1
