"""A clock whose time passes only when a test says so.

Comes in: sleepers, and `advance`. Goes out: sleepers woken in the order of their hours, each with the clock standing
at exactly its hour. Real time is never slept away: between two wakings the loop runs until what was woken sleeps
on this clock again, ends, or waits for something else; the last is given `patience_s` of real time, for threads and
sockets. That is a limit for what hangs, and long, so that no machine is too slow for it: a task that waits for good
for something else is better canceled.

What goes by the event loop's own clock and not by this one, such as the time-out of a request, is helped on by
`bursar.sandbox.faults.leap`.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

START = datetime(2026, 1, 1, 12, 0, tzinfo=timezone.utc)
ROUNDS = 25
PAUSE_S = 0.001


class VirtualClock:
    """A `bursar.api.Clock` for tests.

    Args:
        start: What the wall clock says at first.
        patience_s: How much real time a woken task gets to come back from a thread or a socket, before the clock goes
            on without it.
    """

    def __init__(self, start: datetime = START, *, patience_s: float = 60.0) -> None:
        self._wall = start
        self._monotonic = 0.0
        self._patience_s = patience_s
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._asleep: set[asyncio.Task[object]] = set()
        self._count = 0

    def now(self) -> datetime:
        """Return the wall clock's instant, aware, UTC."""
        return self._wall

    def monotonic(self) -> float:
        """Return the seconds that passed since the clock was made."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock was advanced so far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._monotonic + seconds, self._count, sleeper))
        task = asyncio.current_task()
        assert task is not None
        self._asleep.add(task)
        try:
            await sleeper
        finally:
            self._asleep.discard(task)

    @property
    def next_due_s(self) -> float | None:
        """How far to `advance` until a sleeper wakes; None: there is none."""
        self._forget_canceled()
        return self._sleepers[0][0] - self._monotonic if self._sleepers else None

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back; no sleeper wakes, `monotonic` does not move."""
        self._wall += timedelta(seconds=seconds)

    async def advance(self, seconds: float) -> None:
        """Let time pass, and let everything run that falls due in it, in order."""
        await self._run_until(self._monotonic + seconds, lambda: False)

    async def advance_until(self, done: Callable[[], bool], within: float) -> None:
        """Let time pass, from sleeper to sleeper, until something holds.

        Raises:
            AssertionError: it does not hold after `within` seconds of this clock.
        """
        await self._run_until(self._monotonic + within, done)
        assert done(), f"still not so after {within:g} s"

    async def _run_until(self, end: float, done: Callable[[], bool]) -> None:
        await self._settle(set())
        while not done():
            self._forget_canceled()
            if not self._sleepers or self._sleepers[0][0] > end:
                self._move_to(end)
                break
            due = self._sleepers[0][0]
            self._move_to(due)
            await self._settle(self._wake(due))

    def _wake(self, due: float) -> set[asyncio.Task[object]]:
        """Wake who is due, all of one instant together, and return the tasks that now run."""
        before = set(self._asleep)
        while self._sleepers and self._sleepers[0][0] <= due:
            sleeper = heapq.heappop(self._sleepers)[2]
            if not sleeper.done():
                sleeper.set_result(None)
        return before

    def _move_to(self, monotonic: float) -> None:
        passed = max(monotonic - self._monotonic, 0.0)
        self._wall += timedelta(seconds=passed)
        self._monotonic += passed

    def _forget_canceled(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)

    async def _settle(self, woken: set[asyncio.Task[object]]) -> None:
        """Run the loop until what was woken sleeps again or has ended, or patience is at an end."""
        await _rounds()
        loop = asyncio.get_running_loop()
        give_up = loop.time() + self._patience_s
        while any(not task.done() and task not in self._asleep for task in woken) and loop.time() < give_up:
            await asyncio.sleep(PAUSE_S)
            await _rounds()


async def _rounds() -> None:
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
