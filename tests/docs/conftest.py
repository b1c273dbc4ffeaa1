"""Leaves no event loop behind: on Python 3.11 pytest-asyncio has one made that nobody closes."""

from __future__ import annotations

import asyncio

asyncio.set_event_loop(None)
