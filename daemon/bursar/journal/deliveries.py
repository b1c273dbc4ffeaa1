"""Deliveries: what is owed to sinks, until it is taken or dead-lettered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from bursar.domain.ids import DeliveryId, SinkName, microseconds
from bursar.domain.route import Delivery
from bursar.journal.codec import at, read_mapping, write_json
from bursar.journal.writer import Tx


def add(tx: Tx, deliveries: Iterable[Delivery]) -> None:
    """Write what is owed; the same delivery twice is one."""
    tx.many(
        "INSERT INTO deliveries (id, sink, event_id, body, state, next_at, created_at) VALUES (?,?,?,?,'due',?,?) "
        # The id follows from the news: said twice, it is owed once.
        "ON CONFLICT (id) DO NOTHING",
        (
            (d.id, d.sink, d.event, write_json(d.body), microseconds(d.created_at), microseconds(d.created_at))
            for d in deliveries
        ),
    )


def due(tx: Tx, sink: SinkName, now: datetime, limit: int) -> list[Delivery]:
    """Return what is due to a sink, oldest first."""
    rows = tx.all(
        "SELECT id, event_id, body, created_at, attempts FROM deliveries WHERE sink = ? AND state = 'due' AND next_at <= ? "
        "ORDER BY next_at, seq LIMIT ?",
        sink,
        microseconds(now),
        limit,
    )
    return [
        Delivery(DeliveryId(id_), sink, event, read_mapping(body), cast(datetime, at(created_at)), attempts)
        for id_, event, body, created_at, attempts in rows
    ]


def next_due(tx: Tx, sink: SinkName) -> datetime | None:
    row = tx.one("SELECT min(next_at) FROM deliveries WHERE sink = ? AND state = 'due'", sink)
    return at(row[0]) if row else None


def delivered(tx: Tx, ids: Iterable[str], now: datetime) -> None:
    """Note that the sink took them."""
    tx.many(
        "UPDATE deliveries SET state = 'delivered', attempts = attempts + 1, ended_at = ?, next_at = NULL, reason = NULL "
        "WHERE id = ?",
        ((microseconds(now), id_) for id_ in ids),
    )


def failed(tx: Tx, id_: str, reason: str, next_at: datetime | None, now: datetime) -> None:
    """Note a failed try; without a next one it is a dead letter."""
    tx.run(
        "UPDATE deliveries SET state = ?, attempts = attempts + 1, next_at = ?, reason = ?, ended_at = ? WHERE id = ?",
        "dead" if next_at is None else "due",
        None if next_at is None else microseconds(next_at),
        reason,
        microseconds(now) if next_at is None else None,
        id_,
    )


def retry(tx: Tx, ids: Iterable[str], now: datetime) -> int:
    """Make dead letters due again; return how many there were."""
    sql = "UPDATE deliveries SET state = 'due', attempts = 0, next_at = ?, ended_at = NULL WHERE id = ? AND state = 'dead'"
    return sum(tx.run(sql, microseconds(now), id_) for id_ in ids)


def orphans(tx: Tx, sinks: set[str], now: datetime) -> int:
    """Dead-letter what is owed to sinks that are configured no more."""
    count = 0
    for (sink,) in tx.all("SELECT DISTINCT sink FROM deliveries WHERE state = 'due'"):
        if sink not in sinks:
            count += tx.run(
                "UPDATE deliveries SET state = 'dead', reason = 'the sink is not configured any more', ended_at = ?, "
                "next_at = NULL WHERE sink = ? AND state = 'due'",
                microseconds(now),
                sink,
            )
    return count
