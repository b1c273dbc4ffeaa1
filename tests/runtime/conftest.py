from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog
from kit import World


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """Keep the log out of the way: what it says has tests of its own."""
    structlog.configure(processors=[], wrapper_class=structlog.make_filtering_bound_logger(60))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A daemon that is turned by hand; closed at the end."""
    made = World(tmp_path)
    yield made
    await made.close()
