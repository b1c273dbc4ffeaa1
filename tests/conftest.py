"""What every test leaves behind as it found it.

No event loop: on Python 3.11 pytest-asyncio asks for the current one, which would make a fresh one that nobody closes,
unless it was said that there is none. And no logging set up on a stream that a test has closed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
import structlog

asyncio.set_event_loop(None)
pytest_plugins = ["properties"]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a test set up of logging."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
