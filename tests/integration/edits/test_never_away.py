"""A start makes no rule act that was never away."""

from __future__ import annotations

import pytest

from bursar.api import Refused, Succeeded
from support.config import config
from support.scenarios.lost import QUICK
from support.world import World

OLD = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7"}}]}'
OLD_OFF = OLD.replace("name: p", "name: p, mode: 'off'")
NEW = OLD.replace("name: p", "name: q, when: balance.amount > 60")
STUCK = '{name: s, on: order, when: order.state == "in_progress", for: 1h, do: [{add: {link: x}}]}'


@pytest.mark.parametrize("old", [OLD_OFF, ""], ids=["the old one is off", "there is no old one"])
async def test_refused_for_ever_is_sent_at_every_start(world: World, old: str) -> None:
    """The rule p was replaced by q, and is kept in the file, off. The site refuses q's payout for ever."""
    if old:
        await world.open(config(OLD, accounts=QUICK))
        await world.live(minutes=12)
        await world.reload(config(f"{old}\n{NEW}", accounts=QUICK))
    else:
        await world.open(config(NEW, accounts=QUICK))
    await world.live(minutes=12)
    world.site.money("900")
    world.site.will("payout", *[Refused("not for you", never=True)] * 2, Succeeded("2"))
    await world.live(minutes=30)
    assert await world.states() == ["refused"]
    for _ in range(3):
        await world.live(days=2, every_s=3600)
        await world.restart()
        await world.live(minutes=30)
    assert len(world.site.performed) == 1


@pytest.mark.parametrize("old", [OLD_OFF, ""], ids=["the old one is off", "there is no old one"])
async def test_a_start_alone_has_it_pay(world: World, old: str) -> None:
    """q pays where 1000 were passed at once; the minimum was passed with 100. A start is no event."""
    new = NEW.replace("> 60", "> 1000")
    if old:
        await world.open(config(OLD, accounts=QUICK))
        await world.live(minutes=12)
        await world.reload(config(f"{old}\n{new}", accounts=QUICK))
    else:
        await world.open(config(new, accounts=QUICK))
    await world.live(minutes=12)
    world.site.money("100")
    await world.live(minutes=30)
    world.site.money("2000")
    await world.live(days=1, every_s=3600)
    assert world.site.performed == []
    await world.restart()
    await world.live(hours=1, every_s=300)
    assert world.site.performed == []
