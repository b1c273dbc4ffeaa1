"""What the core wants to know of the requests that one call of an adapter makes, and how late they may leave.

The core sets an `Exchange` before it calls an adapter; `Http` finds it by a context variable, notes when requests left
and ended, and keeps the deadline. So a plugin can neither forget the deadline nor make an answer younger than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta

from bursar.api.answer import read_date


@dataclass(slots=True)
class Exchange:
    """The requests of one call, on the clock's monotonic seconds.

    Attributes:
        not_after_s: A request that changes something leaves before this, or not at all; None: whenever it likes.
        objection: Asked at the last moment before the first byte of a request that changes something: why it must not
            leave, or None.
        first_asked_s: Just before the first request left.
        last_asked_s: Just before the last request left.
        ended_s: The last moment of any of them on the wire.
        date_header: What the last answer's `Date` header said, as it came.
        date_s: When that answer was there.
        limited: An answer said that the rate is limited (HTTP 429).
        retry_after: For how long it asked to be left alone, if it said so.
        strict: What is answered decides about money: see `Answer.strict`.
    """

    not_after_s: float | None = None
    objection: Callable[[], str | None] = lambda: None
    first_asked_s: float | None = None
    last_asked_s: float | None = None
    ended_s: float | None = None
    date_header: str = ""
    date_s: float = 0.0
    limited: bool = False
    retry_after: timedelta | None = None
    strict: bool = False

    @property
    def date(self) -> datetime | None:
        """The `Date` header, read where somebody wants to know: most polls do not."""
        return read_date(self.date_header) if self.date_header else None


_CURRENT: ContextVar[Exchange | None] = ContextVar("exchange", default=None)


def current() -> Exchange | None:
    """Return what the core wants to know of the requests made here."""
    return _CURRENT.get()


@contextmanager
def watched(exchange: Exchange) -> Iterator[Exchange]:
    """Have the requests that are made in this context noted in an exchange."""
    token = _CURRENT.set(exchange)
    try:
        yield exchange
    finally:
        _CURRENT.reset(token)
