"""The last check before a request leaves: facts fresh, the condition still true, nothing that forbids it; then the
commit to `sending`, under a new fence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bursar.domain.evaluate import judge
from bursar.domain.ids import IntentId
from bursar.domain.intent import Intent, State
from bursar.domain.life import Cause, Step, move
from bursar.domain.plan import unseal
from bursar.domain.rule import Mode, Rule, Scope, TemplateFailed
from bursar.domain.values import Json
from bursar.journal import accounts, audit, events, intents, ledger, matches, subjects
from bursar.journal.matches import MatchRow
from bursar.journal.sidecar import Mark
from bursar.runtime.moving import take_step
from bursar.runtime.ruling import active, blocks, has_left, recall
from bursar.runtime.telling import Commit


@dataclass(frozen=True, slots=True)
class Sending:
    """Intents that were committed to `sending`, their secret parameters filled in, and the mark for the sidecar."""

    intents: tuple[Intent, ...]
    mark: Mark | None


def start_sending(c: Commit, ids: Sequence[IntentId], evidence: Json, fresh_since: datetime) -> Sending:
    """Commit ready intents to `sending`: each whose facts are fresh, whose condition is true, which nothing forbids."""
    started: list[Intent] = []
    mark: Mark | None = None
    for id_ in ids:
        intent = intents.load(c.tx, id_)
        if intent is None or intent.state is not State.READY or _forbidden(c, intent):
            continue
        filled = _still_wanted(c, intent, fresh_since)
        if filled is None:
            continue
        sent = intents.send(c.tx, intent, evidence, c.now)
        mark = ledger.count_sending(c.tx)
        audit.add(c.tx, "bursar", "intent.sending", id_, {"fence": sent.fence, "evidence": evidence}, c.now)
        started.append(replace(sent, params=filled))
    return Sending(tuple(started), mark)


def _forbidden(c: Commit, intent: Intent) -> bool:
    row = accounts.load(c.tx, intent.account)
    account = c.terms.accounts.get(intent.account)
    if account is None or intent.action not in account.actions or not c.steady or c.terms.mode is Mode.SHADOW:
        return True
    if accounts.paused(c.tx, intent.account) is not None or (row is not None and (row.frozen_digest or row.parked_at)):
        return True
    return blocks(c, intent.account, account.actions[intent.action], but=intent.id) is not None


def _still_wanted(c: Commit, intent: Intent, fresh_since: datetime) -> dict[str, Json] | None:
    """Check once more what the intent was planned on; give its filled parameters, or None (it lapsed, or must wait)."""
    if intent.match is not None and (intent.facts_at is None or intent.facts_at < fresh_since):
        return None
    objection = _objection(c, intent) if intent.match is not None else None
    try:
        if objection is None:
            return dict(revealed(c, intent).params)
    except TemplateFailed as failed:
        objection = str(failed)
    take_step(c, intent, Step(Cause.STALE, move(intent.state, Cause.STALE), objection))
    return None


def _objection(c: Commit, intent: Intent) -> str | None:
    """Say why an intent of a rule is not wanted any more."""
    match, rule = _origin(c, intent), active(c, intent.rule)
    if match is None or rule is None:
        return "its rule is gone or off"
    if rule.mode is Mode.SHADOW:
        return "its rule is in shadow mode now"
    action = c.terms.accounts[intent.account].actions[intent.action]
    undone_at = events.last_of(c.tx, intent.account, action.undone_by)
    if undone_at is not None and undone_at >= intent.created_at:
        return "one like it was undone at the provider since it was planned"
    if has_left(c, rule, match):
        return "it has left its condition since"
    answer = judge(rule, _scope(c, intent, match))
    return None if answer.truth else f"no longer true: {answer.reason}"


def _origin(c: Commit, intent: Intent) -> MatchRow | None:
    return None if intent.match is None else matches.load(c.tx, intent.match)


def revealed(c: Commit, intent: Intent) -> Intent:
    """Give an intent as adapters get it: its secret parameters filled in again.

    Raises:
        TemplateFailed: one is not known any more, or resolves to something else than when the intent was planned.
    """
    if not intent.sealed:
        return intent
    if intent.match is None:
        kept = c.kept.get(intent.id, {})
        if any(name not in kept for name in intent.sealed):
            raise TemplateFailed("its secret parameter is not known any more; call again")
        return replace(intent, params={**intent.params, **kept})
    match, rule = _origin(c, intent), c.terms.rules.get(intent.rule or "")
    if match is None or rule is None:
        raise TemplateFailed("its rule is gone, and its secret parameter with it")
    return replace(intent, params=_unsealed(c, intent, rule, match))


def _unsealed(c: Commit, intent: Intent, rule: Rule, match: MatchRow) -> dict[str, Json]:
    scope = _scope(c, intent, match)
    failed = TemplateFailed(f"its rule does not say {intent.action} any more")
    for act in rule.acts():
        if act.action == intent.action:
            try:
                return unseal(intent.params, intent.sealed, act, scope, c.terms.seal)
            except TemplateFailed as error:
                failed = error
    raise failed


def _scope(c: Commit, intent: Intent, match: MatchRow) -> Scope:
    account = c.terms.accounts[intent.account]
    snapshot = subjects.find(c.tx, intent.account, account.kinds, match.subject) if match.subject is not None else None
    return Scope(account.facts, c.now, snapshot, recall(c, match))
