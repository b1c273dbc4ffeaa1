"""Events that would not come by themselves are asked for anew: about what is left of a balance, once something was seen
taken from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from bursar.domain.intent import Intent
from bursar.domain.intent_states import LISTED_FOR
from bursar.domain.rule import Rule
from bursar.domain.subject import SubjectType
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import events, ledger, matches
from bursar.journal.matches import MatchRow
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.holding import hold_back
from bursar.pipeline.intent_facts import action_of, is_over, listed
from bursar.pipeline.unit_of_work import UnitOfWork

THE_REST = "what there is of the balance now is asked about"


def ask_of_the_rest(uow: UnitOfWork, intent: Intent, *, never_shown: bool = False) -> None:
    """Have what is left of a balance asked about, where no poll shows the end of what took it: at once where none can,
    else in a week.

    A balance that never falls below its minimum raises no event by itself, and the end may never be seen: finished ones
    leave the list, or the word for it is one that nobody knows.

    Args:
        uow: The unit of work.
        intent: What took it.
        never_shown: Nothing has shown that it did, and that was told.
    """
    account, action = uow.config.accounts.get(intent.account), action_of(uow, intent)
    if account is None or action is None or not action.takes_balance or action.settled_by is None:
        return
    made, kind = account.kinds[action.settled_by[0]], account.kinds[action.subject]
    if any(is_over(uow, intent, one) for one, _ in listed(uow, intent)):  # its event has done this
        return
    wait = account.looks_at(made.stream) and not never_shown
    ends = {f"{made.name}.{state}" for state in made.terminal}
    for event in kind.events:
        if ends & set(event.rearmed_by):
            at = uow.now + LISTED_FOR if wait else uow.now
            events.rearm(uow.tx, account.name, event.name, kind.name, at)


def ask_state_rule(uow: UnitOfWork, intent: Intent) -> None:
    """Have a state rule asked about what there is of a balance now, once what was taken is settled, or never shown.

    It is another sum, though it may never have left the rule's condition, and enters it no second time.
    """
    action, found = action_of(uow, intent), _does_it_still(uow, intent)
    # A rule about an order that pays has been asked once for that order: more money is no other order.
    if action is None or not action.takes_balance or found is None or found.match.subject != intent.subject:
        return
    match, rule = found.match, found.rule
    if matches.held_about(uow.tx, rule.name, match.account, match.subject) is None:
        # A match of its own: that of the payout has done what it was for.
        anew = matches.add(uow.tx, rule, match.account, match.subject, None, THE_REST, uow.now)
        hold_back(uow, anew, HoldBack(BlockReason.LAPSED, THE_REST, uow.now), found.act)


def ask_state_rule_again(uow: UnitOfWork, intent: Intent, held: HoldBack) -> None:
    """Have a state rule asked once more, after a rest, for what was undone: its subject has not left the condition, and
    enters it no second time."""
    found = _does_it_still(uow, intent)
    if found is None or found.match.state == "held":
        return
    match, rule, act = found
    if match.fingerprint == rule.fingerprint:
        entry = ledger.load(uow.tx, intent.id)
        act = entry.act if entry is not None and entry.act is not None else max(match.acts_planned - 1, 0)
    else:  # edited since: it is asked as it is now
        match = matches.add(uow.tx, rule, match.account, match.subject, None, held.reason, uow.now, match)
    hold_back(uow, match, held, act)


class _Still(NamedTuple):
    match: MatchRow
    rule: Rule
    act: int


def _does_it_still(uow: UnitOfWork, intent: Intent) -> _Still | None:
    """Return the match that an intent comes from, its state rule, and which of that rule's actions is the intent's.

    None: the rule was edited since, and does something else now, or asks about something else: what it does now is not
    asked for by what became of a payout.
    """
    match = matches.load(uow.tx, intent.match) if intent.match is not None else None
    rule = uow.config.active_rule(match.rule) if match is not None else None
    if match is None or rule is None or match.subject is None or rule.watches != match.subject.type:
        return None
    does = [act.action for act in rule.acts()]
    return _Still(match, rule, does.index(intent.action)) if intent.action in does else None


def ask_at_the_next(
    uow: UnitOfWork, account: AccountSpec, kinds: Iterable[SubjectType], rearmed: Collection[str]
) -> None:
    """Have the next poll asked what one was to be asked anew that shows no subject of these types, or is held."""
    for kind in kinds:
        for event in kind.events:
            if event.name in rearmed:
                events.rearm(uow.tx, account.name, event.name, kind.name, uow.now)
