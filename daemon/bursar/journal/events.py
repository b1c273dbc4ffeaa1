"""Events, and the event types that are asked anew at the next sight."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import cast

from bursar.domain.event import Event
from bursar.domain.ids import AccountName, SubjectRef, microseconds
from bursar.domain.subject import SubjectType
from bursar.domain.values import Fields, to_json
from bursar.journal.codec import at, read_before, read_mapping, write_json
from bursar.journal.writer import Row, Tx

_COLUMNS = "type, account, subject_type, subject_id, at, data, before"


def add(tx: Tx, event: Event) -> bool:
    """Write an event; False when it is there already."""
    return bool(
        tx.run(
            "INSERT INTO events (id, type, account, subject_type, subject_id, at, data, before) VALUES (?,?,?,?,?,?,?,?) "
            "ON CONFLICT (id) DO NOTHING",
            event.id,
            event.type,
            event.account,
            event.subject.type if event.subject else None,
            event.subject.id if event.subject else None,
            microseconds(event.at),
            write_json(event.data),
            write_json({name: to_json(value) for name, value in event.before.items()}),
        )
    )


def load(tx: Tx, kinds: Mapping[str, SubjectType], event_id: str) -> Event | None:
    """Return an event by its id; None when it is there no more."""
    row = tx.one(f"SELECT {_COLUMNS} FROM events WHERE id = ?", event_id)
    return None if row is None else _event(kinds, row)


def last(tx: Tx, kinds: Mapping[str, SubjectType], account: AccountName, event_type: str) -> Event | None:
    """Return the newest event of a type in an account; None: there is none, or it is there no more."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM events WHERE account = ? AND type = ? ORDER BY at DESC LIMIT 1", account, event_type
    )
    return None if row is None else _event(kinds, row)


def of_subject_since(
    tx: Tx, kinds: Mapping[str, SubjectType], account: AccountName, subject: SubjectRef, since: datetime, limit: int
) -> Iterator[Event]:
    """Yield the newest events of a subject since an instant, newest first."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM events INDEXED BY events_by_subject WHERE account = ? AND subject_type = ? AND subject_id = ? AND "
        f"at >= ? ORDER BY at DESC LIMIT {int(limit)}",
        account,
        subject.type,
        subject.id,
        microseconds(since),
    )
    # One is wanted mostly, of thousands: each is read only when it is its turn.
    return (_event(kinds, row) for row in rows)


def _event(kinds: Mapping[str, SubjectType], row: Row) -> Event:
    type_, account, subject_type, subject_id, at_us, data, before = row
    return Event(
        type_,
        AccountName(account),
        cast(datetime, at(at_us)),
        SubjectRef(subject_type, subject_id) if subject_type is not None else None,
        read_mapping(data),
        cast(Fields, read_before(kinds.get(subject_type or ""), before)),
    )


def rearm(tx: Tx, account: AccountName, event_type: str, subject_type: str, from_: datetime) -> None:
    """Have the next sight from an instant on asked for this event type as if it were the first."""
    tx.run(
        "INSERT INTO rearmed VALUES (?, ?, ?, ?) ON CONFLICT (account, event_type) DO UPDATE SET at = min(at, excluded.at)",
        account,
        event_type,
        subject_type,
        microseconds(from_),
    )


def rearmed_subjects(tx: Tx, account: AccountName, now: datetime) -> list[SubjectRef]:
    """Return the subjects that event types wait to be asked of anew."""
    rows = tx.all(
        "SELECT s.type, s.id FROM rearmed r JOIN subjects s ON s.account = r.account AND s.type = r.subject_type WHERE r.account = ? "
        "AND r.at <= ? LIMIT 100",
        account,
        microseconds(now),
    )
    return [SubjectRef(*row) for row in rows]


def rearmed(tx: Tx, account: AccountName, subject_types: Iterable[str], now: datetime) -> frozenset[str]:
    """Return the event types that are asked anew, and forget them: they are asked in this transaction."""
    found: set[str] = set()
    for subject_type in subject_types:
        due = (account, subject_type, microseconds(now))
        rows = tx.all("SELECT event_type FROM rearmed WHERE account = ? AND subject_type = ? AND at <= ?", *due)
        if rows:
            tx.run("DELETE FROM rearmed WHERE account = ? AND subject_type = ? AND at <= ?", *due)
            found.update(row[0] for row in rows)
    return frozenset(found)
