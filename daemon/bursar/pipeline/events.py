"""How an event is told: written once, owed to the sinks that want it, and put in the commit's queue, for what it says
of earlier effects and for the rules that listen (`rule_evaluation.process_events`)."""

from __future__ import annotations

from collections.abc import Mapping

from bursar.domain.event import CORE_EVENTS, Event
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Snapshot
from bursar.domain.route import route_event
from bursar.domain.rule import Mode
from bursar.domain.values import Json
from bursar.journal import deliveries, events
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.unit_of_work import QueuedEvent, UnitOfWork

NOBODY = AccountName("")
"""Whose events of the daemon itself are."""


def emit(
    uow: UnitOfWork, event: Event, snapshot: Snapshot | None = None, only_told: Mapping[str, Json] | None = None
) -> None:
    """Write an event, and owe it to the sinks that want it.

    Args:
        uow: The unit of work.
        event: The event; one that is there already is not told again.
        snapshot: Its subject as it is now.
        only_told: Goes to the sinks, and is not part of the event (a signed link).
    """
    # Told already, by the id that follows from the fact: a second time it would have its rules act once more.
    if not events.add(uow.tx, event):
        return
    if uow.config.mode is not Mode.SHADOW:
        owed = route_event(event, uow.config.subscriptions, uow.wall, only_told)
        if owed:
            deliveries.add(uow.tx, owed)
            uow.wake.add("delivering")
    account = uow.config.accounts.get(event.account)
    if account is not None:
        _rearm(uow, account, event)
    uow.queue.append(QueuedEvent(event, snapshot, uow.depth + 1))


def emit_core(
    uow: UnitOfWork,
    type_: str,
    account: AccountName,
    data: Mapping[str, Json],
    subject: SubjectRef | None = None,
    only_told: Mapping[str, Json] | None = None,
) -> None:
    """Emit an event of the core's own; if it is about a subject, rules see what is known of that subject."""
    if type_ not in CORE_EVENTS:
        raise ValueError(f"{type_} is not an event of the core")
    emit(uow, Event(type_, account, uow.now, subject, data), uow.subject(account, subject), only_told)


def _rearm(uow: UnitOfWork, account: AccountSpec, event: Event) -> None:
    for kind in account.kinds.values():
        for special in kind.events:
            if event.type in special.rearmed_by:
                events.rearm(uow.tx, account.name, special.name, kind.name, uow.now)
