"""The liveness of the daemon: every loop says that it turned. The watchdog is fed, and the heartbeat asked, only while
all of them turn and nothing that is due is overdue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bursar.api.clock import Clock
from bursar.domain.backoff import Backoff
from bursar.journal.errors import JournalError

STILL_S = 60.0
PAUSES = Backoff(timedelta(seconds=1), timedelta(seconds=30))
log = structlog.get_logger("bursar")


class Liveness:
    """When each loop last turned, on the monotonic clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turned: dict[str, float] = {}
        self._stuck: set[str] = set()

    def tick(self, loop: str, patience_s: float = 0.0) -> None:
        """The loop turned. `patience_s`: it now waits for something that has a time limit of its own, this one."""
        # Never earlier: a tick of another lane must not take back the patience for a request that hangs.
        self._turned[loop] = max(self._turned.get(loop, float("-inf")), self._clock.monotonic() + patience_s)

    def stick(self, loop: str, *, stuck: bool) -> None:
        """The loop turns, and gets nowhere: it waits for something whose time limit is over; or it does no more."""
        if stuck:
            self._stuck.add(loop)
        else:
            self._stuck.discard(loop)

    def forget(self, loop: str) -> None:
        """The loop ended on purpose."""
        self._turned.pop(loop, None)
        self._stuck.discard(loop)

    def stalled(self) -> list[str]:
        """Name the loops that have not turned for a minute, or get nowhere."""
        now = self._clock.monotonic()
        return [name for name, at in self._turned.items() if name in self._stuck or now - at > STILL_S]


async def run_forever(
    name: str, clock: Clock, liveness: Liveness, turn: Callable[[], Awaitable[None]], until: asyncio.Event | None = None
) -> None:
    """Run one loop for good: whatever a turn raises is logged, and it goes on after a pause that doubles.

    With `until`, it ends between two turns once that is set.
    """
    failures = 0
    while until is None or not until.is_set():
        liveness.tick(name)
        try:
            await turn()
            failures = 0
            continue
        except JournalError as error:
            log.error("journal.unwritable", loop=name, reason=str(error))
        except Exception:
            log.exception("loop.failed", loop=name)
        failures += 1
        await clock.sleep(PAUSES.pause(failures).total_seconds())
