"""Silence that looks like health: the heartbeat stops as soon as something is wrong."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.journal.errors import JournalFull
from bursar.loops.supervisor import Supervisor
from bursar.loops.systemd import Systemd
from bursar.loops.watchdog import Watchdog
from bursar.testing import VirtualClock
from support.config import account, config
from support.limits import until
from support.world import World


class Monitor:
    """A dead-man's switch: counts what it hears."""

    def __init__(self) -> None:
        self.heard = 0

    async def hear(self, _request: web.Request) -> web.Response:
        self.heard += 1
        return web.Response()


async def minded(world: World, monitor: Monitor) -> tuple[Watchdog, TestServer]:
    app = web.Application()
    app.router.add_get("/ping", monitor.hear)
    server = TestServer(app)
    await server.start_server()
    await world.open(config(settings=f"heartbeat: '{server.make_url('/ping')}'"))
    await world.turn()
    return Watchdog(world.context, lambda: world.supervisor, Systemd({})), server


async def test_the_heartbeat_is_asked_once_a_minute(world: World) -> None:
    monitor = Monitor()
    watchdog, server = await minded(world, monitor)
    await watchdog.look()
    await watchdog.look()
    await world.live(minutes=1)
    await watchdog.look()
    await watchdog._http.close()
    await server.close()
    assert monitor.heard == 2


async def test_the_heartbeat_stops_when_a_loop_stands_still(world: World) -> None:
    monitor = Monitor()
    watchdog, server = await minded(world, monitor)
    await world.wait(minutes=5)
    await watchdog.look()
    await watchdog._http.close()
    await server.close()
    assert monitor.heard == 0


async def test_the_heartbeat_stops_when_the_disk_is_full_and_comes_back_when_it_is_not(world: World) -> None:
    monitor = Monitor()
    watchdog, server = await minded(world, monitor)

    def fail(tx: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(JournalFull):
        await world.journal.write(fail)
    await watchdog.look()
    while_full = monitor.heard
    await world.journal.write(lambda tx: tx.run("INSERT INTO meta VALUES ('room', '1')"))
    await watchdog.look()
    await watchdog._http.close()
    await server.close()
    assert (while_full, monitor.heard) == (0, 1)


async def test_what_fell_due_while_nobody_ran_is_not_overdue_at_the_start(world: World) -> None:
    """A daemon that comes back after hours is well, and has a minute for what is owed."""
    world.site.orders["1"] = "partial"
    await world.open(config("{name: tell, on: order.partial, do: [{notify: {sink: ops, text: hello}}]}"))
    await world.track("1")
    await world.poll()
    await world.restart(hours=5)
    at_once = await world.supervisor.overdue_s()
    await world.wait(minutes=2)
    assert (at_once, await world.supervisor.overdue_s()) == (0, 120)


async def test_a_loop_that_a_reload_took_away_is_not_missed(world: World) -> None:
    world.clock = VirtualClock()  # type: ignore[assignment]  # its sleepers sleep, those of the hand clock would spin
    await world.open(config(accounts=f"{account()}, {account('second', 2, 'OTHER')}"))
    group = _Group()
    await world.supervisor.start(group)  # type: ignore[arg-type]
    await until(lambda: {"polling second", "executing second"} <= set(world.context.liveness._turned))
    await world.reload(config())
    await world.wait(minutes=5)
    still = world.context.liveness.stalled()
    await group.end()
    assert still == []


async def test_a_loop_that_waits_for_something_with_a_limit_is_not_still(world: World) -> None:
    await world.open(config())
    world.context.liveness.tick("polling slow", patience_s=600)
    await world.wait(minutes=5)
    patient = world.context.liveness.stalled()
    await world.wait(minutes=10)
    assert (patient, world.context.liveness.stalled()) == ([], ["polling slow"])


class _Group:
    """Starts what a supervisor starts, and ends it."""

    def __init__(self) -> None:
        self.tasks: list[object] = []

    def create_task(self, coroutine: object, name: str) -> object:
        task = asyncio.get_running_loop().create_task(coroutine, name=name)  # type: ignore[arg-type]
        self.tasks.append(task)
        return task

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()  # type: ignore[attr-defined]


async def test_the_watchdog_goes_on_after_a_look_that_failed(world: World) -> None:
    monitor, looks = Monitor(), 0
    watchdog, server = await minded(world, monitor)

    def supervisor() -> Supervisor:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise OSError("one failing read")
        return world.supervisor

    watchdog._supervisor = supervisor
    minding = asyncio.get_running_loop().create_task(watchdog.run())
    await until(lambda: monitor.heard > 0)
    minding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await minding
    await server.close()
    assert looks > 1
