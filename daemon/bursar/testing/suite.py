"""What the contracts of a provider share: what its author sets, a fresh server for each test, and the faults by what
they do.

A provider's suite runs against its own wire server (`Provider.wire`), or one that `make_wire` gives.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import pytest_asyncio

from bursar.api import Clock, Coverage, Intent, PollRequest, Provider, SandboxServer
from bursar.testing.clock import VirtualClock
from bursar.testing.staging import Stage, provider_stage

RATE_FAULTS = ("rate-429", "rate-429-retry", "rate-200")
NO_EFFECT = (
    "html-200",
    "html-403",
    "html-503",
    "empty",
    "empty-501",
    "not-json",
    "json-null",
    "redirect",
    "too-large",
    "reset-before",
)
AFTER_EFFECT = ("truncated", "broken-off", "duplicate", "reset-after", "500-after")
HANGING = ("timeout-before", "timeout-after", "late")
BROKEN = NO_EFFECT + AFTER_EFFECT + HANGING
"""Faults under which nothing that a provider says of itself arrives."""
PADDED = ("bom", "php-warning")


class ProviderSuite:
    """The ground of the contracts.

    Attributes:
        provider: The provider.
        params: Parameters for methods that need some, by method.
        checks_key: The wire server refuses a wrong key.
    """

    provider: ClassVar[Provider]
    params: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    checks_key: ClassVar[bool] = True

    def make_wire(self, clock: Clock) -> SandboxServer:
        """Make the server; its world must stand still while the clock does."""
        assert self.provider.wire is not None, "the provider has no sandbox: override make_wire"
        return self.provider.wire(1, 1.0, clock)

    def looks(self, wire: SandboxServer) -> Sequence[PollRequest]:
        """Return one look for each stream that can be polled on a fresh server."""
        tracked = tuple(wire.track())
        return [
            PollRequest(stream.name, tracked[: stream.batch] if stream.coverage is Coverage.TRACKED else ())
            for stream in self.provider.streams
            if tracked or stream.coverage is not Coverage.TRACKED
        ]

    def intents(self, wire: SandboxServer) -> Sequence[Intent]:
        """Return one intent for each action, one that a fresh server says yes to; `make_intent` makes them."""
        return ()

    def staged(self) -> AbstractAsyncContextManager[Stage]:
        """Start a fresh server."""
        clock = VirtualClock()
        return provider_stage(self.provider, self.make_wire(clock), clock)

    @pytest_asyncio.fixture
    async def stage(self) -> AsyncIterator[Stage]:
        async with self.staged() as stage:
            yield stage
