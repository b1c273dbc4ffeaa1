"""From news to deliveries: who is told, and in which envelope.

Pure. A sink gets what `notify` sends it, and the events that its `events` globs name. The envelope is CloudEvents
1.0 in JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from bursar.domain.event import Event
from bursar.domain.ids import AccountName, DeliveryId, RuleName, SinkName, SubjectRef, delivery_id, digest
from bursar.domain.plan import Notification
from bursar.domain.values import Json, to_public


@dataclass(frozen=True, slots=True)
class Subscription:
    """A sink and the globs of the events that it wants unasked."""

    sink: SinkName
    events: tuple[str, ...] = ()

    def wants(self, event_type: str) -> bool:
        return any(fnmatchcase(event_type, glob) for glob in self.events)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed to one sink.

    Attributes:
        id: Stable over every retry, so that a receiver can drop repeats.
        sink: Where it goes.
        event: The id of the event or note that it carries: the envelope's `id`.
        body: The CloudEvents envelope.
        created_at: When it came to be owed.
        attempts: How often it was tried.
    """

    id: DeliveryId
    sink: SinkName
    event: str
    body: dict[str, Json]
    created_at: datetime
    attempts: int = 0


def route_event(
    event: Event,
    subscriptions: Iterable[Subscription],
    wall: datetime,
    only_told: Mapping[str, Json] | None = None,
) -> list[Delivery]:
    """Return the deliveries of an event to the sinks that want it.

    Args:
        event: The event.
        subscriptions: Every sink, with what it wants.
        wall: What the wall clock said when the event happened.
        only_told: Goes to the sinks, and is not part of the event (a signed link).
    """
    wanting = [sub for sub in subscriptions if sub.wants(event.type)]
    if not wanting:
        return []
    # Only here, not in the event: the journal must not hold the link with which a payout is approved.
    data: dict[str, Json] = {**event.data, "account": event.account, **(only_told or {})}
    if event.before:
        data["before"] = {name: to_public(value) for name, value in event.before.items()}
    body = envelope(event.id, f"bursar.{event.type}", event.account, event.subject, wall, data)
    return [Delivery(delivery_id(event.id, sub.sink, 0), sub.sink, event.id, body, event.at) for sub in wanting]


def route_note(
    note: Notification,
    match: str,
    rule: RuleName,
    account: AccountName,
    about: Event | None,
    subject: SubjectRef | None,
    data: dict[str, Json],
    now: datetime,
    wall: datetime,
) -> Delivery:
    """Return the delivery of a rule's text, in its envelope; it is owed since `now`, and dated by the wall clock."""
    news = f"nt_{digest(match, rule, note.position)}"
    full: dict[str, Json] = {**data, "text": note.text, "rule": rule, "account": account}
    if note.severity is not None:
        full["severity"] = note.severity
    if about is not None:
        full["event"] = about.type
    body = envelope(news, "bursar.notify", account, subject, wall, full)
    sink = SinkName(note.sink)
    return Delivery(delivery_id(news, sink, note.position), sink, news, body, now)


def envelope(
    id_: str, type_: str, account: str, subject: SubjectRef | None, at: datetime, data: dict[str, Json]
) -> dict[str, Json]:
    """Build a CloudEvents 1.0 envelope."""
    body: dict[str, Json] = {
        "specversion": "1.0",
        "id": id_,
        "source": f"bursar/{account}" if account else "bursar",
        "type": type_,
        "time": to_public(at),
        "datacontenttype": "application/json",
        "data": data,
    }
    if subject is not None:
        body["subject"] = str(subject)
    return body
