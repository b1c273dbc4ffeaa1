"""A match is held back: by what after its intent ended; and what stops it for long is told, once for each match."""

from __future__ import annotations

from bursar.domain.intent import Intent, LostReply, State
from bursar.domain.intent_states import Cause, Step
from bursar.domain.ledger import refused_in_a_row
from bursar.domain.permission import WAS_RESTORED
from bursar.domain.rests import rest_after_no, rest_after_refusal
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import matches, questions
from bursar.journal.matches import MatchRow
from bursar.pipeline.events import emit_core
from bursar.pipeline.gate.refusals import answered_like
from bursar.pipeline.intent_facts import action_of
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


def block_after(uow: UnitOfWork, intent: Intent, taken: Step) -> HoldBack | None:
    """Return what holds a match back after its intent ended without an effect; None: the match ends, too."""
    rule, action = uow.config.rules.get(intent.rule or ""), action_of(uow, intent)
    if intent.state is State.GAVE_UP:
        words = f"{taken.reason}; `bursar actions retry {intent.id}` asks anew"
        return HoldBack(BlockReason.GAVE_UP, words, waits_for=intent.id)
    rest = uow.now + rest_after_refusal(rule, action)
    if taken.cause is Cause.PERSON_DID_NOT:  # no refusal: no guard counts it, so a reload must not end its rest
        return HoldBack(BlockReason.LAPSED, taken.reason, rest)
    if intent.state is State.REFUSED:
        # By what the ledger counts, not by this intent: refusals of
        # other matches of the same subject are in the row, too.
        final = refused_in_a_row(answered_like(uow, intent)).final
        if final is not None:
            return HoldBack(BlockReason.GAVE_UP, f"{taken.reason} ({final})", waits_for=intent.id)
        return HoldBack(BlockReason.REFUSED, taken.reason, rest)
    if intent.state is State.DENIED and _was_done_before(uow, intent):
        return None
    if intent.state is State.DENIED or taken.cause is Cause.UNANSWERED:
        block = BlockReason.DENIED if intent.state is State.DENIED else BlockReason.LAPSED
        return HoldBack(block, taken.reason, uow.now + rest_after_no(rule))
    return HoldBack(BlockReason.LAPSED, taken.reason, uow.now) if taken.again else None


def _was_done_before(uow: UnitOfWork, intent: Intent) -> bool:
    """Return whether a person's no says that something was done since the backup that the journal was restored from."""
    action, asked = action_of(uow, intent), questions.of_intent(uow.tx, intent.id)
    cannot_be_seen = action is not None and action.lost_reply is LostReply.NEITHER
    # It is for good: a day later nothing would show either that this was done.
    return cannot_be_seen and bool(asked) and asked[-1].reason.startswith(WAS_RESTORED)
