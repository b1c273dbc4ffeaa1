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
from bursar.journal import accounts, audit, intents, ledger, matches, subjects
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
    if intent.match is None:
        return _filled(c, intent)
    if intent.facts_at is None or intent.facts_at < fresh_since:
        return None
    match = matches.load(c.tx, intent.match)
    rule = active(c, intent.rule)
    account = c.terms.accounts[intent.account]
    if match is None or rule is None:
        take_step(c, intent, Step(Cause.STALE, move(intent.state, Cause.STALE), "its rule is gone or off"))
        return None
    if rule.mode is Mode.SHADOW:
        take_step(c, intent, Step(Cause.STALE, move(intent.state, Cause.STALE), "its rule is in shadow mode now"))
        return None
    if has_left(c, rule, match):
        take_step(c, intent, Step(Cause.STALE, move(intent.state, Cause.STALE), "it has left its condition since"))
        return None
    snapshot = subjects.find(c.tx, intent.account, account.kinds, match.subject) if match.subject is not None else None
    scope = Scope(account.facts, c.now, snapshot, recall(c, match))
    answer = judge(rule, scope)
    if not answer.truth:
        take_step(c, intent, Step(Cause.STALE, move(intent.state, Cause.STALE), f"no longer true: {answer.reason}"))
        return None
    return _filled(c, intent)


def _filled(c: Commit, intent: Intent) -> dict[str, Json] | None:
    try:
        return dict(revealed(c, intent).params)
    except TemplateFailed as failed:
        take_step(c, intent, Step(Cause.STALE, move(intent.state, Cause.STALE), str(failed)))
        return None


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
    match, rule = matches.load(c.tx, intent.match), c.terms.rules.get(intent.rule or "")
    if match is None or rule is None:
        raise TemplateFailed("its rule is gone, and its secret parameter with it")
    return replace(intent, params=_unsealed(c, intent, rule, match))


def _unsealed(c: Commit, intent: Intent, rule: Rule, match: MatchRow) -> dict[str, Json]:
    account = c.terms.accounts[intent.account]
    snapshot = subjects.find(c.tx, intent.account, account.kinds, match.subject) if match.subject is not None else None
    scope = Scope(account.facts, c.now, snapshot, recall(c, match))
    failed = TemplateFailed(f"its rule does not say {intent.action} any more")
    for act in rule.acts():
        if act.action == intent.action:
            try:
                return unseal(intent.params, intent.sealed, act, scope, c.terms.seal)
            except TemplateFailed as error:
                failed = error
    raise failed
