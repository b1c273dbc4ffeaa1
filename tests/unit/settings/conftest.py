"""A reader of configurations in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.settings import Reader


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    return Reader(tmp_path)
