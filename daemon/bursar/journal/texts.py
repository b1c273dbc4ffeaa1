"""When the texts of rules that only tell went out: their cooldowns and limits count matches."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from bursar.domain.ids import AccountName, MatchId, SubjectRef, microseconds
from bursar.domain.rule import Rule
from bursar.journal.codec import at
from bursar.journal.verdicts import NOTHING
from bursar.journal.writer import Tx


def last_told(tx: Tx, rule: Rule, account: AccountName, subject: SubjectRef | None, *, but: MatchId) -> datetime | None:
    """Return when the texts of a rule that only tells last went out for a subject."""
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


def told_times(
    tx: Tx, rule: Rule, since: datetime, *, account: AccountName | None, subject: SubjectRef | None
) -> list[datetime]:
    """Return when the texts of a rule that only tells went out, oldest first."""
    where, params = ["rule = ?", "fired_at > ?"], [cast(object, rule.name), microseconds(since)]
    if account is not None:
        where.append("account = ?")
        params.append(account)
    if subject is not None:
        where.append("subject_type = ? AND subject_id = ?")
        params += [subject.type, subject.id]
    rows = tx.all(f"SELECT fired_at FROM matches WHERE {' AND '.join(where)} ORDER BY fired_at", *params)
    return [cast(datetime, at(row[0])) for row in rows]
