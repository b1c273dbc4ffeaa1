"""What a person can command: functions of a unit of work and the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import cast

from bursar.control.errors import RequestRejected
from bursar.control.queries import Params, known_account, text
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import Intent
from bursar.domain.intent_states import Cause
from bursar.domain.subject import SubjectType
from bursar.domain.values import FieldKind, Json, Value
from bursar.domain.values import number as decimal
from bursar.journal import accounts, audit, deliveries, held, intents, meta, subjects
from bursar.pipeline import account_identity
from bursar.pipeline.ingest import record
from bursar.pipeline.intent_transitions import PERSON, decide, release_pause
from bursar.pipeline.unit_of_work import UnitOfWork, emit_core
from bursar.settings.model import Configuration


def pause(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Stop acting, keep watching."""
    return _pause(uow, configuration, params, on=True)


def resume(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Act again; unpark a rejected account; forget refusals in a row."""
    return _pause(uow, configuration, params, on=False)


def _pause(uow: UnitOfWork, configuration: Configuration, params: Params, *, on: bool) -> Json:
    name = text(params, "account")
    account = AccountName(known_account(configuration, name).name) if name is not None else accounts.EVERYWHERE
    accounts.pause(uow.tx, account, uow.now if on else None)
    audit.add(uow.tx, PERSON, "pause" if on else "resume", None, {"account": account}, uow.now)
    unparked = []
    if not on:
        unparked = [
            one for one in ([account] if name else list(configuration.accounts)) if accounts.unpark(uow.tx, one)
        ]
        accounts.resumed(uow.tx, account, uow.now)
        if name is None:
            meta.put(uow.tx, "restored_at", None)
        intents.forget_facts(uow.tx, account if name else None)
        release_pause(uow, account if name else None)
    return {"account": name, "paused": on, "unparked": [str(one) for one in unparked]}


def track(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Put existing subjects under watch."""
    name = AccountName(known_account(configuration, text(params, "account")).name)
    kind = _tracked_kind(uow, name)
    rows = [_row(kind, row) for row in cast("list[dict[str, Json]]", params.get("rows") or [])]
    new, known = subjects.track(uow.tx, name, kind, rows, uow.now)
    uow.wake.add("polling")
    return {"tracked": new, "known": known}


def untrack(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Take subjects off watch."""
    name = AccountName(known_account(configuration, text(params, "account")).name)
    kind = _tracked_kind(uow, name)
    ids = [str(one) for one in cast("list[Json]", params.get("ids") or [])]
    gone = subjects.untrack(uow.tx, name, kind, ids, uow.now)
    return {"untracked": len(gone), "unknown": [id_ for id_ in ids if id_ not in gone]}


def _tracked_kind(uow: UnitOfWork, name: AccountName) -> SubjectType:
    account = uow.config.accounts[name]
    for kind in account.tracked().values():
        if kind.trackable:
            return kind
    raise RequestRejected(f"{account.facts.provider} lists everything itself: there is nothing to put under watch")


def _row(kind: SubjectType, row: Mapping[str, Json]) -> tuple[str, dict[str, Value | None], datetime | None]:
    id_ = str(row.get("id") or "").strip()
    if not id_ or len(id_) > 200 or any(ch.isspace() or ch == "," for ch in id_):
        raise RequestRejected(f"{id_!r} is not an id")
    fields: dict[str, Value | None] = {}
    for name, spec in kind.fields.items():
        raw = row.get(name)
        if raw is None or raw == "" or spec.own:
            continue
        value: Value | None = decimal(raw) if spec.kind is FieldKind.NUMBER else str(raw)
        if value is None:
            raise RequestRejected(f"{id_}: {name} must be a number, not {raw!r}")
        fields[name] = value
    return id_, fields, _instant(id_, row.get("created_at"))


def _instant(id_: str, raw: Json) -> datetime | None:
    """Read an instant: ISO 8601 (UTC unless it says otherwise), or Unix seconds."""
    if raw is None or raw == "":
        return None
    words = str(raw).strip()
    try:
        if words.isdigit():
            return datetime.fromtimestamp(int(words), tz=timezone.utc)
        at = datetime.fromisoformat(words)
    except (ValueError, OverflowError, OSError):
        raise RequestRejected(
            f"{id_}: created_at must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z, not {words!r}"
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=timezone.utc)


def approve(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Say yes."""
    return _decide_all(uow, params, Cause.APPROVED, "a person said yes")


def deny(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Say no."""
    return _decide_all(uow, params, Cause.DENIED, "a person said no")


def _decide_all(uow: UnitOfWork, params: Params, cause: Cause, reason: str) -> Json:
    ids = [_intent_id(one) for one in cast("list[Json]", params.get("ids") or [])]
    return [_shown(decide(uow, id_, cause, reason)) for id_ in ids]


def resolve(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Say of an unknown attempt whether it took effect."""
    if params.get("happened"):
        cause, reason = Cause.PERSON_HAPPENED, "a person: it happened"
    elif params.get("again"):
        cause, reason = Cause.PERSON_AGAIN, "a person: it did not happen, do it again"
    else:
        cause, reason = Cause.PERSON_DID_NOT, "a person: it did not happen"
    return _shown(decide(uow, _intent_id(params.get("id")), cause, reason))


def _shown(intent: Intent) -> Json:
    return {"id": str(intent.id), "state": str(intent.state), "reason": intent.reason}


LONGEST_ID = 18


def _intent_id(raw: Json) -> IntentId:
    if not (str(raw).isascii() and str(raw).isdigit() and len(str(raw)) <= LONGEST_ID):
        raise RequestRejected(f"{raw!r} is not the id of an action: see `bursar actions`")
    return IntentId(int(str(raw)))


def accounts_same(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Say that a frozen account is what it was."""
    name = known_account(configuration, text(params, "account")).name
    account_identity.same(uow, name)
    audit.add(uow.tx, PERSON, "account.same", None, {"account": name}, uow.now)
    return {"account": name}


def accounts_new(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Say that a frozen account is another one."""
    name = known_account(configuration, text(params, "account")).name
    account_identity.new(uow, name)
    audit.add(uow.tx, PERSON, "account.new", None, {"account": name}, uow.now)
    return {"account": name}


def accounts_rename(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Say that an account goes under another name now."""
    old, new = AccountName(str(text(params, "old"))), AccountName(str(text(params, "new")))
    account_identity.rename(uow, old, new, configuration.accounts)
    audit.add(uow.tx, PERSON, "account.rename", None, {"old": old, "new": new}, uow.now)
    return {"account": new}


def accept(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Believe a held observation."""
    row = _held(uow, params)
    account = uow.config.accounts.get(row.account)
    if account is None:
        raise RequestRejected(f"{row.account} is not configured any more")
    observation = held.revive(row.observation, dict(account.kinds))
    held.end(uow.tx, row.id, "accepted", uow.now)
    audit.add(uow.tx, PERSON, "observation.accepted", None, {"held": row.id, "account": row.account}, uow.now)
    emit_core(uow, "observation.accepted", row.account, {"stream": row.stream, "held": str(row.id)})
    record(uow, account, observation, believed=row.at)
    return {"id": str(row.id)}


def drop(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Throw a held observation away."""
    row = _held(uow, params)
    held.end(uow.tx, row.id, "dropped", uow.now)
    audit.add(uow.tx, PERSON, "observation.dropped", None, {"held": row.id, "account": row.account}, uow.now)
    emit_core(
        uow, "observation.dropped", row.account, {"stream": row.stream, "reason": "a person", "held": str(row.id)}
    )
    return {"id": str(row.id)}


def _held(uow: UnitOfWork, params: Params) -> held.HeldRow:
    wanted = str(params.get("id"))
    for row in held.held(uow.tx):
        if str(row.id) == wanted:
            return row
    raise RequestRejected(f"no observation {wanted} is held: see `bursar status`")


def redrive(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Make dead letters due again."""
    count = deliveries.redrive(uow.tx, [str(one) for one in cast("list[Json]", params.get("ids") or [])], uow.now)
    uow.wake.add("delivering")
    return {"redriven": count}


Decision = Callable[[UnitOfWork, Configuration, Params], Json]
COMMANDS: Mapping[str, Decision] = {
    "pause": pause,
    "resume": resume,
    "track": track,
    "untrack": untrack,
    "approve": approve,
    "deny": deny,
    "resolve": resolve,
    "accounts_same": accounts_same,
    "accounts_new": accounts_new,
    "accounts_rename": accounts_rename,
    "accept": accept,
    "drop": drop,
    "redrive": redrive,
}
"""What a person can decide."""
