"""What the commands and pages show: questions to the journal that change nothing. Rows come as plain JSON objects.

The journal keeps instants on its timeline; here they are written as the wall clock said, or will say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bursar.domain.ids import instant
from bursar.domain.values import Json, to_public
from bursar.journal import clock
from bursar.journal.codec import read_mapping
from bursar.journal.schema import OPEN_INTENTS
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
        tx.named(f"{sql} AND account = ? ORDER BY account, id", type_, account)
        if account
        else tx.named(f"{sql} ORDER BY account, id", type_)
    )
    found = []
    for row in rows:
        shape: Row = {"account": row["account"], "id": row["id"], "state": row["state"]}
        shape.update({name: value for name, value in read_mapping(row["fields"]).items() if name not in shape})
        shape.update({name: shown(row[name]) for name in ("created_at", "first_seen_at", "state_since", "changed_at")})
        shape.update(problem=row["problem"], watched=bool(row["watched"]))
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
    rows = tx.named(f"{sql} LIMIT {int(limit)}" if limit else sql, *params)
    return [
        {
            "id": row["id"],
            "type": row["type"],
            "account": row["account"],
            "subject": _subject(row),
            "time": shown(row["at"]),
            "data": read_mapping(row["data"]),
            "seq": row["seq"],
        }
        for row in reversed(rows)
    ]


def actions(
    tx: Tx, state: str | None, limit: int | None, ids: list[int] | None = None, *, open_too: bool = False
) -> list[Row]:
    """Return intents, oldest first; `limit` keeps the newest, and with `open_too` whatever is open, however old."""
    shown = times(tx)
    where: list[str] = ["1 = 1"]
    params: list[object] = []
    given_up = {id_ for (id_,) in tx.all(_GIVEN_UP)}
    if state:
        where.append(f"(state = ? OR (? = 'gave_up' AND id IN ({_GIVEN_UP})))")
        params += [state, state]
    if ids is not None:
        where.append(f"id IN ({','.join('?' * len(ids))})")
        params += ids
    newest = f"{_ACTIONS} WHERE {' AND '.join(where)} ORDER BY id DESC" + (f" LIMIT {int(limit)}" if limit else "")
    rows = tx.named(newest, *params)
    if open_too and rows:
        older = f"{_ACTIONS} WHERE {' AND '.join(where)} AND {OPEN_INTENTS} AND id < ? ORDER BY id DESC"
        rows += tx.named(older, *params, rows[-1]["id"])
    for row in rows:
        if row["undone"] == "undone":
            row.update(paid="0", reason=f"{row['reason']}; the provider has undone it since")
        if row["id"] in given_up and "actions retry" not in row["reason"]:
            row.update(reason=f"{row['reason']}; its rule asks no more until `bursar actions retry {row['id']}`")
    return [
        {
            "id": _shown_id(row),
            "subject": _subject(row),
            "params": read_mapping(row["params"]),
            **{name: row[name] for name in _PLAIN},
            **{name: shown(row[name]) for name in _TIMES},
        }
        for row in reversed(rows)
    ]


_GIVEN_UP = "SELECT waits_for FROM matches WHERE state = 'held' AND block = 'gave_up' AND waits_for IS NOT NULL"
_ACTIONS = (
    "SELECT id, rule, account, action, subject_type, subject_id, params, state, reason, created_at, attempts, reference, "
    "sent_at, ended_at, due_at, fence, cost AS amount, currency, question, (SELECT p.amount FROM postings p WHERE p.entry = "
    "intents.id AND p.amount IS NOT NULL AND p.what IN ('settled', 'succeeded', 'accepted') ORDER BY CAST(p.amount AS REAL) DESC LIMIT 1) AS paid, "
    "(SELECT p.what FROM postings p WHERE p.entry = intents.id AND p.what IN ('undone', 'redone') ORDER BY p.seq DESC LIMIT 1) "
    "AS undone FROM intents"
)
_PLAIN = (
    "rule",
    "account",
    "action",
    "amount",
    "currency",
    "paid",
    "state",
    "reason",
    "attempts",
    "reference",
    "fence",
)
_TIMES = ("created_at", "sent_at", "ended_at", "due_at")


def _shown_id(row: Row) -> str:
    """Return the id that people answer to: with the number of the question, where it is not the first."""
    number = int(str(row["question"]))
    return f"{row['id']}.{number}" if row["state"] == "awaiting_approval" and number > 1 else str(row["id"])


def _subject(row: Row) -> str | None:
    return f"{row['subject_type']}/{row['subject_id']}" if row["subject_type"] else None


def deliveries(tx: Tx, state: str | None, limit: int | None) -> list[Row]:
    """Return deliveries, oldest first; `limit` keeps the newest."""
    shown = times(tx)
    sql = "SELECT id, sink, event_id, state, attempts, next_at, reason, created_at, body FROM deliveries"
    rows = tx.named(
        f"{sql}{' WHERE state = ?' if state else ''} ORDER BY seq DESC" + (f" LIMIT {int(limit)}" if limit else ""),
        *([state] if state else []),
    )
    return [
        {
            "id": row["id"],
            "sink": row["sink"],
            "event": row["event_id"],
            "state": row["state"],
            "attempts": row["attempts"],
            "next_at": shown(row["next_at"]),
            "reason": row["reason"],
            "created_at": shown(row["created_at"]),
            "type": read_mapping(row["body"]).get("type"),
        }
        for row in reversed(rows)
    ]


def verdicts(tx: Tx, rule: str, subject: str | None) -> list[Row]:
    """Return the latest verdicts of a rule, each with the newest match on that subject and what became of it."""
    shown = times(tx)
    sql = (
        "SELECT v.account, v.subject_type, v.subject_id, v.verdict, v.reason, v.at, v.since, v.ask_at, m.id AS match_id, m.state, "
        "m.block, m.reason AS match_reason, m.retry_at, m.at AS match_at FROM verdicts v LEFT JOIN matches m ON m.id = (SELECT "
        "max(id) FROM matches x WHERE x.rule = v.rule AND x.account = v.account AND x.subject_type = v.subject_type AND "
        "x.subject_id = v.subject_id) WHERE v.rule = ?"
    )
    found: list[Row] = []
    for row in tx.named(f"{sql} ORDER BY v.at DESC", rule):
        name = _subject(row)
        if subject is not None and subject not in (name, row["subject_id"], f"{row['account']}/{name}"):
            continue
        shape: Row = {
            "rule": rule,
            "account": row["account"],
            "subject": name,
            "verdict": row["verdict"],
            "reason": row["reason"],
            "at": shown(row["at"]),
            "since": shown(row["since"]),
            "asked_again_at": shown(row["ask_at"]),
        }
        if row["match_id"] is not None:
            made = tx.all("SELECT id, state FROM intents WHERE match_id = ? ORDER BY id", row["match_id"])
            states: Row = {str(id_): state for id_, state in made}
            shape["match"] = {
                "state": row["state"],
                "block": row["block"],
                "reason": row["match_reason"],
                "retry_at": shown(row["retry_at"]),
                "at": shown(row["match_at"]),
                "actions": list(states),
                "states": states,
            }
        found.append(shape)
    return found


def counts(tx: Tx) -> Row:
    """Return how much there is of everything, for `bursar status`."""

    def by(sql: str) -> Row:
        return {str(what): number for what, number in tx.all(sql)}

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


@dataclass(frozen=True, slots=True)
class Problems:
    """How many subjects of one type have a problem, and that of the first."""

    kind: str
    watched: bool
    count: int
    id: str
    problem: str

    def __str__(self) -> str:
        named = self.kind if self.id == self.kind else f"{self.kind}/{self.id}"
        more = f" (and {self.count - 1} more)" if self.count > 1 else ""
        return f"{named}: {self.problem}{more}"


def problems(tx: Tx) -> dict[str, list[Problems]]:
    """Return the problems of every account's subjects that are still there, by account."""
    found: dict[str, list[Problems]] = {}
    for account, kind, watched, count, id_, problem in tx.all(
        "SELECT account, type, watched, count(*), min(id), problem FROM subjects INDEXED BY subjects_problem WHERE problem IS NOT NULL "
        "AND vanished_at IS NULL GROUP BY account, type, watched"
    ):
        found.setdefault(account, []).append(Problems(kind, bool(watched), count, id_, problem))
    return found


def account_streams(tx: Tx) -> dict[str, list[Row]]:
    """Return how every stream of every account is doing."""
    shown = times(tx)
    found: dict[str, list[Row]] = {}
    for account, stream, ok_us, failures, failed_us, kind, reason in tx.all(
        "SELECT account, stream, ok_at, failures, failed_at, kind, reason FROM streams ORDER BY account, stream"
    ):
        found.setdefault(account, []).append(
            {
                "stream": stream,
                "ok_at": shown(ok_us),
                "failures": failures,
                "failed_at": shown(failed_us),
                "kind": kind,
                "reason": reason,
                "ok_us": ok_us,
            }
        )
    return found
