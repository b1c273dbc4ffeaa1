"""The desk's questions that decide something: functions of a commit and the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import cast

from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import Intent
from bursar.domain.life import Cause
from bursar.domain.subject import SubjectType
from bursar.domain.values import FieldKind, Json, Value
from bursar.domain.values import number as decimal
from bursar.journal import accounts, audit, deliveries, held, intents, ledger, subjects
from bursar.runtime import binding
from bursar.runtime.declined import Declined
from bursar.runtime.looking import Params, known_account, text
from bursar.runtime.moving import PERSON, decide, release_pause
from bursar.runtime.recording import record
from bursar.runtime.telling import Commit, tell_core
from bursar.settings.model import Configuration


def pause(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Stop acting, keep watching."""
    return _pause(c, configuration, params, on=True)


def resume(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Act again; unpark a rejected account; forget refusals in a row."""
    return _pause(c, configuration, params, on=False)


def _pause(c: Commit, configuration: Configuration, params: Params, *, on: bool) -> Json:
    name = text(params, "account")
    account = AccountName(known_account(configuration, name).name) if name is not None else accounts.EVERYWHERE
    accounts.pause(c.tx, account, c.now if on else None)
    audit.add(c.tx, PERSON, "pause" if on else "resume", None, {"account": account}, c.now)
    unparked = []
    if not on:
        unparked = [one for one in ([account] if name else list(configuration.accounts)) if accounts.unpark(c.tx, one)]
        accounts.resumed(c.tx, account, c.now)
        if name is None:
            ledger.put(c.tx, "restored_at", None)
        intents.forget_facts(c.tx, account if name else None)
        release_pause(c, account if name else None)
    return {"account": name, "paused": on, "unparked": [str(one) for one in unparked]}


def track(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Put existing subjects under watch."""
    name = AccountName(known_account(configuration, text(params, "account")).name)
    kind = _tracked_kind(c, name)
    rows = [_row(kind, row) for row in cast("list[dict[str, Json]]", params.get("rows") or [])]
    new, known = subjects.track(c.tx, name, kind, rows, c.now)
    c.woken.add("polling")
    return {"tracked": new, "known": known}


def untrack(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Take subjects off watch."""
    name = AccountName(known_account(configuration, text(params, "account")).name)
    kind = _tracked_kind(c, name)
    ids = [str(one) for one in cast("list[Json]", params.get("ids") or [])]
    gone = subjects.untrack(c.tx, name, kind, ids, c.now)
    return {"untracked": len(gone), "unknown": [id_ for id_ in ids if id_ not in gone]}


def _tracked_kind(c: Commit, name: AccountName) -> SubjectType:
    account = c.terms.accounts[name]
    for kind in account.tracked().values():
        if kind.trackable:
            return kind
    raise Declined(f"{account.facts.provider} lists everything itself: there is nothing to put under watch")


def _row(kind: SubjectType, row: Mapping[str, Json]) -> tuple[str, dict[str, Value | None], datetime | None]:
    id_ = str(row.get("id") or "").strip()
    if not id_ or len(id_) > 200 or any(ch.isspace() or ch == "," for ch in id_):
        raise Declined(f"{id_!r} is not an id")
    fields: dict[str, Value | None] = {}
    for name, spec in kind.fields.items():
        raw = row.get(name)
        if raw is None or raw == "" or spec.own:
            continue
        value: Value | None = decimal(raw) if spec.kind is FieldKind.NUMBER else str(raw)
        if value is None:
            raise Declined(f"{id_}: {name} must be a number, not {raw!r}")
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
        raise Declined(
            f"{id_}: created_at must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z, not {words!r}"
        ) from None
    return at if at.tzinfo is not None else at.replace(tzinfo=timezone.utc)


def approve(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Say yes."""
    return _decide_all(c, params, Cause.APPROVED, "a person said yes")


def deny(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Say no."""
    return _decide_all(c, params, Cause.DENIED, "a person said no")


def _decide_all(c: Commit, params: Params, cause: Cause, reason: str) -> Json:
    ids = [_intent_id(one) for one in cast("list[Json]", params.get("ids") or [])]
    return [_shown(decide(c, id_, cause, reason)) for id_ in ids]


def resolve(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Say of an unknown attempt whether it took effect."""
    if params.get("happened"):
        cause, reason = Cause.PERSON_HAPPENED, "a person: it happened"
    elif params.get("again"):
        cause, reason = Cause.PERSON_AGAIN, "a person: it did not happen, do it again"
    else:
        cause, reason = Cause.PERSON_DID_NOT, "a person: it did not happen"
    return _shown(decide(c, _intent_id(params.get("id")), cause, reason))


def _shown(intent: Intent) -> Json:
    return {"id": str(intent.id), "state": str(intent.state), "reason": intent.reason}


LONGEST_ID = 18


def _intent_id(raw: Json) -> IntentId:
    if not (str(raw).isascii() and str(raw).isdigit() and len(str(raw)) <= LONGEST_ID):
        raise Declined(f"{raw!r} is not the id of an action: see `bursar actions`")
    return IntentId(int(str(raw)))


def accounts_same(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Say that a frozen account is what it was."""
    name = known_account(configuration, text(params, "account")).name
    binding.same(c, name)
    audit.add(c.tx, PERSON, "account.same", None, {"account": name}, c.now)
    return {"account": name}


def accounts_new(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Say that a frozen account is another one."""
    name = known_account(configuration, text(params, "account")).name
    binding.new(c, name)
    audit.add(c.tx, PERSON, "account.new", None, {"account": name}, c.now)
    return {"account": name}


def accounts_rename(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Say that an account goes under another name now."""
    old, new = AccountName(str(text(params, "old"))), AccountName(str(text(params, "new")))
    binding.rename(c, old, new, configuration.accounts)
    audit.add(c.tx, PERSON, "account.rename", None, {"old": old, "new": new}, c.now)
    return {"account": new}


def accept(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Believe a held observation."""
    row = _held(c, params)
    account = c.terms.accounts.get(row.account)
    if account is None:
        raise Declined(f"{row.account} is not configured any more")
    observation = held.revive(row.observation, dict(account.kinds))
    held.end(c.tx, row.id, "accepted", c.now)
    audit.add(c.tx, PERSON, "observation.accepted", None, {"held": row.id, "account": row.account}, c.now)
    tell_core(c, "observation.accepted", row.account, {"stream": row.stream, "held": str(row.id)})
    record(c, account, observation, believed=row.at)
    return {"id": str(row.id)}


def drop(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Throw a held observation away."""
    row = _held(c, params)
    held.end(c.tx, row.id, "dropped", c.now)
    audit.add(c.tx, PERSON, "observation.dropped", None, {"held": row.id, "account": row.account}, c.now)
    tell_core(c, "observation.dropped", row.account, {"stream": row.stream, "reason": "a person", "held": str(row.id)})
    return {"id": str(row.id)}


def _held(c: Commit, params: Params) -> held.HeldRow:
    wanted = str(params.get("id"))
    for row in held.held(c.tx):
        if str(row.id) == wanted:
            return row
    raise Declined(f"no observation {wanted} is held: see `bursar status`")


def redrive(c: Commit, configuration: Configuration, params: Params) -> Json:
    """Make dead letters due again."""
    count = deliveries.redrive(c.tx, [str(one) for one in cast("list[Json]", params.get("ids") or [])], c.now)
    c.woken.add("delivering")
    return {"redriven": count}


Decision = Callable[[Commit, Configuration, Params], Json]
DECISIONS: Mapping[str, Decision] = {
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
