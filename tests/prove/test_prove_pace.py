"""The proof's clocks: one that runs fast, and the worlds' own, which leap and stand still."""

from __future__ import annotations

from datetime import timedelta

from bursar.testing import VirtualClock
from bursar.testing.prove.pace import BEGIN, Pace, WorldClock


def test_two_processes_with_one_epoch_have_one_time() -> None:
    one, other = Pace(60.0, epoch_s=5.0), Pace(60.0, epoch_s=5.0)
    assert one.monotonic() <= other.monotonic() <= one.monotonic()


def test_the_wall_clock_goes_with_the_monotonic_one() -> None:
    clock = Pace(60.0)
    before, now, after = clock.monotonic(), clock.now(), clock.monotonic()
    assert BEGIN + timedelta(seconds=before) <= now <= BEGIN + timedelta(seconds=after)


async def test_it_waits_by_its_own_time() -> None:
    clock = Pace(1000.0)
    before = clock.monotonic()
    await clock.sleep(10.0)
    assert clock.monotonic() - before >= 10.0


async def test_a_world_goes_with_its_clock() -> None:
    clock = VirtualClock()
    world = WorldClock(clock)
    await clock.advance(7.0)
    assert world.monotonic() == clock.monotonic()


def test_a_world_leaps_ahead() -> None:
    clock = VirtualClock()
    world = WorldClock(clock)
    world.leap(100.0)
    assert world.monotonic() == clock.monotonic() + 100.0


async def test_a_world_stands_still() -> None:
    clock = VirtualClock()
    world = WorldClock(clock)
    world.stop()
    await clock.advance(7.0)
    assert world.monotonic() == clock.monotonic() - 7.0
