"""The process dies, or a reload begins, in the middle of a request or of what comes before it."""

from __future__ import annotations

import asyncio
import contextlib

from support.config import config
from support.scenarios.replies import PAY, REFILL
from support.toy import hang
from support.world import World


async def kill_while(world: World, action: str) -> None:
    """Let the process die after the request left and before its answer came."""
    world.site.will(action, hang)
    sending = asyncio.ensure_future(world.send())
    while not world.site.performed:
        await asyncio.sleep(0)
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending


async def test_a_kill_after_the_request_left_leaves_it_unknown(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    await kill_while(world, "payout")
    await world.restart(clean=False)
    await world.live(minutes=3)
    assert (len(world.site.performed), await world.states()) == (1, ["unknown"])


async def test_a_kill_after_a_request_that_can_be_repeated_has_it_repeated(world: World) -> None:
    world.site.orders["1"] = "partial"
    await world.open(config(REFILL))
    await world.track("1")
    await world.poll()
    await kill_while(world, "refill")
    await world.restart(clean=False)
    await world.live(minutes=3)
    assert (world.site.done("refill"), await world.states()) == (["1", "1"], ["succeeded"])


async def test_a_kill_while_the_evidence_is_read_leaves_it_ready(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    world.site.will("prepare", hang)
    sending = asyncio.ensure_future(world.send())
    while not world.site.prepared:
        await asyncio.sleep(0)
    sending.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sending
    await world.restart(clean=False)
    await world.live(minutes=3)
    assert (len(world.site.performed), await world.states()) == (1, ["succeeded"])


async def test_a_kill_before_the_poll_was_committed_loses_nothing(world: World) -> None:
    await world.open(config(REFILL))
    await world.track("1")
    world.site.orders["1"] = "partial"
    world.site.will("orders", hang)
    polling = asyncio.ensure_future(world.poll())
    while world.site.looked("orders") == 0:
        await asyncio.sleep(0)
    polling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await polling
    await world.restart(clean=False)
    await world.live(minutes=2)
    assert world.site.done("refill") == ["1"]


async def test_a_request_that_was_broken_off_before_a_reload_is_unknown_after_it(world: World) -> None:
    world.site.money("80")
    await world.open(config(PAY))
    await world.poll()
    await kill_while(world, "payout")
    await world.reload(config(PAY))
    await world.send()
    assert await world.states() == ["unknown"]
