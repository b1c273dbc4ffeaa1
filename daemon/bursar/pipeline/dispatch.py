"""The last check before a request leaves: facts fresh, the condition still true, nothing that forbids it; then the
commit to `sending`, under a new fence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bursar.domain.evaluate import judge
from bursar.domain.ids import IntentId
from bursar.domain.intent import Intent, State
from bursar.domain.intent_states import Cause, Step, move
from bursar.domain.plan import unseal
from bursar.domain.rule import Mode, Rule, Scope, TemplateFailed
from bursar.domain.values import Json
from bursar.journal import accounts, audit, events, intents, matches, meta, subjects
from bursar.journal.matches import MatchRow
from bursar.journal.send_counter import SendCount
from bursar.pipeline.intent_transitions import take_step
from bursar.pipeline.rule_evaluation import active, blocks, has_left, recall
from bursar.pipeline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Sending:
    """Intents that were committed to `sending`, their secret parameters filled in, and the mark for the sidecar."""

    intents: tuple[Intent, ...]
    mark: SendCount | None


def start_sending(uow: UnitOfWork, ids: Sequence[IntentId], evidence: Json, fresh_since: datetime) -> Sending:
    """Commit ready intents to `sending`: each whose facts are fresh, whose condition is true, which nothing forbids."""
    started: list[Intent] = []
    mark: SendCount | None = None
    for id_ in ids:
        intent = intents.load(uow.tx, id_)
        if intent is None or intent.state is not State.READY or _forbidden(uow, intent):
            continue
        filled = _still_wanted(uow, intent, fresh_since)
        if filled is None:
            continue
        sent = intents.send(uow.tx, intent, evidence, uow.now)
        mark = meta.count_sending(uow.tx)
        audit.add(uow.tx, "bursar", "intent.sending", id_, {"fence": sent.fence, "evidence": evidence}, uow.now)
        started.append(replace(sent, params=filled))
    return Sending(tuple(started), mark)


def _forbidden(uow: UnitOfWork, intent: Intent) -> bool:
    row = accounts.load(uow.tx, intent.account)
    account = uow.config.accounts.get(intent.account)
    if account is None or intent.action not in account.actions or not uow.steady or uow.config.mode is Mode.SHADOW:
        return True
    if accounts.paused(uow.tx, intent.account) is not None or (
        row is not None and (row.frozen_digest or row.parked_at)
    ):
        return True
    return blocks(uow, intent.account, account.actions[intent.action], but=intent.id) is not None


def _still_wanted(uow: UnitOfWork, intent: Intent, fresh_since: datetime) -> dict[str, Json] | None:
    """Check once more what the intent was planned on; give its filled parameters, or None (it lapsed, or must wait)."""
    if intent.match is not None and (intent.facts_at is None or intent.facts_at < fresh_since):
        return None
    objection = _objection(uow, intent) if intent.match is not None else None
    try:
        if objection is None:
            return dict(revealed(uow, intent).params)
    except TemplateFailed as failed:
        objection = str(failed)
    take_step(uow, intent, Step(Cause.STALE, move(intent.state, Cause.STALE), objection))
    return None


def _objection(uow: UnitOfWork, intent: Intent) -> str | None:
    """Say why an intent of a rule is not wanted any more."""
    match, rule = _origin(uow, intent), active(uow, intent.rule)
    if match is None or rule is None:
        return "its rule is gone or off"
    if rule.mode is Mode.SHADOW:
        return "its rule is in shadow mode now"
    action = uow.config.accounts[intent.account].actions[intent.action]
    undone_at = events.last_of(uow.tx, intent.account, action.undone_by)
    if undone_at is not None and undone_at >= intent.created_at:
        return "one like it was undone at the provider since it was planned"
    if has_left(uow, rule, match):
        return "it has left its condition since"
    answer = judge(rule, _scope(uow, intent, match))
    return None if answer.truth else f"no longer true: {answer.reason}"


def _origin(uow: UnitOfWork, intent: Intent) -> MatchRow | None:
    return None if intent.match is None else matches.load(uow.tx, intent.match)


def revealed(uow: UnitOfWork, intent: Intent) -> Intent:
    """Give an intent as adapters get it: its secret parameters filled in again.

    Raises:
        TemplateFailed: one is not known any more, or resolves to something else than when the intent was planned.
    """
    if not intent.sealed:
        return intent
    if intent.match is None:
        kept = uow.kept.get(intent.id, {})
        if any(name not in kept for name in intent.sealed):
            raise TemplateFailed("its secret parameter is not known any more; call again")
        return replace(intent, params={**intent.params, **kept})
    match, rule = _origin(uow, intent), uow.config.rules.get(intent.rule or "")
    if match is None or rule is None:
        raise TemplateFailed("its rule is gone, and its secret parameter with it")
    return replace(intent, params=_unsealed(uow, intent, rule, match))


def _unsealed(uow: UnitOfWork, intent: Intent, rule: Rule, match: MatchRow) -> dict[str, Json]:
    scope = _scope(uow, intent, match)
    failed = TemplateFailed(f"its rule does not say {intent.action} any more")
    for act in rule.acts():
        if act.action == intent.action:
            try:
                return unseal(intent.params, intent.sealed, act, scope, uow.config.seal)
            except TemplateFailed as error:
                failed = error
    raise failed


def _scope(uow: UnitOfWork, intent: Intent, match: MatchRow) -> Scope:
    account = uow.config.accounts[intent.account]
    snapshot = (
        subjects.find(uow.tx, intent.account, account.kinds, match.subject) if match.subject is not None else None
    )
    return Scope(account.facts, uow.now, snapshot, recall(uow, match))
