"""Asking the gate (`domain/permission.py`): about an action that a match would do next, about an intent, about what a
person asks for. The facts are loaded once, and a plugin's function that fails costs a rest, never more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bursar.domain.guard_facts import GuardFacts
from bursar.domain.intent import Intent, PlannedIntent
from bursar.domain.permission import Phase, permit
from bursar.domain.plan import draft
from bursar.domain.rule import Rule, Scope
from bursar.domain.values import Json
from bursar.domain.verdict import BlockReason, HoldBack, Verdict
from bursar.journal import matches
from bursar.journal.errors import of_database
from bursar.journal.matches import MatchRow
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.gate.guard_facts import load_guard_facts
from bursar.pipeline.intent_facts import action_of
from bursar.pipeline.match_facts import scope_of
from bursar.pipeline.unit_of_work import ReadView

BROKEN_REST = timedelta(hours=1)
"""So long nothing is asked of a plugin whose function failed."""
log = structlog.get_logger("bursar")


def ask(view: ReadView, candidate: Candidate, phase: Phase) -> tuple[Verdict, GuardFacts]:
    """Ask whether an action may go on; return the verdict, and on which facts."""
    try:
        facts = load_guard_facts(view, _as_shown(candidate))
        return permit(phase, facts, view.now), facts
    except Exception as error:  # a plugin's function (`cost`, `evidence_shows`, an event's `still`) failed
        # A full disk is no fault of the plugin's: the whole commit fails, and is tried again.
        if of_database(error):
            raise
        name = candidate.action.name if candidate.action is not None else None
        log.exception("plugin.function_failed", account=candidate.account, action=name, error=type(error).__name__)
        # Held back, not ended: a function that fails once must not cost a payout.
        return _broken(error, view.now), GuardFacts()


def _broken(error: Exception, now: datetime) -> HoldBack:
    words = f"a plugin's function failed ({type(error).__name__}): nobody can tell"
    return HoldBack(BlockReason.BROKEN, words, now + BROKEN_REST)


def next_of(view: ReadView, rule: Rule, match: MatchRow, scope: Scope) -> tuple[PlannedIntent, Candidate]:
    """Return what a match would do next, as it would be planned and as the gate is asked about it.

    Raises:
        TemplateFailed: a parameter cannot be filled in, or the action is not there.
    """
    account = view.config.accounts.get(match.account)
    actions = account.actions if account is not None else {}
    planned = draft(rule, match.id, scope, actions, match.acts_planned, view.config.seal)
    return planned, Candidate(
        match.account,
        rule,
        match,
        actions[planned.action],
        planned.subject,
        planned.params,
        planned.sealed,
        scope=scope,
        fingerprint=match.fingerprint,
    )


def ask_about(
    view: ReadView,
    intent: Intent,
    evidence: Json = None,
    phase: Phase | None = None,
    first_shown: dict[str, datetime] | None = None,
) -> tuple[Verdict | None, GuardFacts, Candidate | None]:
    """Ask whether an intent may go on; without a phase, whether a ready one may be sent now.

    Returns:
        The verdict, on which facts, and what was asked about. None: its account or its plugin is not there now.
    """
    match = matches.load(view.tx, intent.match) if intent.match is not None else None
    candidate = _of_intent(view, intent, match, evidence, {} if first_shown is None else first_shown)
    if candidate is None:
        return None, GuardFacts(), None
    verdict, facts = ask(view, candidate, phase or (Phase.RESEND if intent.lost else Phase.CLAIM))
    return verdict, facts, candidate


def _of_intent(
    view: ReadView, intent: Intent, match: MatchRow | None, evidence: Json, first_shown: dict[str, datetime]
) -> Candidate | None:
    """Return what the gate is asked about an intent; None: its account or its plugin is not there now, and it waits."""
    action = action_of(view, intent)
    if action is None:
        return None
    return Candidate(
        intent.account,
        view.config.active_rule(intent.rule),
        match,
        action,
        intent.subject,
        intent.params,
        intent.sealed,
        evidence,
        intent,
        scope_of(view, match) if match is not None else None,
        intent.fingerprint,
        first_shown,
    )


def _as_shown(candidate: Candidate) -> Candidate:
    """Have conditions asked of the subject as the evidence just read shows it, which is newer than the last poll."""
    scope, action = candidate.scope, candidate.action
    if candidate.evidence is None or action is None or action.evidence_shows is None or scope is None:
        return candidate
    # The evidence of a payout speaks of the balance; a condition
    # about the order that caused it must not read it as that.
    if scope.subject is None or scope.subject.ref != candidate.subject:
        return candidate
    # What the look leaves out keeps its last value, as in a poll.
    shown = {name: value for name, value in action.evidence_shows(candidate.evidence).items() if value is not None}
    subject = replace(scope.subject, fields={**scope.subject.fields, **shown})
    return replace(candidate, scope=replace(scope, subject=subject))
