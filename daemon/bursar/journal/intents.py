"""Intents and their attempts: what was decided, what was sent, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import cast

from bursar.domain.ids import AccountName, IntentId, MatchId, RuleName, SubjectRef, microseconds
from bursar.domain.intent import OPEN, Intent, PlannedIntent, State
from bursar.domain.intent_states import Step
from bursar.domain.values import Json
from bursar.journal.codec import at, read_json, read_mapping, us, write_json
from bursar.journal.schema import OPEN_INTENTS
from bursar.journal.writer import Row, Tx

_COLUMNS = (
    "id, account, action, subject_type, subject_id, params, state, created_at, ready_at, sealed, cost, rule, match_id, "
    "reason, fence, attempts, evidence, due_at, facts_at, sent_at, looked_at, reference"
)


def add(
    tx: Tx, planned: PlannedIntent, state: State, due_at: datetime | None, facts_at: datetime | None, now: datetime
) -> Intent:
    """Write a planned intent."""
    us_now = microseconds(now)
    id_ = tx.insert(
        "INSERT INTO intents (match_id, rule, account, action, subject_type, subject_id, params, sealed, cost, state, reason, "
        "created_at, ready_at, due_at, facts_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        planned.match,
        planned.rule,
        planned.account,
        planned.action,
        planned.subject.type,
        planned.subject.id,
        write_json(planned.params),
        write_json(planned.sealed),
        None if planned.cost is None else str(planned.cost),
        state,
        planned.reason,
        us_now,
        us_now,
        us(due_at),
        us(facts_at),
    )
    return cast(Intent, load(tx, IntentId(id_)))


def load(tx: Tx, id_: IntentId) -> Intent | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM intents WHERE id = ?", id_)
    return None if row is None else _intent(row)


def in_state(tx: Tx, states: Iterable[State], account: AccountName | None = None) -> list[Intent]:
    """Give open intents in these states, oldest first."""
    marks = ",".join(f"'{state}'" for state in states)
    sql = f"SELECT {_COLUMNS} FROM intents INDEXED BY intents_by_state WHERE {OPEN_INTENTS} AND state IN ({marks})"
    rows = tx.all(f"{sql} AND account = ? ORDER BY id", account) if account else tx.all(f"{sql} ORDER BY id")
    return [_intent(row) for row in rows]


def take_step(tx: Tx, intent: Intent, step: Step, now: datetime) -> Intent:
    """Move an intent to its next state."""
    ended = step.state not in OPEN
    tx.run(
        "UPDATE intents SET state = ?, reason = ?, due_at = ?, looked_at = ?, ready_at = CASE WHEN ? = 'ready' THEN ? ELSE "
        "ready_at END, ended_at = ?, facts_at = CASE WHEN ? = 'ready' THEN NULL ELSE facts_at END WHERE id = ?",
        step.state,
        step.reason,
        us(step.due_at),
        us(step.looked_at),
        step.state,
        microseconds(now),
        us(now) if ended else None,
        step.state,
        intent.id,
    )
    return cast(Intent, load(tx, intent.id))


def send(tx: Tx, intent: Intent, evidence: Json, now: datetime) -> Intent:
    """Commit an intent to `sending`, under a new fence."""
    tx.run(
        "UPDATE intents SET state = 'sending', fence = fence + 1, attempts = attempts + 1, evidence = ?, sent_at = ?, "
        "looked_at = NULL, due_at = NULL WHERE id = ?",
        write_json(evidence),
        microseconds(now),
        intent.id,
    )
    tx.run(
        "INSERT INTO attempts (intent_id, fence, sent_at) VALUES (?,?,?)",
        intent.id,
        intent.fence + 1,
        microseconds(now),
    )
    return cast(Intent, load(tx, intent.id))


def end_attempt(tx: Tx, id_: IntentId, fence: int, outcome: str, reason: str, now: datetime) -> bool:
    """Note how an attempt ended; False when it had ended already."""
    return bool(
        tx.run(
            "UPDATE attempts SET ended_at = ?, outcome = ?, reason = ? WHERE intent_id = ? AND fence = ? AND ended_at IS NULL",
            microseconds(now),
            outcome,
            reason,
            id_,
            fence,
        )
    )


def refer(tx: Tx, id_: IntentId, reference: str | None, confirm_by: datetime | None) -> None:
    """Note what the provider calls what was made, and by when its effect must show."""
    tx.run("UPDATE intents SET reference = ?, confirm_by = ? WHERE id = ?", reference, us(confirm_by), id_)


def made_for(tx: Tx, intent: Intent, reference: str) -> IntentId | None:
    """Say for which other intent of the same action and subject the provider made something of this name."""
    row = tx.one(
        "SELECT id FROM intents WHERE account = ? AND subject_type = ? AND subject_id = ? AND action = ? AND id <> ? "
        "AND reference = ? LIMIT 1",
        intent.account,
        intent.subject.type,
        intent.subject.id,
        intent.action,
        intent.id,
        reference,
    )
    return None if row is None else IntentId(row[0])


def confirm(tx: Tx, account: AccountName, actions: Iterable[str], subject: SubjectRef, now: datetime) -> None:
    """A later status shows that accepted actions on a subject had their effect."""
    for action in actions:
        tx.run(
            "UPDATE intents SET confirmed_at = ? WHERE account = ? AND subject_type = ? AND subject_id = ? AND action = ? "
            "AND confirm_by IS NOT NULL AND confirmed_at IS NULL",
            microseconds(now),
            account,
            subject.type,
            subject.id,
            action,
        )


def unconfirmed(tx: Tx, now: datetime) -> list[Intent]:
    """Give accepted intents whose time to show an effect is over, once."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM intents WHERE confirm_by <= ? AND confirmed_at IS NULL AND state = 'succeeded'",
        microseconds(now),
    )
    tx.run("UPDATE intents SET confirm_by = NULL WHERE confirm_by <= ? AND confirmed_at IS NULL", microseconds(now))
    return [_intent(row) for row in rows]


def open_on(tx: Tx, account: AccountName, subject: SubjectRef) -> Intent | None:
    """Give the open intent of a subject."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM intents INDEXED BY intents_open WHERE account = ? AND subject_type = ? AND subject_id = ? "
        f"AND {OPEN_INTENTS}",
        account,
        subject.type,
        subject.id,
    )
    return None if row is None else _intent(row)


def unknown_of(tx: Tx, account: AccountName, action: str, *, but: IntentId | None = None) -> Intent | None:
    """Give an intent of this action whose attempt is under way or unknown on the account."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM intents INDEXED BY intents_by_state WHERE account = ? AND {OPEN_INTENTS} AND state IN "
        "('sending', 'unknown') AND action = ? AND id IS NOT ? ORDER BY id LIMIT 1",
        account,
        action,
        but,
    )
    return None if row is None else _intent(row)


def last_ended(
    tx: Tx, account: AccountName, subject: SubjectRef, action: str, limit: int, since: datetime | None
) -> list[tuple[str, datetime]]:
    """Give how the last intents of an action on a subject ended (state, when), newest first.

    Those that ended before `since`, when a person last said to go on, do not count.
    """
    rows = tx.all(
        "SELECT state, ended_at FROM intents WHERE account = ? AND subject_type = ? AND subject_id = ? AND action = ? "
        "AND state IN ('succeeded', 'refused', 'gave_up') AND ended_at > ? ORDER BY id DESC LIMIT ?",
        account,
        subject.type,
        subject.id,
        action,
        us(since) or 0,
        limit,
    )
    return [(row[0], cast(datetime, at(row[1]))) for row in rows]


def planned_times(
    tx: Tx, rule: str, since: datetime, *, account: AccountName | None, subject: SubjectRef | None
) -> list[datetime]:
    """Give when intents of a rule were planned, oldest first."""
    sql, params = "SELECT i.created_at FROM intents i", [cast(object, rule), microseconds(since)]
    where = ["i.rule = ?", "i.created_at > ?"]
    if account is not None:
        where.append("i.account = ?")
        params.append(account)
    if subject is not None:
        sql += " JOIN matches m ON m.id = i.match_id"
        where.append("m.subject_type = ? AND m.subject_id = ?")
        params += [subject.type, subject.id]
    return [
        cast(datetime, at(row[0]))
        for row in tx.all(f"{sql} WHERE {' AND '.join(where)} ORDER BY i.created_at", *params)
    ]


def spent(
    tx: Tx, action: str, since: datetime, *, account: AccountName | None, rule: str | None
) -> tuple[Decimal, datetime | None]:
    """Give what intents of an action reserve or have spent in a window, and when the oldest of them was planned.

    What ended without an effect (refused, denied, lapsed, gave up) gives its reservation back.
    """
    where = [
        "action = ?",
        "created_at > ?",
        "cost IS NOT NULL",
        "state NOT IN ('refused', 'denied', 'lapsed', 'gave_up')",
    ]
    params: list[object] = [action, microseconds(since)]
    if account is not None:
        where.append("account = ?")
        params.append(account)
    if rule is not None:
        where.append("rule = ?")
        params.append(rule)
    rows = tx.all(f"SELECT cost, created_at FROM intents WHERE {' AND '.join(where)} ORDER BY created_at", *params)
    return sum((Decimal(row[0]) for row in rows), Decimal(0)), at(rows[0][1]) if rows else None


def facts_seen(tx: Tx, account: AccountName, subject: SubjectRef, now: datetime) -> None:
    """The subject was just observed: ready intents about it stand on fresh facts."""
    tx.run(
        f"UPDATE intents INDEXED BY intents_open SET facts_at = ? WHERE account = ? AND subject_type = ? AND subject_id = ? "
        f"AND {OPEN_INTENTS} AND state = 'ready'",
        microseconds(now),
        account,
        subject.type,
        subject.id,
    )
    tx.run(
        f"UPDATE intents INDEXED BY intents_by_state SET facts_at = ? WHERE account = ? AND {OPEN_INTENTS} AND state = 'ready' "
        "AND EXISTS (SELECT 1 FROM matches m WHERE m.id = intents.match_id AND m.account = ? AND m.subject_type = ? AND "
        "m.subject_id = ?)",
        microseconds(now),
        account,
        account,
        subject.type,
        subject.id,
    )


def forget_facts(tx: Tx, account: AccountName | None) -> None:
    """Have what ready intents stand on looked at again before they are sent."""
    if account is None:
        tx.run("UPDATE intents SET facts_at = NULL WHERE state = 'ready'")
    else:
        tx.run("UPDATE intents SET facts_at = NULL WHERE state = 'ready' AND account = ?", account)


def stale_subjects(tx: Tx, account: AccountName, fresh_since: datetime) -> list[SubjectRef]:
    """Give the subjects of ready intents of rules whose facts are too old to act on."""
    rows = tx.all(
        "SELECT DISTINCT coalesce(nullif(m.subject_type, ''), i.subject_type), CASE WHEN m.subject_type <> '' THEN m.subject_id "
        "ELSE i.subject_id END FROM intents i INDEXED BY intents_by_state LEFT JOIN matches m ON m.id = i.match_id WHERE "
        f"i.account = ? AND i.{OPEN_INTENTS} AND i.state = 'ready' AND i.rule IS NOT NULL AND (i.facts_at IS NULL OR "
        "i.facts_at < ?)",
        account,
        microseconds(fresh_since),
    )
    return [SubjectRef(*row) for row in rows]


def ask_person(tx: Tx, id_: IntentId, now: datetime) -> bool:
    """Note that a person was asked about an intent; False when one was before."""
    return bool(tx.run("UPDATE intents SET asked_at = ? WHERE id = ? AND asked_at IS NULL", microseconds(now), id_))


def _intent(row: Row) -> Intent:
    return Intent(
        id=IntentId(row[0]),
        account=AccountName(row[1]),
        action=row[2],
        subject=SubjectRef(row[3], row[4]),
        params=read_mapping(row[5]),
        state=State(row[6]),
        created_at=cast(datetime, at(row[7])),
        ready_at=cast(datetime, at(row[8])),
        sealed={k: str(v) for k, v in read_mapping(row[9]).items()},
        cost=None if row[10] is None else Decimal(row[10]),
        rule=None if row[11] is None else RuleName(row[11]),
        match=None if row[12] is None else MatchId(row[12]),
        reason=row[13],
        fence=row[14],
        attempts=row[15],
        evidence=None if row[16] is None else read_json(row[16]),
        due_at=at(row[17]),
        facts_at=at(row[18]),
        sent_at=at(row[19]),
        looked_at=at(row[20]),
        reference=row[21],
    )
