"""The real clock: the only place that asks the machine what time it is, or sleeps."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timezone


class RealClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
