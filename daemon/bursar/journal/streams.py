"""How each stream of each account is doing: its last good poll, its failures in a row, its cursor, its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bursar.domain.ids import AccountName, microseconds
from bursar.domain.values import Json
from bursar.journal.codec import at, read_json, write_json
from bursar.journal.writer import Row, Tx


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream of one account."""

    stream: str
    ok_at: datetime | None = None
    baselined_at: datetime | None = None
    failures: int = 0
    failed_at: datetime | None = None
    kind: str | None = None
    reason: str | None = None
    told_at: datetime | None = None
    cursor: Json = None


_COLUMNS = "stream, ok_at, baselined_at, failures, failed_at, kind, reason, told_at, cursor"


def load(tx: Tx, account: AccountName, stream: str) -> StreamRow:
    """Return one stream; a fresh one if nothing is known."""
    row = tx.one(f"SELECT {_COLUMNS} FROM streams WHERE account = ? AND stream = ?", account, stream)
    return StreamRow(stream) if row is None else _row(row)


def load_all(tx: Tx, account: AccountName) -> list[StreamRow]:
    return [_row(row) for row in tx.all(f"SELECT {_COLUMNS} FROM streams WHERE account = ?", account)]


def tick(tx: Tx, account: AccountName, stream: str, now: datetime) -> None:
    """Note a good poll: all that an answer that says nothing new writes."""
    us = microseconds(now)
    tx.run(
        "INSERT INTO streams (account, stream, ok_at, polls) VALUES (?, ?, ?, 1) ON CONFLICT (account, stream) DO UPDATE "
        "SET ok_at = excluded.ok_at, failures = 0, kind = NULL, reason = NULL, told_at = NULL, polls = polls + 1",
        account,
        stream,
        us,
    )


def settle(tx: Tx, account: AccountName, stream: str, cursor: Json, baselined: datetime | None) -> None:
    """Note where the next poll goes on from, and that the baseline is there."""
    if cursor is not None:
        tx.run("UPDATE streams SET cursor = ? WHERE account = ? AND stream = ?", write_json(cursor), account, stream)
    if baselined is not None:
        tx.run(
            "UPDATE streams SET baselined_at = ? WHERE account = ? AND stream = ? AND baselined_at IS NULL",
            microseconds(baselined),
            account,
            stream,
        )


def fail(tx: Tx, account: AccountName, stream: str, kind: str, reason: str, now: datetime) -> int:
    """Note a failed poll; return how many there were in a row."""
    us = microseconds(now)
    tx.run(
        "INSERT INTO streams (account, stream, failures, failed_at, kind, reason, polls) VALUES (?, ?, 1, ?, ?, ?, 1) "
        "ON CONFLICT (account, stream) DO UPDATE SET failures = failures + 1, failed_at = excluded.failed_at, "
        "kind = excluded.kind, reason = excluded.reason, polls = polls + 1",
        account,
        stream,
        us,
        kind,
        reason,
    )
    row = tx.one("SELECT failures FROM streams WHERE account = ? AND stream = ?", account, stream)
    return int(row[0]) if row else 1


def told(tx: Tx, account: AccountName, stream: str, now: datetime) -> None:
    """Note that people were told that the stream fails."""
    tx.run("UPDATE streams SET told_at = ? WHERE account = ? AND stream = ?", microseconds(now), account, stream)


def _row(row: Row) -> StreamRow:
    stream, ok_at, baselined_at, failures, failed_at, kind, reason, told_at, cursor = row
    where = read_json(cursor) if cursor else None
    return StreamRow(stream, at(ok_at), at(baselined_at), failures, at(failed_at), kind, reason, at(told_at), where)
