from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from household import Household, household


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Household]:
    """Return servers, and a folder for a daemon."""
    async with household(tmp_path) as made:
        yield made
