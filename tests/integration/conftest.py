"""A daemon that a test turns by hand, for whoever wants one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.world import World


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged; it is kept here, and not printed."""
    with capture_logs() as lines:
        yield lines


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A daemon that is turned by hand; closed at the end."""
    made = World(tmp_path)
    yield made
    await made.close()
