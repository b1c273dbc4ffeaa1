"""What a person can command: functions of a unit of work and the configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import cast

from bursar.control.messages import RequestRejected
from bursar.control.queries import Params, known_account, text
from bursar.domain.ids import AccountName, is_id
from bursar.domain.intent import State
from bursar.domain.intent_states import Cause
from bursar.domain.subject import SubjectType
from bursar.domain.values import FieldKind, Json, Value
from bursar.domain.values import number as decimal
from bursar.domain.verdict import BlockReason
from bursar.journal import accounts, audit, deliveries, held, intents, matches, meta, subjects
from bursar.pipeline import account_identity
from bursar.pipeline.events import emit_core
from bursar.pipeline.intent_transitions import OPERATOR
from bursar.pipeline.operator import decisions
from bursar.pipeline.operator.action_rejected import ActionRejected
from bursar.pipeline.operator.observations import believe
from bursar.pipeline.operator.resolutions import resolve as resolve_attempt
from bursar.pipeline.operator.retries import retry as retry_action
from bursar.pipeline.reload.start import end_caution
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.model import Configuration


def pause(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Stop acting, keep watching."""
    account = _account_or_all(configuration, params)
    accounts.pause(uow.tx, account, uow.now)
    audit.add(uow.tx, OPERATOR, "pause", None, {"account": account}, uow.now)
    return {"account": text(params, "account"), "paused": True}


def resume(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """End the pause, and nothing else: what waited for it is looked at anew before anything is done."""
    account = _account_or_all(configuration, params)
    only = None if account == accounts.EVERYWHERE else account
    accounts.pause(uow.tx, account, None)
    audit.add(uow.tx, OPERATOR, "resume", None, {"account": account}, uow.now)
    # What stood ready through a pause of days was true then; it is looked at anew before it leaves.
    intents.forget_facts(uow.tx, only)
    matches.release(uow.tx, BlockReason.PAUSED, uow.now, account=only)
    uow.wake.update(("executing", "polling"))
    still = accounts.paused(uow.tx, account)
    paused = [name for name, row in accounts.load_all(uow.tx).items() if only is None and row.paused_at is not None]
    return {
        "account": text(params, "account"),
        "paused": still is not None,
        "reason": still,
        "still_paused": [str(name) for name in paused if name in configuration.accounts],
    }


def _account_or_all(configuration: Configuration, params: Params) -> AccountName:
    name = text(params, "account")
    return accounts.EVERYWHERE if name is None else AccountName(known_account(configuration, name).name)


def track(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Put existing subjects under watch."""
    name = AccountName(known_account(configuration, text(params, "account")).name)
    kind = _tracked_kind(uow, name)
    rows = [_row(kind, row, uow.ahead) for row in cast("list[dict[str, Json]]", params.get("rows") or [])]
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


def _row(
    kind: SubjectType, row: Mapping[str, Json], ahead: timedelta
) -> tuple[str, dict[str, Value | None], datetime | None]:
    """Read one row; an instant in it is the wall clock's, which is so much ahead of the timeline."""
    id_ = str(row.get("id") or "").strip()
    if not is_id(id_):
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
    created_at = _instant(id_, row.get("created_at"))
    return id_, fields, None if created_at is None else created_at - ahead


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
    """Approve questions, each by its own number."""
    return _each(uow, params, decisions.approve)


def deny(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Deny questions, or end what is not sent yet."""
    return _each(uow, params, decisions.deny)


def _each(uow: UnitOfWork, params: Params, answer: Callable[[UnitOfWork, str], list[decisions.Answered]]) -> Json:
    """Take the answer to each id; one that is not taken says so, and costs the others nothing.

    Raises:
        ActionRejected: none was taken.
    """
    rows: list[dict[str, Json]] = []
    declined: dict[str, str] = {}
    for id_ in (str(one) for one in cast("list[Json]", params.get("ids") or [])):
        try:
            # One unknown id among those of a `deny` must not undo the no to all the others.
            with uow.tx.attempt():
                rows += [decisions.shown(one) for one in answer(uow, id_)]
        except ActionRejected as unwanted:
            declined[id_] = str(unwanted)
    if declined and not rows:
        raise ActionRejected("; ".join(declined.values()))
    rows += [{"id": id_, "state": None, "reason": why, "problem": why} for id_, why in declined.items()]
    return cast(Json, rows)


def resolve(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Record whether an unknown attempt took effect."""
    if params.get("happened"):
        cause, reason = Cause.PERSON_HAPPENED, "a person: it happened"
    elif params.get("again"):
        cause, reason = Cause.PERSON_AGAIN, "a person: it did not happen, do it again"
    else:
        cause, reason = Cause.PERSON_DID_NOT, "a person: it did not happen"
    return decisions.shown(resolve_attempt(uow, str(params.get("id")), cause, reason, text(params, "reference")))


def retry(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Have what gave up, was refused, or ended with a change of its rule asked for anew."""
    return _each(uow, params, lambda uow, id_: [retry_action(uow, id_)])


def accounts_confirm(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Confirm that an account in quarantine is what it was."""
    name = known_account(configuration, text(params, "account")).name
    account_identity.confirm(uow, name)
    audit.add(uow.tx, OPERATOR, "account.confirm", None, {"account": name}, uow.now)
    return {"account": name}


def accounts_replace(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Take an account in quarantine for another one."""
    name = known_account(configuration, text(params, "account")).name
    put_away = account_identity.replace(uow, name)
    audit.add(uow.tx, OPERATOR, "account.replace", None, {"account": name}, uow.now)
    ended, in_doubt = ([str(id_) for id_ in ids] for ids in (put_away.ended, put_away.in_doubt))
    return {"account": name, "former": put_away.name, "ended": list(ended), "in_doubt": list(in_doubt)}


def accounts_retry(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Look again at a rejected account at once."""
    name = AccountName(known_account(configuration, text(params, "account")).name)
    parked = accounts.unpark(uow.tx, name)
    audit.add(uow.tx, OPERATOR, "account.retry", None, {"account": name}, uow.now)
    uow.wake.add("polling")
    return {"account": name, "rejected": parked}


def restore_confirm(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """End the caution after a restore: rules act again as they say."""
    since = meta.get(uow.tx, meta.RESTORED)
    audit.add(uow.tx, OPERATOR, "restore.confirm", None, {"since": since}, uow.now)
    asked = end_caution(uow)
    unknown = intents.in_state(uow.tx, [State.UNKNOWN])
    return {
        "restored": since,
        "unknown": [one.shown_id for one in unknown],
        "asked": [one.shown_id for one in asked],
    }


def accounts_rename(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Record that an account goes under another name now."""
    old, new = AccountName(str(text(params, "old"))), AccountName(str(text(params, "new")))
    account_identity.rename(uow, old, new, configuration.accounts)
    audit.add(uow.tx, OPERATOR, "account.rename", None, {"old": old, "new": new}, uow.now)
    return {"account": new}


def accept(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Believe a held observation."""
    row = _held(uow, params)
    believe(uow, row)
    audit.add(uow.tx, OPERATOR, "observation.accepted", None, {"held": row.id, "account": row.account}, uow.now)
    return {"id": str(row.id)}


def drop(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Throw a held observation away."""
    row = _held(uow, params)
    held.end(uow.tx, row.id, "dropped", uow.now)
    audit.add(uow.tx, OPERATOR, "observation.dropped", None, {"held": row.id, "account": row.account}, uow.now)
    emit_core(
        uow, "observation.dropped", row.account, {"stream": row.stream, "reason": "a person", "held": str(row.id)}
    )
    return {"id": str(row.id)}


def _held(uow: UnitOfWork, params: Params) -> held.HeldRow:
    wanted = str(params.get("id"))
    for row in held.held(uow.tx):
        if str(row.id) == wanted:
            return row
    raise RequestRejected(f"no observation {wanted} is held: see `bursar observations`")


def retry_deliveries(uow: UnitOfWork, configuration: Configuration, params: Params) -> Json:
    """Make dead letters due again."""
    count = deliveries.retry(uow.tx, [str(one) for one in cast("list[Json]", params.get("ids") or [])], uow.now)
    uow.wake.add("delivering")
    return {"retried": count}


Decision = Callable[[UnitOfWork, Configuration, Params], Json]
COMMANDS: Mapping[str, Decision] = {
    "pause": pause,
    "resume": resume,
    "track": track,
    "untrack": untrack,
    "approve": approve,
    "deny": deny,
    "resolve": resolve,
    "retry": retry,
    "accounts_confirm": accounts_confirm,
    "accounts_replace": accounts_replace,
    "accounts_retry": accounts_retry,
    "restore_confirm": restore_confirm,
    "accounts_rename": accounts_rename,
    "accept": accept,
    "drop": drop,
    "retry_deliveries": retry_deliveries,
}
"""What a person can decide."""
HARMLESS = frozenset({"pause", "resume", "track", "untrack", "retry_deliveries"})
"""What may be decided on a restored journal before a daemon has recognized it as one: all else stands on its rows."""
UNCOUNTED = HARMLESS - {"pause", "untrack"}
"""What does not count like a sending. A journal from before all else is recognized as restored: no restore undoes a no,
or a pause, in silence."""
