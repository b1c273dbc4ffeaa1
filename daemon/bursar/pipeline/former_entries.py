"""Has a state rule that was away acted on this entry of a subject already? It was taken out, off, or not for the
account, and finds the subject in its condition when it is back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bursar.domain.evaluate import judge, obscured
from bursar.domain.observation import Snapshot
from bursar.domain.rule import Rule, Scope
from bursar.journal import events, ledger, verdicts
from bursar.pipeline.lineage import lineage_of
from bursar.pipeline.unit_of_work import ReadView

MAX_CHANGES = 100_000
"""So many changes are looked back for one in which the subject was out of the condition: all that the journal
keeps of a balance that is polled every minute."""
INSTANT = timedelta(microseconds=1)


def acted_on(view: ReadView, rule: Rule, snapshot: Snapshot) -> bool:
    """Return whether a rule has acted on the entry in which a subject is, and nothing shows that it has left since."""
    former = verdicts.fired_before(view.tx, rule, snapshot.account, snapshot.ref)
    if former is None:
        return False
    since, until = former
    if rule.acts() and not _has_done(view, rule, snapshot, since):
        return False
    return not _has_left(view, rule, snapshot, until)


def _has_done(view: ReadView, rule: Rule, snapshot: Snapshot, since: datetime) -> bool:
    """Return whether something came of it: a match that was held back, or refused, is none."""
    # Also what ended at the very instant of the entry: without `for` it is planned in the same commit.
    before = since - INSTANT
    entries = ledger.of_rule(view.tx, lineage_of(view, rule.name), snapshot.account, snapshot.ref, before)
    return any(one.open or one.in_doubt or (one.done and one.undone_at is None) for one in entries)


def _has_left(view: ReadView, rule: Rule, snapshot: Snapshot, since: datetime) -> bool:
    """Return whether a subject was out of a rule's condition since an instant: what it was before each change tells."""
    if snapshot.changed_at is None or snapshot.changed_at <= since:
        return False
    kinds, facts = view.config.accounts[snapshot.account].kinds, view.config.facts(snapshot.account)
    was, unknown = snapshot, kinds[snapshot.ref.type].unknown
    for event in events.of_subject_since(view.tx, kinds, snapshot.account, snapshot.ref, since, MAX_CHANGES):
        former = {name: value for name, value in event.before.items() if name != "state"}
        state = event.before.get("state", was.state)
        known = was.known_state if state == unknown else state
        was = replace(was, fields={**was.fields, **former}, state=state, known_state=known)  # type: ignore[arg-type]
        if obscured(was):  # a word that nobody knows, between two states, is no way out
            continue
        if judge(rule, Scope(facts, event.at, was, None, view.ahead)).truth is False:
            return True
    return False
