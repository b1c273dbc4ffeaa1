"""What every commit does: something is decided, and the rules are asked about all that came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bursar.pipeline.rule_evaluation import process_events
from bursar.pipeline.unit_of_work import UnitOfWork

T = TypeVar("T")


def decide_all(uow: UnitOfWork, decide: Callable[[UnitOfWork], T]) -> T:
    """Decide, then ask the rules about all events that were queued by it, and by what the rules did."""
    result = decide(uow)
    # In the same transaction: a crash between an event and what
    # its rules make of it would lose one or do the other twice.
    process_events(uow)
    return result
