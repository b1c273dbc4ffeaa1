"""What a run found: every cell with its rounds, and what was lost, doubled or unknown in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bursar.testing.prove.compare import DOUBLED, LOST, UNKNOWN, Finding
from bursar.testing.prove.rounds import Played

AT_REST = "at-rest"
"""Where a finding stands that no round explains."""


@dataclass(frozen=True, slots=True)
class Row:
    """One cell."""

    cell: str
    rounds: int
    lost: int
    doubled: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Report:
    """All of it.

    Attributes:
        findings: With the cell that each is put down to.
        effects: How much the providers did, by action.
        seconds: How long it took.
    """

    seed: int
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
    def good(self) -> bool:
        return not self.count(LOST) and not self.count(DOUBLED)

    def public(self) -> dict[str, Any]:
        """Give what `--json` prints."""
        return {
            "rounds": self.rounds, "lost": self.count(LOST), "doubled": self.count(DOUBLED),
            "unknown": self.count(UNKNOWN), "seed": self.seed, "seconds": round(self.seconds, 1),
            "effects": self.effects,
            "cells": [asdict(row) for row in self.rows],
            "findings": [{"cell": cell, "kind": one.kind, "what": one.words} for cell, one in self.findings],
        }  # fmt: skip


def report(
    seed: int, played: Sequence[Played], findings: Iterable[Finding], effects: dict[str, int], seconds: float
) -> Report:
    """Put every finding down to the round in which it began."""
    put = tuple((_cell_of(finding, played), finding) for finding in findings)
    counts = Counter((cell, finding.kind) for cell, finding in put)
    rounds = Counter(str(one.cell) for one in played)
    names = sorted({*rounds, *(cell for cell, _ in put)})
    rows = tuple(
        Row(name, rounds[name], counts[name, LOST], counts[name, DOUBLED], counts[name, UNKNOWN]) for name in names
    )
    return Report(seed, rows, put, effects, seconds)


def _cell_of(finding: Finding, played: Sequence[Played]) -> str:
    before = [one for one in played if one.began_us <= finding.at_us]
    return str(before[-1].cell) if before else AT_REST
