"""Events that would not come by themselves are asked for anew: about what is left of a balance, once something was seen
taken from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bursar.domain.intent import Intent
from bursar.domain.intent_states import LISTED_FOR
from bursar.domain.subject import SubjectType
from bursar.journal import events
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.intent_facts import action_of, is_over, listed
from bursar.pipeline.unit_of_work import UnitOfWork


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


def ask_at_the_next(
    uow: UnitOfWork, account: AccountSpec, kinds: Iterable[SubjectType], rearmed: Collection[str]
) -> None:
    """Have the next poll asked what one was to be asked anew that shows no subject of these types, or is held."""
    for kind in kinds:
        for event in kind.events:
            if event.name in rearmed:
                events.rearm(uow.tx, account.name, event.name, kind.name, uow.now)
