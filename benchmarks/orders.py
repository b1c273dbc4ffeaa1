"""The orders that are measured with: the same on the server, in the journal, and in every run.

An order's number and how often it changed give what a panel says of it. One change in ten moves it to another state,
the others lower what remains: what orders in delivery do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Snapshot
from bursar.domain.values import Value

BATCH = 100
FIRST = 2_350_100
WORDS = ("In progress", "Processing")
STATES = ("in_progress", "processing")


def ids(count: int) -> list[str]:
    """Return the ids of so many orders."""
    return [str(FIRST + number) for number in range(count)]


def batches(count: int) -> list[list[str]]:
    """Return them in batches of a hundred."""
    every = ids(count)
    return [every[start : start + BATCH] for start in range(0, count, BATCH)]


def said(number: int, changes: int) -> dict[str, str]:
    """Return what the panel says of an order that changed so often."""
    return {
        "charge": f"{27 + number % 900}.{number % 100_000:05d}",
        "start_count": str(3000 + number % 7000),
        "status": WORDS[_moves(number, changes) % 2],
        "remains": str(100_000 - changes),
        "currency": "USD",
    }


def _moves(number: int, changes: int) -> int:
    """Return how many of an order's changes moved it to another state."""
    return (changes + number // 100 % 10) // 10


def known(account: AccountName, numbers: Sequence[int], at: datetime) -> list[Snapshot]:
    """Return unchanged orders as a daemon has them in its journal."""
    return [_snapshot(account, number, at) for number in numbers]


def _snapshot(account: AccountName, number: int, at: datetime) -> Snapshot:
    shown = said(number, 0)
    fields: dict[str, Value | None] = {name: Decimal(shown[name]) for name in ("charge", "start_count", "remains")}
    fields.update(status=shown["status"], currency=shown["currency"], refill_requested=False, cancel_requested=False)
    state = STATES[WORDS.index(shown["status"])]
    return Snapshot(
        account,
        SubjectRef("order", str(FIRST + number)),
        fields,
        at,
        state,
        state,
        first_seen_at=at,
        state_since=at,
        changed_at=at,
        observed_at=at,
    )
