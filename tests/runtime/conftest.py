from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from kit import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A daemon that is turned by hand; closed at the end."""
    made = World(tmp_path)
    yield made
    await made.close()
