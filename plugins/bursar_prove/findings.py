"""What a run can find."""

from __future__ import annotations

from dataclasses import dataclass

LOST, DOUBLED, BEYOND, UNKNOWN = "lost", "doubled", "beyond", "unknown"
WRONG = (LOST, DOUBLED, BEYOND)
"""The kinds of which there must be none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference, or one thing that a person was asked about.

    Attributes:
        kind: `LOST`, `DOUBLED`, `BEYOND` (of what was judged) or `UNKNOWN`.
        words: What it is.
        at_us: When it began, in the run's time; by it, the round is found.
    """

    kind: str
    words: str
    at_us: int
