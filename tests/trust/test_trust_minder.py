"""Silence that looks like health: the heartbeat stops as soon as something is wrong."""

from __future__ import annotations

import sqlite3

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from config import config
from kit import World

from bursar.journal.errors import JournalFull
from bursar.runtime.minding import Minder
from bursar.runtime.notify import Systemd


class Monitor:
    """A dead-man's switch: counts what it hears."""

    def __init__(self) -> None:
        self.heard = 0

    async def hear(self, _request: web.Request) -> web.Response:
        self.heard += 1
        return web.Response()


async def minded(world: World, monitor: Monitor) -> tuple[Minder, TestServer]:
    app = web.Application()
    app.router.add_get("/ping", monitor.hear)
    server = TestServer(app)
    await server.start_server()
    await world.open(config(settings=f"heartbeat: '{server.make_url('/ping')}'"))
    await world.turn()
    return Minder(world.office, world.desk, Systemd({})), server


async def test_the_heartbeat_is_asked_once_a_minute(world: World) -> None:
    monitor = Monitor()
    minder, server = await minded(world, monitor)
    await minder.look()
    await minder.look()
    await world.live(minutes=1)
    await minder.look()
    await minder._http.close()
    await server.close()
    assert monitor.heard == 2


async def test_the_heartbeat_stops_when_a_loop_stands_still(world: World) -> None:
    monitor = Monitor()
    minder, server = await minded(world, monitor)
    await world.wait(minutes=5)
    await minder.look()
    await minder._http.close()
    await server.close()
    assert monitor.heard == 0


async def test_the_heartbeat_stops_when_the_disk_is_full_and_comes_back_when_it_is_not(world: World) -> None:
    monitor = Monitor()
    minder, server = await minded(world, monitor)

    def fail(tx: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with pytest.raises(JournalFull):
        await world.journal.write(fail)
    await minder.look()
    while_full = monitor.heard
    await world.journal.write(lambda tx: tx.run("INSERT INTO meta VALUES ('room', '1')"))
    await minder.look()
    await minder._http.close()
    await server.close()
    assert (while_full, monitor.heard) == (0, 1)
