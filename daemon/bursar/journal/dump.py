"""What the journal claims, whole: to be held against the world (`bursar prove`).

Nothing is left out and nothing is interpreted; instants are microseconds since 1970, as they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bursar.domain.values import Json
from bursar.journal import audit
from bursar.journal.audit import Broken
from bursar.journal.codec import read_mapping
from bursar.journal.writer import Row, Tx


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One try at an intent.

    Attributes:
        outcome: None: it is under way, or the process died.
        cost: What was judged to leave, as the audit trail has it; None: not known.
    """

    fence: int
    sent_us: int
    outcome: str | None
    cost: str | None = None


@dataclass(frozen=True, slots=True)
class IntentRecord:
    """One intent, and what the journal says became of it.

    Attributes:
        answered: A person said what became of an unknown attempt.
        params: Its frozen parameters; a secret one as its mask.
        fingerprint: That of its rule, when it decided.
        losses: How often it came to be unknown.
        question: The number of its last question to a person.
        cost: What it was last judged to move.
        beside: What its last question shows beside it, as it was written; None: it was asked for another reason.
    """

    id: int
    match: int | None
    rule: str | None
    account: str
    action: str
    subject: str
    state: str
    reference: str | None
    created_us: int
    attempts: tuple[AttemptRecord, ...] = ()
    answered: bool = False
    params: Mapping[str, Json] = field(default_factory=dict)
    fingerprint: str = ""
    losses: int = 0
    question: int = 0
    cost: str | None = None
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event; `data` as it was written; `intent` is what a fact about an action names."""

    id: str
    type: str
    account: str
    subject: str
    at_us: int
    intent: int | None = None
    data: str = "{}"


@dataclass(frozen=True, slots=True)
class MatchRecord:
    """One match."""

    id: int
    rule: str
    account: str
    subject: str
    event: str | None
    state: str
    block: str | None
    reason: str
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One delivery."""

    id: str
    sink: str
    event: str
    state: str


@dataclass(frozen=True, slots=True)
class JournalDump:
    """All of it.

    Attributes:
        intents: Oldest first, as all others.
        held: Observations that are held.
        trail: The last state that the audit trail knows of each intent.
        broken: The first broken link of the audit trail, if there is one.
        states: The last known state of every subject that is under watch.
    """

    intents: tuple[IntentRecord, ...]
    facts: tuple[EventRecord, ...]
    matches: tuple[MatchRecord, ...]
    owed: tuple[DeliveryRecord, ...]
    held: tuple[int, ...]
    trail: dict[int, str]
    broken: Broken | None
    states: dict[tuple[str, str], str]


def read_dump(tx: Tx) -> JournalDump:
    """Read everything."""
    return JournalDump(
        intents=read_intents(tx),
        facts=tuple(_fact(row) for row in tx.all(_FACTS)),
        matches=tuple(MatchRecord(*row) for row in tx.all(_MATCHES)),
        owed=tuple(
            DeliveryRecord(*row) for row in tx.all("SELECT id, sink, event_id, state FROM deliveries ORDER BY seq")
        ),
        held=tuple(row[0] for row in tx.all(_HELD)),
        trail={id_: what.removeprefix("intent.") for id_, what in tx.all(_TRAIL)},
        broken=audit.verify(tx)[1],
        states={(account, id_): state or "" for account, id_, state in tx.all(_STATES)},
    )


@dataclass(frozen=True, slots=True)
class Questions:
    """What waits for a person, and whether anything is still to come by itself.

    Attributes:
        unknown: Intents of which it is not known whether they took effect.
        asked: Intents that wait for a person's yes.
        blocked: Of each match that is held back: its rule, and why.
        held: Observations that are held.
        gave_up: The last intent of each match that waits until a person has it retried.
        moving: The action of each intent that is ready or being sent.
        due: How many messages are to be delivered.
        last: The newest event and intent: while they stay the same, nothing happens.
    """

    unknown: tuple[IntentRecord, ...]
    asked: tuple[IntentRecord, ...]
    blocked: tuple[tuple[str, str], ...]
    held: tuple[int, ...]
    gave_up: tuple[int, ...]
    moving: tuple[str, ...]
    due: int
    last: tuple[int, int]


def read_questions(tx: Tx) -> Questions:
    """Read what waits."""
    due = tx.one("SELECT count(*) FROM deliveries WHERE state = 'due'")
    last = tx.one("SELECT (SELECT coalesce(max(seq), 0) FROM events), (SELECT coalesce(max(id), 0) FROM intents)")
    return Questions(
        unknown=read_intents(tx, "unknown"),
        asked=read_intents(tx, "awaiting_approval"),
        blocked=tuple((rule, block) for rule, block in tx.all(_BLOCKED)),
        held=tuple(row[0] for row in tx.all(_HELD)),
        gave_up=tuple(row[0] for row in tx.all(_GAVE_UP)),
        moving=tuple(row[0] for row in tx.all(_MOVING)),
        due=due[0] if due else 0,
        last=(last[0], last[1]) if last else (0, 0),
    )


def read_intents(tx: Tx, state: str | None = None) -> tuple[IntentRecord, ...]:
    """Read the intents, or those in one state, with their attempts."""
    which = "SELECT id FROM intents" if state is None else "SELECT id FROM intents WHERE state = ?"
    params = () if state is None else (state,)
    sendings = tx.all(f"{_SENDINGS} AND intent_id IN ({which})", *params)
    costs = {(id_, said.get("fence")): said.get("cost") for id_, raw in sendings if (said := read_mapping(raw))}
    tried: dict[int, list[AttemptRecord]] = {}
    for id_, fence, sent_us, outcome in tx.all(
        f"{_ATTEMPTS} WHERE intent_id IN ({which}) ORDER BY intent_id, fence", *params
    ):
        cost = costs.get((id_, fence))
        tried.setdefault(id_, []).append(AttemptRecord(fence, sent_us, outcome, None if cost is None else str(cost)))
    answered = {row[0] for row in tx.all(f"{_ANSWERED} AND intent_id IN ({which})", *params)}
    losses: dict[int, int] = dict(tx.all(f"{_LOSSES} AND intent_id IN ({which}) GROUP BY intent_id", *params))
    rows = tx.all(f"{_INTENTS} WHERE id IN ({which}) ORDER BY id", *params)
    return tuple(_claim(row, tried.get(row[0], []), row[0] in answered, losses.get(row[0], 0)) for row in rows)


def read_open(tx: Tx) -> list[IntentRecord]:
    """Read the intents that have not come to an end."""
    return [
        one
        for state in ("awaiting_approval", "ready", "sending", "deferred", "unknown")
        for one in read_intents(tx, state)
    ]


def read_waiting(tx: Tx, rule: str) -> list[str]:
    """Read the fingerprint of everything that waits for a rule: its held matches, and its intents that were never sent."""
    return [row[0] for row in tx.all(_WAITING, rule, rule)]


def read_sending(tx: Tx) -> frozenset[tuple[int, int]]:
    """Read what is being sent: each intent, with its fence."""
    return frozenset((id_, fence) for id_, fence in tx.all("SELECT id, fence FROM intents WHERE state = 'sending'"))


_WAITING = (
    "SELECT fingerprint FROM matches WHERE rule = ? AND state = 'held' UNION ALL SELECT fingerprint FROM intents "
    "WHERE rule = ? AND state IN ('awaiting_approval', 'ready', 'deferred') AND attempts = 0"
)
_ATTEMPTS = "SELECT intent_id, fence, sent_at, outcome FROM attempts"
_SENDINGS = "SELECT intent_id, detail FROM audit WHERE what = 'intent.sending'"
_LOSSES = "SELECT intent_id, count(*) FROM audit WHERE what = 'intent.unknown'"
_HELD = "SELECT id FROM held_observations WHERE state = 'held'"
_BLOCKED = "SELECT rule, block FROM matches WHERE state = 'held' AND block IS NOT NULL"
_MOVING = "SELECT action FROM intents WHERE state IN ('ready', 'sending')"
_GAVE_UP = (
    "SELECT max(i.id) FROM matches m JOIN intents i ON i.match_id = m.id WHERE m.state = 'held' AND m.block = 'gave_up' AND "
    "m.retry_at IS NULL GROUP BY m.id"
)
_INTENTS = (
    "SELECT id, match_id, rule, account, action, subject_type || '/' || subject_id, state, reference, created_at, params, "
    "fingerprint, question, cost, (SELECT q.suspect FROM questions q WHERE q.intent_id = intents.id AND q.number = "
    "intents.question) FROM intents"
)
_FACTS = "SELECT id, type, account, coalesce(subject_type || '/' || subject_id, ''), at, data FROM events ORDER BY seq"
_MATCHES = "SELECT id, rule, account, subject_type || '/' || subject_id, event_id, state, block, reason, fingerprint FROM matches ORDER BY id"
_TRAIL = (
    "SELECT intent_id, what FROM audit WHERE seq IN (SELECT max(seq) FROM audit WHERE what LIKE 'intent.%' "
    "AND what NOT IN ('intent.question', 'intent.retry') GROUP BY intent_id)"
)
_ANSWERED = "SELECT DISTINCT intent_id FROM audit WHERE actor = 'person' AND detail LIKE '%\"from\":\"unknown\"%'"
_STATES = "SELECT account, type || '/' || id, state FROM subjects WHERE watched = 1 ORDER BY account, type, id"


def _claim(row: Row, attempts: list[AttemptRecord], answered: bool, losses: int) -> IntentRecord:
    id_, match, rule, account, action, subject, state, reference, created_us, params, fingerprint, *asked = row
    question, cost, beside = asked
    return IntentRecord(
        id_, match, rule, account, action, subject, state, reference, created_us, tuple(attempts), answered,
        read_mapping(params), fingerprint, losses, question, cost, beside,
    )  # fmt: skip


def _fact(row: tuple[object, ...]) -> EventRecord:
    id_, type_, account, subject, at, data = row
    intent = read_mapping(str(data)).get("intent") if str(type_).startswith("action.") else None
    named = None if intent is None else int(str(intent))
    return EventRecord(str(id_), str(type_), str(account), str(subject), int(str(at)), named, str(data))
