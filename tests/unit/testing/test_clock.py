"""The virtual clock: time passes only when told, in order, and everybody due wakes at their own hour."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bursar.testing import VirtualClock
from bursar.testing.clock import START


class Sleepers:
    """Tasks that sleep on the clock and write down when they woke."""

    def __init__(self, clock: VirtualClock, group: asyncio.TaskGroup) -> None:
        self.clock = clock
        self.group = group
        self.woke: list[tuple[str, float]] = []

    def start(self, name: str, *naps: float) -> asyncio.Task[None]:
        return self.group.create_task(self._sleep(name, naps))

    async def _sleep(self, name: str, naps: tuple[float, ...]) -> None:
        for nap in naps:
            await self.clock.sleep(nap)
            self.woke.append((name, self.clock.monotonic()))


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@asynccontextmanager
async def sleeping(clock: VirtualClock) -> AsyncIterator[Sleepers]:
    async with asyncio.TaskGroup() as group:
        yield Sleepers(clock, group)


async def test_time_stands_still(clock: VirtualClock) -> None:
    await clock.sleep(0)
    assert (clock.now(), clock.monotonic()) == (START, 0.0)


async def test_both_clocks_advance(clock: VirtualClock) -> None:
    await clock.advance(90)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=90), 90.0)


async def test_a_jump_moves_only_the_wall_clock(clock: VirtualClock) -> None:
    clock.jump(-3600)
    assert (clock.now(), clock.monotonic()) == (START - timedelta(hours=1), 0.0)


async def test_a_jump_wakes_nobody(clock: VirtualClock) -> None:
    async with sleeping(clock) as sleepers:
        sleepers.start("a", 10)
        await clock.advance(1)
        clock.jump(3600)
        await clock.advance(1)
        assert sleepers.woke == []
        await clock.advance(8)


async def test_a_sleeper_wakes_at_its_hour(clock: VirtualClock) -> None:
    async with sleeping(clock) as sleepers:
        sleepers.start("a", 10)
        await clock.advance(9.5)
        before = list(sleepers.woke)
        await clock.advance(0.5)
        assert (before, sleepers.woke) == ([], [("a", 10.0)])


async def test_everybody_wakes_in_order_at_their_own_hour(clock: VirtualClock) -> None:
    async with sleeping(clock) as sleepers:
        sleepers.start("slow", 30)
        sleepers.start("quick", 10, 10, 10)
        await clock.advance(30)
        assert sleepers.woke == [("quick", 10.0), ("quick", 20.0), ("slow", 30.0), ("quick", 30.0)]


async def test_an_hour_of_seconds_is_3600_wakings(clock: VirtualClock) -> None:
    async with sleeping(clock) as sleepers:
        sleepers.start("tick", *[1.0] * 3600)
        await clock.advance(3600)
        assert len(sleepers.woke) == 3600


async def test_no_sleep_is_only_a_turn_of_the_loop(clock: VirtualClock) -> None:
    await clock.sleep(0)
    assert clock.monotonic() == 0.0


async def test_a_canceled_sleeper_is_forgotten(clock: VirtualClock) -> None:
    async with sleeping(clock) as sleepers:
        task = sleepers.start("a", 10)
        await clock.advance(1)
        task.cancel()
        await clock.advance(0)
        assert clock.next_due_s is None


async def test_next_due_says_how_far(clock: VirtualClock) -> None:
    async with sleeping(clock) as sleepers:
        sleepers.start("a", 10)
        await clock.advance(4)
        due = clock.next_due_s
        await clock.advance(6)
        assert due == 6.0


async def test_the_clock_waits_for_a_task_that_is_in_a_thread(clock: VirtualClock) -> None:
    clock, done = VirtualClock(), []

    async def polls() -> None:
        for _ in range(5):
            await clock.sleep(60)
            await asyncio.to_thread(done.append, clock.monotonic())

    async with asyncio.TaskGroup() as group:
        group.create_task(polls())
        await clock.advance(300)
    assert done == [60.0, 120.0, 180.0, 240.0, 300.0]


async def test_the_clock_goes_on_without_a_task_that_waits_for_something_else(clock: VirtualClock) -> None:
    clock, bell = VirtualClock(patience_s=0.01), asyncio.Event()

    async def waits() -> None:
        await clock.sleep(10)
        await bell.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(waits())
        await clock.advance(20)
        bell.set()
    assert clock.monotonic() == 20.0


async def test_advance_until_stops_where_it_holds(clock: VirtualClock) -> None:
    async with sleeping(clock) as sleepers:
        sleepers.start("a", 10, 10, 10)
        await clock.advance_until(lambda: len(sleepers.woke) == 2, within=100)
        stopped = clock.monotonic()
        await clock.advance(10)
        assert stopped == 20.0


async def test_advance_until_says_what_did_not_come(clock: VirtualClock) -> None:
    with pytest.raises(AssertionError, match="still not so after 60 s"):
        await clock.advance_until(lambda: False, within=60)
