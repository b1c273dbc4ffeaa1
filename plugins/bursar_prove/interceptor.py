"""What stands before a provider's wire server: the interceptor that kills, freezes, holds back and lets things grow.

It is the outermost middleware. At the request that it is set for, it strikes: the daemon is killed, or an hour passes,
or a clock is set, before the effect or after it. It holds answers back until newer ones have overtaken them. What
arrives and leaves through it, the witness hears.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bursar.api import Clock, SandboxServer
from bursar.sandbox.faults import ADMIN, Faults
from bursar_prove.strike import KILL, Strike
from bursar_prove.witness import DUE_S, FOREIGN, Witness

_SPARED: ContextVar[bool] = ContextVar("spared", default=False)


@dataclass(frozen=True, slots=True)
class Trap:
    """Strike at the next request of a method, before or after its effect.

    Attributes:
        late_s: Before the effect: it comes nevertheless, so much later, without a reply.
    """

    method: str
    after: bool
    late_s: float | None = None


@dataclass(slots=True)
class Interceptor:
    """The interceptor of one provider.

    Attributes:
        wire: The server.
        clock: The run's clock.
        witness: Hears what leaves.
        strike: Makes something happen to a process.
        grow: Lets so much of the world's time pass.
        struck: Says whether something has happened instead of a kill.
        planned: What happens at the trap.
        slow_s: After that, every answer takes so long.
        trap: What it is set for.
        pid: The daemon; None: nothing happens to anybody.
        late: Methods whose next effect comes only after so many seconds, without a reply.
        held: Methods whose next answers are held back for so many seconds each: what they say is of before.
        growth: So much of the world's time passes after each of the next looks at the balance, and before a payout.
        owed: How many late effects are still to come.
    """

    wire: SandboxServer
    clock: Clock
    witness: Witness
    strike: Callable[[Strike, int], None]
    grow: Callable[[float], None]
    struck: Callable[[], bool]
    planned: Strike = KILL
    slow_s: float = 0.0
    trap: Trap | None = None
    pid: int | None = None
    late: dict[str, float] = field(default_factory=dict)
    held: dict[str, list[float]] = field(default_factory=dict)
    growth: list[float] = field(default_factory=list)
    owed: int = 0

    def attach(self, faults: Faults) -> None:
        """Stand before the server, the witness behind it and the faults in between; who is struck is spared them."""

        @web.middleware
        async def between(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await (handler(request) if _SPARED.get() else faults.middleware(request, handler))

        faults.wrap(self.wire.app)
        self.wire.app.middlewares.remove(faults.middleware)
        self.wire.app.middlewares[:] = [self.before, between, *self.wire.app.middlewares, self.witness.behind]

    @web.middleware
    async def before(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Strike, be late or hold back, if this is the request; a person at the site is let through."""
        if request.path.startswith(ADMIN) or self.wire.name_of is None:
            return await handler(request)
        method = await self.wire.name_of(request)
        if FOREIGN in request.headers:
            return await self._spared(lambda: handler(request))
        await self.witness.meet(request, method)
        if self.witness.takes_balance(method) and self.growth:
            self.grow(self.growth.pop())
        if self.trap is not None and self.trap.method == method:
            trap, self.trap = self.trap, None
            return await self._spared(lambda: self._spring(trap, request, handler))
        if (delay_s := self.late.pop(method, None)) is not None:
            return await self._spared(lambda: self._come_late(delay_s, request, handler))
        response = await handler(request)
        if self.growth and self.witness.shows_balance(method, response):
            self.grow(self.growth.pop())
        if self.held.get(method):
            await self.clock.sleep(self.held[method].pop())
        elif self.slow_s and self.struck():
            await self.clock.sleep(self.slow_s)
        await self.witness.hear(request, method, response)
        return response

    def calm(self) -> None:
        """Forget everything that is still to go wrong."""
        self.late.clear()
        self.held.clear()
        self.growth.clear()
        self.slow_s = 0.0
        self.trap = self.pid = None

    @staticmethod
    async def _spared(answer: Callable[[], Any]) -> web.StreamResponse:
        token = _SPARED.set(True)
        try:
            response: web.StreamResponse = await answer()
        finally:
            _SPARED.reset(token)
        return response

    async def _spring(self, trap: Trap, request: web.Request, handler: Handler) -> web.StreamResponse:
        if trap.after:
            response = await handler(request)
            self._strike()
            return response
        await request.read()
        self._strike()
        if trap.late_s is not None:
            return await self._come_late(trap.late_s, request, handler)
        return web.Response(status=504)

    async def _come_late(self, delay_s: float, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Hold the request back; the client has long gone when its effect comes."""
        self.owed += 1
        due = DUE_S.set(self.clock.monotonic() + delay_s)
        try:
            await request.read()
            await self.clock.sleep(delay_s)
            return await handler(request)
        finally:
            DUE_S.reset(due)
            self.owed -= 1

    def _strike(self) -> None:
        if self.pid is not None:
            pid, self.pid = self.pid, None
            self.strike(self.planned, pid)
