"""What an edit of the rules ends is told; and what would not come anew while it lasts, a balance above its minimum, is
put to the rules as they are, once all of the edit is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from bursar.domain.event import Event
from bursar.domain.ids import AccountName, MatchId, SubjectRef
from bursar.domain.ledger import Entry
from bursar.domain.rule import Mode, Rule
from bursar.domain.values import Json
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import events, ledger, matches, verdicts
from bursar.journal.matches import MatchRow
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.events import emit_core
from bursar.pipeline.gate.lineage import lineage_of
from bursar.pipeline.match_facts import recall, was_answered
from bursar.pipeline.reload.former_entries import acted_at, has_left, is_settled, left_to_a_person, may_be_done
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

ANEW = "a rule was changed: asked anew"


def end_held(uow: UnitOfWork, ends: Sequence[tuple[MatchRow, str]]) -> None:
    """End what an edit of the rules leaves nothing behind, each with the reason; tell of it, rule by rule."""
    ended: Counter[tuple[str, AccountName, str]] = Counter()
    for match, reason in ends:
        matches.drop(uow.tx, match.id, reason, uow.now)
        ended[match.rule, match.account, reason] += 1
        # Asked anew only once the whole edit is written: in the middle
        # of it two rules that change names would act for each other.
        uow.ended.append(match)
    for (rule, account, reason), number in ended.items():
        data: dict[str, Json] = {"rule": rule, "number": number, "reason": f"{number} that waited end: {reason}"}
        emit_core(uow, "rule.changed", account, data)


def come_back(uow: UnitOfWork, rule: Rule, accounts: Sequence[AccountName]) -> None:
    """Have a rule that is live again at some accounts, or has another condition, asked about what would not come anew.

    The last event of such a type, whether it came before the rule went, and nothing was done then, or while it was
    away; of a state rule, what there is of a balance for which it has asked before.
    """
    for name in accounts if rule.acts() else ():
        spec, facts = uow.config.accounts[name], uow.config.facts(name)
        for kind in spec.kinds.values():
            types = [one.name for one in kind.events if one.rearmed_by]
            heard = [type_ for type_ in types if rule in uow.config.rules.for_event(type_, facts)]
            for event in filter(None, (events.last(uow.tx, spec.kinds, name, type_) for type_ in heard)):
                _ask_about(uow, rule, event)
        _ask_about_the_rest(uow, rule, spec)


def _ask_about_the_rest(uow: UnitOfWork, rule: Rule, spec: AccountSpec) -> None:
    """Have a state rule asked about what there is of a balance now, where what it took last was settled, or nothing
    came of what it asked for: it was away, or said no. With `for` its next look fires by itself."""
    # Where it does something else besides, that was done for this balance, and would be done again.
    lineage, acts = lineage_of(uow, rule.name), {act.action for act in rule.acts()}
    for action in map(spec.actions.get, acts) if rule.hold_for is None and len(rule.acts()) == 1 else ():
        if action is None or not action.takes_balance or action.subject != rule.watches:
            continue
        balance = SubjectRef(action.subject, action.subject)  # the only one of its kind
        found = ledger.of_rule(uow.tx, lineage, spec.name, balance, uow.now - ledger.KEPT)
        asked = [one for one in found if one.action == action.name]
        # What waited for it, and has just ended, is asked anew by itself, and goes on in its line.
        anew = any((one.rule, one.account, one.subject) == (rule.name, spec.name, balance) for one in uow.ended)
        held = anew or matches.held_about(uow.tx, rule.name, spec.name, balance) is not None
        if asked and not held and _is_left(uow, rule, spec.name, balance, asked):
            _add(uow, rule, spec.name, balance, None, None)


def _is_left(view: ReadView, rule: Rule, account: AccountName, balance: SubjectRef, asked: Sequence[Entry]) -> bool:
    """Return whether what there is of a balance may be asked for: what was taken last is settled, or nothing came of
    all that was asked for.

    Args:
        view: What is known.
        rule: The rule.
        account: The account.
        balance: The balance.
        asked: What the rule has asked for, newest first.
    """
    if left_to_a_person(view, rule, account, balance) is not None:  # whatever is edited after it
        return False
    # What was asked about since, or refused, has taken nothing. What there is now may have come in since: each guard
    # judges it as it is.
    last = next((one for one in asked if one.done or may_be_done(view, one)), None)
    return last is None or is_settled(view, last)


def _ask_about(uow: UnitOfWork, rule: Rule, event: Event) -> None:
    """Have a rule asked about an event once more, unless that is under way, was done, or is a person's to say."""
    subject = event.subject
    names = lineage_of(uow, rule.name).names
    match = matches.last_about(uow.tx, event.id, names, rule.fingerprint)
    if match is not None and was_answered(match):
        return
    # What it matched as a state rule has no event; and its match may have been let go.
    if match is None and subject and left_to_a_person(uow, rule, event.account, subject, event.at) is not None:
        return
    if matches.held_about(uow.tx, rule.name, event.account, subject) is not None:
        return
    if _why_not(uow, rule, event.account, subject, event.at, match.first if match is not None else None) is None:
        _add(uow, rule, event.account, subject, event, match)


def _add(
    uow: UnitOfWork,
    rule: Rule,
    account: AccountName,
    subject: SubjectRef | None,
    event: Event | None,
    match: MatchRow | None,
    wait: timedelta = timedelta(0),
    acts_planned: int = 0,
) -> None:
    anew = matches.add(uow.tx, rule, account, subject, event, ANEW, uow.now, match)
    matches.hold_back(uow.tx, anew, HoldBack(BlockReason.LAPSED, ANEW, uow.now + wait), acts_planned)
    uow.wake.add("polling")


def ask_anew(uow: UnitOfWork) -> None:
    """Matches ended with their rules' texts: their events are put to those rules as they are now, and to rules that
    have the texts. Only events that would not come anew; and the entries of state rules, which do not."""
    ended, uow.ended = uow.ended, []
    for match in ended:
        if match.event_id is None:
            _ask_state_rules(uow, match)
            continue
        event, account = recall(uow, match), uow.config.accounts.get(match.account)
        kind = account.kinds.get(event.subject.type) if account and event and event.subject else None
        # An event that comes anew by itself (an order that enters a
        # state) is not repeated: its rule would act twice on one.
        if event is None or kind is None or not any(one.name == event.type and one.rearmed_by for one in kind.events):
            continue
        for rule in uow.config.rules.for_event(event.type, uow.config.facts(match.account)):
            if _is_meant(rule, match) and why_not_anew(uow, rule, match) is None:
                _add(uow, rule, match.account, match.subject, event, match)
        _ask_state_rules(uow, match)


def _is_meant(rule: Rule, match: MatchRow) -> bool:
    """Return whether a rule is asked about what another text has left."""
    # Not every rule that listens: a sibling that has paid for this balance would pay once more.
    return rule.name == match.rule or rule.fingerprint == match.fingerprint


def _ask_state_rules(uow: UnitOfWork, match: MatchRow) -> None:
    """Have state rules asked once more, as they are now, about a subject that was matched and had nothing done."""
    subject = match.subject
    if subject is None or match.account not in uow.config.accounts:
        return
    for rule in uow.config.rules.rules:
        if rule.mode is not Mode.OFF and rule.watches == subject.type and _is_meant(rule, match):
            _ask_of_entry(uow, rule, match, subject)


def _ask_of_entry(uow: UnitOfWork, rule: Rule, match: MatchRow, subject: SubjectRef) -> None:
    account, stands = match.account, verdicts.standing(uow.tx, rule, match.account, subject)
    # It has looked since, and waits: it fires by itself.
    if (stands is not None and not stands.standing.fired) or not rule.accounts.include(uow.config.facts(account)):
        return
    # One that has the text of another may have matched the subject itself, for the entry that lasts.
    since = (stands.standing.since if stands is not None else None) or uow.now - ledger.KEPT
    if rule.name != match.rule and matches.last_of(uow.tx, rule.name, account, subject, since) is not None:
        return
    # Where it does what it did, the match is of a later entry than all that was done before, whatever `when` says now.
    other = rule.name != match.rule or _does_other(uow, rule, match)
    if (other and _is_done_besides(uow, rule, match, subject)) or why_not_anew(uow, rule, match) is not None:
        return
    # Where it has yet to look, it may never do so: an order that is over is polled no more, but while something waits.
    wait = rule.hold_for if stands is None and rule.hold_for is not None else timedelta(0)
    _add(uow, rule, account, subject, None, match, wait, begun_at(uow, match))


def _is_done_besides(view: ReadView, rule: Rule, match: MatchRow, subject: SubjectRef) -> bool:
    """Return whether a rule, or one whose history it has, has done what it does now for the entry that lasts, in
    another line than a match's: it has the text now of a rule that had acted already."""
    known = view.subject(match.account, subject)
    done_at = acted_at(view, rule, known, match.first) if known is not None else None
    return known is not None and done_at is not None and not has_left(view, rule, known, done_at)


def begun_at(view: ReadView, match: MatchRow) -> int:
    """Return at which action of its rule the line of a match began: where it is about the rest of a balance, later."""
    of_line = ledger.of_match(view.tx, match.first)
    return min((one.act for one in of_line if one.act is not None), default=match.acts_planned)


def why_not_anew(view: ReadView, rule: Rule, match: MatchRow) -> str | None:
    """Return why a rule may not be asked once more about what a match that ended was about; None: it may.

    It, or what came before it, was done, or the rule has acted since the event: it would be done a second time.
    """
    if begun_at(view, match) > 0 and _does_other(view, rule, match):
        return f"the rule {rule.name} does something else now, and has done a part of what it did before"
    event = recall(view, match)
    since = event.at if event is not None else match.at
    return _why_not(view, rule, match.account, match.subject, since, match.first)


def _does_other(view: ReadView, rule: Rule, match: MatchRow) -> bool:
    """Return whether a rule does something else than when it last asked for something about a match's subject."""
    if match.subject is None:
        return False
    since = view.now - ledger.KEPT
    found = ledger.of_rule(view.tx, lineage_of(view, rule.name), match.account, match.subject, since)
    return not found or found[0].meaning != rule.meaning


def _why_not(
    view: ReadView,
    rule: Rule,
    account: AccountName,
    subject: SubjectRef | None,
    since: datetime,
    first: MatchId | None,
) -> str | None:
    """Return why a rule may not be asked once more about what came about at an instant.

    Args:
        view: What is known.
        rule: The rule.
        account: Where it came about.
        subject: About what.
        since: When.
        first: The first of the line of matches about it; None: no rule has matched it.
    """
    lineage = lineage_of(view, rule.name)
    for entry in ledger.of_match(view.tx, first) if first is not None else ():
        if (_stands(entry) or may_be_done(view, entry)) and entry.sent_at is not None:
            return f"{entry.action} went out as intent {entry.id}, and would once more"
        if entry.open:
            return f"the rule {rule.name} has asked for {entry.action} since, as intent {entry.id}"
    for entry in ledger.of_rule(view.tx, lineage, account, subject, since):
        if entry.match != first and entry.planned_at >= since and (entry.open or _stands(entry)):
            return f"the rule {rule.name} has asked for {entry.action} since, as intent {entry.id}"
    held = matches.held_about(view.tx, rule.name, account, subject)
    if held is not None and held.first != first:
        return f"the rule {rule.name} waits with a newer match already: {held.reason}"
    return None


def _stands(entry: Entry) -> bool:
    return entry.done and entry.undone_at is None
