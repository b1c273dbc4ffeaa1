"""Leaves no event loop behind: on Python 3.11 pytest-asyncio asks for the current one, which would make a fresh one
that nobody closes, unless it was said that there is none."""

from __future__ import annotations

import asyncio

asyncio.set_event_loop(None)
