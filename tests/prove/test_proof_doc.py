"""The page about the proof: every test that it names exists, and what there is to play is named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar.testing.prove import FLAWS
from bursar.testing.prove.cells import ACTIONS, ANYWHERE, COMMIT_POINTS, COMMITS, FAULTS, REQUEST_POINTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/proof.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
PLAYED = [*REQUEST_POINTS, *COMMIT_POINTS, ANYWHERE, *ACTIONS, *COMMITS, *FAULTS, *FLAWS]


def functions(path: Path) -> Iterator[str]:
    """Return the names of all functions in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


@pytest.mark.parametrize(("module", "test"), NAMED)
def test_a_test_that_is_named_exists(module: str, test: str) -> None:
    assert test in set(functions(ROOT / module))


@pytest.mark.parametrize("number", range(1, 8))
def test_every_promise_names_its_tests(number: int) -> None:
    [row] = re.findall(rf"^\| {number}\. .*$", PAGE, re.MULTILINE)
    assert row.count("::test_") >= 1


@pytest.mark.parametrize("word", PLAYED)
def test_what_can_be_played_is_named(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_a_long_run_is_on_record() -> None:
    [rounds] = re.findall(r"^([0-9,]+) rounds, lost 0, doubled 0, beyond 0", PAGE, re.MULTILINE)
    assert int(rounds.replace(",", "")) >= 1000
