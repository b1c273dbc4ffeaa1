"""How attempts ended: by the provider's answer, in time or late, and by what shows of a lost one after it was given up.

What had happened after all is written in one place, however it is known: what was to be done in its stead ends, and its
match goes on.
"""

from __future__ import annotations

from datetime import datetime

from bursar.domain.ids import IntentId
from bursar.domain.intent import OPEN, Intent, Lost, LostReply, Outcome, Refused, State, Succeeded
from bursar.domain.intent_states import TRANSITIONS, Cause, next_step, step
from bursar.domain.values import Json
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import audit, intents, ledger, matches
from bursar.journal.matches import MatchRow
from bursar.pipeline.effects.references import made_now
from bursar.pipeline.gate.second import is_next, same_act
from bursar.pipeline.intent_facts import action_of, second_of, settle_of
from bursar.pipeline.intent_transitions import take_step
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

HAD_SAID_YES = "it had happened: the provider said yes"
UNSENT = (State.AWAITING_APPROVAL, State.READY, State.DEFERRED)


def record_outcome(uow: UnitOfWork, id_: IntentId, fence: int, outcome: Outcome, ended_at: datetime) -> Intent | None:
    """Write how an attempt ended. An answer for an older fence is recorded, and changes nothing.

    Args:
        uow: The unit of work.
        id_: The intent.
        fence: The fence under which it was sent.
        outcome: How the attempt ended.
        ended_at: Its last moment on the wire.
    """
    intent = intents.load(uow.tx, id_)
    if intent is None:
        return None
    said_no = isinstance(outcome, Lost) and outcome.refused
    word = intents.SAID_NO if said_no else type(outcome).__name__.lower()
    reason = outcome.reference or "" if isinstance(outcome, Succeeded) else outcome.reason
    # An answer that comes after its attempt was given up belongs to no later one: only its own yes is news.
    if intent.fence != fence or intent.state is not State.SENDING:
        detail: dict[str, Json] = {"fence": fence, "outcome": word, "reason": reason}
        audit.add(uow.tx, "bursar", "attempt.late", id_, detail, uow.now)
        return _late_yes(uow, intent, outcome) if intent.fence == fence else intent
    # Before the step: `settle` counts from here, whatever the step makes of it.
    intents.end_attempt(uow.tx, id_, fence, word, reason, ended_at)
    action, settle = action_of(uow, intent), settle_of(uow, intent)
    # Its account or plugin may be gone by a reload: then only a person can tell what a lost reply means.
    lost_reply = action.lost_reply if action is not None else LostReply.NEITHER
    # A site that names an older payout as this one's has not said yes to this one.
    outcome = made_now(uow, intent, outcome, lost_reply)
    taken = next_step(intent, outcome, lost_reply, settle, uow.now)
    if isinstance(outcome, Refused):
        return take_step(uow, intent, taken, never=outcome.never, unread=outcome.unread)
    return take_step(uow, intent, taken, success=outcome if isinstance(outcome, Succeeded) else None)


def _late_yes(uow: UnitOfWork, intent: Intent, outcome: Outcome) -> Intent:
    """The provider's own yes to the very attempt that was given up as lost: it is known now what became of it."""
    action = action_of(uow, intent)
    lost_reply = action.lost_reply if action is not None else LostReply.NEITHER
    outcome = made_now(uow, intent, outcome, lost_reply)
    return intent if not isinstance(outcome, Succeeded) else late_success(uow, intent, outcome, HAD_SAID_YES)


def late_success(
    uow: UnitOfWork,
    intent: Intent,
    success: Succeeded,
    reason: str,
    *,
    actor: str = "bursar",
    but: IntentId | None = None,
) -> Intent:
    """Write that an attempt took effect which was given up as lost, also where the intent has ended since.

    Args:
        uow: The unit of work.
        intent: The intent.
        success: What the provider made.
        reason: How that is known.
        actor: Who says so.
        but: What was planned in its place, and is judged by the caller.
    """
    if intent.state in OPEN and intent.state is not State.SENDING:  # a person or time may have it made again already
        return take_step(uow, intent, step(intent, Cause.HAPPENED, reason), actor=actor, success=success)
    # Already a success, or its request is still out: nothing of it has ended in doubt.
    if (intent.state, Cause.LANDED) not in TRANSITIONS:
        return intent
    words = second_of(intent.id)
    for other in made_instead(uow, intent, *UNSENT):
        # What was planned in its place, a retry of the same call say, would be the second.
        if other.id != but:
            waits = HoldBack(BlockReason.LAPSED, words, uow.now)  # until it is known what comes next
            take_step(uow, other, step(other, Cause.STALE, words), held=waits)
    after = take_step(uow, intent, step(intent, Cause.LANDED, reason), actor=actor, success=success)
    go_on(uow, after.id)
    return after


def made_instead(view: ReadView, intent: Intent, *states: State) -> list[Intent]:
    """Return what was planned in the place of an intent that ended without an effect, and is in one of these states."""
    opened = intents.in_state(view.tx, states, intent.account)
    return [one for one in opened if _is_instead_of(view, one, intent)]


def _is_instead_of(view: ReadView, other: Intent, intent: Intent) -> bool:
    """Return whether one was planned by the same match for the same action, or tried again at a person's word."""
    theirs, ours = ledger.load(view.tx, other.id), ledger.load(view.tx, intent.id)
    # Calls of a person have no match: two of them are never one action, however alike they are.
    if theirs is not None and ours is not None and None is not theirs.match == ours.match:
        return other.id != intent.id and same_act(theirs, ours)
    former: Intent | None = other
    # A call that was retried twice stands in for both before it.
    while former is not None and former.instead_of is not None:
        if former.instead_of == intent.id:
            return True
        former = intents.load(view.tx, former.instead_of)
    return False


def go_on(uow: UnitOfWork, id_: IntentId) -> None:
    """Have the match of an intent that had happened, or what goes on from it, do what comes next, if anything does."""
    entry = ledger.load(uow.tx, id_)
    if entry is None or entry.match is None:
        return
    out = [one for one in intents.in_state(uow.tx, OPEN, entry.account) if one.match is not None]
    asked = [ledger.load(uow.tx, one.id) for one in out if one.id != id_]
    # One of the same action is out still: what comes after it waits for that one, or it would be done twice.
    if any(one is not None and same_act(one, entry) for one in asked):
        return
    for match in matches.held_of_line(uow.tx, entry.match):
        if is_next(uow, entry, match):  # or it has gone on already
            _go_on(uow, match, id_)


def _go_on(uow: UnitOfWork, match: MatchRow, done_as: IntentId) -> None:
    rule, done = uow.config.active_rule(match.rule), match.acts_planned + 1
    if rule is None or done >= len(rule.acts()):
        matches.drop(uow.tx, match.id, "it had happened", uow.now)
        return
    waits = HoldBack(BlockReason.OPEN_INTENT, f"goes on after intent {done_as}", uow.now, waits_for=done_as)
    matches.hold_back(uow.tx, match, waits, done)
