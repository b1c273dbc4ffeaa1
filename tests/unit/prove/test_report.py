"""Reports add up, and what is none is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bursar_prove.command import prove
from bursar_prove.findings import BEYOND, UNKNOWN, Finding
from bursar_prove.matrix import read_cell
from bursar_prove.report import Report, merge, read_report, report
from bursar_prove.runner import Played
from support.prove import SCENARIOS

HERE, THERE = (
    read_cell("after-effect:payout:late", SCENARIOS.actions),
    read_cell("before-commit:poll:idle", SCENARIOS.actions),
)


def one(seed: int, *findings: Finding) -> Report:
    return report(seed, [Played(HERE, 0), Played(THERE, 10)], findings, {"payout": 2}, 3.0)


def test_what_is_printed_can_be_read_again() -> None:
    told = one(7, Finding(BEYOND, "too much", 12))
    assert read_report(json.loads(json.dumps(told.public()))).public() == told.public()


def test_runs_add_up() -> None:
    both = merge([one(7, Finding(UNKNOWN, "asked", 1)), one(8, Finding(BEYOND, "too much", 12))])
    assert (both.rounds, both.seeds, both.effects, both.count(UNKNOWN), both.count(BEYOND)) == (
        4,
        (7, 8),
        {"payout": 4},
        1,
        1,
    )


def test_each_finding_stays_with_its_cell() -> None:
    both = merge([one(7), one(8, Finding(BEYOND, "too much", 12))])
    assert [(row.cell, row.rounds, row.beyond) for row in both.rows] == [(str(HERE), 2, 0), (str(THERE), 2, 1)]


@pytest.mark.parametrize("told", [{}, [], {"seeds": [1]}, {"cells": 3, "findings": []}, None, 7])
def test_what_is_no_report_is_refused(told: Any) -> None:
    with pytest.raises(ValueError, match="no report"):
        read_report(told)


@pytest.fixture
def kept(tmp_path: Path) -> list[str]:
    paths = []
    for seed in (7, 8):
        path = tmp_path / f"{seed}.json"
        path.write_text(json.dumps(one(seed).public()), encoding="utf-8")
        paths.append(str(path))
    return paths


def run(*words: str) -> tuple[int, str]:
    ended = CliRunner().invoke(prove, words, standalone_mode=False)
    return (ended.return_value if ended.exception is None else 2), f"{ended.output}{ended.exception or ''}"


def test_the_command_adds_them_up(kept: list[str]) -> None:
    code, said = run("--merge", *kept)
    assert (code, "4 rounds in 6 s" in said) == (0, True)


def test_the_same_run_counts_once(kept: list[str]) -> None:
    assert "counts once" in run("--merge", kept[0], kept[0])[1]


def test_reports_without_merge_are_refused(kept: list[str]) -> None:
    assert "bursar prove --merge REPORT" in run(*kept)[1]


def test_merge_without_reports_is_refused() -> None:
    assert "bursar prove --merge REPORT" in run("--merge")[1]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]"])
def test_a_broken_report_is_named(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(body)
    assert str(path) in run("--merge", str(path))[1]


def test_a_report_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "No such file" in run("--merge", str(tmp_path / "none.json"))[1]
