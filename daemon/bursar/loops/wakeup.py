"""How a loop that waits is woken: by commits, and with a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable

from bursar.api.clock import Clock


class Wakeup:
    """Wakes a loop that waits: rung by commits, and waited for with a time limit."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._others: tuple[Wakeup, ...] = ()

    def set(self) -> None:
        self._event.set()
        for other in self._others:
            other.set()

    def forward_to(self, others: Iterable[Wakeup]) -> None:
        """Ring these, too, whenever this one rings."""
        self._others = tuple(others)

    async def wait(self, clock: Clock, seconds: float) -> bool:
        """Wait until it is rung, or so long; say whether it was rung."""
        if not self._event.is_set() and seconds > 0:
            await first_of(self._event.wait(), clock.sleep(seconds))
        rung = self._event.is_set()
        self._event.clear()
        return rung


async def first_of(*awaitables: Awaitable[object]) -> None:
    """Wait for whichever comes first; the others are canceled and waited for."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]  # noqa: TID251 - awaited right below
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)  # a task that is canceled just now stays canceled
