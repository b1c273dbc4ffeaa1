"""An intent: a decided, journalled, keyed action, from before anything happened to its end. The nouns of its life;
`intent_states` has the table and the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bursar.domain.ids import AccountName, IntentId, MatchId, RuleName, SubjectRef
from bursar.domain.observation import Observed
from bursar.domain.values import Json, Value


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
class PlannedIntent:
    """An intent that was decided and has no id yet.

    Attributes:
        account: Where it will be done.
        action: The provider's action.
        subject: What it is done to. `add` has none before it is done: its subject is `order/+` and a digest.
        params: Frozen parameters; a secret one as its mask.
        sealed: Keyed digests of the secret parameters, by name.
        cost: What it moves, as far as that is known now.
        currency: In which currency.
        rule: The rule that decided; None for a person.
        fingerprint: That rule's.
        meaning: What stands for its `on` and `do`.
        match: The match that it comes from.
        act: Which of its rule's actions it is, from 0.
        asked: The subject that the rule was asked about.
        instead_of: The intent that a person has tried again by this one.
        reason: Why it waits for a person, or who asked for it.
    """

    account: AccountName
    action: str
    subject: SubjectRef
    params: Mapping[str, Json]
    sealed: Mapping[str, str] = field(default_factory=dict)
    cost: Decimal | None = None
    currency: str | None = None
    rule: RuleName | None = None
    fingerprint: str = ""
    meaning: str = ""
    match: MatchId | None = None
    act: int | None = None
    asked: SubjectRef | None = None
    instead_of: IntentId | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent in the journal. Instants lie on the journal's timeline.

    Attributes:
        fence: Counts how often it was committed to `sending`; an answer for an older fence changes nothing.
        attempts: How often it was tried.
        params: Frozen parameters. Given to an adapter, the secret ones are filled in again.
        cost: What it moves: as planned, then as judged when it was last claimed.
        currency: In which currency.
        fingerprint: That of its rule when it was planned.
        evidence: What `prepare` read just before the last sending.
        created_at: When it was planned.
        ready_at: When it last became ready; an hour later it lapses.
        due_at: When something is to be done about it next (deferred, unknown, awaiting_approval).
        facts_at: When what it stands on was last asked for, in this run of the daemon.
        sent_at: When it was last committed to `sending`.
        request_ended_at: The last moment of that request on the wire.
        looked_at: When `reconcile` said "did not" for the first time after that; of one that was accepted: when a look
            just after the yes showed its effect.
        lost: An attempt was lost, and only the evidence can tell what became of it; no later attempt was answered.
        again: A person says that this attempt did not happen, and has it sent again.
        question: How many times a person was asked about it; 0: never.
        question_until: When the first question ends.
        consent_amount: The amount that a person said yes to; with `consented`, None is a yes to an unknown amount.
        consented: A person said yes.
        consent_above: The rule's `approve.above` at that yes.
        past_ceiling: It waits, or waited, for a yes to go past the ceiling.
        ceiling_consented: A person gave that yes.
        instead_of: The intent that a person has tried again by this one.
        suspect: What the provider calls something new that may be what a lost attempt made, as a person was told.
        made_for_others: What the provider calls what it made for other intents of the action, where that is looked for.
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
    cost: Decimal | None = None
    currency: str | None = None
    rule: RuleName | None = None
    fingerprint: str = ""
    match: MatchId | None = None
    reason: str = ""
    fence: int = 0
    attempts: int = 0
    evidence: Json = None
    due_at: datetime | None = None
    facts_at: datetime | None = None
    sent_at: datetime | None = None
    request_ended_at: datetime | None = None
    looked_at: datetime | None = None
    reference: str | None = None
    lost: bool = False
    again: bool = False
    question: int = 0
    question_until: datetime | None = None
    consented: bool = False
    consent_amount: Decimal | None = None
    consent_above: Decimal | None = None
    past_ceiling: bool = False
    ceiling_consented: bool = False
    instead_of: IntentId | None = None
    suspect: str | None = None
    made_for_others: frozenset[str] = frozenset()

    @property
    def shown_id(self) -> str:
        """Return the id as people use it: after a changed question, with the question's number."""
        asks_anew = self.state is State.AWAITING_APPROVAL and self.question > 1
        return f"{self.id}.{self.question}" if asks_anew else str(self.id)


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The provider's own decoded answer says yes.

    Attributes:
        reference: The provider's id of what was made (order, refill, payout).
        moved: What was moved in fact, where the provider already lists it.
        left: What is left of the balance, as read right after, where the action takes it.
        facts: Own fields of the intent's subject to set (`cancel_requested`).
        tracked: New subjects to put under watch, seen or not: the order that `add` made.
    """

    reference: str | None = None
    facts: Mapping[str, Value | None] = field(default_factory=dict)
    moved: Decimal | None = None
    tracked: tuple[Observed, ...] = ()
    left: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider's own decoded answer says no.

    Attributes:
        reason: In its words.
        never: It will always say no for this subject.
        unread: No rule reads why: it is given up at once, and asked for again only by a person.
    """

    reason: str
    never: bool = False
    unread: bool = False


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
    """Anything else: whether it took effect is not known.

    Attributes:
        reason: Why, in words.
        refused: The provider said no, in words that say that it was done: where it is not found there, the no stands.
    """

    reason: str
    refused: bool = False


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
    """This look shows neither.

    Attributes:
        reason: Why, in words.
        suspect: What the provider calls something that was not there before, and may be what was asked for; None:
            nothing like it is there.
    """

    reason: str = ""
    suspect: str | None = None


Finding = Happened | DidNot | CannotTell
