"""What the last run has left, and what a restored journal may have behind it: how that ended is not known."""

from __future__ import annotations

import structlog

from bursar.domain.intent import Intent, LostReply, State
from bursar.domain.intent_states import LOOKS_APART, Cause, step
from bursar.domain.permission import WAS_RESTORED
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import intents, meta, questions
from bursar.pipeline.events import NOBODY, emit_core
from bursar.pipeline.intent_facts import action_of, settle_of
from bursar.pipeline.intent_transitions import take_step
from bursar.pipeline.unit_of_work import UnitOfWork

MAY_HAVE_BEEN_SENT = (State.AWAITING_APPROVAL, State.READY, State.SENDING, State.DEFERRED)
"""What a restored journal has still before it, and may long be done, or answered and done."""
AFTER_A_RESTORE = "say what became of each of `bursar actions --state unknown`, then `bursar restore --confirm`"
log = structlog.get_logger("bursar")


def start_run(uow: UnitOfWork, *, clean: bool, restored: bool, known_since: str) -> None:
    """Take over what the last run has left: how that ended which was being sent is not known.

    Args:
        uow: The unit of work.
        clean: The last run ended cleanly.
        restored: The journal is older than what was sent.
        known_since: Since when a restored journal knows nothing, in words.
    """
    wake_up(uow, restored=restored)
    if restored:
        meta.put(uow.tx, meta.RESTORED, known_since)
        meta.put(uow.tx, meta.KNOWS_NOTHING_SINCE, known_since)
        meta.put_instant(uow.tx, meta.RESTORED_AT, uow.now)
        _announce(uow, "journal.restored", f"it is older than what was sent: it ends {known_since}; {AFTER_A_RESTORE}")
    elif not clean:
        _announce(uow, "daemon.started", "the last run did not stop cleanly")
    meta.put(uow.tx, "clean", None)


def wake_up(uow: UnitOfWork, *, restored: bool) -> None:
    """At the start: what was being sent when the process died is unknown; in a restored journal, all that was open.

    A yes in a restored journal may have been taken back since: none counts any more.
    """
    if restored:
        questions.void_all(uow.tx)
    for intent in intents.in_state(uow.tx, (State.UNKNOWN, *MAY_HAVE_BEEN_SENT)) if restored else ():
        repeatable = (action := action_of(uow, intent)) is not None and action.lost_reply is LostReply.REPEATABLE
        # Approved, backed up, denied, restored: the yes of the backup must not send what was denied after it.
        questions.void(uow.tx, intent.id, called=intent.rule is None and not repeatable)
    for intent in intents.in_state(uow.tx, MAY_HAVE_BEEN_SENT if restored else (State.SENDING,)):
        cause = Cause.RESTORED if restored else Cause.LOST
        reason = "the journal was restored; it may have been sent" if restored else "the process died while it was sent"
        if intent.state is State.SENDING:
            # As of now: when the request ended is not known, so `settle` begins with this start.
            intents.end_attempt(uow.tx, intent.id, intent.fence, "lost", reason, uow.now)
        take_step(uow, intent, step(intent, cause, reason, uow.now + min(settle_of(uow, intent), LOOKS_APART)))


def _announce(uow: UnitOfWork, event: str, reason: str) -> None:
    """Announce to the sinks and in the log how the run began."""
    log.warning(event, reason=reason)
    emit_core(uow, event, NOBODY, {"reason": reason})


def end_caution(uow: UnitOfWork) -> list[Intent]:
    """Have what was asked about only since the journal was restored be put to its rules, which ask as they say.

    Returns:
        What stays asked about: what no list and no balance shows, once it is done a second time.
    """
    meta.put(uow.tx, meta.RESTORED, None)
    words, asked = "the restore was confirmed: its rule asks as it says", []
    for intent in intents.in_state(uow.tx, (State.AWAITING_APPROVAL,)):
        if intent.match is None or not intent.reason.startswith(WAS_RESTORED):
            continue
        action = action_of(uow, intent)
        if action is not None and action.lost_reply is LostReply.NEITHER:
            asked.append(intent)
            continue
        waits = HoldBack(BlockReason.LAPSED, words, uow.now)
        take_step(uow, intent, step(intent, Cause.STALE, words), held=waits)
    return asked
