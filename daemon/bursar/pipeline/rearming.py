"""Events that would not come by themselves are asked for anew: about what is left of a balance, once something was seen
taken from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from bursar.domain.intent import Intent
from bursar.domain.intent_states import LISTED_FOR
from bursar.domain.subject import SubjectType
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import events, matches
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.holding import hold_back
from bursar.pipeline.intent_facts import action_of, is_over, listed
from bursar.pipeline.unit_of_work import UnitOfWork

SETTLES_WITHIN = timedelta(minutes=15)
"""So long a site may show a balance still that a payout has taken which it lists as done, or list it so by a slip."""
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
    match = matches.load(uow.tx, intent.match) if intent.match is not None else None
    rule = uow.config.active_rule(match.rule) if match is not None else None
    action = action_of(uow, intent)
    if match is None or rule is None or action is None or not action.takes_balance:
        return
    does = [act.action for act in rule.acts()]
    # It was edited since: what it does now, or asks about, is not asked for by the end of a payout.
    if intent.action not in does or match.subject is None or rule.watches != match.subject.type:
        return
    if matches.held_about(uow.tx, rule.name, match.account, match.subject) is None:
        # A match of its own: that of the payout has done what it was for.
        anew = matches.add(uow.tx, rule, match.account, match.subject, None, THE_REST, uow.now)
        at_once = uow.config.accounts[intent.account].debits_at_once
        held = HoldBack(BlockReason.LAPSED, THE_REST, uow.now + (timedelta(0) if at_once else SETTLES_WITHIN))
        hold_back(uow, anew, held, does.index(intent.action))


def ask_at_the_next(
    uow: UnitOfWork, account: AccountSpec, kinds: Iterable[SubjectType], rearmed: Collection[str]
) -> None:
    """Have the next poll asked what one was to be asked anew that shows no subject of these types, or is held."""
    for kind in kinds:
        for event in kind.events:
            if event.name in rearmed:
                events.rearm(uow.tx, account.name, event.name, kind.name, uow.now)
