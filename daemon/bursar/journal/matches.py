"""Matches: every yes of a rule, whether it fired, is held back, or was dropped."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bursar.domain.event import Event
from bursar.domain.ids import AccountName, IntentId, MatchId, SubjectRef, microseconds
from bursar.domain.rule import Rule
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal.codec import at, us
from bursar.journal.verdicts import NOTHING
from bursar.journal.writer import Row, Tx


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One match.

    Attributes:
        fingerprint: That of its rule when it matched.
        fired_at: When something first came of it.
        told_at: When its texts were owed.
        first_id: The match that it goes on from, where that ended with its rule's text; None: it is the first.
        told_block: What was last told to hold it back.
    """

    id: MatchId
    rule: str
    fingerprint: str
    account: AccountName
    subject: SubjectRef | None
    event_id: str | None
    at: datetime
    state: str
    block: str | None
    reason: str
    acts_planned: int = 0
    fired_at: datetime | None = None
    told_at: datetime | None = None
    first_id: MatchId | None = None
    told_block: str | None = None

    @property
    def first(self) -> MatchId:
        """Return the first match of its line: what any of them has done is done."""
        return self.first_id or self.id


_COLUMNS = "id, rule, fingerprint, account, subject_type, subject_id, event_id, at, state, block, reason, acts_planned, fired_at, told_at, first_id, told_block"


def add(
    tx: Tx,
    rule: Rule,
    account: AccountName,
    subject: SubjectRef | None,
    event: Event | None,
    reason: str,
    now: datetime,
    goes_on_from: MatchRow | None = None,
) -> MatchRow:
    """Write a match. What is held back for the same rule and subject is superseded by it.

    Args:
        tx: The transaction.
        rule: The rule that said yes.
        account: In which account.
        subject: About which subject.
        event: About which event.
        reason: Why.
        now: The instant.
        goes_on_from: The match that ended with its rule's text, and is asked about anew by this one.
    """
    ref = subject or NOTHING
    tx.run(
        # Two matches of one rule about one balance, released at the end of a pause, would ask for it twice.
        "UPDATE matches SET state = 'dropped', reason = 'a newer match took its place', ended_at = ? WHERE rule = ? AND account = ? "
        "AND subject_type = ? AND subject_id = ? AND state = 'held'",
        microseconds(now),
        rule.name,
        account,
        ref.type,
        ref.id,
    )
    id_ = tx.insert(
        "INSERT INTO matches (rule, fingerprint, account, subject_type, subject_id, event_id, at, state, reason, first_id) VALUES "
        "(?,?,?,?,?,?,?,?,?,?)",
        rule.name,
        rule.fingerprint,
        account,
        ref.type,
        ref.id,
        event.id if event else None,
        microseconds(now),
        "new",
        reason,
        None if goes_on_from is None else goes_on_from.first,
    )
    return cast(MatchRow, load(tx, MatchId(id_)))


def load(tx: Tx, id_: MatchId) -> MatchRow | None:
    """Return a match."""
    row = tx.one(f"SELECT {_COLUMNS} FROM matches WHERE id = ?", id_)
    return None if row is None else _row(row)


def fired(tx: Tx, match: MatchRow, acts_planned: int, intents: int, now: datetime) -> None:
    """Note that something came of the match."""
    tx.run(
        "UPDATE matches SET state = 'fired', reason = CASE WHEN block IS NULL THEN reason ELSE '' END, block = NULL, retry_at = NULL, fired_at = coalesce(fired_at, ?), acts_planned = ?, "
        "intents = intents + ?, ended_at = ? WHERE id = ?",
        microseconds(now),
        acts_planned,
        intents,
        microseconds(now),
        match.id,
    )


def told(tx: Tx, id_: MatchId, now: datetime) -> None:
    """Note that the texts of the match are owed; they are owed once."""
    tx.run("UPDATE matches SET told_at = ? WHERE id = ?", microseconds(now), id_)


def hold_back(tx: Tx, match: MatchRow, held: HoldBack, acts_planned: int) -> None:
    """Keep the match until what holds it back ends."""
    tx.run(
        "UPDATE matches SET state = 'held', block = ?, reason = ?, retry_at = ?, waits_for = ?, acts_planned = ?, ended_at = NULL "
        "WHERE id = ?",
        held.block,
        held.reason,
        us(held.retry_at),
        held.waits_for,
        acts_planned,
        match.id,
    )


def hold_back_if_alone(tx: Tx, match: MatchRow, held: HoldBack, acts_planned: int) -> bool:
    """Hold a match back again, unless a newer one of the same rule and subject is held already; return whether it is."""
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
    return newer is None


def told_of(tx: Tx, id_: MatchId, block: BlockReason) -> None:
    """Note that people were told of what holds the match back."""
    tx.run("UPDATE matches SET told_block = ? WHERE id = ?", block, id_)


def last_about(tx: Tx, event_id: str, rules: Collection[str], fingerprint: str) -> MatchRow | None:
    """Return the last match of an event by one of these rules, or by one that meant the same."""
    marks = ",".join("?" * len(rules))
    row = tx.one(
        f"SELECT {_COLUMNS} FROM matches WHERE event_id = ? AND (rule IN ({marks}) OR fingerprint = ?) ORDER BY id DESC LIMIT 1",
        event_id,
        *rules,
        fingerprint,
    )
    return None if row is None else _row(row)


def last_of(tx: Tx, rule: str, account: AccountName, subject: SubjectRef, since: datetime) -> MatchRow | None:
    """Return the last match of a rule on a subject since an instant."""
    about = "rule = ? AND account = ? AND subject_type = ? AND subject_id = ? AND at >= ?"
    params = (rule, account, subject.type, subject.id, microseconds(since))
    # Each of the two has an index of its own: one of what has fired, one of what never has.
    row = tx.one(
        f"SELECT * FROM (SELECT {_COLUMNS} FROM matches WHERE {about} AND fired_at IS NOT NULL UNION ALL SELECT {_COLUMNS} FROM "
        f"matches WHERE {about} AND fired_at IS NULL) ORDER BY id DESC LIMIT 1",
        *params,
        *params,
    )
    return None if row is None else _row(row)


def held_of_line(tx: Tx, first: MatchId) -> list[MatchRow]:
    """Return the matches of a line that are held back."""
    where = "id IN (SELECT ? UNION SELECT id FROM matches INDEXED BY matches_of_line WHERE first_id = ?)"
    rows = tx.all(f"SELECT {_COLUMNS} FROM matches WHERE {where} AND state = 'held' ORDER BY id", first, first)
    return [_row(row) for row in rows]


def drop(tx: Tx, id_: MatchId, reason: str, now: datetime) -> None:
    """End a match that came to nothing."""
    tx.run(
        "UPDATE matches SET state = 'dropped', reason = ?, retry_at = NULL, ended_at = ? WHERE id = ?",
        reason,
        microseconds(now),
        id_,
    )


def held_of(tx: Tx, account: AccountName, subject: SubjectRef, now: datetime) -> list[MatchRow]:
    """Return the matches on a subject that are asked again: what held them back has ended."""
    about = "account = ? AND subject_type = ? AND subject_id = ? AND state = 'held' AND retry_at <= ?"
    sql = f"SELECT {_COLUMNS} FROM matches WHERE {about} ORDER BY id"
    return [_row(row) for row in tx.all(sql, account, subject.type, subject.id, microseconds(now))]


def held_by(tx: Tx, rule: str) -> list[MatchRow]:
    """Return everything that is held back for a rule."""
    sql = f"SELECT {_COLUMNS} FROM matches WHERE rule = ? AND state = 'held' ORDER BY id"
    return [_row(row) for row in tx.all(sql, rule)]


def held_about(tx: Tx, rule: str, account: AccountName, subject: SubjectRef | None) -> MatchRow | None:
    """Return what is held back for a rule about one subject: there is never more than one."""
    ref = subject or NOTHING
    about = "rule = ? AND account = ? AND subject_type = ? AND subject_id = ? AND state = 'held'"
    sql = f"SELECT {_COLUMNS} FROM matches INDEXED BY matches_held WHERE {about}"
    row = tx.one(sql, rule, account, ref.type, ref.id)
    return None if row is None else _row(row)


def held(tx: Tx) -> list[MatchRow]:
    """Return everything that is held back."""
    return [_row(row) for row in tx.all(f"SELECT {_COLUMNS} FROM matches WHERE state = 'held' ORDER BY id")]


def due_subjects(tx: Tx, account: AccountName, now: datetime) -> list[SubjectRef]:
    """Return the subjects of matches that are asked again."""
    where = "account = ? AND state = 'held' AND retry_at <= ?"
    sql = f"SELECT DISTINCT subject_type, subject_id FROM matches WHERE {where}"
    return [SubjectRef(*row) for row in tx.all(sql, account, microseconds(now))]


def due_unwatched(tx: Tx, account: AccountName, type_: str, now: datetime) -> list[SubjectRef]:
    """Return those of them that are of a type which is looked at under watch alone, and are not under watch."""
    rows = tx.all(
        "SELECT DISTINCT subject_type, subject_id FROM matches m INDEXED BY matches_due WHERE account = ? AND state = 'held' AND "
        "retry_at <= ? AND subject_type = ? AND NOT EXISTS (SELECT 1 FROM subjects s WHERE s.account = m.account AND s.type = "
        "m.subject_type AND s.id = m.subject_id AND s.watched = 1)",
        account,
        microseconds(now),
        type_,
    )
    return [SubjectRef(*row) for row in rows]


def blocked(tx: Tx, account: AccountName, block: BlockReason) -> bool:
    """Return whether something of the account is held back for this, and for a time."""
    sql = (
        "SELECT 1 FROM matches INDEXED BY matches_due WHERE account = ? AND state = 'held' AND retry_at IS NOT NULL AND block = ? "
        "LIMIT 1"
    )
    return tx.one(sql, account, block) is not None


def given_up(tx: Tx, account: AccountName, refused: Collection[IntentId]) -> list[MatchRow]:
    """Return the matches that wait for a person to have one of these intents tried again."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM matches INDEXED BY matches_held WHERE account = ? AND state = 'held' AND block = ? AND "
        f"waits_for IN ({','.join('?' * len(refused))}) ORDER BY id",
        account,
        BlockReason.GAVE_UP,
        *refused,
    )
    return [_row(row) for row in rows]


def release(
    tx: Tx,
    block: BlockReason,
    now: datetime,
    *,
    account: AccountName | None = None,
    subject: SubjectRef | None = None,
    rule: str | None = None,
    but: MatchId | None = None,
) -> int:
    """What held these matches back ended: have them asked again at the next fresh sight, all but one perhaps."""
    where, params = ["state = 'held'", "block = ?"], [cast(object, block)]
    if account is not None:
        where.append("account = ?")
        params.append(account)
    if subject is not None:
        where.append("subject_type = ? AND subject_id = ?")
        params += [subject.type, subject.id]
    if rule is not None:
        where.append("rule = ?")
        params.append(rule)
    if but is not None:
        where.append("id <> ?")
        params.append(but)
    # Sooner, never later: what another obstacle's end has released already must not wait anew.
    sql = f"UPDATE matches INDEXED BY matches_held SET retry_at = min(coalesce(retry_at, ?), ?) WHERE {' AND '.join(where)}"
    return tx.run(sql, microseconds(now), microseconds(now), *params)


def release_waiting(tx: Tx, intent: int, now: datetime) -> None:
    """The intent ended, or its effect has shown: the matches that waited for it are asked again; not what gave up on it."""
    tx.run(
        # What gave up waits for a person, who knows it by the intent; its end must not let it go on by itself.
        "UPDATE matches SET retry_at = ? WHERE state = 'held' AND waits_for = ? AND block <> ?",
        microseconds(now),
        intent,
        BlockReason.GAVE_UP,
    )


def set_fingerprint(tx: Tx, rule: str, fingerprint: str) -> None:
    """Set the fingerprint of a rule in the held matches of an older journal."""
    tx.run(
        "UPDATE matches SET fingerprint = ? WHERE rule = ? AND fingerprint = '' AND state IN ('held', 'new')",
        fingerprint,
        rule,
    )


def rename_rule(tx: Tx, old: str, new: str) -> None:
    """Have a rule take over the firings of another."""
    tx.run("UPDATE matches SET rule = ? WHERE rule = ?", new, old)


def _row(row: Row) -> MatchRow:
    (
        id_, rule, fingerprint, account, subject_type, subject_id, event_id, at_us, state, block, reason, acts, fired_at, told_at,
        first_id, told_block,
    ) = row  # fmt: skip
    return MatchRow(
        MatchId(id_),
        rule,
        fingerprint,
        AccountName(account),
        SubjectRef(subject_type, subject_id) if subject_type else None,
        event_id,
        cast(datetime, at(at_us)),
        state,
        block,
        reason,
        acts,
        at(fired_at),
        at(told_at),
        None if first_id is None else MatchId(first_id),
        told_block,
    )
