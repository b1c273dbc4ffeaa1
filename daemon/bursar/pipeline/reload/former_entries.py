"""How a subject stood with a state rule that sees it for the first time: one that is new, was edited, or is back.

What was known of the subject before the look tells it, not the look: an order that is partial in it, and was in
progress before, has just entered; one of which it says a word that nobody knows has left nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bursar.domain.evaluate import HoldState, NoMatch, evaluate_state, judge, obscured
from bursar.domain.ids import AccountName, MatchId, SubjectRef
from bursar.domain.intent import LostReply
from bursar.domain.ledger import Entry, Post
from bursar.domain.observation import Snapshot
from bursar.domain.rule import Rule, Scope
from bursar.journal import events, ledger, matches, verdicts
from bursar.pipeline.gate.lineage import lineage_of
from bursar.pipeline.intent_facts import action_of
from bursar.pipeline.match_facts import is_a_persons, was_answered
from bursar.pipeline.unit_of_work import ReadView

MAX_CHANGES = 100_000
"""So many changes are looked back for one in which the subject was out of the condition: all that the journal
keeps of a balance that is polled every minute."""
INSTANT = timedelta(microseconds=1)


def stood_before(
    view: ReadView, rule: Rule, before: Snapshot | None, snapshot: Snapshot, asked_at: datetime
) -> HoldState | None:
    """Return how a subject stood with a rule before its first look at it; None: nothing was known of the subject.

    Args:
        view: What is known.
        rule: The state rule, which has no standing of the subject as it is now.
        before: The subject before this look.
        snapshot: The subject as this look left it.
        asked_at: When the look was asked for.
    """
    if before is None or before.first_seen_at is None:
        return None
    was = replace(before, state=before.known_state) if obscured(before) else before
    facts = view.config.facts(snapshot.account)
    stood, verdict = evaluate_state(rule, Scope(facts, view.now, was, None, view.ahead), None, asked_at, entry=False)
    unknown = isinstance(verdict, NoMatch) and verdict.unknown
    seen = verdicts.stood_outside(view.tx, rule, snapshot.account, snapshot.ref)
    if not stood.inside and (unknown or (obscured(before) and not seen)):
        # What the rule asks about was not known before: that it is known now is no entry of all subjects at once.
        scope = Scope(facts, view.now, snapshot, None, view.ahead)
        stood, _ = evaluate_state(rule, scope, None, asked_at, entry=False)
    if not stood.inside:
        return stood
    waits = matches.held_about(view.tx, rule.name, snapshot.account, snapshot.ref)
    if waits is not None and stood.fired and stood.since is not None and waits.at < stood.since:
        # It was put to the rule as that came back, before this first look: it has not left since.
        stood = replace(stood, since=waits.at)
    former = verdicts.fired_before(view.tx, rule, snapshot.account, snapshot.ref)
    done_at = acted_at(view, rule, snapshot)
    # By the ledger, whatever the rule has been meanwhile: one for events, a text that nothing fitted, another name.
    if done_at is not None and not has_left(view, rule, snapshot, done_at):
        return replace(stood, fired=True, since=former[0] if former is not None else stood.since)
    if former is None:
        left_at = left_to_a_person(view, rule, snapshot.account, snapshot.ref)
        # A text that had it out of the condition for a while is no way out.
        answered = left_at is not None and not has_left(view, rule, snapshot, left_at)
        return replace(stood, fired=stood.fired or answered)
    # The entry that was answered lasts: what still waits for it must not be said to have left its condition.
    fired = _has_fired(view, rule, snapshot, stood, *former)
    return replace(stood, fired=fired, since=former[0] if fired else stood.since)


def acted_at(view: ReadView, rule: Rule, snapshot: Snapshot, but: MatchId | None = None) -> datetime | None:
    """Return when a rule last planned something for a subject that came to anything, of what it does now; but not in
    this line of matches."""
    does = {act.action for act in rule.acts()}
    lineage = lineage_of(view, rule.name)
    entries = ledger.of_rule(view.tx, lineage, snapshot.account, snapshot.ref, view.now - ledger.KEPT) if does else []
    came = (
        one for one in entries if one.action in does and (but is None or one.match != but) and _came_of_it(view, one)
    )
    return max((one.planned_at for one in came), default=None)


def _has_fired(
    view: ReadView, rule: Rule, snapshot: Snapshot, stood: HoldState, since: datetime, until: datetime
) -> bool:
    """Return whether a subject that is inside has been answered, by what its rule did for its former entry.

    Args:
        view: What is known.
        rule: The rule.
        snapshot: The subject.
        stood: How it would stand with a rule that has never seen it.
        since: Since when it had been inside as the rule last saw it, and fired for it.
        until: When that was.
    """
    if has_left(view, rule, snapshot, until):
        return stood.fired
    done = _done_since(view, rule, snapshot, since)
    if not rule.acts() or any(_came_of_it(view, one) for one in done):
        return True
    if left_to_a_person(view, rule, snapshot.account, snapshot.ref, since) is not None:
        return True
    if any(is_settled(view, one) for one in done):
        return stood.fired
    # It has matched, and nothing came of it: without `for` it
    # would never be asked again. What it only found there is no match.
    last = matches.last_of(view.tx, rule.name, snapshot.account, snapshot.ref, since)
    return stood.fired if last is None else was_answered(last)


def _done_since(view: ReadView, rule: Rule, snapshot: Snapshot, since: datetime) -> list[Entry]:
    """Return what a rule has planned for a subject since an entry."""
    # Also what ended at the very instant of the entry: without `for` it is planned in the same commit.
    before = since - INSTANT
    return ledger.of_rule(view.tx, lineage_of(view, rule.name), snapshot.account, snapshot.ref, before)


def _came_of_it(view: ReadView, entry: Entry) -> bool:
    """Return whether something came of an entry that counts for what there is now; what was held back, or refused, or
    did not happen, is nothing."""
    return not is_settled(view, entry) and (may_be_done(view, entry) or (entry.done and entry.undone_at is None))


def may_be_done(view: ReadView, entry: Entry) -> bool:
    """Return whether an action is under way, or may have been done without being looked for before the next one."""
    action = action_of(view, entry)
    looked_for = action is not None and action.lost_reply is LostReply.RECONCILABLE
    # What can be looked for is looked for beside the next one; an order cannot be
    # looked for, so a doubt counts as done, until a person says that it is not.
    return entry.open or (entry.may_have_landed and not looked_for)


def is_settled(view: ReadView, entry: Entry) -> bool:
    """Return whether an entry is a payout that has taken what it took, after which a balance is another sum."""
    action = action_of(view, entry)
    return action is not None and action.takes_balance and entry.done and not entry.unshown


def left_to_a_person(
    view: ReadView, rule: Rule, account: AccountName, subject: SubjectRef, since: datetime | None = None
) -> datetime | None:
    """Return since when only a person can say what becomes of what a rule asked for last about a subject: it would go
    to another wallet, or is refused for ever; also where a rule that did the same asked for it.

    Args:
        view: What is known.
        rule: The rule.
        account: The account.
        subject: The subject.
        since: What was asked for before does not count.
    """
    since = since or view.now - ledger.KEPT
    lineage = lineage_of(view, rule.name)
    own = matches.last_of(view.tx, rule.name, account, subject, since)
    found = [matches.last_of(view.tx, name, account, subject, since) for name in lineage.formers_at(account)]
    newest = [one for one in (own, *found) if one is not None and (own is None or one.id >= own.id)]
    if (persons := next(filter(is_a_persons, newest), None)) is not None:
        return persons.at
    asked = ledger.of_rule(view.tx, lineage, account, subject, since - INSTANT)
    # An older journal says nothing of it in the match. A no that is not for ever is held back until an edit ends that.
    fired = newest and all(one.state == "fired" for one in newest)
    return asked[0].planned_at if fired and asked and asked[0].outcome is Post.REFUSED else None


def has_left(view: ReadView, rule: Rule, snapshot: Snapshot, since: datetime) -> bool:
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
