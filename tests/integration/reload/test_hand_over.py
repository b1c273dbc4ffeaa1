"""A reload while something is being sent: it goes on, its account waits for it, and nobody else does."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from bursar.api import Later, Outcome, Succeeded, Unreachable
from bursar.api.exchange import current
from bursar.logs import Redactor
from bursar.loops import supervisor
from bursar.loops.clock import RealClock
from bursar.loops.executor import Executor
from bursar.loops.startup import apply_configuration
from bursar.loops.supervisor import Supervisor
from support.config import account, config
from support.limits import WAIT_S
from support.world import World

REFILL = "{name: refill, on: order.partial, do: [refill]}"
BOTH = f"{account()}, {account('second', 2)}"
ONE = account("second", 2)
SECOND = "http://127.0.0.1:2/api"


class Held:
    """An answer of the site's that is held back until it is let go."""

    def __init__(self) -> None:
        self.asked, self.answer = asyncio.Event(), asyncio.Event()

    async def __call__(self, _intent: Any) -> Outcome:
        self.asked.set()
        await self.answer.wait()
        return Succeeded()


async def change_over(world: World, group: asyncio.TaskGroup, yaml: str) -> None:
    """Reload as the daemon does."""
    world._path.write_text(yaml, encoding="utf-8")
    configuration = world._read()
    await world.supervisor.hand_over(group)
    await apply_configuration(world.context, configuration)
    world.supervisor = Supervisor(world.context, configuration, Redactor(), world.supervisor)
    await world.supervisor.start(group)


async def until_it_is(world: World, *states: str) -> None:
    """Wait until the refills are in these states."""
    while (await world.states("refill")) != list(states):
        await world.clock.sleep(0.05)


@pytest.fixture
async def busy(world: World) -> Held:
    """The answer that a refill of the account `panel` waits for, whose daemon runs with all its loops."""
    held = Held()
    world.clock = RealClock()  # type: ignore[assignment]
    world.site.will("refill", held)
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL, accounts=BOTH))
    await world.track("1")
    return held


@pytest.mark.parametrize("times", [1, 2])
async def test_what_is_being_sent_at_a_reload_ends_as_it_is_answered(world: World, busy: Held, times: int) -> None:
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await busy.asked.wait()
        for _ in range(times):
            await change_over(world, group, config(REFILL, accounts=BOTH))
        assert await world.states("refill") == ["sending"]
        busy.answer.set()
        await until_it_is(world, "succeeded")
        await world.supervisor.shutdown(WAIT_S)
    assert (world.site.done("refill"), await world.told("action.*")) == (["1"], ["action.succeeded"])


async def test_a_reload_stalls_nobody_for_what_is_being_sent(world: World, busy: Held) -> None:
    other = world.sites.sites[SECOND]
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await busy.asked.wait()
        await change_over(world, group, config(REFILL, accounts=BOTH))
        other.orders["2"] = "partial"
        await world.track("2", account="second")
        await until_it_is(world, "sending", "succeeded")
        busy.answer.set()
        await until_it_is(world, "succeeded", "succeeded")
        await world.supervisor.shutdown(WAIT_S)
    assert other.done("refill") == ["2"]


async def test_the_account_of_what_is_being_sent_waits_for_it(world: World, busy: Held) -> None:
    """One request at a time, also across a reload: the second may stand on what the first shows."""
    world.site.orders["2"] = "partial"
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await busy.asked.wait()
        await change_over(world, group, config(REFILL, accounts=BOTH))
        await world.track("2")
        await until_it_is(world, "sending", "ready")
        for _ in range(3):
            await world.supervisor.executors["panel"].turn()
        assert await world.states("refill") == ["sending", "ready"]
        busy.answer.set()
        await until_it_is(world, "succeeded", "succeeded")
        await world.supervisor.shutdown(WAIT_S)


async def test_what_is_being_sent_for_an_account_that_a_reload_takes_away_is_written_down(
    world: World, busy: Held
) -> None:
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await busy.asked.wait()
        await change_over(world, group, config(accounts=ONE))
        busy.answer.set()
        await until_it_is(world, "succeeded")
        await world.supervisor.shutdown(WAIT_S)
    assert "executing panel" not in world.context.liveness._turned


async def test_a_stop_ends_what_outlived_a_reload(world: World, busy: Held) -> None:
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await busy.asked.wait()
        await change_over(world, group, config(REFILL, accounts=BOTH))
        await world.supervisor.shutdown(0)
    assert await world.states("refill") == ["sending"]


async def test_what_the_provider_asks_for_after_a_reload_holds_for_what_comes_next(world: World) -> None:
    """The answer to what was under way says 429: the next request of that key waits, too."""
    asked, answer = asyncio.Event(), asyncio.Event()

    async def limited(_intent: Any) -> Outcome:
        asked.set()
        await answer.wait()
        exchange = current()
        assert exchange is not None
        exchange.limited, exchange.retry_after = True, timedelta(hours=1)
        return Later("HTTP 429", timedelta(hours=1))

    world.clock = RealClock()  # type: ignore[assignment]
    world.site.will("refill", limited)
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL, accounts=BOTH))
    await world.track("1")
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await asked.wait()
        for rate in ("100/min", "50/min"):
            await change_over(world, group, config(REFILL, accounts=f"{account(more=f'rate: {rate}')}"))
        answer.set()
        await until_it_is(world, "deferred")
        assert world.supervisor.limiters["panel"].paused_s() > 0
        await world.supervisor.shutdown(WAIT_S)


async def test_a_reload_waits_for_no_plugin_that_does_not_end(
    world: World, monkeypatch: pytest.MonkeyPatch, logged: list[MutableMapping[str, Any]]
) -> None:
    asked, free = asyncio.Event(), asyncio.Event()

    async def stubborn(_look: Any) -> Any:
        asked.set()
        while not free.is_set():
            with suppress(asyncio.CancelledError):
                await free.wait()
        raise Unreachable("at last")

    monkeypatch.setattr(supervisor, "ABANDON_S", 0.1)
    world.clock = RealClock()  # type: ignore[assignment]
    world.site.will("coupons", stubborn)
    await world.open(config(REFILL, accounts=BOTH))
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await asked.wait()
        before = world.supervisor
        await change_over(world, group, config(REFILL, accounts=BOTH))
        assert "reload.loop_abandoned" in [line["event"] for line in logged]
        free.set()
        await world.supervisor.shutdown(WAIT_S)
        await asyncio.wait(before._tasks)  # what was abandoned ends once its plugin lets it


async def test_nobody_waits_longer_after_a_reload_than_the_new_rate_says(world: World) -> None:
    await world.open(config(accounts=account(more="rate: 1/h")))
    await world.supervisor.limiters["panel"].acquire()
    faster = world.supervisor.limiters["panel"].hand_over(60, timedelta(minutes=1))
    assert faster._free_at_s - world.clock.monotonic() <= 1


def after(world: World, task: asyncio.Task[Any]) -> Executor:
    """Return an executor of the account that waits for what a reload left behind."""
    spec = world.context.config.accounts[world.site_account]
    adapter, limiter = (of[world.site_account] for of in (world.supervisor.adapters, world.supervisor.limiters))
    return Executor(world.context, spec, adapter, limiter, [task])


async def test_what_keeps_an_outcome_until_the_disk_takes_it_is_no_reason_to_kill_the_daemon(world: World) -> None:
    """The disk is full when an answer comes, and a reload: killed, the daemon would lose what it keeps."""
    await world.open(config())
    waits = asyncio.ensure_future(asyncio.Event().wait())
    executor = after(world, waits)
    world.journal.broken = "the disk is full"
    await world.wait(hours=1)
    await executor.turn()
    assert world.context.liveness.stalled() == []
    waits.cancel()


async def test_what_keeps_an_account_from_sending_for_too_long_is_told_to_the_watchdog(world: World) -> None:
    """A plugin hangs in what a reload left behind: the account would wait for ever, and look healthy."""
    await world.open(config())
    hangs = asyncio.ensure_future(asyncio.Event().wait())
    executor = after(world, hangs)
    await executor.turn()
    at_once = world.context.liveness.stalled()
    await world.wait(hours=1)
    await executor.turn()
    later = world.context.liveness.stalled()
    hangs.cancel()
    await asyncio.wait([hangs])
    await executor.turn()
    assert (at_once, "executing panel" in later, world.context.liveness.stalled()) == ([], True, [])


@pytest.mark.parametrize("reloads", [1, 0])
async def test_what_hangs_in_its_connection_is_kept_back_by_a_reload_and_by_a_pause(world: World, reloads: int) -> None:
    """Whatever was decided before either, and has not left, is judged once more."""
    asked, go, left = asyncio.Event(), asyncio.Event(), list[str | None]()

    async def connecting(_intent: Any) -> Outcome:
        exchange = current()
        assert exchange is not None
        asked.set()
        await go.wait()
        left.append(exchange.objection())
        return Later("kept back")

    world.clock = RealClock()  # type: ignore[assignment]
    world.site.will("refill", connecting)
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    async with asyncio.TaskGroup() as group, asyncio.timeout(WAIT_S):
        await world.supervisor.start(group)
        await asked.wait()
        for _ in range(reloads):
            await change_over(world, group, config(REFILL))
        if not reloads:
            await world.say("pause", account="panel")
        go.set()
        while not left:
            await asyncio.sleep(0)
        await world.supervisor.shutdown(WAIT_S)
    assert left == ["the configuration changed before it left" if reloads else "it was paused before it left"]
