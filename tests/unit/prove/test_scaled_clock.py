"""The proof's clocks: one that runs fast, and the worlds' own, which leap and stand still."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from bursar.testing import VirtualClock
from bursar_prove.children import Children
from bursar_prove.scaled_clock import BEGIN, Pace, SetClock, WorldClock
from support.limits import WAIT_S


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


def test_a_leap_counts_in_every_clock_of_a_run() -> None:
    pace = Pace(60.0)
    before = pace.monotonic()
    pace.shared.leap("daemon", 3600.0)
    pace.shared.leap("sandbox", 60.0)
    assert WorldClock(pace).monotonic() - before >= 3660.0


async def test_a_leap_ends_a_wait() -> None:
    pace = Pace(1.0)
    loop = asyncio.get_running_loop()
    waiting = loop.create_task(pace.sleep(1e9))
    loop.call_soon(pace.shared.leap, "sandbox", 2e9)
    await waiting
    assert pace.monotonic() >= 2e9


def test_the_wall_clock_is_set_and_the_seconds_go_on() -> None:
    pace = Pace(60.0)
    clock = SetClock(pace)
    pace.shared.wall_s = -3600.0
    assert clock.now() < BEGIN <= BEGIN + timedelta(seconds=clock.monotonic())


def test_a_child_sees_what_is_set(tmp_path: Path) -> None:
    pace = Pace(60.0)
    with Children() as children:
        child = children.start(lambda: int(pace.shared.leap_s()), tmp_path / "log")
        child.ended(WAIT_S)
        pace.shared.leap("sandbox", 7.0)
        later = children.start(lambda: int(pace.shared.leap_s()), tmp_path / "log")
        later.ended(WAIT_S)
    assert (child.code, later.code) == (0, 7)


def test_what_a_child_sets_its_parent_sees(tmp_path: Path) -> None:
    pace = Pace(60.0)

    def leap() -> int:
        pace.shared.leap("daemon", 5.0)
        return 0

    with Children() as children:
        children.start(leap, tmp_path / "log").ended(WAIT_S)
    assert pace.shared.leap_s() == 5.0
