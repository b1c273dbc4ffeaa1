"""The limits of real time in the tests: all of them, and none measures anything.

A test waits for what happens, however long that takes on the machine that it runs on; a limit is only there to break
off what would hang for good. So each is far longer than anything takes, and there is no other: `architecture/test_tests.py`
looks for them. What a test provokes by a time-out, it provokes by a server that hangs and lets the loop's clock leap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

WAIT_S = 300.0
"""How long a test waits for a server, a process or a thread. pytest-timeout's limit of a whole test, in
`pyproject.toml`, is longer."""
LEAP_S = WAIT_S + 1
"""How far the loop's clock leaps for a client that waits so long."""


async def until(so: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    while not so():
        await asyncio.sleep(0)
