"""What every test leaves behind as it found it.

No event loop: on Python 3.11 pytest-asyncio asks for the current one, which would make a fresh one that nobody closes,
unless it was said that there is none. And no logging set up on a stream that a test has closed.

What a service manager says to whoever runs the tests is not for the daemons that the tests run, and neither is what they
want of their own terminal, or of their own bursar.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterator

import pytest
import structlog

asyncio.set_event_loop(None)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # of a background job: what the tests start would not hear it
    signal.signal(signal.SIGINT, signal.default_int_handler)
for name in (
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "CREDENTIALS_DIRECTORY",
    "BURSAR_CONFIG",
    "PYTEST_ADDOPTS",
    "FORCE_COLOR",
    "PY_COLORS",
    "PYTHONWARNINGS",
):
    os.environ.pop(name, None)
pytest_plugins = ["support.properties", "support.result"]


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Undo what a test set up of logging."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
