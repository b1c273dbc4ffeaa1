"""The rate limit of one key: requests wait for their turn, effects ahead of reads.

A token bucket: up to a tenth of the period's requests may go out at once, then they are spread evenly.
"""

from __future__ import annotations

import heapq
import itertools
from datetime import timedelta

from bursar.api.clock import Clock

FIRST, NORMAL = 0, 1
SHORTEST_S = 0.001


class RateLimiter:
    """Gives turns: at most so many requests a period.

    Args:
        clock: The one clock.
        requests: How many requests.
        period: In what time.
    """

    def __init__(self, clock: Clock, requests: int, period: timedelta) -> None:
        self._clock = clock
        self._spacing_s = period.total_seconds() / requests
        self._burst_s = self._spacing_s * (max(1, requests // 10) - 1)
        self._free_at = clock.monotonic() - self._burst_s
        self._waiting: list[tuple[int, int]] = []
        self._numbers = itertools.count()

    async def wait(self) -> None:
        """Wait for the turn of a read."""
        await self._wait(NORMAL)

    async def wait_first(self) -> None:
        """Wait for the turn of an effect."""
        await self._wait(FIRST)

    def pause_for(self, pause: timedelta) -> None:
        """The provider limits the rate: no turn before so long."""
        self._free_at = max(self._free_at, self._clock.monotonic() + pause.total_seconds())

    async def _wait(self, rank: int) -> None:
        if not self._waiting and self._take():
            return
        mine = (rank, next(self._numbers))
        heapq.heappush(self._waiting, mine)
        try:
            while self._waiting[0] != mine or not self._take():
                await self._clock.sleep(max(self._free_at - self._clock.monotonic(), SHORTEST_S))
        finally:
            self._waiting.remove(mine)
            heapq.heapify(self._waiting)

    def _take(self) -> bool:
        now = self._clock.monotonic()
        if self._free_at > now:
            return False
        self._free_at = max(self._free_at, now - self._burst_s) + self._spacing_s
        return True
