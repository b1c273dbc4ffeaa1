"""Subjects of which the first look since a restore showed something new: when that came about is not known."""

from __future__ import annotations

from datetime import datetime

from bursar.domain.ids import AccountName, SubjectRef, microseconds
from bursar.domain.observation import Snapshot
from bursar.journal.codec import at
from bursar.journal.writer import Tx


def note(tx: Tx, account: AccountName, subject: SubjectRef, looked_at: datetime) -> None:
    """Note that what a look showed at an instant may have been so for long."""
    tx.run(
        "INSERT INTO unseen_changes VALUES (?, ?, ?, ?) ON CONFLICT (account, subject_type, subject_id) DO UPDATE SET at = excluded.at",
        account,
        subject.type,
        subject.id,
        microseconds(looked_at),
    )


def noted_at(tx: Tx, subject: Snapshot) -> datetime | None:
    """Return when that look was; None: there was none."""
    sql = "SELECT at FROM unseen_changes WHERE account = ? AND subject_type = ? AND subject_id = ?"
    row = tx.one(sql, subject.account, subject.ref.type, subject.ref.id)
    return None if row is None else at(row[0])
