"""What a run found: every cell with its rounds, and what was lost, doubled, beyond what was judged, or unknown in them.

Runs add up: each prints its report as JSON, and several are merged into one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bursar_prove.findings import BEYOND, DOUBLED, LOST, UNKNOWN, WRONG, Finding
from bursar_prove.runner import Played

AT_REST = "at-rest"
"""Where a finding stands that no round explains."""


@dataclass(frozen=True, slots=True)
class Row:
    """One cell."""

    cell: str
    rounds: int
    lost: int
    doubled: int
    beyond: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Report:
    """All of it.

    Attributes:
        seeds: Of the worlds, one for each run.
        findings: With the cell that each is put down to.
        effects: How much the providers did, by action.
        seconds: How long it took.
    """

    seeds: tuple[int, ...]
    rows: tuple[Row, ...]
    findings: tuple[tuple[str, Finding], ...]
    effects: dict[str, int]
    seconds: float

    @property
    def rounds(self) -> int:
        return sum(row.rounds for row in self.rows)

    def count(self, kind: str) -> int:
        """Count the findings of a kind."""
        return sum(1 for _, finding in self.findings if finding.kind == kind)

    @property
    def wrong(self) -> list[tuple[str, Finding]]:
        """The findings of which there must be none."""
        return [(cell, finding) for cell, finding in self.findings if finding.kind in WRONG]

    @property
    def good(self) -> bool:
        return not self.wrong

    def public(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {
            "rounds": self.rounds, **{kind: self.count(kind) for kind in (*WRONG, UNKNOWN)},
            "seeds": list(self.seeds), "seconds": round(self.seconds, 1), "effects": self.effects,
            "cells": [asdict(row) for row in self.rows],
            "findings": [{"cell": cell, "kind": one.kind, "what": one.words} for cell, one in self.findings],
        }  # fmt: skip


def report(
    seed: int, played: Sequence[Played], findings: Iterable[Finding], effects: dict[str, int], seconds: float
) -> Report:
    """Put every finding down to the round in which it began."""
    put = tuple((_cell_of(finding, played), finding) for finding in findings)
    return Report((seed,), _rows(put, Counter(str(one.cell) for one in played)), put, effects, seconds)


def read_report(told: Mapping[str, Any]) -> Report:
    """Read what `--json` printed.

    Raises:
        ValueError: it is something else.
    """
    try:
        put = tuple((str(one["cell"]), Finding(str(one["kind"]), str(one["what"]), 0)) for one in told["findings"])
        rounds = Counter({str(row["cell"]): int(row["rounds"]) for row in told["cells"]})
        effects = {str(name): int(count) for name, count in told["effects"].items()}
        seeds = tuple(int(seed) for seed in told["seeds"])
        return Report(seeds, _rows(put, rounds), put, effects, float(told["seconds"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"it is no report of `bursar prove --json`, or one of an older bursar (at {error})") from None


def merge(reports: Sequence[Report]) -> Report:
    """Add up what several runs found."""
    put = tuple(one for report in reports for one in report.findings)
    rounds: Counter[str] = Counter()
    effects: Counter[str] = Counter()
    for report in reports:
        rounds.update({row.cell: row.rounds for row in report.rows})
        effects.update(report.effects)
    seeds = tuple(seed for report in reports for seed in report.seeds)
    return Report(seeds, _rows(put, rounds), put, dict(sorted(effects.items())), sum(one.seconds for one in reports))


def _rows(put: Sequence[tuple[str, Finding]], rounds: Counter[str]) -> tuple[Row, ...]:
    counts = Counter((cell, finding.kind) for cell, finding in put)
    names = sorted({*rounds, *(cell for cell, _ in put)})
    return tuple(
        Row(name, rounds[name], *(counts[name, kind] for kind in (LOST, DOUBLED, BEYOND, UNKNOWN))) for name in names
    )


def _cell_of(finding: Finding, played: Sequence[Played]) -> str:
    before = [one for one in played if one.began_us <= finding.at_us]
    return str(before[-1].cell) if before else AT_REST
