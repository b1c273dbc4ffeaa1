"""What the commands and pages show: questions to the journal that change nothing. Rows come as plain JSON objects.

The journal keeps instants on its timeline; here they are written as the wall clock said, or will say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bursar.domain.ids import instant
from bursar.domain.values import Json, to_public
from bursar.journal import clock
from bursar.journal.codec import read_mapping
from bursar.journal.writer import Tx

Row = dict[str, Json]


def times(tx: Tx) -> Callable[[Any], Json]:
    """Return what writes the journal's instants (microseconds) for people, by the wall clock."""
    offsets = clock.offsets(tx)
    return lambda us: None if us is None else to_public(offsets.wall(instant(int(us))))


def orders(tx: Tx, account: str | None, type_: str = "order") -> list[Row]:
    """Return subjects under watch, with what is known of them."""
    shown = times(tx)
    sql = (
        "SELECT account, id, state, fields, created_at, first_seen_at, state_since, changed_at, problem, watched FROM subjects "
        "WHERE type = ?"
    )
    rows = (
        tx.all(f"{sql} AND account = ? ORDER BY account, id", type_, account)
        if account
        else tx.all(f"{sql} ORDER BY account, id", type_)
    )
    found = []
    for row in rows:
        shape: Row = {"account": row[0], "id": row[1], "state": row[2]}
        shape.update({name: value for name, value in read_mapping(row[3]).items() if name not in shape})
        shape.update(
            created_at=shown(row[4]),
            first_seen_at=shown(row[5]),
            state_since=shown(row[6]),
            changed_at=shown(row[7]),
            problem=row[8],
            watched=bool(row[9]),
        )
        found.append(shape)
    return found


def events(tx: Tx, account: str | None, type_: str | None, limit: int | None, after: int = 0) -> list[Row]:
    """Return events, oldest first; `limit` keeps the newest."""
    shown = times(tx)
    where, params = ["seq > ?"], [after]
    if account:
        where.append("account = ?")
        params.append(account)  # type: ignore[arg-type]
    if type_:
        where.append("type GLOB ?")
        params.append(type_)  # type: ignore[arg-type]
    sql = (
        "SELECT seq, id, type, account, subject_type, subject_id, at, data FROM events WHERE "
        f"{' AND '.join(where)} ORDER BY seq DESC"
    )
    rows = tx.all(f"{sql} LIMIT {int(limit)}" if limit else sql, *params)
    return [
        {
            "id": row[1],
            "type": row[2],
            "account": row[3],
            "subject": f"{row[4]}/{row[5]}" if row[4] else None,
            "time": shown(row[6]),
            "data": read_mapping(row[7]),
            "seq": row[0],
        }
        for row in reversed(rows)
    ]


def actions(tx: Tx, state: str | None, limit: int | None, ids: list[int] | None = None) -> list[Row]:
    """Return intents, oldest first; `limit` keeps the newest."""
    shown = times(tx)
    where: list[str] = []
    params: list[object] = []
    if state:
        where.append("state = ?")
        params.append(state)
    if ids is not None:
        where.append(f"id IN ({','.join('?' * len(ids))})")
        params += ids
    sql = (
        "SELECT id, rule, account, action, subject_type, subject_id, params, state, reason, created_at, attempts, reference, "
        "sent_at, ended_at, due_at, fence, cost, currency, question, (SELECT p.amount FROM postings p WHERE p.entry = intents.id AND "
        "p.amount IS NOT NULL AND p.what IN ('settled', 'succeeded', 'accepted') ORDER BY p.seq LIMIT 1) FROM intents"
    )
    sql += f" WHERE {' AND '.join(where)}" if where else ""
    rows = tx.all(f"{sql} ORDER BY id DESC" + (f" LIMIT {int(limit)}" if limit else ""), *params)
    return [
        {
            "id": f"{row[0]}.{row[18]}" if row[7] == "awaiting_approval" and row[18] > 1 else str(row[0]),
            "rule": row[1],
            "account": row[2],
            "action": row[3],
            "subject": f"{row[4]}/{row[5]}",
            "params": read_mapping(row[6]),
            "amount": row[16],
            "currency": row[17],
            "paid": row[19],
            "state": row[7],
            "reason": row[8],
            "created_at": shown(row[9]),
            "attempts": row[10],
            "reference": row[11],
            "sent_at": shown(row[12]),
            "ended_at": shown(row[13]),
            "due_at": shown(row[14]),
            "fence": row[15],
        }
        for row in reversed(rows)
    ]


def deliveries(tx: Tx, state: str | None, limit: int | None) -> list[Row]:
    """Return deliveries, oldest first; `limit` keeps the newest."""
    shown = times(tx)
    sql = "SELECT id, sink, event_id, state, attempts, next_at, reason, created_at, body FROM deliveries"
    rows = tx.all(
        f"{sql}{' WHERE state = ?' if state else ''} ORDER BY seq DESC" + (f" LIMIT {int(limit)}" if limit else ""),
        *([state] if state else []),
    )
    return [
        {
            "id": row[0],
            "sink": row[1],
            "event": row[2],
            "state": row[3],
            "attempts": row[4],
            "next_at": shown(row[5]),
            "reason": row[6],
            "created_at": shown(row[7]),
            "type": read_mapping(row[8]).get("type"),
        }
        for row in reversed(rows)
    ]


def verdicts(tx: Tx, rule: str, subject: str | None) -> list[Row]:
    """Return the latest verdicts of a rule, each with the newest match on that subject and what became of it."""
    shown = times(tx)
    sql = (
        "SELECT v.account, v.subject_type, v.subject_id, v.verdict, v.reason, v.at, v.since, v.ask_at, v.fired, m.id, m.state, "
        "m.block, m.reason, m.retry_at, m.at FROM verdicts v LEFT JOIN matches m ON m.id = (SELECT max(id) FROM matches x WHERE "
        "x.rule = v.rule AND x.account = v.account AND x.subject_type = v.subject_type AND x.subject_id = v.subject_id) "
        "WHERE v.rule = ?"
    )
    rows = tx.all(f"{sql} ORDER BY v.at DESC", rule)
    found: list[Row] = []
    for row in rows:
        name = f"{row[1]}/{row[2]}" if row[1] else None
        if subject is not None and subject not in (name, row[2], f"{row[0]}/{name}"):
            continue
        shape: Row = {
            "rule": rule,
            "account": row[0],
            "subject": name,
            "verdict": row[3],
            "reason": row[4],
            "at": shown(row[5]),
            "since": shown(row[6]),
            "asked_again_at": shown(row[7]),
        }
        if row[9] is not None:
            ids = [str(one[0]) for one in tx.all("SELECT id FROM intents WHERE match_id = ? ORDER BY id", row[9])]
            shape["match"] = {
                "state": row[10],
                "block": row[11],
                "reason": row[12],
                "retry_at": shown(row[13]),
                "at": shown(row[14]),
                "actions": list(ids),
            }
        found.append(shape)
    return found


def counts(tx: Tx) -> Row:
    """Return how much there is of everything, for `bursar status`."""

    def by(sql: str) -> Row:
        return {str(row[0]): row[1] for row in tx.all(sql)}

    oldest = tx.one("SELECT min(next_at) FROM deliveries WHERE state = 'due'")
    return {
        "orders": by(
            "SELECT coalesce(state, 'unseen'), count(*) FROM subjects WHERE type = 'order' AND watched = 1 GROUP BY 1"
        ),
        "events": (tx.one("SELECT count(*) FROM events") or (0,))[0],
        "actions": by("SELECT state, count(*) FROM intents GROUP BY 1"),
        "held_back": by("SELECT block, count(*) FROM matches WHERE state = 'held' GROUP BY 1"),
        "deliveries": by("SELECT state, count(*) FROM deliveries GROUP BY 1"),
        "oldest_due_delivery": times(tx)(oldest[0]) if oldest else None,
        "held_observations": (tx.one("SELECT count(*) FROM held_observations WHERE state = 'held'") or (0,))[0],
    }


def account_streams(tx: Tx) -> dict[str, list[Row]]:
    """Return how every stream of every account is doing."""
    shown = times(tx)
    found: dict[str, list[Row]] = {}
    for row in tx.all(
        "SELECT account, stream, ok_at, failures, failed_at, kind, reason FROM streams ORDER BY account, stream"
    ):
        found.setdefault(row[0], []).append(
            {
                "stream": row[1],
                "ok_at": shown(row[2]),
                "failures": row[3],
                "failed_at": shown(row[4]),
                "kind": row[5],
                "reason": row[6],
                "ok_us": row[2],
            }
        )
    return found
