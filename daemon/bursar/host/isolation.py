"""Stands between the core and a plugin's adapter or sink, and believes nothing.

Whatever a plugin raises that is not of the declared errors becomes one (its type and where it came from, never its
text: that may hold a secret); what it gives back is checked against its own declaration; and every call has an end.
What a plugin does wrong while sending is `Lost`: what took effect is not known. Being canceled passes through.
Whatever comes back has lost every secret of the account on the way (`veil`): a provider may echo the key or a wallet.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog

from bursar.api.errors import DeliveryFailed, NeverSent, ProviderError
from bursar.api.provider import AccountSettings, Adapter, AdapterContext, PollRequest, Provider
from bursar.api.sink import Sink, SinkSettings, SinkType
from bursar.domain.intent import Finding, Intent, Lost, NotSent, Outcome
from bursar.domain.observation import Observation
from bursar.domain.route import Delivery
from bursar.domain.values import Json
from bursar.host.answers import Checks, InvalidResult
from bursar.host.secret_filter import SecretFilter
from bursar.logs import Redactor

GRACE = timedelta(minutes=2)
KIND = "plugin"

T = TypeVar("T")
log = structlog.get_logger("bursar.host")


class GuardedAdapter:
    """An adapter that keeps the protocol, whatever the plugin's own does.

    Args:
        adapter: The plugin's adapter.
        provider: The declaration that it is held to.
        timeout: How long one of its requests may take.
        grace: How much longer one call may take: waiting for the rate limit, several requests.
        veil: Hides the account's secrets.
    """

    def __init__(
        self,
        adapter: Adapter,
        provider: Provider,
        timeout: timedelta,
        *,
        grace: timedelta = GRACE,
        veil: SecretFilter | None = None,
    ) -> None:
        self._adapter = adapter
        self._limit = timeout + grace
        self._checks = Checks(provider)
        self._veil = veil or SecretFilter()

    @property
    def limit_s(self) -> float:
        """Return how long one call may take at most."""
        return self._limit.total_seconds()

    @property
    def performs_many(self) -> bool:
        """Return whether the adapter can do many intents in one request."""
        return callable(getattr(self._adapter, "perform_many", None))

    async def observe(self, look: PollRequest) -> Observation:
        """Poll once; what comes back is of the declared kinds.

        Raises:
            ProviderError: the poll failed, or the plugin did (`kind` is `plugin`).
        """
        return await self._ask(
            "observe",
            lambda: self._adapter.observe(look),
            lambda seen: self._veil.observation(self._checks.observation(look, seen)),
        )

    async def prepare(self, intent: Intent) -> Json | Finding:
        """Read the evidence.

        Raises:
            ProviderError: it could not be read, or the plugin failed.
        """
        self._veil.know(intent)
        return await self._ask(
            "prepare",
            lambda: self._adapter.prepare(intent),
            lambda read: self._veil.prepared(self._checks.prepared(intent, read)),
        )

    async def perform(self, intent: Intent) -> Outcome:
        """Do it, once. Never raises but when canceled: what is not plainly an outcome is `Lost`."""
        self._veil.know(intent)
        return await self._attempt(
            "perform", lambda: self._adapter.perform(intent), lambda outcome: self._said(intent, outcome)
        )

    async def perform_many(self, intents: Sequence[Intent]) -> Mapping[int, Outcome]:
        """Do them, in one request where the adapter can; every intent has an outcome."""
        if not self.performs_many:
            return {intent.id: await self.perform(intent) for intent in intents}
        for intent in intents:
            self._veil.know(intent)
        many: Any = self._adapter
        answer = await self._attempt("perform_many", lambda: many.perform_many(intents), self._checks.mapping)
        if not isinstance(answer, Mapping):
            return dict.fromkeys((int(intent.id) for intent in intents), answer)
        return {intent.id: self._one_of_many(intent, answer) for intent in intents}

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        """Look whether it took effect.

        Raises:
            ProviderError: the look failed, or the plugin did.
        """
        self._veil.know(intent)
        return await self._ask(
            "reconcile",
            lambda: self._adapter.reconcile(intent, evidence),
            lambda found: self._veil.outcome(self._checks.finding(intent, found)),
        )

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        """Call a reading method.

        Raises:
            ProviderError: it failed, or the plugin did.
            ValueError: the parameters make no sense; one sentence.
        """
        senseless: list[str] = []

        async def call() -> Json:
            try:
                return await self._adapter.call(method, params)
            except ValueError as error:
                if type(error) is not ValueError:  # a decoder's, which shows what it was given
                    raise
                senseless.append(self._veil.text(str(error)))
                return None

        answer = await self._ask("call", call, lambda read: self._veil.json(self._checks.json(read)))
        if senseless:
            raise ValueError(senseless[0])
        return answer

    async def close(self) -> None:
        """Close the adapter; a failure is logged, no more."""
        try:
            await _limited("close", self._adapter.close, self._limit)
        except ProviderError as error:
            log.warning("plugin.close_failed", reason=error.reason)

    async def _ask(self, what: str, call: Callable[[], Awaitable[Any]], check: Callable[[Any], T]) -> T:
        try:
            return check(await _limited(what, call, self._limit))
        except ProviderError as error:
            raise self._veil.error(error) from None
        except InvalidResult as error:
            raise self._veil.error(ProviderError(f"the plugin's {what} gave {error}", kind=KIND)) from None

    async def _attempt(self, what: str, call: Callable[[], Awaitable[Any]], check: Callable[[Any], T]) -> T | Outcome:
        try:
            return await self._ask(what, call, check)
        except NeverSent as error:
            return NotSent(error.reason, error.retry_after)
        except ProviderError as error:
            # A plugin that raises while it sends has not said that nothing left.
            return Lost(error.reason)

    def _one_of_many(self, intent: Intent, answer: Mapping[Any, Any]) -> Outcome:
        if intent.id not in answer:
            return Lost("the provider's answer says nothing about this one")
        try:
            return self._said(intent, answer[intent.id])
        except (InvalidResult, ProviderError) as error:
            return Lost(self._veil.text(f"the plugin's perform_many gave {error}"))

    def _said(self, intent: Intent, outcome: object) -> Outcome:
        return self._veil.outcome(self._checks.outcome(intent, outcome))


class GuardedSink:
    """A sink that either takes a message or raises `DeliveryFailed`.

    Args:
        sink: The plugin's sink.
        limit: How long one delivery may take.
        veil: Hides the sink's secrets.
    """

    def __init__(self, sink: Sink, *, limit: timedelta = GRACE, veil: SecretFilter | None = None) -> None:
        self._sink = sink
        self._limit = limit
        self._veil = veil or SecretFilter()

    async def deliver(self, delivery: Delivery) -> None:
        """Hand one message over.

        Raises:
            DeliveryFailed: it was not taken, or the plugin failed.
        """
        try:
            await _limited("deliver", lambda: self._sink.deliver(delivery), self._limit)
        except DeliveryFailed as error:
            raise self._veil.error(error) from None
        except ProviderError as error:
            raise DeliveryFailed(self._veil.text(error.reason), retry_after=error.retry_after) from None

    async def close(self) -> None:
        """Close the sink; a failure is logged, no more."""
        try:
            await _limited("close", self._sink.close, self._limit)
        except (ProviderError, DeliveryFailed) as error:
            log.warning("plugin.close_failed", reason=error.reason)


def open_adapter(
    provider: Provider,
    settings: AccountSettings,
    context: AdapterContext,
    *,
    grace: timedelta = GRACE,
    redactor: Redactor | None = None,
) -> GuardedAdapter:
    """Make the guarded adapter of one account; with the redactor that knows what is secret anywhere, if there is one.

    Raises:
        ProviderError: the plugin failed (`kind` is `plugin`).
    """
    veil = SecretFilter(settings, redactor)
    try:
        adapter = provider.open(settings, veil.lend(context))
    except ProviderError as error:
        raise veil.error(error) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        raise _plugin_failed("open", error) from None
    _require_methods(adapter, Adapter, ("observe", "prepare", "perform", "reconcile", "call", "close"))
    return GuardedAdapter(adapter, provider, settings.timeout, grace=grace, veil=veil)


def open_sink(
    kind: SinkType,
    settings: SinkSettings,
    context: AdapterContext,
    *,
    limit: timedelta = GRACE,
    redactor: Redactor | None = None,
) -> GuardedSink:
    """Make a guarded sink; with the redactor that knows what is secret anywhere, if there is one.

    Raises:
        ProviderError: the plugin failed (`kind` is `plugin`), or says what is wrong with the sink's settings.
    """
    veil = SecretFilter(settings, redactor)
    try:
        sink = kind.open(settings, veil.lend(context))
    except ProviderError as error:
        raise veil.error(error) from None
    except DeliveryFailed as error:
        raise ProviderError(veil.text(error.reason), kind=KIND) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        raise _plugin_failed("open", error) from None
    _require_methods(sink, Sink, ("deliver", "close"))
    return GuardedSink(sink, limit=limit, veil=veil)


def _require_methods(opened: object, protocol: type, names: Sequence[str]) -> None:
    # One that is inherited from the protocol does nothing: a sink
    # without a `deliver` of its own would lose every message in silence.
    own = {name: getattr(opened, name, None) for name in names}
    missing = [
        name
        for name, method in own.items()
        if not callable(method) or getattr(method, "__func__", None) is getattr(protocol, name)
    ]
    if missing:
        raise ProviderError(f"the plugin opened something without {', '.join(missing)}", kind=KIND)


async def _limited(what: str, call: Callable[[], Awaitable[T]], limit: timedelta) -> T:
    """Wait for one call of a plugin, at most so long.

    Raises:
        ProviderError: the plugin's own, or one of kind `plugin` for whatever else it raised.
        DeliveryFailed: the plugin's own.
        asyncio.CancelledError: we were canceled; the plugin canceling itself does not count as that.
    """
    scope = asyncio.timeout(limit.total_seconds())
    try:
        async with scope:
            return await call()
    except (ProviderError, DeliveryFailed):
        raise
    except asyncio.CancelledError as error:
        # The daemon's own stop goes through; a plugin that cancels itself is a plugin that failed.
        if _we_are_canceled():
            raise
        raise _plugin_failed(what, error) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
        if scope.expired():
            reason = f"the plugin's {what} did not end within {limit.total_seconds():g} s"
            raise ProviderError(reason, kind=KIND) from None
        raise _plugin_failed(what, error) from None


def _we_are_canceled() -> bool:
    current = asyncio.current_task()
    return current is not None and current.cancelling() > 0


def _plugin_failed(what: str, error: BaseException) -> ProviderError:
    """Name what a plugin raised: its type and its place, never its text."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return ProviderError(f"the plugin failed in {what}: {type(error).__name__}{place}", kind=KIND)
