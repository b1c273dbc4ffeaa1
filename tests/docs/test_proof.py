"""The page about the proof: every test that it names exists, and what there is to play is named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bursar_prove.matrix import ANYWHERE, COMMIT_POINTS, COMMITS, FAULTS, REQUEST_POINTS
from bursar_prove.proof import FLAWS
from support.prove import SCENARIOS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/proof.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
PLAYED = [*REQUEST_POINTS, *COMMIT_POINTS, ANYWHERE, *SCENARIOS.actions, *COMMITS, *FAULTS, *FLAWS]


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


HEAD, *ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE[PAGE.index("| struck | at |") :].split("\n\n")[0].splitlines()
    if "--:" not in line
]
LEARNED = ("idle", "jump", "freeze", "disk", "grow", "edit", "foreign", "late-answer")
"""The faults that are no kill."""


def test_a_long_run_is_on_record() -> None:
    [rounds] = re.findall(r"^([0-9,]+) rounds, lost 0, doubled 0, beyond 0", PAGE, re.MULTILINE)
    played = [int(row[HEAD.index("rounds")]) for row in ROWS]
    assert (int(rounds.replace(",", "")), sum(played) >= 5000) == (sum(played), True)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ":".join(row[:2]))
def test_the_table_adds_up_and_nothing_was_wrong(row: list[str]) -> None:
    rounds, *by_fault, lost, doubled, beyond, _unknown = map(int, row[2:])
    under = dict(zip(HEAD[3:-4], by_fault, strict=True))
    assert (list(under), rounds) == (list(FAULTS), sum(by_fault))
    assert (lost, doubled, beyond) == (0, 0, 0)
    assert row[0] == ANYWHERE or min(under[fault] for fault in LEARNED) >= 10


def test_the_table_has_a_row_for_every_place() -> None:
    requests = {(point, action) for point in REQUEST_POINTS for action in SCENARIOS.actions}
    commits = {(point, commit) for point in COMMIT_POINTS for commit in COMMITS}
    assert {(row[0], row[1]) for row in ROWS if row[0] != ANYWHERE} == requests | commits
