"""Matches: every yes of a rule, whether it fired, is held back, or was dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bursar.domain.event import Event
from bursar.domain.guard import HeldBack, Obstacle
from bursar.domain.ids import AccountName, MatchId, SubjectRef, microseconds
from bursar.domain.rule import Rule
from bursar.journal.codec import at, us
from bursar.journal.verdicts import NOTHING
from bursar.journal.writer import Row, Tx


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One match."""

    id: MatchId
    rule: str
    account: AccountName
    subject: SubjectRef | None
    event_id: str | None
    at: datetime
    state: str
    obstacle: str | None
    reason: str
    acts_planned: int
    fired_at: datetime | None


_COLUMNS = "id, rule, account, subject_type, subject_id, event_id, at, state, obstacle, reason, acts_planned, fired_at"


def add(
    tx: Tx,
    rule: Rule,
    account: AccountName,
    subject: SubjectRef | None,
    event: Event | None,
    reason: str,
    now: datetime,
) -> MatchRow:
    """Write a match. What is held back for the same rule and subject is superseded by it."""
    ref = subject or NOTHING
    tx.run(
        "UPDATE matches SET state = 'dropped', reason = 'a newer match took its place' WHERE rule = ? AND account = ? "
        "AND subject_type = ? AND subject_id = ? AND state = 'held'",
        rule.name,
        account,
        ref.type,
        ref.id,
    )
    id_ = tx.insert(
        "INSERT INTO matches (rule, account, subject_type, subject_id, event_id, at, state, reason) VALUES (?,?,?,?,?,?,?,?)",
        rule.name,
        account,
        ref.type,
        ref.id,
        event.id if event else None,
        microseconds(now),
        "new",
        reason,
    )
    return MatchRow(
        MatchId(id_), rule.name, account, subject, event.id if event else None, now, "new", None, reason, 0, None
    )


def load(tx: Tx, id_: MatchId) -> MatchRow | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM matches WHERE id = ?", id_)
    return None if row is None else _row(row)


def fired(tx: Tx, match: MatchRow, acts_planned: int, intents: int, now: datetime) -> None:
    """Note that the match fired; its first firing is what cooldowns count from."""
    tx.run(
        "UPDATE matches SET state = 'fired', obstacle = NULL, retry_at = NULL, fired_at = coalesce(fired_at, ?), "
        "acts_planned = ?, intents = intents + ? WHERE id = ?",
        microseconds(now),
        acts_planned,
        intents,
        match.id,
    )


def hold_back(tx: Tx, match: MatchRow, held: HeldBack, acts_planned: int) -> None:
    """Keep the match until its obstacle ends."""
    tx.run(
        "UPDATE matches SET state = 'held', obstacle = ?, reason = ?, retry_at = ?, waits_for = ?, acts_planned = ? "
        "WHERE id = ?",
        held.obstacle,
        held.reason,
        us(held.retry_at),
        held.waits_for,
        acts_planned,
        match.id,
    )


def hold_back_if_alone(tx: Tx, match: MatchRow, held: HeldBack, acts_planned: int) -> None:
    """Hold a match back again, unless a newer one of the same rule and subject is held already."""
    ref = match.subject or NOTHING
    newer = tx.one(
        "SELECT 1 FROM matches WHERE rule = ? AND account = ? AND subject_type = ? AND subject_id = ? AND state = 'held' "
        "AND id <> ?",
        match.rule,
        match.account,
        ref.type,
        ref.id,
        match.id,
    )
    if newer is None:
        hold_back(tx, match, held, acts_planned)


def drop(tx: Tx, id_: MatchId, reason: str) -> None:
    """End a match that came to nothing."""
    tx.run("UPDATE matches SET state = 'dropped', reason = ?, retry_at = NULL WHERE id = ?", reason, id_)


def held_of(tx: Tx, account: AccountName, subject: SubjectRef, now: datetime) -> list[MatchRow]:
    """Give the matches on a subject whose obstacle has ended."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM matches WHERE account = ? AND subject_type = ? AND subject_id = ? AND state = 'held' "
        "AND retry_at <= ? ORDER BY id",
        account,
        subject.type,
        subject.id,
        microseconds(now),
    )
    return [_row(row) for row in rows]


def due_subjects(tx: Tx, account: AccountName, now: datetime) -> list[SubjectRef]:
    """Give the subjects of matches whose obstacle has ended."""
    rows = tx.all(
        "SELECT DISTINCT subject_type, subject_id FROM matches WHERE account = ? AND state = 'held' AND retry_at <= ?",
        account,
        microseconds(now),
    )
    return [SubjectRef(*row) for row in rows]


def release(
    tx: Tx,
    obstacle: Obstacle,
    now: datetime,
    *,
    account: AccountName | None = None,
    subject: SubjectRef | None = None,
    rule: str | None = None,
) -> int:
    """The obstacle ended: have these matches asked again at the next fresh sight."""
    where, params = ["state = 'held'", "obstacle = ?"], [cast(object, obstacle)]
    if account is not None:
        where.append("account = ?")
        params.append(account)
    if subject is not None:
        where.append("subject_type = ? AND subject_id = ?")
        params += [subject.type, subject.id]
    if rule is not None:
        where.append("rule = ?")
        params.append(rule)
    return tx.run(f"UPDATE matches SET retry_at = ? WHERE {' AND '.join(where)}", microseconds(now), *params)


def release_waiting(tx: Tx, intent: int, now: datetime) -> None:
    """The intent ended: the matches that waited for it are asked again."""
    tx.run("UPDATE matches SET retry_at = ? WHERE state = 'held' AND waits_for = ?", microseconds(now), intent)


def last_fired(
    tx: Tx, rule: Rule, account: AccountName, subject: SubjectRef | None, *, but: MatchId
) -> datetime | None:
    """Say when the rule last fired for a subject."""
    ref = subject or NOTHING
    row = tx.one(
        "SELECT max(fired_at) FROM matches WHERE rule = ? AND account = ? AND subject_type = ? AND subject_id = ? "
        "AND fired_at IS NOT NULL AND id <> ?",
        rule.name,
        account,
        ref.type,
        ref.id,
        but,
    )
    return at(row[0]) if row else None


def fired_times(
    tx: Tx, rule: Rule, since: datetime, *, account: AccountName | None, subject: SubjectRef | None
) -> list[datetime]:
    """Give when the rule fired, for rules that only tell."""
    where, params = ["rule = ?", "fired_at > ?"], [cast(object, rule.name), microseconds(since)]
    if account is not None:
        where.append("account = ?")
        params.append(account)
    if subject is not None:
        where.append("subject_type = ? AND subject_id = ?")
        params += [subject.type, subject.id]
    rows = tx.all(f"SELECT fired_at FROM matches WHERE {' AND '.join(where)} ORDER BY fired_at", *params)
    return [cast(datetime, at(row[0])) for row in rows]


def _row(row: Row) -> MatchRow:
    subject = SubjectRef(row[3], row[4]) if row[3] else None
    return MatchRow(
        MatchId(row[0]),
        row[1],
        AccountName(row[2]),
        subject,
        row[5],
        cast(datetime, at(row[6])),
        row[7],
        row[8],
        row[9],
        row[10],
        at(row[11]),
    )
