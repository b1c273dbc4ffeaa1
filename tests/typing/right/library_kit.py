"""A right use of `bursar.testing`: what it has stands in the place of what bursar lends, and of what a plugin brings."""

from __future__ import annotations

from library_provider import LIBRARY
from pager import PAGER

from bursar.api import AccountSettings, Adapter, AdapterContext, Clock, Intent, PollRequest, Sink, SubjectRef
from bursar.testing import (
    FakeAdapter,
    FakeSink,
    Loan,
    Memory,
    VirtualClock,
    look_at,
    make_intent,
    problems_of,
    problems_of_sink,
)


def open_fake(settings: AccountSettings, context: AdapterContext) -> Adapter:
    """Make an adapter that says what it is told to."""
    return FakeAdapter()


def open_fake_sink() -> Sink:
    """Make a sink that keeps what it gets."""
    return FakeSink()


def lent() -> AdapterContext:
    """Return what a test lends to an adapter."""
    return Loan().context


def standing() -> Clock:
    """Return a clock that stands still."""
    return VirtualClock()


def asked() -> PollRequest:
    """Return a request that knows an earlier poll."""
    return look_at("loans", is_unchanged=Memory())


def lost() -> Intent:
    """Return an intent whose last attempt was lost."""
    return make_intent("renew", SubjectRef("loan", "17"), {"days": 14}, lost=True)


def problems() -> list[str]:
    """Return what is wrong with the declarations."""
    return [*problems_of(LIBRARY), *problems_of_sink(PAGER)]
