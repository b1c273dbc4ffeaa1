"""A state rule that is back, and a status word that nobody knows: between two equal states it is no entry."""

from __future__ import annotations

from decimal import Decimal

import pytest

from support.config import config
from support.world import World

FOR = '{name: s, on: order, when: order.state == "in_progress", for: 1h, do: [{add: {link: x}}]}'
NOFOR = FOR.replace(" for: 1h,", "")
TELLS = "{name: z, on: coupon.activated, do: [{notify: {sink: ops, text: hi}}]}"


async def acted(world: World, rule: str) -> None:
    world.site.orders["1"] = "pending"
    await world.open(config(rule))
    await world.track("1")
    await world.live(minutes=10)
    world.site.orders["1"] = "in_progress"
    await world.live(hours=3, every_s=600)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("rule", [FOR, NOFOR], ids=["for", "without for"])
@pytest.mark.parametrize("away", ["off", "gone"])
async def test_the_first_sight_after_it_is_back_is_a_word_nobody_knows(world: World, rule: str, away: str) -> None:
    await acted(world, rule)
    await world.reload(config(rule.replace("name: s", "name: s, mode: 'off'") if away == "off" else TELLS))
    await world.live(hours=1, every_s=600)
    world.site.orders["1"] = "unknown"
    await world.reload(config(rule))
    await world.live(minutes=20)
    world.site.orders["1"] = "in_progress"
    await world.live(hours=5, every_s=600)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("rule", [FOR, NOFOR], ids=["for", "without for"])
async def test_a_word_nobody_knows_while_it_is_there(world: World, rule: str) -> None:
    await acted(world, rule)
    world.site.orders["1"] = "unknown"
    await world.live(minutes=20)
    world.site.orders["1"] = "in_progress"
    await world.live(hours=5, every_s=600)
    assert len(world.site.done("add")) == 1


@pytest.mark.parametrize("away", ["off", "gone"])
async def test_a_word_nobody_knows_while_it_was_away(world: World, away: str) -> None:
    await acted(world, FOR)
    await world.reload(config(FOR.replace("name: s", "name: s, mode: 'off'") if away == "off" else TELLS))
    for state in ("unknown", "in_progress"):
        world.site.orders["1"] = state
        await world.live(hours=1, every_s=600)
    await world.reload(config(FOR))
    await world.live(hours=5, every_s=600)
    assert len(world.site.done("add")) == 1


SEEN = "{name: s, on: order, when: order.remains > 50, for: 1h, do: [{add: {link: x}}]}"


async def test_the_first_field_of_it_came_while_it_was_away(world: World) -> None:
    """A field that was not known before (None) is no leaving: `order.remains`."""
    world.site.orders["1"] = ("in_progress", {"remains": Decimal(100)})
    await world.open(config(SEEN))
    await world.track("1")
    await world.live(hours=3, every_s=600)
    assert len(world.site.done("add")) == 1
    await world.reload(config(SEEN.replace("name: s", "name: s, mode: 'off'")))
    world.site.orders["1"] = ("in_progress", {"remains": Decimal(90), "link": "y"})
    await world.live(hours=1, every_s=600)
    await world.reload(config(SEEN))
    await world.live(hours=5, every_s=600)
    assert len(world.site.done("add")) == 1
