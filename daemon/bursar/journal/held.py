"""Observations that were held back because implausibly much changed: kept aside until a person, or the next
plausible poll, decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bursar.domain.ids import AccountName, IntentId, SubjectRef, digest, microseconds
from bursar.domain.observation import Observation, Observed
from bursar.domain.subject import SubjectType
from bursar.domain.values import Json, Value, from_json, to_json
from bursar.journal.codec import at, read_json, read_mapping, us, write_json
from bursar.journal.writer import Tx


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One held observation."""

    id: int
    account: AccountName
    stream: str
    at: datetime
    reason: str
    observation: str
    digest: str = ""

    @property
    def asked_at(self) -> datetime:
        """When it was asked for; of an older version's journal: when it was held."""
        return at(cast("int | None", read_mapping(self.observation).get("asked_at"))) or self.at

    @property
    def source(self) -> str | None:
        """The digest of the account that was asked; None: an older version's journal does not say."""
        return cast("str | None", read_mapping(self.observation).get("source"))


@dataclass(frozen=True, slots=True)
class Asked:
    """Of whom an observation was asked, by the account's digest, when, and the intents whose effect it shows."""

    source: str
    at: datetime
    shows: tuple[IntentId, ...] = ()


def key(observation: Observation) -> str:
    """Stand for the subjects that an observation is about, so that the same poll held again is the same row."""
    return digest(observation.stream, *sorted(str(seen.ref) for seen in observation.subjects))


def hold(
    tx: Tx, account: AccountName, observation: Observation, key_: str, reason: str, asked: Asked, now: datetime
) -> int | None:
    """Keep an observation aside; return its id if it is newly held, None if one of the same subjects was held before.

    One that sees other states takes the place of the former under an id of its own: a person who accepts the former
    has not seen them.
    """
    text = write_json({**_plain(observation), "asked_at": us(asked.at), "source": asked.source, "shows": asked.shows})
    same = (account, observation.stream, key_)
    where = "WHERE account = ? AND stream = ? AND digest = ? AND state = 'held'"
    row = tx.one(f"SELECT observation FROM held_observations {where}", *same)
    # The same slip at each poll is told once.
    if row is not None and _states(row[0]) == _states(text):
        tx.run(f"UPDATE held_observations SET observation = ?, reason = ? {where}", text, reason, *same)
        return None
    # Under an id of its own: `observations accept 3` must not accept what was never shown under 3.
    tx.run(f"UPDATE held_observations SET state = 'replaced', ended_at = ? {where}", microseconds(now), *same)
    id_ = tx.insert(
        "INSERT INTO held_observations (account, stream, at, reason, digest, observation, state) VALUES (?,?,?,?,?,?,'held')",
        account,
        observation.stream,
        microseconds(now),
        reason,
        key_,
        text,
    )
    return id_ if row is None else None


def _states(text: str) -> dict[str, Json]:
    """Return in which state each subject of a kept observation is."""
    return {str(one["id"]): one["state"] for one in cast("list[dict[str, Json]]", read_mapping(text)["subjects"])}


def covers(row: HeldRow, observation: Observation, *, listing: bool) -> bool:
    """Return whether an observation looked again at what a held one was about."""
    if observation.nothing_new or listing:
        return True
    seen = {one.ref.id for one in observation.subjects} | set(observation.unchanged)
    kept = {str(one["id"]) for one in cast("list[dict[str, Json]]", read_mapping(row.observation)["subjects"])}
    return bool(kept) and len(seen & kept) * 2 > len(kept)


def held(tx: Tx, account: AccountName | None = None) -> list[HeldRow]:
    """Return what is held."""
    sql = "SELECT id, account, stream, at, reason, observation, digest FROM held_observations WHERE state = 'held'"
    rows = tx.all(f"{sql} AND account = ? ORDER BY id", account) if account else tx.all(f"{sql} ORDER BY id")
    return [
        HeldRow(id_, AccountName(of), stream, cast(datetime, at(at_us)), *rest)
        for id_, of, stream, at_us, *rest in rows
    ]


def shows(tx: Tx, account: AccountName, source: str) -> dict[IntentId, datetime]:
    """Return the intents whose effect what is held of an account shows, each with when the last of it was asked for."""
    found: dict[IntentId, datetime] = {}
    rows = tx.all(
        "SELECT json_extract(observation, '$.shows'), json_extract(observation, '$.asked_at') FROM held_observations WHERE "
        "account = ? AND state = 'held' AND json_extract(observation, '$.source') = ? ORDER BY "
        "json_extract(observation, '$.asked_at')",
        account,
        source,
    )
    for ids, asked_us in rows:
        shown = cast("list[int]", read_json(ids)) if ids else []
        found.update(dict.fromkeys(map(IntentId, shown), cast(datetime, at(asked_us))))
    return found


def end(tx: Tx, id_: int, state: str, now: datetime) -> bool:
    """Accept or drop a held observation; False when it is not held any more."""
    return bool(
        tx.run(
            "UPDATE held_observations SET state = ?, ended_at = ?, observation = '{}' WHERE id = ? AND state = 'held'",
            state,
            microseconds(now),
            id_,
        )
    )


def revive(raw: str, kinds: dict[str, SubjectType]) -> Observation:
    """Read a kept observation back."""
    plain = read_mapping(raw)
    subjects = []
    for row in cast("list[dict[str, Json]]", plain["subjects"]):
        kind = kinds[str(row["type"])]
        fields: dict[str, Value | None] = {
            name: from_json(kind.fields[name].kind, value)
            for name, value in cast("dict[str, Json]", row["fields"]).items()
            if name in kind.fields
        }
        state = row["state"]
        subjects.append(
            Observed(
                SubjectRef(str(row["type"]), str(row["id"])),
                fields,
                None if state is None else str(state),
                at(cast("int | None", row["created_at"])),
            )
        )
    return Observation(
        str(plain["stream"]),
        tuple(subjects),
        problems={id_: str(said) for id_, said in cast("dict[str, Json]", plain.get("problems") or {}).items()},
        complete=bool(plain["complete"]),
        cursor=read_json(str(plain["cursor"])),
    )


def _plain(observation: Observation) -> dict[str, object]:
    return {
        "stream": observation.stream,
        "problems": dict(observation.problems),
        "complete": observation.complete,
        "cursor": write_json(observation.cursor),
        "subjects": [
            {
                "type": seen.ref.type,
                "id": seen.ref.id,
                "state": seen.state,
                "created_at": us(seen.created_at),
                "fields": {name: to_json(value) for name, value in seen.fields.items() if value is not None},
            }
            for seen in observation.subjects
        ],
    }
