"""The one clock. Nothing else in bursar or its plugins asks what time it is, or sleeps."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits. The daemon's is real; `bursar.testing.VirtualClock` waits in no time."""

    def now(self) -> datetime:
        """Return the wall clock's instant, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds of a clock that never jumps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so long."""
        ...
