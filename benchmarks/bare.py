"""The bare loop: what aiohttp and msgspec alone do with batches of a hundred. It detects nothing and keeps nothing."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import msgspec

from benchmarks.orders import batches

LANES = 4
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


class Status(msgspec.Struct):
    """One order, as the bare loop decodes it."""

    charge: str
    start_count: str
    status: str
    remains: str
    currency: str


async def orders_per_s(url: str, count: int, passes: int) -> float:
    """Ask for all orders so many times; give how many orders a second that were."""
    decode = msgspec.json.Decoder(dict[str, Status]).decode
    bodies = [f"key=bench&action=status&orders={','.join(batch)}".encode() for batch in batches(count)] * passes
    waiting = iter(bodies)
    seen = 0

    async def lane(session: aiohttp.ClientSession) -> None:
        nonlocal seen
        for body in waiting:
            async with session.post(url, data=body, headers=HEADERS) as answer:
                seen += len(decode(await answer.read()))

    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(lane(session))
        took = time.perf_counter() - began
    assert seen == count * passes
    return seen / took
