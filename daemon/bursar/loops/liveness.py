"""The liveness of the daemon: every loop says that it turned. The watchdog is fed, and the heartbeat asked, only while
all of them turn and nothing that is due is overdue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from bursar.api.clock import Clock
from bursar.journal.errors import JournalError

STILL_S = 60.0
log = structlog.get_logger("bursar")


class Liveness:
    """When each loop last turned, on the monotonic clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turned: dict[str, float] = {}

    def tick(self, loop: str, patience_s: float = 0.0) -> None:
        """The loop turned. `patience_s`: it now waits for something that has a time limit of its own, this one."""
        self._turned[loop] = max(self._turned.get(loop, float("-inf")), self._clock.monotonic() + patience_s)

    def forget(self, loop: str) -> None:
        """The loop ended on purpose."""
        self._turned.pop(loop, None)

    def stalled(self) -> list[str]:
        """Name the loops that have not turned for a minute."""
        now = self._clock.monotonic()
        return [name for name, at in self._turned.items() if now - at > STILL_S]


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
        await asyncio.gather(*tasks, return_exceptions=True)  # whoever is canceled just now stays canceled


async def run_forever(
    name: str, clock: Clock, liveness: Liveness, turn: Callable[[], Awaitable[None]], until: asyncio.Event | None = None
) -> None:
    """Run one loop for good: whatever a turn raises is logged, and it goes on after a pause that doubles.

    With `until`, it ends between two turns once that is set.
    """
    pause_s = 1.0
    while until is None or not until.is_set():
        liveness.tick(name)
        try:
            await turn()
            pause_s = 1.0
        except JournalError as error:
            log.error("the journal cannot be written", loop=name, reason=str(error))
            await clock.sleep(min(pause_s, 30.0))
            pause_s *= 2
        except Exception:
            log.exception("a loop failed, and goes on", loop=name)
            await clock.sleep(min(pause_s, 30.0))
            pause_s *= 2
