"""Names of things. Ids of providers are opaque text; ids of ours are derived from what they name, so that saying the
same fact twice gives the same id."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import NewType

AccountName = NewType("AccountName", str)
RuleName = NewType("RuleName", str)
SinkName = NewType("SinkName", str)
EventId = NewType("EventId", str)
MatchId = NewType("MatchId", int)
IntentId = NewType("IntentId", int)
DeliveryId = NewType("DeliveryId", str)

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
UNNAMED = "+"
"""How the id of a subject begins that an action is to make, until the provider names it."""


@dataclass(frozen=True, slots=True, order=True)
class SubjectRef:
    """One subject of an account: its type (`order`) and the provider's own id for it (`"101"`)."""

    type: str
    id: str

    @property
    def unnamed(self) -> bool:
        """Whether it is what an action is to make, and has no id of the provider's."""
        return self.id.startswith(UNNAMED)

    def __str__(self) -> str:
        return f"{self.type}/{self.id}"


MAX_ID = 200


def is_id(said: str) -> bool:
    """Return whether a text that a person gives can be a provider's id of one subject."""
    return (
        # `+` begins what has no name yet, which needs no fresh facts; a comma would ask a panel about two orders.
        0 < len(said) <= MAX_ID and not said.startswith(UNNAMED) and not any(ch.isspace() or ch == "," for ch in said)
    )


def microseconds(at: datetime) -> int:
    """Return an aware instant as whole microseconds since 1970, exactly (no float on the way)."""
    return (at - EPOCH) // MICROSECOND


def instant(us: int) -> datetime:
    """Return the aware UTC instant of whole microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)


def digest(*parts: object) -> str:
    """Return 20 hex digits that stand for these parts, in this order."""
    # A separator that no id holds: ("a", "bc") and ("ab", "c") must not be one delivery.
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def event_id(account: str, type_: str, subject: SubjectRef | None, at: datetime, *told_by: str) -> EventId:
    """Derive an event's id: sorts by time, and the same fact has the same id however often it is said."""
    return EventId(f"ev_{microseconds(at):014x}{digest(account, type_, subject, microseconds(at), *told_by)}")


def delivery_id(news: str, sink: str, position: int) -> DeliveryId:
    """Derive a delivery's id from the news it carries, where it goes, and its place among several there."""
    return DeliveryId(f"dl_{digest(news, sink, position)}{digest(sink, news)}")
