"""Subjects that were in another state at the first look since a restore: when they entered it is not known."""

from __future__ import annotations

from datetime import datetime

from bursar.domain.ids import AccountName, SubjectRef, microseconds
from bursar.domain.observation import Snapshot
from bursar.journal.codec import at
from bursar.journal.writer import Tx


def note(tx: Tx, account: AccountName, subject: SubjectRef, entered_at: datetime) -> None:
    """Note that a subject was seen in a state at an instant, and may have been in it for long."""
    tx.run(
        "INSERT INTO unseen_changes VALUES (?, ?, ?, ?) ON CONFLICT (account, subject_type, subject_id) DO UPDATE SET at = excluded.at",
        account,
        subject.type,
        subject.id,
        microseconds(entered_at),
    )


def entered_at(tx: Tx, subject: Snapshot) -> datetime | None:
    """Return when a subject was seen in such a state; None: it never was. It may have left that since."""
    sql = "SELECT at FROM unseen_changes WHERE account = ? AND subject_type = ? AND subject_id = ?"
    row = tx.one(sql, subject.account, subject.ref.type, subject.ref.id)
    return None if row is None else at(row[0])
