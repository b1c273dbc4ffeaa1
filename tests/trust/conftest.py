"""These tests turn a daemon by hand, with the kit of `tests/runtime`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).parents[1] / neighbor) for neighbor in ("runtime", "journal", "domain")]

from kit import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A daemon that is turned by hand; closed at the end."""
    made = World(tmp_path)
    yield made
    await made.close()
