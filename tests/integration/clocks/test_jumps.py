"""The clocks: jumps of the wall clock, one before the last commit, commits that wait, and what may not happen meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import NoReturn, TypeVar

import pytest

from bursar.journal.errors import JournalFull
from bursar.journal.writer import Tx
from bursar.pipeline.dispatch import claim
from bursar.pipeline.unit_of_work import UnitOfWork
from support.config import config
from support.limits import WAIT_S
from support.world import World

T = TypeVar("T")

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


async def partial_soon(world: World) -> None:
    """The order becomes partial; ten seconds later everything turns."""
    world.site.orders["1"] = "partial"
    await world.live(seconds=10, every_s=5)


@pytest.mark.parametrize("clean", [True, False])
async def test_a_restart_does_not_make_the_clock_steady(world: World, clean: bool) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    await world.tick()
    await world.restart(clean=clean, seconds=10)
    await partial_soon(world)
    assert world.site.performed == []


async def test_a_payout_for_a_false_hour_is_not_made_by_a_restart(world: World) -> None:
    world.site.money("80")
    false = (world.clock.now() + timedelta(hours=5)).hour
    await world.open(
        config(f'{{name: p, on: balance, when: "now.hour == {false}", do: [{{payout: {{method: "7"}}}}]}}')
    )
    await world.turn()
    world.clock.jump(5 * 3600)
    await world.tick()
    await world.restart(clean=False, seconds=5)
    await world.live(seconds=20, every_s=5)
    world.clock.jump(-5 * 3600)
    await world.live(minutes=30)
    assert world.site.performed == []


async def test_every_restart_within_the_minute_waits_for_the_rest_of_it(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    await world.tick()
    for _ in range(3):
        await world.restart(clean=False, seconds=5)
        await partial_soon(world)
    before = list(world.site.performed)
    await world.live(minutes=2, every_s=5)
    assert (before, world.site.done("refill")) == ([], ["1"])


async def test_a_restart_after_a_steady_minute_acts_at_once(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    await world.tick()
    world.site.orders["1"] = "partial"
    await world.restart(clean=False, seconds=61)
    await world.turn()
    assert world.site.done("refill") == ["1"]


async def test_a_jump_is_told_once_though_a_restart_follows(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    await world.tick()
    await world.restart(seconds=10)
    await world.live(minutes=5)
    assert await world.told("clock.*") == ["clock.jumped"]


async def test_a_second_restart_does_not_make_a_clock_steady_that_was_set_while_nobody_ran(world: World) -> None:
    await began(world, EVENT)
    await world.close()
    world.clock.jump(DAYS_S)
    await world.open(config(EVENT))
    await world.restart(clean=False, seconds=10)
    await partial_soon(world)
    assert world.site.performed == []


async def test_a_command_that_finds_the_clock_set_does_not_use_up_the_minute(world: World) -> None:
    """No daemon runs: the command takes the timeline up, and writes down that the clock jumped."""
    await began(world, EVENT)
    await world.close()
    world.clock.jump(DAYS_S)
    await world.alone()
    await world.open(config(EVENT))
    await partial_soon(world)
    assert world.site.performed == []


async def test_what_nobody_measured_is_no_part_of_the_minute(world: World) -> None:
    await began(world, EVENT)
    world.clock.jump(DAYS_S)
    await world.tick()
    await world.reboot(minutes=10)
    await partial_soon(world)
    before = list(world.site.performed)
    await world.live(minutes=2, every_s=10)
    assert (before, world.site.done("refill")) == ([], ["1"])


async def test_what_waits_for_an_hour_of_the_day_is_asked_anew_when_the_clock_was_set_while_nobody_ran(
    world: World,
) -> None:
    """The order is finished: by itself it is looked at once a day."""
    hour = (world.clock.now() + timedelta(hours=12)).hour
    rule = f"{{name: c, on: order, when: 'now.hour == {hour}', do: [refill]}}"
    world.site.orders["1"] = "completed"
    await world.open(config(rule))
    await world.track("1")
    await world.live(hours=3, every_s=600)
    await world.close()
    world.clock.jump(9 * 3600)
    await world.open(config(rule))
    await world.live(minutes=5, every_s=20)
    assert world.site.done("refill") == ["1"]


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


async def behind_a_slow_disk(world: World, decide: Callable[[UnitOfWork], T], jump_s: float = 0.0) -> T:
    """Queue a commit behind one that takes a minute and a half, in which the wall clock may be set."""
    began, may_end = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        began.set()
        assert may_end.wait(WAIT_S)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(world.journal.write(slow))
        await asyncio.to_thread(began.wait, WAIT_S)
        queued = tasks.create_task(world.context.commit(decide))
        await asyncio.sleep(0)
        await world.wait(seconds=90)
        world.clock.jump(jump_s)
        may_end.set()
    return queued.result()


async def test_what_is_decided_is_judged_when_its_turn_comes(world: World) -> None:
    await world.open(config())
    queued_at = world.context.now()
    assert await behind_a_slow_disk(world, lambda uow: uow.now - queued_at) == timedelta(seconds=90)


async def test_a_clock_that_is_set_while_a_commit_waits_is_seen_in_it(world: World) -> None:
    await world.open(config())
    assert not await behind_a_slow_disk(world, lambda uow: uow.steady, jump_s=3600)


async def test_nothing_is_sent_on_facts_that_grew_old_while_its_commit_waited(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config("{name: r, on: order.partial, do: [refill]}"))
    await world.track("1")
    await world.poll()
    [intent] = await world.intents()
    claimed = await behind_a_slow_disk(world, lambda uow: claim(uow, [intent.id], {}))
    assert (claimed.intents, claimed.waiting, await world.states()) == ((), (intent.id,), ["ready"])
