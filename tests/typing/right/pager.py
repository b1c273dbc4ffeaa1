"""A right sink, which inherits from the protocol, and a right function for conditions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bursar.api import (
    AdapterContext,
    Delivery,
    DeliveryFailed,
    FieldKind,
    Function,
    ProviderError,
    Request,
    Secret,
    Sink,
    SinkSettings,
    SinkType,
    hookimpl,
    schema,
)


class Pager(Sink):
    """Sends the text of a message to a pager."""

    def __init__(self, settings: SinkSettings, context: AdapterContext) -> None:
        self._url: str = settings.options["url"]
        self._token: Secret = settings.options["token"]
        self._http = context.http

    async def deliver(self, delivery: Delivery) -> None:
        """Hand one message over."""
        body: bytes = text_of(delivery).encode()
        headers = {"X-Id": delivery.id, "X-Token": self._token.reveal()}
        try:
            answer = await self._http.ask(Request(self._url, body=body, headers=headers))
        except ProviderError as error:
            raise DeliveryFailed(error.reason, retry_after=error.retry_after) from None
        if answer.status >= 300:
            raise DeliveryFailed(f"not taken (HTTP {answer.status})", permanent=answer.status == 410)

    async def close(self) -> None:
        """Nothing is held."""


def text_of(delivery: Delivery) -> str:
    """Return the text of a rule, or the event's type."""
    told = delivery.body.get("data")
    return str(told.get("text") or delivery.event) if isinstance(told, dict) else delivery.event


def open_pager(settings: SinkSettings, context: AdapterContext) -> Sink:
    """Make the live object of one sink."""
    return Pager(settings, context)


def at_night(at: datetime) -> bool:
    """Return whether nobody is to be paged."""
    return at.hour < 7


PAGER = SinkType(
    "pager",
    open_pager,
    {"url": schema.url("Where to."), "token": schema.secret("Its token.")},
    required=("url", "token"),
    description="Text to a pager.",
)
AT_NIGHT = Function("at_night", at_night, (FieldKind.INSTANT,), FieldKind.BOOLEAN, "Whether it is night, UTC.")


@hookimpl()
def bursar_sinks(register: Callable[[SinkType], None]) -> None:
    """Register the sink `pager`."""
    register(PAGER)


@hookimpl(specname="bursar_functions")
def functions(register: Callable[[Function], None]) -> None:
    """Register the function `$at_night`, under a name that is not the hook's."""
    register(AT_NIGHT)
