"""One commit under way, and how it tells news: an event is written once, owed to the sinks that want it, confirms what
it confirms, and waits in the commit's queue for the rules that listen (`ruling.process_events` asks them)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bursar.domain.event import CORE_EVENTS, Event
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Snapshot
from bursar.domain.route import route_event
from bursar.domain.rule import Mode
from bursar.domain.values import Json
from bursar.journal import deliveries, events, intents, subjects
from bursar.journal.writer import Tx
from bursar.pipeline.config_snapshot import AccountSpec, ConfigSnapshot

DEEPEST = 4
"""QueuedEvent of news of news: how far rules may answer, within one commit, to what rules did."""


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event that rules have yet to be asked about. `depth`: how many rules led to it in this commit."""

    event: Event
    snapshot: Snapshot | None
    depth: int


@dataclass(slots=True)
class UnitOfWork:
    """One transaction under way.

    Attributes:
        tx: The transaction.
        config: What is configured.
        now: The instant of all that is decided in it.
        steady: The wall clock can be believed.
        caused: How many effects it has caused.
        depth: The depth of the news that is being answered.
        news: Events that rules have yet to be asked about.
        wake: Which loops have something to do once it is committed.
        kept: Secret parameters that a person gave in this run, by intent: the journal has only their masks.
    """

    tx: Tx
    config: ConfigSnapshot
    now: datetime
    steady: bool = True
    caused: int = 0
    depth: int = 0
    ceiling_told: bool = False
    news: deque[QueuedEvent] = field(default_factory=deque)
    wake: set[str] = field(default_factory=set)
    kept: Mapping[int, Mapping[str, Json]] = field(default_factory=dict)


def emit(
    uow: UnitOfWork, event: Event, snapshot: Snapshot | None = None, only_told: Mapping[str, Json] | None = None
) -> None:
    """Write an event and all that follows from it without a rule."""
    if not events.add(uow.tx, event):
        return
    if uow.config.mode is not Mode.SHADOW and (owed := route_event(event, uow.config.subscriptions, only_told)):
        deliveries.add(uow.tx, owed)
        uow.wake.add("delivering")
    account = uow.config.accounts.get(event.account)
    if account is not None:
        _confirm(uow, account, event)
        _rearm(uow, account, event)
    uow.news.append(QueuedEvent(event, snapshot, uow.depth + 1))


def emit_core(
    uow: UnitOfWork,
    type_: str,
    account: AccountName,
    data: dict[str, Json],
    subject: SubjectRef | None = None,
    only_told: Mapping[str, Json] | None = None,
) -> None:
    """Tell a fact of the core's own; about a subject, rules know what is known of that."""
    if type_ not in CORE_EVENTS:
        raise ValueError(f"{type_} is not an event of the core")
    terms = uow.config.accounts.get(account)
    snapshot = (
        subjects.find(uow.tx, account, terms.kinds, subject) if terms is not None and subject is not None else None
    )
    emit(uow, Event(type_, account, uow.now, subject, data), snapshot, only_told)


def _confirm(uow: UnitOfWork, account: AccountSpec, event: Event) -> None:
    """A later status shows that accepted actions had their effect."""
    if event.subject is None:
        return
    for name in account.confirming.get(event.type, ()):
        target = account.actions[name].subject
        id_ = event.subject.id if event.subject.type == target else event.data.get(target)
        if id_ is not None:
            intents.confirm(uow.tx, account.name, [name], SubjectRef(target, str(id_)), uow.now)


def _rearm(uow: UnitOfWork, account: AccountSpec, event: Event) -> None:
    for kind in account.kinds.values():
        for special in kind.events:
            if event.type in special.rearmed_by:
                events.rearm(uow.tx, account.name, special.name, kind.name, uow.now)
