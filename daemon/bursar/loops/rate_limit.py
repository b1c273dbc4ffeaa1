"""The rate limit of one key: requests wait for their turn, effects ahead of reads.

A token bucket: up to a tenth of the period's requests may go out at once, then they are spread evenly. A provider that
asks to be left alone is left alone: callers do not wait in here then, but are told at once, so that no loop stalls.
"""

from __future__ import annotations

import heapq
import itertools
from datetime import timedelta
from enum import IntEnum

from bursar.api.clock import Clock
from bursar.api.errors import RateLimited

MIN_WAIT_S = 0.001
MAX_PAUSE = timedelta(days=1)


NEVER = float("-inf")


class Priority(IntEnum):
    """Who goes first."""

    EFFECT = 0
    READ = 1


class RateLimiter:
    """The turns of a key: at most so many requests a period.

    Args:
        clock: The one clock.
        requests: How many requests.
        period: In what time.
    """

    def __init__(self, clock: Clock, requests: int, period: timedelta) -> None:
        self._clock = clock
        self._spacing_s = period.total_seconds() / requests
        self._burst_s = self._spacing_s * (max(1, requests // 10) - 1)
        self._free_at_s = clock.monotonic() - self._burst_s
        self._paused_until_s = NEVER
        self._next: RateLimiter | None = None
        self._waiting: list[tuple[int, int]] = []
        self._numbers = itertools.count()

    async def acquire(self, priority: Priority = Priority.READ) -> None:
        """Wait for a turn.

        Raises:
            RateLimited: the provider asked to be left alone for a while; nothing was asked.
        """
        self._require_no_pause()
        if not self._waiting and self._take():
            return
        # The number keeps turns in order within a priority; effects go ahead of polls, whose answer can wait.
        mine = (int(priority), next(self._numbers))
        heapq.heappush(self._waiting, mine)
        try:
            while self._waiting[0] != mine or not self._take():
                await self._clock.sleep(max(self._free_at_s - self._clock.monotonic(), MIN_WAIT_S))
                # Those that wait are told, too: an executor that stands here for
                # an hour stalls its account, and looks dead to the watchdog.
                self._require_no_pause()
        finally:
            self._waiting.remove(mine)
            heapq.heapify(self._waiting)

    def pause_for(self, pause: timedelta) -> None:
        """The provider limits the rate: no turn before so long, at most a day."""
        until_s = self._clock.monotonic() + min(pause, MAX_PAUSE).total_seconds()
        self._paused_until_s = max(self._paused_until_s, until_s)
        if self._next is not None:
            self._next.pause_for(pause)

    def hand_over(self, requests: int, period: timedelta) -> RateLimiter:
        """Return what limits the same key from now on, at this rate.

        What the provider asked for, or asks of a request that is still under way here, holds there, too; and the turns
        that were taken are taken, but the next one is not waited for longer than this rate says.
        """
        after = RateLimiter(self._clock, requests, period)
        soonest_s = self._clock.monotonic() + after._spacing_s
        after._free_at_s = max(after._free_at_s, min(self._free_at_s, soonest_s))
        after._paused_until_s = self._paused_until_s
        self._next = after
        return after

    def paused_s(self) -> float:
        """Return for how long the provider is still left alone; 0: it is not."""
        if self._paused_until_s == NEVER:
            return 0.0
        return max(self._paused_until_s - self._clock.monotonic(), 0.0)

    def _require_no_pause(self) -> None:
        left_s = self.paused_s()
        if left_s > 0:
            reason = f"the provider asked to be left alone for {left_s:.0f} s more"
            raise RateLimited(reason, retry_after=timedelta(seconds=left_s))

    def _take(self) -> bool:
        now_s = self._clock.monotonic()
        if self._free_at_s > now_s:
            return False
        self._free_at_s = max(self._free_at_s, now_s - self._burst_s) + self._spacing_s
        return True
