"""Snapshots: the last known state of each subject, and which subjects are under watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bursar.domain.ids import AccountName, SubjectRef, microseconds
from bursar.domain.observation import Snapshot
from bursar.domain.subject import SubjectType
from bursar.domain.values import Fields, Value
from bursar.journal.codec import at, read_fields, us, write_fields
from bursar.journal.writer import Row, Tx

_COLUMNS = (
    "id, fields, state, known_state, created_at, first_seen_at, state_since, changed_at, observed_at, missed, "
    "vanished_at, problem"
)
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Watched:
    """What polling needs to know of a tracked subject."""

    id: str
    state: str | None
    changed_at: datetime
    acted_at: datetime | None
    on: bool = True


def load(tx: Tx, account: AccountName, kind: SubjectType, ids: Sequence[str]) -> dict[str, Snapshot]:
    """Return the snapshots of these subjects, by id."""
    found: dict[str, Snapshot] = {}
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        sql = f"SELECT {_COLUMNS} FROM subjects WHERE account = ? AND type = ? AND id IN ({marks})"
        found.update((row[0], _snapshot(account, kind, row)) for row in tx.all(sql, account, kind.name, *chunk))
    return found


def load_one(tx: Tx, account: AccountName, kind: SubjectType, id_: str) -> Snapshot | None:
    return load(tx, account, kind, [id_]).get(id_)


def load_all(tx: Tx, account: AccountName, kind: SubjectType) -> dict[str, Snapshot]:
    """Return every snapshot of a type."""
    sql = f"SELECT {_COLUMNS} FROM subjects WHERE account = ? AND type = ?"
    return {row[0]: _snapshot(account, kind, row) for row in tx.all(sql, account, kind.name)}


def load_unfinished(tx: Tx, account: AccountName, kind: SubjectType) -> list[Snapshot]:
    """Return the snapshots of a type that are there still, and in no terminal state."""
    terminal = sorted(kind.terminal)
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM subjects WHERE account = ? AND type = ? AND vanished_at IS NULL AND (known_state IS NULL OR "
        f"known_state NOT IN ({','.join('?' * len(terminal))})) ORDER BY id",
        account,
        kind.name,
        *terminal,
    )
    return [_snapshot(account, kind, row) for row in rows]


def listed_since(tx: Tx, account: AccountName, kind: SubjectType, since: datetime) -> list[str]:
    """Return the ids of a type that were seen for the first time after an instant, the first of them first."""
    sql = "SELECT id FROM subjects WHERE account = ? AND type = ? AND first_seen_at > ? ORDER BY first_seen_at, id"
    return [id_ for (id_,) in tx.all(sql, account, kind.name, microseconds(since))]


def save(tx: Tx, snapshots: Iterable[Snapshot]) -> None:
    """Write snapshots."""
    tx.many(
        "INSERT INTO subjects (account, type, id, fields, state, known_state, created_at, first_seen_at, state_since, "
        "changed_at, observed_at, missed, vanished_at, problem) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
        "ON CONFLICT (account, type, id) DO UPDATE SET fields = excluded.fields, state = excluded.state, "
        "known_state = excluded.known_state, created_at = excluded.created_at, first_seen_at = excluded.first_seen_at, "
        "state_since = excluded.state_since, changed_at = excluded.changed_at, observed_at = excluded.observed_at, "
        "missed = excluded.missed, vanished_at = excluded.vanished_at, problem = excluded.problem",
        (
            (
                s.account,
                s.ref.type,
                s.ref.id,
                write_fields(s.fields),
                s.state,
                s.known_state,
                microseconds(s.created_at),
                us(s.first_seen_at),
                us(s.state_since),
                us(s.changed_at),
                us(s.observed_at),
                s.missed,
                us(s.vanished_at),
                s.problem,
            )
            for s in snapshots
        ),
    )


def track(
    tx: Tx, account: AccountName, kind: SubjectType, rows: Iterable[tuple[str, Fields, datetime | None]], now: datetime
) -> tuple[int, int]:
    """Put subjects under watch; return how many are new and how many were known. A known one keeps its snapshot."""
    new = known = 0
    for id_, fields, created_at in rows:
        added = tx.run(
            "INSERT INTO subjects (account, type, id, fields, created_at, changed_at, watched) VALUES (?,?,?,?,?,?,1) "
            # A person may track what is known: its snapshot, and with it what has changed since, must not begin anew.
            "ON CONFLICT (account, type, id) DO NOTHING",
            account,
            kind.name,
            id_,
            write_fields(fields),
            microseconds(created_at or now),
            microseconds(now),
        )
        if added:
            new += 1
            continue
        known += 1
        tx.run(
            "UPDATE subjects SET watched = 1, acted_at = ? WHERE account = ? AND type = ? AND id = ?",
            microseconds(now),
            account,
            kind.name,
            id_,
        )
    return new, known


def untrack(tx: Tx, account: AccountName, kind: SubjectType, ids: Iterable[str], now: datetime) -> list[str]:
    """Take subjects off watch; return those that were on it."""
    sql = "UPDATE subjects SET watched = 0, acted_at = ? WHERE account = ? AND type = ? AND id = ? AND watched = 1"
    gone = [id_ for id_ in ids if tx.run(sql, microseconds(now), account, kind.name, id_)]
    _await_nothing(tx, account, kind, gone, now)
    return gone


def finish(tx: Tx, account: AccountName, kind: SubjectType, ids: Iterable[str], now: datetime) -> None:
    """Note that finished subjects are looked at no more."""
    over = list(ids)
    tx.many(
        "UPDATE subjects SET watched = 0 WHERE account = ? AND type = ? AND id = ?",
        ((account, kind.name, id_) for id_ in over),
    )
    _await_nothing(tx, account, kind, over, now)


def _await_nothing(tx: Tx, account: AccountName, kind: SubjectType, ids: Iterable[str], now: datetime) -> None:
    """What waited for a look at these subjects waits no more: they are not looked at again."""
    rows = [(account, kind.name, id_) for id_ in ids]
    tx.many("UPDATE verdicts SET ask_at = NULL WHERE account = ? AND subject_type = ? AND subject_id = ?", rows)
    tx.many(
        "UPDATE matches SET state = 'dropped', retry_at = NULL, reason = 'its subject is not under watch any more', ended_at = ? "
        "WHERE account = ? AND subject_type = ? AND subject_id = ? AND state = 'held'",
        [(microseconds(now), *row) for row in rows],
    )


_WATCHED = "SELECT id, state, changed_at, created_at, acted_at, watched FROM subjects"
_OF_TYPE = "WHERE account = ? AND type = ?"


def watched(tx: Tx, account: AccountName, kind: SubjectType) -> list[Watched]:
    """Return what is under watch."""
    return [_watched(row) for row in tx.all(f"{_WATCHED} {_OF_TYPE} AND watched = 1", account, kind.name)]


def newly_watched(tx: Tx, account: AccountName, kind: SubjectType, since: datetime) -> list[Watched]:
    """Return what was put under watch and not seen yet, and what was acted on, or taken off, since an instant."""
    unseen = f"{_WATCHED} INDEXED BY subjects_new {_OF_TYPE} AND first_seen_at IS NULL AND watched = 1"
    rows = tx.all(unseen, account, kind.name)
    rows += tx.all(
        f"{_WATCHED} INDEXED BY subjects_acted {_OF_TYPE} AND acted_at >= ?", account, kind.name, microseconds(since)
    )
    return [_watched(row) for row in rows]


def _watched(row: Row) -> Watched:
    id_, state, changed_at, created_at, acted_at, on_watch = row
    return Watched(id_, state, cast(datetime, at(changed_at or created_at)), at(acted_at), bool(on_watch))


def set_facts(tx: Tx, account: AccountName, kind: SubjectType, id_: str, facts: Fields, now: datetime) -> None:
    """Set own fields of a subject after an action, and make it a moving one."""
    before = load_one(tx, account, kind, id_)
    if before is None:
        return
    fields: Mapping[str, Value | None] = {**before.fields, **facts}
    tx.run(
        "UPDATE subjects SET fields = ?, acted_at = ? WHERE account = ? AND type = ? AND id = ?",
        write_fields(fields),
        microseconds(now),
        account,
        kind.name,
        id_,
    )


def set_problem(tx: Tx, account: AccountName, kind: SubjectType, id_: str, problem: str | None) -> None:
    """Note what the provider says in a subject's place."""
    tx.run(
        "UPDATE subjects SET problem = ? WHERE account = ? AND type = ? AND id = ? AND problem IS NOT ?",
        problem,
        account,
        kind.name,
        id_,
        problem,
    )


def find(tx: Tx, account: AccountName, kinds: Mapping[str, SubjectType], ref: SubjectRef) -> Snapshot | None:
    """Return the snapshot of any subject."""
    kind = kinds.get(ref.type)
    return None if kind is None else load_one(tx, account, kind, ref.id)


def _snapshot(account: AccountName, kind: SubjectType, row: Row) -> Snapshot:
    (
        id_, known_fields, state, known_state, created_at, first_seen_at, state_since, changed_at, observed_at, missed,
        vanished_at, problem,
    ) = row  # fmt: skip
    fields: dict[str, Value | None] = {name: spec.default for name, spec in kind.fields.items()}
    fields.update(cast("dict[str, Value | None]", read_fields(kind, known_fields)))
    return Snapshot(
        account=account,
        ref=SubjectRef(kind.name, id_),
        fields=fields,
        state=state,
        known_state=known_state,
        created_at=cast(datetime, at(created_at)),
        first_seen_at=at(first_seen_at),
        state_since=at(state_since),
        changed_at=at(changed_at),
        observed_at=at(observed_at),
        missed=missed,
        vanished_at=at(vanished_at),
        problem=problem,
    )
