"""Where no poll shows the end of what took a balance, what is left of it is asked about."""

from __future__ import annotations

from bursar.domain.intent import Intent
from bursar.journal import events
from bursar.pipeline.intent_facts import action_of
from bursar.pipeline.unit_of_work import UnitOfWork


def ask_of_the_rest(uow: UnitOfWork, intent: Intent, *, never_over: bool = False) -> None:
    """Where no poll shows the end of what took the balance, its taking stands for it: the rest is asked about.

    Args:
        uow: The unit of work.
        intent: What took it.
        never_over: It has been waited for long enough, though payouts are polled.
    """
    account, action = uow.config.accounts.get(intent.account), action_of(uow, intent)
    if account is None or action is None or not action.takes_balance or action.settled_by is None:
        return
    made, kind = account.kinds[action.settled_by[0]], account.kinds[action.subject]
    ends = {f"{made.name}.{state}" for state in made.terminal}
    # Where payouts are polled, the event of their end does this.
    for event in kind.events if never_over or not account.looks_at(made.stream) else ():
        if ends & set(event.rearmed_by):
            events.rearm(uow.tx, account.name, event.name, kind.name, uow.now)
