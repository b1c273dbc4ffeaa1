"""pytest-asyncio asks for the policy's event loop before it makes its own, and Python 3.11 then makes one that nobody
closes; saying that there is none spares the warning, which is an error here."""

from __future__ import annotations

import asyncio

asyncio.set_event_loop(None)
