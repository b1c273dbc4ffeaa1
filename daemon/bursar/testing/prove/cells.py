"""The matrix: every point at which the daemon is killed, at every action or commit, under every fault.

A cell is named `POINT:AT:FAULT`, such as `after-effect:payout:late`. Which cells a run plays follows from its seed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

REQUEST_POINTS = {
    "before-request": "`sending` is committed, and the request is about to leave.",
    "before-effect": "The request arrived, and the effect has not come (with `late`, it comes afterwards).",
    "after-effect": "The effect came, and the reply has not left.",
    "after-reply": "The reply arrived, or did not come, and the outcome is not committed.",
}
COMMIT_POINTS = {
    "before-commit": "Everything is written, and not committed.",
    "after-commit": "It is committed, and nobody has been told.",
}
ACTIONS = ("add", "refill", "cancel", "payout")
COMMITS = {
    "start": "what the last run left is taken over",
    "poll": "an observation that says something new, with its events, matches and intents",
    "sending": "an intent goes to `sending`",
    "outcome": "the outcome of an attempt",
    "look": "what a look at a lost attempt showed",
    "time": "what time alone does",
    "delivery": "a message was taken by its sink",
    "person": "what a person decided or asked for",
}
ANYWHERE = "any-moment"
FAULTS = {
    "none": "Nothing else goes wrong.",
    "lost": "The reply to an effect is lost: no answer, or a reset.",
    "late": "No reply, and the effect comes only after the client has gone.",
    "5xx": "The effect, and then an HTML page with status 500.",
    "duplicated": "Answers come twice in one body: to the effect and to what is read afterwards.",
    "stale": "What is read afterwards is what was read before.",
    "restart": "A restart by SIGTERM before the kill.",
    "reload": "A reload by SIGHUP before the kill.",
}


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One cell of the matrix.

    Attributes:
        point: One of `REQUEST_POINTS`, `COMMIT_POINTS`, or `ANYWHERE`.
        at: One of `ACTIONS`, or one of `COMMITS`; `time` for `ANYWHERE`, when that chooses.
        fault: One of `FAULTS`.
    """

    point: str
    at: str
    fault: str

    def __str__(self) -> str:
        return f"{self.point}:{self.at}:{self.fault}"


def matrix() -> list[Cell]:
    """Give every cell."""
    points = [*product(REQUEST_POINTS, ACTIONS), *product(COMMIT_POINTS, COMMITS), (ANYWHERE, "clock")]
    return [Cell(point, at, fault) for point, at in points for fault in FAULTS]


def read_cell(name: str) -> Cell:
    """Read a cell's name.

    Raises:
        ValueError: there is no such cell; the message says how one is named.
    """
    known = {str(cell): cell for cell in matrix()}
    if name not in known:
        raise ValueError(
            f"there is no cell {name!r}: one is POINT:AT:FAULT, such as after-effect:payout:late, with a point of "
            f"{', '.join([*REQUEST_POINTS, *COMMIT_POINTS])}; an action ({', '.join(ACTIONS)}) or a commit "
            f"({', '.join(COMMITS)}); and a fault of {', '.join(FAULTS)}; or {ANYWHERE}:clock:FAULT"
        )
    return known[name]


def choose(rounds: int, seed: int, only: Cell | None = None) -> list[Cell]:
    """Say which cell each round plays: each as often as any other, no place twice in a row where that can be."""
    if only is not None:
        return [only] * rounds
    dice, chosen = random.Random(seed), list[Cell]()
    while len(chosen) < rounds:
        deck = matrix()
        dice.shuffle(deck)
        chosen += _spread(deck)
    return chosen[:rounds]


def _spread(deck: Sequence[Cell]) -> list[Cell]:
    """Deal the places in turn, so that a short run meets every one of them."""
    piles: dict[tuple[str, str], list[Cell]] = {}
    for cell in deck:
        piles.setdefault((cell.point, cell.at), []).append(cell)
    return [pile[row] for row in range(len(FAULTS)) for pile in piles.values()]
