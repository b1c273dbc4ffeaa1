"""The life of an intent: a decided, journalled, keyed action, from before anything happened to its end.

`TRANSITIONS` is the whole life as one table; `next_step` answers what an outcome leads to. Nothing here touches
anything. Money goes out at most once because of two rows: `sending` is committed before the first byte leaves, and
whatever is not plainly a yes, a no or "never left" is `unknown`, from which only proof or a person leads on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bursar.domain.ids import AccountName, IntentId, MatchId, RuleName, SubjectRef
from bursar.domain.observation import Observed
from bursar.domain.values import Json, Value

LAPSE_AFTER = timedelta(hours=1)
UNCONFIRMED_AFTER = timedelta(hours=24)
LOOKS_APART = timedelta(seconds=60)
MAX_ATTEMPTS = 8
MAX_REFUSALS = 3
FIRST_BACKOFF = timedelta(seconds=30)
LONGEST_BACKOFF = timedelta(hours=1)
LONGEST_WAIT = timedelta(days=7)


class State(StrEnum):
    """Where an intent is in its life."""

    AWAITING_APPROVAL = "awaiting_approval"
    READY = "ready"
    SENDING = "sending"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    DENIED = "denied"
    LAPSED = "lapsed"
    GAVE_UP = "gave_up"


OPEN = frozenset({State.AWAITING_APPROVAL, State.READY, State.SENDING, State.DEFERRED, State.UNKNOWN})


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


class LostReply(StrEnum):
    """What it means when the reply to an action is lost.

    REPEATABLE: asking twice is answered, not done twice; it is asked again, and blocks only its subject.
    RECONCILABLE: the provider can be asked whether it happened; until then the action is blocked on the account.
    NEITHER: only a person can tell; until then the action is blocked on the account.
    """

    REPEATABLE = "repeatable"
    RECONCILABLE = "reconcilable"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Planned:
    """An intent that was decided and has no id yet.

    Attributes:
        account: Where it will be done.
        action: The provider's action.
        subject: What it is done to. `add` has none before it is done: its subject is `order/+` and a digest.
        params: Frozen parameters; a secret one as its mask.
        sealed: Keyed digests of the secret parameters, by name.
        cost: What it moves, in the account's currency, where that is known.
        rule: The rule that decided; None for a person.
        match: The match that it comes from.
        asks: Why a person is asked first; None when nobody is.
        within: How long that person has.
    """

    account: AccountName
    action: str
    subject: SubjectRef
    params: Mapping[str, Json]
    sealed: Mapping[str, str] = field(default_factory=dict)
    cost: Value | None = None
    rule: RuleName | None = None
    match: MatchId | None = None
    reason: str = ""
    asks: str | None = None
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent in the journal.

    Attributes:
        fence: Counts how often it was committed to `sending`; an answer for an older fence changes nothing.
        attempts: How often it was tried.
        params: Frozen parameters. Given to an adapter, the secret ones are filled in again.
        evidence: What `prepare` read just before sending.
        created_at: When it was planned.
        ready_at: When it last became ready; an hour later it lapses.
        due_at: When something is to be done about it next (deferred, unknown, awaiting_approval).
        facts_at: When its subject was last observed in this run of the daemon.
        sent_at: When it was last committed to `sending`.
        looks: When `reconcile` said "did not" for the first time after the last sending.
    """

    id: IntentId
    account: AccountName
    action: str
    subject: SubjectRef
    params: Mapping[str, Json]
    state: State
    created_at: datetime
    ready_at: datetime
    sealed: Mapping[str, str] = field(default_factory=dict)
    cost: Value | None = None
    rule: RuleName | None = None
    match: MatchId | None = None
    reason: str = ""
    fence: int = 0
    attempts: int = 0
    evidence: Json = None
    due_at: datetime | None = None
    facts_at: datetime | None = None
    sent_at: datetime | None = None
    looked_at: datetime | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The provider's own decoded answer says yes.

    Attributes:
        reference: The provider's id of what was made (order, refill, payout).
        facts: Own fields of the intent's subject to set (`cancel_requested`).
        tracked: New subjects to put under watch, seen or not: the order that `add` made.
    """

    reference: str | None = None
    facts: Mapping[str, Value | None] = field(default_factory=dict)
    tracked: tuple[Observed, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider's own decoded answer says no. `never`: it will always say no for this subject."""

    reason: str
    never: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """The provider's own decoded answer says not now; `retry_after` where it says when."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """It failed before the first byte of the request was written: nothing can have happened."""

    reason: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Anything else: nobody can tell whether it took effect."""

    reason: str


Outcome = Succeeded | Refused | Later | NotSent | Lost


@dataclass(frozen=True, slots=True)
class Happened:
    """Positive evidence that the unknown attempt took effect; carries what `Succeeded` does."""

    success: Succeeded
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DidNot:
    """This look shows no effect. The core asks for two such looks before it believes it."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """This look shows neither."""

    reason: str = ""


Finding = Happened | DidNot | CannotTell


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of an intent."""

    cause: Cause
    state: State
    reason: str
    due_at: datetime | None = None
    looked_at: datetime | None = None


class Impossible(Exception):
    """The table has no such transition."""


def move(state: State | None, cause: Cause) -> State:
    """Look the transition up in the table.

    Raises:
        Impossible: the table has none.
    """
    try:
        return TRANSITIONS[state, cause]
    except KeyError:
        raise Impossible(f"an intent that is {state or 'not planned'} cannot meet: {cause}") from None


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


def repeat(intent: Intent, now: datetime) -> Step | None:
    """Say whether an unknown repeatable intent is asked again now; None once its tries are used up."""
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
    return _step(intent, Cause.DID_NOT, finding.reason or "not there after two looks")


def _step(intent: Intent, cause: Cause, reason: str) -> Step:
    return Step(cause, move(intent.state, cause), reason)
