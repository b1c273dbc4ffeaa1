"""A receiver of webhooks such as anybody may write: it verifies the signature (Standard Webhooks), drops repeats by
the delivery's id, and keeps what it was told."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

HOST = "127.0.0.1"
PATH = "/bursar"


@dataclass(slots=True)
class Receiver:
    """What came, and whether it was signed.

    Attributes:
        secret: The shared secret, as the sink's `secret`.
        url: Where it listens.
        verified: The envelopes whose signature was right, by the delivery's id.
        forged: How many were not.
    """

    secret: str
    url: str = ""
    verified: dict[str, dict[str, Any]] = field(default_factory=dict)
    forged: int = 0

    def told_by(self, rule: str) -> int:
        """Count the messages that a rule sent."""
        return sum(1 for body in self.verified.values() if body.get("data", {}).get("rule") == rule)

    async def take(self, request: web.Request) -> web.Response:
        """Take one message, if its signature is right."""
        body = await request.read()
        try:
            envelope = Webhook(self.secret).verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            self.forged += 1
            return web.Response(status=401)
        self.verified.setdefault(request.headers["webhook-id"], envelope)
        return web.Response(status=204)


@asynccontextmanager
async def receive() -> AsyncIterator[Receiver]:
    """Listen on a free loopback port until the block ends."""
    receiver = Receiver("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())
    app = web.Application()
    app.router.add_post(PATH, receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        receiver.url = f"http://{HOST}:{runner.addresses[0][1]}{PATH}"
        yield receiver
    finally:
        await runner.cleanup()
