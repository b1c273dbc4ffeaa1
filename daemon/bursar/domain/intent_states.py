"""The life of an intent: `TRANSITIONS` is the whole of it as one table; the functions answer what an outcome, time, or
a look at the provider leads to. Pure.

Money goes out at most once because of two rows: `sending` is committed before the first byte leaves, and whatever is
not plainly a yes, a no or "never left" is `unknown`, from which only proof or a person leads on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bursar.domain.intent import (
    CannotTell,
    Finding,
    Happened,
    Intent,
    Later,
    Lost,
    LostReply,
    Outcome,
    Refused,
    State,
    Succeeded,
)

LAPSE_AFTER = timedelta(hours=1)
UNCONFIRMED_AFTER = timedelta(hours=24)
LOOKS_APART = timedelta(seconds=60)
MAX_ATTEMPTS = 8
MAX_REFUSALS = 3
FIRST_BACKOFF = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(hours=1)
LONGEST_WAIT = timedelta(days=7)


class Cause(StrEnum):
    """What can happen to an intent."""

    GUARDED = "planned; a guard asks a person"
    PLANNED = "planned"
    APPROVED = "a person says yes"
    DENIED = "a person says no"
    UNANSWERED = "nobody in time"
    SENT = "facts fresh, `when` still true, not paused: commit fence and evidence"
    STALE = "no longer true, or an hour old"
    YES = "the provider's own decoded answer says yes"
    NO = "the provider's own decoded answer says no"
    LATER = "the provider's own decoded answer says later"
    NOT_SENT = "failed before the first byte was written"
    LOST = "anything else, or the process died"
    DUE = "due again"
    USED_UP = "attempts used up"
    REPEAT = "repeatable: after back-off"
    HAPPENED = "reconcile says happened"
    DID_NOT = "reconcile says did not"
    CANNOT_TELL = "reconcile cannot tell"
    PERSON_HAPPENED = "a person: happened"
    PERSON_DID_NOT = "a person: did not"
    PERSON_AGAIN = "a person: did not, again"
    RESTORED = "the journal was restored from a backup"


TRANSITIONS: Mapping[tuple[State | None, Cause], State] = {
    (None, Cause.GUARDED): State.AWAITING_APPROVAL,
    (None, Cause.PLANNED): State.READY,
    (State.AWAITING_APPROVAL, Cause.APPROVED): State.READY,
    (State.AWAITING_APPROVAL, Cause.DENIED): State.DENIED,
    (State.AWAITING_APPROVAL, Cause.UNANSWERED): State.LAPSED,
    (State.READY, Cause.SENT): State.SENDING,
    (State.READY, Cause.STALE): State.LAPSED,
    (State.READY, Cause.RESTORED): State.UNKNOWN,
    (State.SENDING, Cause.YES): State.SUCCEEDED,
    (State.SENDING, Cause.NO): State.REFUSED,
    (State.SENDING, Cause.LATER): State.DEFERRED,
    (State.SENDING, Cause.NOT_SENT): State.DEFERRED,
    (State.SENDING, Cause.LOST): State.UNKNOWN,
    (State.SENDING, Cause.RESTORED): State.UNKNOWN,
    (State.DEFERRED, Cause.RESTORED): State.UNKNOWN,
    (State.DEFERRED, Cause.DUE): State.READY,
    (State.DEFERRED, Cause.USED_UP): State.GAVE_UP,
    (State.UNKNOWN, Cause.REPEAT): State.READY,
    (State.UNKNOWN, Cause.HAPPENED): State.SUCCEEDED,
    (State.UNKNOWN, Cause.DID_NOT): State.READY,
    (State.UNKNOWN, Cause.CANNOT_TELL): State.UNKNOWN,
    (State.UNKNOWN, Cause.PERSON_HAPPENED): State.SUCCEEDED,
    (State.UNKNOWN, Cause.PERSON_DID_NOT): State.REFUSED,
    (State.UNKNOWN, Cause.PERSON_AGAIN): State.READY,
}
"""The life of an intent (DESIGN section 8), whole. What is not in it cannot happen."""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of an intent."""

    cause: Cause
    state: State
    reason: str
    due_at: datetime | None = None
    looked_at: datetime | None = None


class ImpossibleTransition(Exception):
    """The table has no such transition."""


def move(state: State | None, cause: Cause) -> State:
    """Look the transition up in the table.

    Raises:
        ImpossibleTransition: the table has none.
    """
    try:
        return TRANSITIONS[state, cause]
    except KeyError:
        raise ImpossibleTransition(f"an intent that is {state or 'not planned'} cannot meet: {cause}") from None


def backoff(attempts: int) -> timedelta:
    """Give the pause after so many attempts: 30 s, doubling, at most an hour."""
    doubled: int = 2 ** max(0, min(attempts, 16) - 1)
    return min(FIRST_BACKOFF * doubled, LONGEST_BACKOFF)


def next_step(intent: Intent, outcome: Outcome, lost_reply: LostReply, settle: timedelta, now: datetime) -> Step:
    """Say what the outcome of one attempt leads to."""
    if isinstance(outcome, Succeeded):
        return Step(Cause.YES, move(intent.state, Cause.YES), "the provider said yes")
    if isinstance(outcome, Refused):
        return Step(Cause.NO, move(intent.state, Cause.NO), outcome.reason)
    if isinstance(outcome, Lost):
        pause = backoff(intent.attempts) if lost_reply is LostReply.REPEATABLE else min(settle, LOOKS_APART)
        return Step(Cause.LOST, move(intent.state, Cause.LOST), outcome.reason, now + pause)
    cause = Cause.LATER if isinstance(outcome, Later) else Cause.NOT_SENT
    asked = outcome.retry_after
    pause = backoff(intent.attempts) if asked is None else max(timedelta(0), min(asked, LONGEST_WAIT))
    return Step(cause, move(intent.state, cause), outcome.reason, now + pause)


def when_due(intent: Intent, now: datetime) -> Step | None:
    """Say what time alone does to an intent: lapse, give up, or be ready again. None: nothing yet."""
    if intent.state is State.READY and now - intent.ready_at >= LAPSE_AFTER:
        return _step(intent, Cause.STALE, "not sent within an hour")
    if intent.due_at is None or intent.due_at > now:
        return None
    if intent.state is State.AWAITING_APPROVAL:
        return _step(intent, Cause.UNANSWERED, "nobody answered in time")
    if intent.state is State.DEFERRED:
        if intent.attempts >= MAX_ATTEMPTS:
            return _step(intent, Cause.USED_UP, f"{intent.attempts} tries; the last: {intent.reason}")
        return _step(intent, Cause.DUE, intent.reason)
    return None


def repeat(intent: Intent) -> Step | None:
    """Say whether an unknown repeatable intent is asked again; None once its tries are used up."""
    if intent.attempts >= MAX_ATTEMPTS:
        return None
    return _step(intent, Cause.REPEAT, intent.reason)


def settle_with(intent: Intent, finding: Finding, settle: timedelta, now: datetime) -> Step:
    """Say what a look at an unknown attempt leads to.

    *Did not* needs two looks at least 60 s apart (or `settle`, if that is shorter), the first no sooner than `settle`
    after sending.
    """
    apart = min(settle, LOOKS_APART)
    if isinstance(finding, Happened):
        return _step(intent, Cause.HAPPENED, finding.reason or "found at the provider")
    if isinstance(finding, CannotTell):
        return Step(Cause.CANNOT_TELL, State.UNKNOWN, finding.reason, now + max(apart, settle), None)
    quiet = (intent.sent_at or intent.created_at) + settle
    if now < quiet:
        return Step(Cause.CANNOT_TELL, State.UNKNOWN, "not there yet; it may still land", min(quiet, now + apart), None)
    if intent.looked_at is None or now - intent.looked_at < apart:
        first = intent.looked_at or now
        return Step(Cause.CANNOT_TELL, State.UNKNOWN, "not there; looking once more", first + apart, first)
    if intent.attempts >= MAX_ATTEMPTS:
        why = f"not there, and lost {intent.attempts} times; a person decides"
        return Step(Cause.CANNOT_TELL, State.UNKNOWN, why, now + LONGEST_WAIT, intent.looked_at)
    return _step(intent, Cause.DID_NOT, finding.reason or "not there after two looks")


def _step(intent: Intent, cause: Cause, reason: str) -> Step:
    return Step(cause, move(intent.state, cause), reason)
