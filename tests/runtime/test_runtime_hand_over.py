"""A reload while something is being sent: it goes on, its account waits for it, and nobody else does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from kit import World
from limits import WAIT_S
from runtime_config import account, config

from bursar.api import Outcome, Succeeded
from bursar.logs import Redactor
from bursar.loops.clock import RealClock
from bursar.loops.startup import apply_configuration
from bursar.loops.supervisor import Supervisor

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
