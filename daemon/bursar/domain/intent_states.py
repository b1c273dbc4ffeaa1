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

from bursar.domain.backoff import Backoff
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
UNREADABLE = "what is read just before sending cannot be read"
"""Begins the reason of what is ready, and cannot be sent for that."""
LISTED_FOR = timedelta(days=7)
"""What takes the balance keeps it busy for so long while it is listed as waiting."""
LOOKS_APART = timedelta(seconds=60)
MAX_ATTEMPTS = 8
RETRIES = Backoff(timedelta(seconds=30), timedelta(hours=1), longest_asked=timedelta(days=7))


class Cause(StrEnum):
    """What can happen to an intent."""

    GUARDED = "guarded"
    PLANNED = "planned"
    APPROVED = "operator_approved"
    DENIED = "operator_denied"
    UNANSWERED = "unanswered"
    CLAIMED = "claimed"
    GREW = "cost_grew"
    SUSPECTED = "suspected"
    HELD_BACK = "held_back"
    STALE = "stale"
    YES = "provider_yes"
    NO = "provider_no"
    LATER = "provider_later"
    NOT_SENT = "not_sent"
    LOST = "lost"
    DUE = "due"
    USED_UP = "attempts_used_up"
    REPEAT = "repeat"
    SHOWN = "shown_by_status"
    HAPPENED = "reconcile_happened"
    DID_NOT = "reconcile_did_not"
    NO_STANDS = "refusal_stands"
    CANNOT_TELL = "reconcile_cannot_tell"
    LANDED = "landed_late"
    PERSON_HAPPENED = "operator_happened"
    PERSON_DID_NOT = "operator_did_not"
    PERSON_AGAIN = "operator_did_not_again"
    RESTORED = "journal_restored"

    @property
    def words(self) -> str:
        """Return it in words, for the docs and for people."""
        return WORDS[self]


WORDS: Mapping[Cause, str] = {
    Cause.GUARDED: "planned; a guard asks a person",
    Cause.PLANNED: "planned",
    Cause.APPROVED: "a person says yes, for the amount that was shown",
    Cause.DENIED: "a person says no, or ends it",
    Cause.UNANSWERED: "nobody answers in time",
    Cause.CLAIMED: "`permit(claim)` allows: commit fence, evidence and the cost that is about to leave",
    Cause.GREW: "the cost has grown beyond what was said yes to",
    Cause.SUSPECTED: "something new at the provider may be an earlier one that was lost: a person is asked",
    Cause.HELD_BACK: "a guard holds it back: its match waits",
    Cause.STALE: "no longer true, its rule changed, or ready for an hour",
    Cause.YES: "the provider's own decoded answer says yes",
    Cause.NO: "the provider's own decoded answer says no",
    Cause.LATER: "the provider's own decoded answer says later",
    Cause.NOT_SENT: "failed before the first byte was written",
    Cause.LOST: "anything else, or the process died",
    Cause.DUE: "due again",
    Cause.USED_UP: "attempts used up",
    Cause.REPEAT: "repeatable: after back-off",
    Cause.SHOWN: "repeatable: a later status shows the effect",
    Cause.HAPPENED: "reconcile says happened, or the lost attempt's answer came late",
    Cause.DID_NOT: "reconcile says did not",
    Cause.NO_STANDS: "reconcile says did not, and the provider had said no",
    Cause.CANNOT_TELL: "reconcile cannot tell",
    Cause.LANDED: "had ended in doubt, and is known to have happened after all",
    Cause.PERSON_HAPPENED: "a person: happened",
    Cause.PERSON_DID_NOT: "a person: did not",
    Cause.PERSON_AGAIN: "a person: did not, again",
    Cause.RESTORED: "the journal was restored from a backup",
}

TRANSITIONS: Mapping[tuple[State | None, Cause], State] = {
    (None, Cause.GUARDED): State.AWAITING_APPROVAL,
    (None, Cause.PLANNED): State.READY,
    (State.AWAITING_APPROVAL, Cause.APPROVED): State.READY,
    (State.AWAITING_APPROVAL, Cause.GREW): State.AWAITING_APPROVAL,
    (State.AWAITING_APPROVAL, Cause.DENIED): State.DENIED,
    (State.AWAITING_APPROVAL, Cause.UNANSWERED): State.LAPSED,
    (State.AWAITING_APPROVAL, Cause.STALE): State.LAPSED,
    (State.AWAITING_APPROVAL, Cause.HAPPENED): State.SUCCEEDED,
    (State.AWAITING_APPROVAL, Cause.RESTORED): State.UNKNOWN,
    (State.READY, Cause.CLAIMED): State.SENDING,
    (State.READY, Cause.GREW): State.AWAITING_APPROVAL,
    # Asked, not made *unknown*: it was never sent, and one that counts as sent uses up a limit.
    (State.READY, Cause.SUSPECTED): State.AWAITING_APPROVAL,
    (State.READY, Cause.HELD_BACK): State.LAPSED,
    (State.READY, Cause.STALE): State.LAPSED,
    (State.READY, Cause.DENIED): State.DENIED,
    (State.READY, Cause.SHOWN): State.SUCCEEDED,
    (State.DEFERRED, Cause.SHOWN): State.SUCCEEDED,
    (State.READY, Cause.HAPPENED): State.SUCCEEDED,
    (State.READY, Cause.CANNOT_TELL): State.UNKNOWN,
    (State.READY, Cause.RESTORED): State.UNKNOWN,
    (State.SENDING, Cause.YES): State.SUCCEEDED,
    (State.SENDING, Cause.NO): State.REFUSED,
    # Of what cannot be repeated, only these two lead to another attempt without
    # a look or a person: the provider's own "later", and what never left.
    (State.SENDING, Cause.LATER): State.DEFERRED,
    (State.SENDING, Cause.NOT_SENT): State.DEFERRED,
    (State.SENDING, Cause.LOST): State.UNKNOWN,
    (State.SENDING, Cause.RESTORED): State.UNKNOWN,
    (State.DEFERRED, Cause.HAPPENED): State.SUCCEEDED,
    (State.DEFERRED, Cause.RESTORED): State.UNKNOWN,
    (State.DEFERRED, Cause.DUE): State.READY,
    (State.DEFERRED, Cause.USED_UP): State.GAVE_UP,
    (State.DEFERRED, Cause.DENIED): State.DENIED,
    (State.DEFERRED, Cause.STALE): State.LAPSED,
    (State.UNKNOWN, Cause.REPEAT): State.READY,
    (State.UNKNOWN, Cause.SHOWN): State.SUCCEEDED,
    (State.UNKNOWN, Cause.HAPPENED): State.SUCCEEDED,
    (State.UNKNOWN, Cause.DID_NOT): State.READY,
    (State.UNKNOWN, Cause.NO_STANDS): State.REFUSED,
    # Time and guards are no causes here: nothing but proof, or a person, lets go of what may have moved money.
    (State.UNKNOWN, Cause.CANNOT_TELL): State.UNKNOWN,
    (State.UNKNOWN, Cause.PERSON_HAPPENED): State.SUCCEEDED,
    (State.UNKNOWN, Cause.PERSON_DID_NOT): State.REFUSED,
    (State.UNKNOWN, Cause.PERSON_AGAIN): State.READY,
    # A payout that the site lists late, after its intent has ended, must still count in budgets, and stop the next one.
    (State.LAPSED, Cause.LANDED): State.SUCCEEDED,
    (State.DENIED, Cause.LANDED): State.SUCCEEDED,
    (State.REFUSED, Cause.LANDED): State.SUCCEEDED,
    (State.GAVE_UP, Cause.LANDED): State.SUCCEEDED,
}
"""The life of an intent, whole. What is not in it cannot happen."""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of an intent.

    Attributes:
        cause: What happened.
        state: Its state from now on.
        reason: In words, for people.
        due_at: When something is to be done about it next.
        looked_at: When `reconcile` first said "did not".
        again: If it ends without an effect, its match is asked once more.
    """

    cause: Cause
    state: State
    reason: str
    due_at: datetime | None = None
    looked_at: datetime | None = None
    again: bool = False


class ImpossibleTransition(Exception):
    """The table has no such transition."""


def transition(state: State | None, cause: Cause) -> State:
    """Look the transition up in the table.

    Raises:
        ImpossibleTransition: the table has none.
    """
    try:
        return TRANSITIONS[state, cause]
    except KeyError:
        # Fails the whole commit: a step that the table does not know must not be half written.
        raise ImpossibleTransition(f"an intent that is {state or 'not planned'} cannot meet {cause}") from None


def step(intent: Intent, cause: Cause, reason: str, due_at: datetime | None = None) -> Step:
    """Return the step that a cause leads to."""
    return Step(cause, transition(intent.state, cause), reason, due_at)


def next_step(intent: Intent, outcome: Outcome, lost_reply: LostReply, settle: timedelta, now: datetime) -> Step:
    """Return what the outcome of one attempt leads to."""
    if isinstance(outcome, Succeeded):
        return step(intent, Cause.YES, "the provider said yes")
    repeatable = lost_reply is LostReply.REPEATABLE
    if isinstance(outcome, Refused) or (
        isinstance(outcome, Lost) and outcome.refused and repeatable and not intent.lost
    ):  # there is no look that could find it: the no stands; after a lost attempt a later status may show that one
        return step(intent, Cause.NO, outcome.reason)
    if isinstance(outcome, Lost):
        pause = RETRIES.pause(intent.attempts) if repeatable else min(settle, LOOKS_APART)
        return step(intent, Cause.LOST, outcome.reason, now + pause)
    cause = Cause.LATER if isinstance(outcome, Later) else Cause.NOT_SENT
    pause = RETRIES.pause(intent.attempts, outcome.retry_after)
    return step(intent, cause, outcome.reason, now + pause)


def when_due(intent: Intent, lost_reply: LostReply, now: datetime, held_until: datetime | None = None) -> Step | None:
    """Return what time alone does to an intent: lapse, give up, or be ready again. None: nothing yet.

    Args:
        intent: The intent.
        lost_reply: What it means that its reply was lost.
        now: The instant.
        held_until: A ready one was kept from leaving until then: its hour counts from there.

    A ready one whose earlier attempt was lost, and can be looked for, is looked for before it lapses (`too_old`).
    """
    # A lost one must not lapse by time alone: if it has landed since,
    # nothing would find it, and the next one would be the second.
    if intent.state is State.READY and not (intent.lost and lost_reply is LostReply.RECONCILABLE):
        return too_old(intent, now, held_until)
    if intent.due_at is None or intent.due_at > now:
        return None
    if intent.state is State.AWAITING_APPROVAL:
        # Silence means no: money fails towards not being sent.
        return step(intent, Cause.UNANSWERED, "nobody answered in time")
    if intent.state is State.DEFERRED:
        # A provider that says "later" for ever would otherwise be asked for ever, in silence.
        if intent.attempts >= MAX_ATTEMPTS:
            return step(intent, Cause.USED_UP, f"{intent.attempts} tries; the last: {intent.reason}")
        return step(intent, Cause.DUE, intent.reason)
    return None


def too_old(intent: Intent, now: datetime, held_until: datetime | None = None) -> Step | None:
    """Return the step that ends an intent which was ready for an hour; its match is asked once more."""
    # An hour old, it stands on a decision of another hour. What may
    # not leave before `settle` is over gets its hour after that.
    if now - max(intent.ready_at, held_until or intent.ready_at) < LAPSE_AFTER:
        return None
    # It is silent otherwise that a site is too slow for ever: each poll of it is good.
    tells = intent.attempts > 0 or intent.reason.startswith(UNREADABLE)
    why = f": {intent.reason}" if tells and intent.reason else ""
    # `again`: a balance that stays above its minimum raises no second event, so the match is asked once more.
    return Step(Cause.STALE, transition(intent.state, Cause.STALE), f"not sent within an hour{why}", again=True)


def repeat(intent: Intent) -> Step | None:
    """Return the step that asks an unknown repeatable intent again; None once its tries are used up."""
    # It stays unknown then, with a person asked: a later status may still show it.
    return None if intent.attempts >= MAX_ATTEMPTS else step(intent, Cause.REPEAT, intent.reason)


def settle_with(
    intent: Intent, finding: Finding, settle: timedelta, quiet_since: datetime, asked_at: datetime, now: datetime
) -> Step:
    """Return what a look at an unknown attempt leads to.

    *Did not* needs two looks at least 60 s apart (or `settle`, if that is shorter), the first no sooner than `settle`
    after the request's last moment on the wire.

    Args:
        intent: The intent.
        finding: What the look showed.
        settle: How long a lost request may still land.
        quiet_since: From when `settle` counts: the request's end, or a later restart or jump of the clock.
        asked_at: When the look was begun.
        now: The instant of deciding.
    """
    apart = min(settle, LOOKS_APART)
    # Positive evidence needs no second look: a payout that is listed is there.
    if isinstance(finding, Happened):
        return step(intent, Cause.HAPPENED, finding.reason or "found at the provider")
    if isinstance(finding, CannotTell):
        # None for the first look: two absences count only in a row, and a balance that fell lies between them.
        return Step(Cause.CANNOT_TELL, State.UNKNOWN, finding.reason, now + max(apart, settle), None)
    quiet = quiet_since + settle
    # Counted from when the look was asked for: an answer that took a minute shows the site as it was a minute ago.
    if asked_at < quiet:
        return Step(Cause.CANNOT_TELL, State.UNKNOWN, "not there yet; it may still land", min(quiet, now + apart), None)
    # A first look from before a restart or a jump of the clock does not count: `settle` was not over by it.
    if intent.looked_at is None or intent.looked_at < quiet or asked_at - intent.looked_at < apart:
        first = intent.looked_at if intent.looked_at is not None and intent.looked_at >= quiet else asked_at
        return Step(Cause.CANNOT_TELL, State.UNKNOWN, "not there; looking once more", first + apart, first)
    if intent.attempts >= MAX_ATTEMPTS:
        # A site that loses every reply may do the payout some minutes later each time: no ninth attempt by itself.
        why = f"not there, and lost {intent.attempts} times; a person decides"
        return Step(Cause.CANNOT_TELL, State.UNKNOWN, why, now + RETRIES.longest_asked, intent.looked_at)
    return step(intent, Cause.DID_NOT, finding.reason or "not there after two looks")
