"""What `bursar reload` has answered holds from that moment on, however long the disk takes for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from bursar import app
from bursar.api import NeverSent, Outcome, Succeeded
from bursar.api.exchange import current
from bursar.app import Daemon
from bursar.control.client import ask_daemon
from bursar.journal.errors import JournalFull
from bursar.journal.writer import Journal, Tx
from bursar.logs import Redactor
from bursar.loops.clock import RealClock
from support.config import config
from support.limits import WAIT_S, until
from support.world import World

PAYS = '{name: p, on: balance.passed_min_payout, do: [{payout: {method: "7", account: {env: WALLET}}}], cooldown: 24h}'
OLD, NEW = "7", "8"


class Forward(RealClock):
    """The machine's time, and what a test has skipped of it."""

    skipped_s = 0.0

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self.skipped_s)

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped_s


class Slow:
    """The connection of a request that has not left yet, until it is let go; it asks then as the core's client does.

    Attributes:
        left: The methods by which something left.
    """

    def __init__(self) -> None:
        self.asked, self.go, self.judged = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.left: list[Any] = []

    async def __call__(self, intent: Any) -> Outcome:
        self.asked.set()
        await self.go.wait()
        return self.leave(intent)

    def leave(self, intent: Any) -> Outcome:
        exchange = current()
        assert exchange is not None
        self.judged.set()
        if (why := exchange.objection()) is not None:
            raise NeverSent(why)
        self.left.append(intent.params["method"])
        return Succeeded()

    async def at_once(self, intent: Any) -> Outcome:
        """Ask without having waited."""
        return self.leave(intent)


@asynccontextmanager
async def busy_disk(journal: Journal) -> AsyncIterator[None]:
    """Keep the journal's writer busy, as a disk that takes seconds for an fsync does."""
    free, busy = threading.Event(), threading.Event()

    def wait(tx: Tx) -> None:
        busy.set()
        free.wait(WAIT_S)

    writing = asyncio.ensure_future(journal.write(wait))
    await asyncio.to_thread(busy.wait, WAIT_S)
    try:
        yield
    finally:
        free.set()
        await writing


@pytest.fixture
def slow(world: World) -> Slow:
    """The connection of the first payout, whose request asks for its leave when it is let go."""
    made = Slow()
    world.clock = Forward()  # type: ignore[assignment]
    world.site.money("600")
    world.site.will("payout", made, *[made.at_once] * 3)
    return made


@asynccontextmanager
async def daemon(world: World) -> AsyncIterator[Daemon]:
    """Run the whole daemon in this process."""
    world._path.write_text(config(PAYS), encoding="utf-8")
    configuration = world._read()
    journal = Journal.open(configuration.settings.state)
    registry, redactor = world.sites.registry(), Redactor(configuration.secrets)
    made = Daemon([world._path], world.environ, registry, configuration, journal, redactor, world.clock)
    running = asyncio.ensure_future(made.run())
    try:
        yield made
    finally:
        made._stop()
        assert await running == 0
        await asyncio.to_thread(journal.close)


def later(world: World, slow: Slow) -> bool:
    """Skip time for as long as nothing has left."""
    world.clock.skipped_s += 0 if slow.left else 0.01  # type: ignore[attr-defined]
    return bool(slow.left)


async def reload(world: World, rules: str) -> Any:
    """Edit the configuration, and have it taken on as the command does."""
    world._path.write_text(config(rules), encoding="utf-8")
    return await ask_daemon(world.folder / "control.sock", "reload", {}, WAIT_S)


async def test_what_has_not_left_when_a_reload_is_answered_does_not_leave_by_the_old_configuration(
    world: World, slow: Slow
) -> None:
    async with daemon(world) as running, asyncio.timeout(WAIT_S):
        await slow.asked.wait()
        async with busy_disk(running._journal):
            await reload(world, PAYS.replace(OLD, NEW))
            slow.go.set()
            await slow.judged.wait()
            assert slow.left == []
        await until(lambda: later(world, slow))
    assert slow.left == [NEW]


async def test_what_would_be_claimed_after_the_answer_waits_for_the_new_configuration(world: World) -> None:
    world.site.money("600")
    await world.open(config(PAYS))
    await world.poll()
    world.context.change_over("the configuration changes")
    await world.send()
    assert await world.states() == ["ready"]
    assert world.context.objection("panel", world.clock.monotonic() + 1) == "the configuration changes"
    world.context.changing = None
    await world.send()
    assert await world.states() == ["succeeded"]


@pytest.mark.parametrize("fails", ["unwritten", "unread"])
async def test_a_reload_that_fails_after_its_answer_loses_nothing(
    world: World, slow: Slow, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    async def full(*_given: object) -> None:
        raise JournalFull("the disk is full")

    if fails == "unwritten":
        monkeypatch.setattr(app, "apply_configuration", full)
    async with daemon(world) as running, asyncio.timeout(WAIT_S):
        await slow.asked.wait()
        answered = asyncio.ensure_future(reload(world, PAYS.replace(OLD, NEW)))
        await until(running._called.is_set)
        if fails == "unread":
            world._path.write_text("rules: [", encoding="utf-8")
        slow.go.set()
        await answered
        await slow.judged.wait()
        assert slow.left == []
        await until(lambda: later(world, slow))
    assert slow.left == [OLD]
