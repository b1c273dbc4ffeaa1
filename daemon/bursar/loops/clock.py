"""The real clock: the only place that asks the machine what time it is, or sleeps."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timezone


class RealClock:
    """The machine's clocks. `monotonic` is the boot clock: it goes on while the machine sleeps, and cannot be set."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
