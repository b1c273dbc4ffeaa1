"""A match is held back: what stops it for long is told, once for each match and reason."""

from __future__ import annotations

from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import matches
from bursar.journal.matches import MatchRow
from bursar.pipeline.events import emit_core
from bursar.pipeline.unit_of_work import UnitOfWork

TOLD_BY = {
    BlockReason.BUDGET: "budget.exhausted",
    BlockReason.GAVE_UP: "action.gave_up",
    BlockReason.BROKEN: "rule.failed",
}
"""The events by which people are told of what holds a match back."""


def hold_back(uow: UnitOfWork, match: MatchRow, held: HoldBack, acts_planned: int, *, told: bool = False) -> None:
    """Hold a match back until what holds it back ends, unless a newer one of its rule and subject waits already.

    Args:
        uow: The unit of work.
        match: The match.
        held: What holds it back.
        acts_planned: How many of its rule's actions are planned, or done.
        told: What became of its intent tells it.
    """
    # A newer match of the same rule and subject stands for it: released together, both would act.
    if not matches.hold_back_if_alone(uow.tx, match, held, acts_planned):
        return
    told_by = TOLD_BY.get(held.block)
    if told_by is None or match.told_block == held.block:
        return
    matches.told_of(uow.tx, match.id, held.block)
    if not told:
        emit_core(uow, told_by, match.account, {"rule": match.rule, "reason": held.reason}, match.subject)
