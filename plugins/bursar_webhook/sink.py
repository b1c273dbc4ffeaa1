"""Hand news to a URL: one delivery in, one signed POST out, or a `DeliveryFailed` that says why not.

The body is the CloudEvents envelope as JSON; `webhook-id` is the delivery's id, so that a receiver can drop repeats.
Any 2xx means that it was taken, whatever the answer's body; redirects are never followed. The secret and the URL,
which may hold a token, appear in no error: of the URL only the scheme and the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
from yarl import URL

from bursar.api import (
    AdapterContext,
    Answer,
    Delivery,
    DeliveryFailed,
    ProviderError,
    Request,
    Secret,
    Sink,
    SinkSettings,
    SinkType,
    schema,
)
from bursar_webhook.signing import Signer

CONTENT_TYPE = "application/cloudevents+json"
OURS = frozenset({"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length", "host"})
GONE = 410
ASKS_FOR_PATIENCE = frozenset({429, 503})


class Webhook:
    """One URL that gets news."""

    def __init__(self, settings: SinkSettings, context: AdapterContext) -> None:
        options = settings.options
        self._context = context
        self._url: str = options["url"]
        self._shown = shown(self._url)
        self._signer = Signer(_revealed(options["secret"]))
        self._timeout: timedelta = options.get("timeout", timedelta(seconds=10))
        self._verify_tls: bool = options.get("verify_tls", True)
        further: Mapping[str, Any] = options.get("headers", {})
        self._headers = {name: _revealed(value) for name, value in further.items() if name.lower() not in OURS}

    async def deliver(self, delivery: Delivery) -> None:
        """POST one message.

        Raises:
            DeliveryFailed: there was no 2xx; `permanent` for 410 Gone.
        """
        body = msgspec.json.encode(delivery.body)
        try:
            answer = await self._context.http.ask(self._request(delivery, body))
        except ProviderError as error:
            raise self._unsent(error) from None
        # Anything else is not taken: news is rather sent twice than lost.
        if not 200 <= answer.status < 300:
            raise self._declined(answer)

    async def close(self) -> None:
        """Nothing is held."""

    def _request(self, delivery: Delivery, body: bytes) -> Request:
        signature = self._signer.headers(delivery.id, self._context.clock.now(), body.decode())
        return Request(
            self._url,
            body=body,
            headers={**self._headers, "Content-Type": CONTENT_TYPE, **signature},
            timeout=self._timeout,
            verify_tls=self._verify_tls,
        )

    def _unsent(self, error: ProviderError) -> DeliveryFailed:
        # What a redirect says holds the new address, and that may hold a token too.
        why = "it redirects, and redirects are not followed" if error.kind == "redirect" else error.reason
        return DeliveryFailed(f"{self._shown}: {why}", retry_after=error.retry_after)

    def _declined(self, answer: Answer) -> DeliveryFailed:
        if answer.status == GONE:
            return DeliveryFailed(f"{self._shown} is gone for good (HTTP 410)", permanent=True)
        retry_after = answer.retry_after() if answer.status in ASKS_FOR_PATIENCE else None
        return DeliveryFailed(f"{self._shown} did not take it (HTTP {answer.status})", retry_after=retry_after)


def shown(url: str) -> str:
    """Return as much of a URL as may be seen: scheme, host, and a port that is not the usual one."""
    try:
        return str(URL(url).origin())
    except ValueError:
        return "the webhook's url"


def open_sink(settings: SinkSettings, context: AdapterContext) -> Sink:
    """Make the live object of one sink.

    Raises:
        ProviderError: the secret cannot be one.
    """
    try:
        return Webhook(settings, context)
    except ValueError as error:
        raise ProviderError(str(error), kind="settings") from None


def _revealed(value: Secret | str) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)


WEBHOOK = SinkType(
    "webhook",
    open_sink,
    {
        "url": schema.url("Where news is sent by POST."),
        "secret": schema.secret("Signs every message: whsec_ and base64, or any text, whose UTF-8 bytes are the key."),
        "timeout": schema.duration("How long one POST may take.", default="10s"),
        "verify_tls": schema.flag("Check the receiver's certificate.", default=True),
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Further headers; those of the signature and the content type cannot be replaced.",
            "x-expected": "a mapping such as {Authorization: Bearer …}",
        },
    },
    required=("url", "secret"),
    description="Signed CloudEvents to a URL, after Standard Webhooks.",
)
