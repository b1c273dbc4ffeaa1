"""The wall clock: jumps, a clock before the last commit, and what may not happen meanwhile."""

from __future__ import annotations

from typing import NoReturn

import pytest
from kit import World
from runtime_config import config

from bursar.journal.errors import JournalFull

HOLD = "{name: h, on: order, when: 'order.state == \"in_progress\"', for: 48h, do: [cancel]}"
EVENT = "{name: e, on: order.partial, do: [refill]}"
DAYS_S = 3 * 86400.0


async def began(world: World, rules: str) -> None:
    world.site.orders["1"] = "in_progress"
    await world.open(config(rules))
    await world.track("1")
    await world.turn()


@pytest.mark.parametrize("jump_s", [DAYS_S, -DAYS_S, 90, -90])
async def test_a_jump_is_told_once(world: World, jump_s: float) -> None:
    await began(world, EVENT)
    world.clock.jump(jump_s)
    await world.live(minutes=10, every_s=10)
    assert await world.told("clock.*") == ["clock.jumped"]


async def test_a_small_correction_is_no_jump(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(30)
    await world.live(minutes=5)
    assert await world.told("clock.*") == []


async def test_nothing_is_sent_after_a_jump(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    await world.tick()
    world.site.orders["1"] = "partial"
    await world.wait(seconds=10)
    await world.poll()
    await world.send()
    assert world.site.performed == []


async def test_nothing_is_sent_after_a_jump_that_nobody_has_noticed_yet(world: World) -> None:
    await began(world, HOLD)
    world.clock.jump(DAYS_S)
    await world.poll()
    await world.send()
    assert world.site.performed == []


async def test_what_was_ready_is_not_sent_after_a_jump_that_nobody_has_noticed_yet(world: World) -> None:
    await began(world, EVENT)
    world.site.orders["1"] = "partial"
    await world.wait(minutes=1)
    await world.poll()
    world.clock.jump(-DAYS_S)
    await world.send()
    assert world.site.performed == []


async def test_watching_goes_on_after_a_jump(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    world.site.orders["1"] = "partial"
    await world.live(minutes=15)
    assert await world.told("order.partial") == ["order.partial"]


@pytest.mark.parametrize("jump_s", [DAYS_S, -DAYS_S])
async def test_it_acts_again_when_the_clock_was_steady_for_a_minute(world: World, jump_s: float) -> None:
    await began(world, EVENT)
    world.clock.jump(jump_s)
    await world.tick()
    world.site.orders["1"] = "partial"
    await world.live(minutes=15, every_s=20)
    assert world.site.done("refill") == ["1"]


async def test_watching_goes_on_after_a_jump_backwards(world: World) -> None:
    await began(world, EVENT)
    await world.live(minutes=10)
    world.clock.jump(-DAYS_S)
    before = world.site.looked("orders")
    await world.live(minutes=10)
    assert world.site.looked("orders") > before + 5


async def test_a_clock_before_the_last_commit_is_told(world: World) -> None:
    await began(world, EVENT)
    await world.close()
    world.clock.jump(-DAYS_S)
    await world.open(config(EVENT))
    await world.live(minutes=5)
    assert await world.told("clock.*") == ["clock.jumped"]


async def test_nothing_is_sent_at_first_when_the_clock_is_before_the_last_commit(world: World) -> None:
    await began(world, EVENT)
    await world.close()
    world.clock.jump(-DAYS_S)
    world.site.orders["1"] = "partial"
    await world.open(config(EVENT))
    await world.poll()
    await world.send()
    assert world.site.performed == []


async def test_a_reload_does_not_make_the_clock_steady(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    await world.tick()
    await world.reload(config(EVENT))
    world.site.orders["1"] = "partial"
    await world.wait(seconds=10)
    await world.poll()
    await world.send()
    assert world.site.performed == []


async def test_a_jump_at_a_reload_is_noticed(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    await world.reload(config(EVENT))
    await world.live(minutes=3)
    assert await world.told("clock.*") == ["clock.jumped"]


async def test_a_jump_that_cannot_be_written_down_is_told_when_there_is_room(world: World) -> None:
    await world.open(config())
    write = world.journal.write

    async def full(_function: object) -> NoReturn:
        raise JournalFull("no space is left")

    world.journal.write = full  # type: ignore[assignment]
    world.clock.jump(DAYS_S)
    with pytest.raises(JournalFull):
        await world.tick()
    world.journal.write = write  # type: ignore[method-assign]
    await world.live(minutes=3, every_s=10)
    assert await world.told("clock.jumped") == ["clock.jumped"]
