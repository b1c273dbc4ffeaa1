"""Pages of the docs that are made from the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.testing.diagrams import PAGES
from support.reference import reference

MADE = {**PAGES, "reference": reference}


@pytest.mark.parametrize("page", MADE)
def test_a_page_says_what_the_code_does(page: str) -> None:
    written = Path(__file__).parents[2] / "docs" / f"{page}.md"
    assert written.read_text(encoding="utf-8") == MADE[page](), "run `make docs`"
