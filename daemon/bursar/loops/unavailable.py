"""What stands in for an adapter or a sink whose plugin could not open it: every call raises the original
error."""

from __future__ import annotations

from collections.abc import Mapping

from bursar.api.errors import DeliveryFailed, ProviderError
from bursar.api.provider import PollRequest
from bursar.domain.intent import Finding, Intent, NotSent, Outcome
from bursar.domain.observation import Observation
from bursar.domain.route import Delivery
from bursar.domain.values import Json


class UnavailableAdapter:
    """Fails every call with the error that opening gave."""

    def __init__(self, error: ProviderError) -> None:
        self._error = error

    async def observe(self, look: PollRequest) -> Observation:
        """Fail."""
        raise self._again()

    async def prepare(self, intent: Intent) -> Json | Finding:
        """Fail."""
        raise self._again()

    async def perform(self, intent: Intent) -> Outcome:
        """Send nothing."""
        # Nothing has left: lost would block the account for a plugin that could not even be opened.
        return NotSent(self._error.reason)

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        """Fail."""
        raise self._again()

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        """Fail."""
        raise self._again()

    async def close(self) -> None:
        """Nothing is held."""

    def _again(self) -> ProviderError:
        return ProviderError(self._error.reason, kind=self._error.kind)


class UnavailableSink:
    """Takes no message, and says why."""

    def __init__(self, error: ProviderError) -> None:
        self._error = error

    async def deliver(self, delivery: Delivery) -> None:
        """Fail; the message stays owed."""
        raise DeliveryFailed(self._error.reason)

    async def close(self) -> None:
        """Nothing is held."""
