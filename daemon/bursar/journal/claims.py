"""What the journal claims, whole: for whoever holds it against the world (`bursar prove`).

Nothing is left out and nothing is interpreted; instants are microseconds since 1970, as they are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from bursar.journal import audit
from bursar.journal.audit import Broken
from bursar.journal.codec import read_mapping
from bursar.journal.writer import Row, Tx


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an intent; `outcome` None: it is under way, or the process died."""

    fence: int
    sent_us: int
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """One intent, and what the journal says became of it.

    Attributes:
        answered: A person said what became of an unknown attempt.
        link: The parameter of that name: what tells orders that are added apart.
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
    attempts: tuple[Attempt, ...] = ()
    answered: bool = False
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One event; `data` as it was written; `intent` is what a fact about an action names."""

    id: str
    type: str
    account: str
    subject: str
    at_us: int
    intent: int | None = None
    data: str = "{}"


@dataclass(frozen=True, slots=True)
class Yes:
    """One match."""

    id: int
    rule: str
    account: str
    subject: str
    event: str | None
    state: str
    block: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Owed:
    """One delivery."""

    id: str
    sink: str
    event: str
    state: str


@dataclass(frozen=True, slots=True)
class Claims:
    """All of it.

    Attributes:
        intents: Oldest first, as all others.
        held: Observations that are held.
        trail: The last state that the audit trail knows of each intent.
        broken: The first broken link of the audit trail, if there is one.
        states: The last known state of every subject that is under watch.
    """

    intents: tuple[Claim, ...]
    facts: tuple[Fact, ...]
    matches: tuple[Yes, ...]
    owed: tuple[Owed, ...]
    held: tuple[int, ...]
    trail: dict[int, str]
    broken: Broken | None
    states: dict[tuple[str, str], str]


def read_claims(tx: Tx) -> Claims:
    """Read everything."""
    return Claims(
        intents=read_intents(tx),
        facts=tuple(_fact(row) for row in tx.all(_FACTS)),
        matches=tuple(Yes(*row) for row in tx.all(_MATCHES)),
        owed=tuple(Owed(*row) for row in tx.all("SELECT id, sink, event_id, state FROM deliveries ORDER BY seq")),
        held=tuple(row[0] for row in tx.all(_HELD)),
        trail={row[0]: row[1].removeprefix("intent.") for row in tx.all(_TRAIL)},
        broken=audit.verify(tx)[1],
        states={(row[0], row[1]): row[2] or "" for row in tx.all(_STATES)},
    )


@dataclass(frozen=True, slots=True)
class Questions:
    """What waits for a person, and whether anything is still to come by itself.

    Attributes:
        unknown: Intents that nobody can tell about.
        held: Observations that are held.
        gave_up: The last intent of each match that waits until a person has it retried.
        moving: The action of each intent that is ready or being sent.
        due: How many messages are to be delivered.
        last: The newest event and intent: while they stay the same, nothing happens.
    """

    unknown: tuple[Claim, ...]
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
        held=tuple(row[0] for row in tx.all(_HELD)),
        gave_up=tuple(row[0] for row in tx.all(_GAVE_UP)),
        moving=tuple(row[0] for row in tx.all(_MOVING)),
        due=due[0] if due else 0,
        last=(last[0], last[1]) if last else (0, 0),
    )


def read_intents(tx: Tx, state: str | None = None) -> tuple[Claim, ...]:
    """Read the intents, or those in one state, with their attempts."""
    tried: dict[int, list[Attempt]] = {}
    for row in tx.all("SELECT intent_id, fence, sent_at, outcome FROM attempts ORDER BY intent_id, fence"):
        tried.setdefault(row[0], []).append(Attempt(*row[1:]))
    answered = {row[0] for row in tx.all(_ANSWERED)}
    rows = tx.all(f"{_INTENTS} WHERE state = ? ORDER BY id", state) if state else tx.all(f"{_INTENTS} ORDER BY id")
    return tuple(_claim(row, tried.get(row[0], []), row[0] in answered) for row in rows)


_HELD = "SELECT id FROM held_observations WHERE state = 'held'"
_MOVING = "SELECT action FROM intents WHERE state IN ('ready', 'sending')"
_GAVE_UP = (
    "SELECT max(i.id) FROM matches m JOIN intents i ON i.match_id = m.id WHERE m.state = 'held' AND m.block = 'gave_up' AND "
    "m.retry_at IS NULL GROUP BY m.id"
)
_INTENTS = (
    "SELECT id, match_id, rule, account, action, subject_type || '/' || subject_id, state, reference, created_at, params FROM intents"
)
_FACTS = (
    "SELECT id, type, account, coalesce(subject_type || '/' || subject_id, ''), at, data FROM events ORDER BY seq"
)
_MATCHES = (
    "SELECT id, rule, account, subject_type || '/' || subject_id, event_id, state, block, reason FROM matches ORDER BY id"
)
_TRAIL = (
    "SELECT intent_id, what FROM audit WHERE seq IN (SELECT max(seq) FROM audit WHERE what LIKE 'intent.%' "
    "AND what NOT IN ('intent.question', 'intent.retry') GROUP BY intent_id)"
)
_ANSWERED = "SELECT DISTINCT intent_id FROM audit WHERE actor = 'person' AND detail LIKE '%\"from\":\"unknown\"%'"
_STATES = "SELECT account, type || '/' || id, state FROM subjects WHERE watched = 1 ORDER BY account, type, id"


def _claim(row: Row, attempts: list[Attempt], answered: bool) -> Claim:
    id_, match, rule, account, action, subject, state, reference, created_us, params = row
    link = read_mapping(params).get("link")
    return Claim(
        id_, match, rule, account, action, subject, state, reference, created_us, tuple(attempts), answered,
        None if link is None else str(link),
    )  # fmt: skip


def _fact(row: tuple[object, ...]) -> Fact:
    id_, type_, account, subject, at, data = row
    intent = read_mapping(str(data)).get("intent") if str(type_).startswith("action.") else None
    named = None if intent is None else int(str(intent))
    return Fact(str(id_), str(type_), str(account), str(subject), int(str(at)), named, str(data))
