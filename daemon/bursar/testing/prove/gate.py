"""What stands before and behind a provider's wire server: the gate that kills, and the witness that counts.

The gate is the outermost middleware: at the request that it is set for, it kills the daemon before the effect or after
it. The witness is the innermost: it alone sees what the server really did, and notes every effect with its subject. A
request that arrives later than `settle` allows never takes effect: that is what `settle` promises, and a machine under
load must not break the promise for the provider.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bursar.api import Clock, Wire
from bursar.domain.ids import microseconds
from bursar.testing.faults import ADMIN, Faults

_SPARED: ContextVar[bool] = ContextVar("spared", default=False)
STAMP = "X-Bursar-Proof-Sent"
"""When a request of an effect left, by the run's clock; the daemon's saboteur puts it on."""
EFFECTS: Mapping[str, Mapping[str, str]] = {
    "smm": {"add": "add", "refill": "refill", "cancel": "cancel"},
    "premium_exchanger": {"payout": "add_payout"},
}
"""By provider: its actions, and the API method that does each."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a provider did.

    Attributes:
        subject: What it was done to: an order, a link (`add`), `balance`.
        reference: What the provider calls what it made.
        at_us: When, by the run's clock, in microseconds since 1970.
    """

    provider: str
    action: str
    subject: str
    reference: str | None
    at_us: int


@dataclass(frozen=True, slots=True)
class Trap:
    """Kill the daemon at the next request of a method, before or after its effect.

    Attributes:
        late_s: For a kill before the effect: it comes nevertheless, so much later.
    """

    method: str
    after: bool
    late_s: float | None = None


@dataclass(slots=True)
class Gate:
    """The gate and the witness of one provider.

    Attributes:
        wire: The server.
        clock: The run's clock.
        in_time_s: A request that is older never takes effect.
        trap: What it is set for.
        pid: The daemon; None: nobody is killed.
        late: Methods whose next effect comes only after so many seconds, without a reply.
        seen: Every effect, in order.
        owed: How many late effects are still to come.
        sprung: How often it killed.
    """

    provider: str
    wire: Wire
    clock: Clock
    in_time_s: float
    trap: Trap | None = None
    pid: int | None = None
    late: dict[str, float] = field(default_factory=dict)
    seen: list[Effect] = field(default_factory=list)
    owed: int = 0
    sprung: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def attach(self, faults: Faults) -> None:
        """Stand before and behind the server, with the faults in between; who is killed is spared them."""

        @web.middleware
        async def between(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await (handler(request) if _SPARED.get() else faults.middleware(request, handler))

        faults.wrap(self.wire.app)
        self.wire.app.middlewares.remove(faults.middleware)
        self.wire.app.middlewares[:] = [self.before, between, *self.wire.app.middlewares, self.behind]

    @web.middleware
    async def before(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Kill, or be late, if this is the request."""
        if request.path.startswith(ADMIN) or self.wire.name_of is None:
            return await handler(request)
        method = await self.wire.name_of(request)
        trap = self.trap if self.trap is not None and self.trap.method == method else None
        delay_s = self.late.pop(method, None) if trap is None else None
        if trap is None and delay_s is None:
            return await handler(request)
        spared = _SPARED.set(True)
        try:
            if trap is None:
                return await self._come_late(delay_s or 0.0, request, handler)
            self.trap = None
            return await self._spring(trap, request, handler)
        finally:
            _SPARED.reset(spared)

    @web.middleware
    async def behind(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the server answer, and note what it did."""
        method = await self.wire.name_of(request) if self.wire.name_of is not None else ""
        action = next((a for a, name in EFFECTS.get(self.provider, {}).items() if name == method), None)
        if action is None:
            return await handler(request)
        sent_s = float(request.headers.get(STAMP, "inf"))
        async with self._turn:
            if self.clock.monotonic() - sent_s > self.in_time_s:
                return web.Response(status=504)
            before = Counter(self.wire.effects())
            response = await handler(request)
            done = Counter(self.wire.effects()) - before
            await self._note(action, done, request, response)
            return response

    def public(self, since: int) -> dict[str, Any]:
        """Give the effects after the first `since`, and what is still to come."""
        seen = [asdict(effect) for effect in self.seen[since:]]
        return {"seen": seen, "owed": self.owed, "sprung": self.sprung}

    async def _spring(self, trap: Trap, request: web.Request, handler: Handler) -> web.StreamResponse:
        if trap.after:
            response = await handler(request)
            self._kill()
            return response
        await request.read()
        self._kill()
        if trap.late_s is not None:
            return await self._come_late(trap.late_s, request, handler)
        return web.Response(status=504)

    async def _come_late(self, delay_s: float, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Hold the request back; the client has long gone when its effect comes."""
        self.owed += 1
        try:
            await request.read()
            await self.clock.sleep(delay_s)
            return await handler(request)
        finally:
            self.owed -= 1

    def _kill(self) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self.pid, self.sprung = None, self.sprung + 1

    async def _note(
        self, action: str, done: Mapping[str, int], request: web.Request, response: web.StreamResponse
    ) -> None:
        at_us = microseconds(self.clock.now())
        if self.provider == "premium_exchanger":
            made = _payout_id(response)
            self.seen += [Effect(self.provider, action, "balance", made, at_us)] * sum(done.values())
            return
        link = str((await request.post()).get("link", ""))
        for name, count in done.items():
            word, _, order = name.partition(":")
            if word == action and order:
                subject, reference = (link, order) if action == "add" else (order, None)
                self.seen += [Effect(self.provider, action, subject, reference, at_us)] * count


def _payout_id(response: web.StreamResponse) -> str | None:
    """Read what the site calls the payout that it just made."""
    body = response.body if isinstance(response, web.Response) else None
    try:
        return str(json.loads(body)["data"]["payout_id"]) if isinstance(body, bytes) else None
    except (ValueError, KeyError, TypeError):
        return None
