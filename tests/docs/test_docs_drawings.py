"""Drawings in the docs are made from the code."""

from __future__ import annotations

from pathlib import Path

from bursar.testing import diagrams


def test_the_life_of_an_intent_is_drawn_as_it_is() -> None:
    drawn = Path(__file__).parents[2] / "docs" / "life.md"
    assert drawn.read_text() == diagrams.life(), "say `make docs`"
