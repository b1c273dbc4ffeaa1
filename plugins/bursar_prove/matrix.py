"""The matrix: every point at which something happens to the daemon, at every action or commit, under every fault.

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
    "idle": "At the point an hour passes; then the daemon goes on, and is killed soon after.",
    "jump": "At the point, and half the time between two runs, the wall clock is set, forward or back.",
    "freeze": "At the point the process is stopped for longer than `settle`; then it goes on.",
    "disk": "From the point on, some commits find the disk full; then there is room again.",
    "grow": "The balance grows between plan, yes, look and request.",
    "edit": "A rule is changed, removed or put back while something waits for it, by SIGHUP or between two runs.",
    "foreign": "A person pays out, orders, refills or cancels at the provider's own site at the same time.",
    "late-answer": "Answers to reads are held back, so that newer ones and effects overtake them.",
}
AT_THE_POINT = frozenset({"idle", "jump", "freeze", "disk"})
"""These happen at the point itself, in place of the kill."""


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One cell of the matrix.

    Attributes:
        point: One of `REQUEST_POINTS`, `COMMIT_POINTS`, or `ANYWHERE`.
        at: An action, or one of `COMMITS`; `clock` for `ANYWHERE`.
        fault: One of `FAULTS`.
    """

    point: str
    at: str
    fault: str

    def __str__(self) -> str:
        return f"{self.point}:{self.at}:{self.fault}"


def places(actions: Sequence[str]) -> list[tuple[str, str]]:
    """Return every point with what it is at."""
    return [*product(REQUEST_POINTS, actions), *product(COMMIT_POINTS, COMMITS), (ANYWHERE, "clock")]


def matrix(actions: Sequence[str]) -> list[Cell]:
    """Return every cell."""
    return [Cell(point, at, fault) for point, at in places(actions) for fault in FAULTS]


def read_cell(name: str, actions: Sequence[str]) -> Cell:
    """Read a cell's name.

    Args:
        name: `POINT:AT:FAULT`.
        actions: The actions that there are.

    Raises:
        ValueError: there is no such cell; the message says how one is named.
    """
    known = {str(cell): cell for cell in matrix(actions)}
    if name not in known:
        raise ValueError(
            f"there is no cell {name!r}: one is POINT:AT:FAULT, such as after-effect:payout:late, with a point of "
            f"{', '.join([*REQUEST_POINTS, *COMMIT_POINTS])}; an action ({', '.join(actions)}) or a commit "
            f"({', '.join(COMMITS)}); and a fault of {', '.join(FAULTS)}; or {ANYWHERE}:clock:FAULT"
        )
    return known[name]


def choose(rounds: int, seed: int, actions: Sequence[str], only: Sequence[Cell] = ()) -> list[Cell]:
    """Return which cell each round plays: each as often as any other, no place twice in a row where that can be."""
    if only:
        return [only[number % len(only)] for number in range(rounds)]
    dice, chosen = random.Random(seed), list[Cell]()
    while len(chosen) < rounds:
        where, faults = places(actions), list(FAULTS)
        dice.shuffle(where)
        dice.shuffle(faults)
        chosen += _dealt(where, faults)
    return chosen[:rounds]


def _dealt(where: Sequence[tuple[str, str]], faults: Sequence[str]) -> list[Cell]:
    """Deal places and faults in turn, so that a short run meets every one of both."""
    count = len(faults)
    return [Cell(*place, faults[(turn + row) % count]) for row in range(count) for turn, place in enumerate(where)]
