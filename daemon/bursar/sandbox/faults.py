"""A server that lets its client down on request: an aiohttp middleware with a list of what to do wrong next.

Comes in: a method's name, a fault's name and how often. Goes out: wrong answers, in the order in which they were
asked for. What a fault is stands in `misbehavior`. It never waits by the clock: what hangs, hangs until the client
leaves or the server stops.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from json import JSONDecodeError

from aiohttp import web
from aiohttp.typedefs import Handler

from bursar.diagnostics.suggestion import did_you_mean, suggest
from bursar.sandbox.misbehavior import WAYS, Scene

ADMIN = "/_sandbox"
FAULTS: Mapping[str, str] = {name: way.description for name, way in WAYS.items()}
"""Every fault by name, with a sentence."""


def leap(seconds: float) -> None:
    """Set the running event loop's own clock ahead: whatever has a time limit shorter than that is out of time at once.

    So a test provokes a time-out without waiting, and without a race: a server that got the request calls this, and
    hangs.
    """
    loop = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds  # type: ignore[method-assign]


@dataclass(slots=True)
class _Pending:
    method: str
    fault: str
    times: int | None

    def public(self) -> dict[str, str | int | None]:
        return {"method": self.method, "fault": self.fault, "times": self.times}


class Faults:
    """Faults on request, for any aiohttp server.

    Call `attach` before the server starts; or `wrap`, for a server without the admin routes.

    Args:
        name_of: Names the API method that a request calls; it may read the body (aiohttp keeps it for the handler).
        leap_s: How far the event loop's clock leaps ahead when an answer hangs, so that a client in the same loop is
            out of time at once.

    Attributes:
        asked: How many requests came, by method, faulty ones included.
    """

    def __init__(self, name_of: Callable[[web.Request], Awaitable[str]], *, leap_s: float = 0.0) -> None:
        self._name_of = name_of
        self._leap_s = leap_s
        self._pending: list[_Pending] = []
        self._former: dict[str, tuple[int, bytes, str]] = {}
        self._hanging: set[asyncio.Future[bool]] = set()
        self.asked: Counter[str] = Counter()

    def add(self, method: str, fault: str, times: int | None = 1) -> None:
        """Do this wrong the next times that the method is called.

        Args:
            method: The API method's name; `*` means any.
            fault: One of `FAULTS`.
            times: How often; None: until `clear`.

        Raises:
            ValueError: there is no such fault, or `times` is not positive.
        """
        if fault not in WAYS:
            raise ValueError(f"no fault {fault!r}{did_you_mean(suggest(fault, WAYS))}")
        if times is not None and times < 1:
            raise ValueError("times must be 1 or more, or null for: until cleared")
        self._pending.append(_Pending(method, fault, times))

    def clear(self) -> None:
        """Forget every fault that was asked for and has not happened yet."""
        self._pending.clear()

    def pending(self) -> list[dict[str, str | int | None]]:
        """Return what is still to happen: `method`, `fault`, `times` left."""
        return [pending.public() for pending in self._pending]

    def attach(self, app: web.Application, effects: Callable[[], Mapping[str, int]] | None = None) -> None:
        """Wrap the application, and add the admin routes: `/_sandbox/effects` and `/_sandbox/faults`.

        Args:
            app: The server.
            effects: Counts what the server did, by name; served at `GET /_sandbox/effects`.
        """
        self.wrap(app)

        async def counted(_request: web.Request) -> web.Response:
            return web.json_response(dict(effects()) if effects is not None else {})

        app.router.add_get(f"{ADMIN}/effects", counted)
        app.router.add_get(f"{ADMIN}/faults", self._listed)
        app.router.add_post(f"{ADMIN}/faults", self._added)
        app.router.add_delete(f"{ADMIN}/faults", self._cleared)

    def wrap(self, app: web.Application) -> None:
        """Add the middleware outermost, if it is not there yet, and let the server stop while an answer hangs."""
        if self.middleware not in app.middlewares:
            app.middlewares.insert(0, self.middleware)
        app.on_shutdown.append(self._release)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer wrongly if a fault waits for this method, else let the handler answer."""
        if request.path.startswith(f"{ADMIN}/"):
            return await handler(request)
        name = await self._name_of(request)
        self.asked[name] += 1
        fault = self._next(name)

        async def answer() -> web.StreamResponse:
            return self._remembered(name, await handler(request))

        if fault is None:
            return await answer()
        return await WAYS[fault].run(Scene(request, answer, lambda: self._gone(request), self._copy(name)))

    def _next(self, name: str) -> str | None:
        for pending in self._pending:
            if pending.method not in (name, "*"):
                continue
            if pending.times is not None:
                pending.times -= 1
                if not pending.times:
                    self._pending.remove(pending)
            return pending.fault
        return None

    def _remembered(self, name: str, response: web.StreamResponse) -> web.StreamResponse:
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            self._former[name] = (response.status, response.body, response.content_type)
        return response

    def _copy(self, name: str) -> web.Response | None:
        if name not in self._former:
            return None
        status, body, content_type = self._former[name]
        return web.Response(status=status, body=body, content_type=content_type)

    async def _gone(self, request: web.Request) -> bool:
        """Wait until the client left (true) or the server stops (false)."""
        transport = request.transport
        if transport is None or transport.is_closing():
            return True
        gone: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        inner = transport.get_protocol()
        self._hanging.add(gone)
        transport.set_protocol(_Ear(inner, gone))
        if self._leap_s:
            leap(self._leap_s)
        try:
            return await gone
        except asyncio.CancelledError:
            # A server made with `handler_cancellation` cancels as well; what is to come after the client must go on.
            if not gone.done() or gone.cancelled():
                raise
            _revive()
            return gone.result()
        finally:
            self._hanging.discard(gone)
            transport.set_protocol(inner)

    async def _release(self, _app: web.Application) -> None:
        for gone in self._hanging:
            if not gone.done():
                gone.set_result(False)

    async def _listed(self, _request: web.Request) -> web.Response:
        return web.json_response({"pending": self.pending(), "faults": dict(FAULTS)})

    async def _added(self, request: web.Request) -> web.Response:
        try:
            asked = await request.json()
            times = asked.get("times", 1)
            self.add(str(asked["method"]), str(asked["fault"]), None if times is None else int(times))
        except KeyError as missing:
            return web.json_response({"error": f"{missing} is missing"}, status=400)
        except (JSONDecodeError, AttributeError, TypeError):
            return web.json_response({"error": 'expected {"method": …, "fault": …, "times": …}'}, status=400)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return await self._listed(request)

    async def _cleared(self, request: web.Request) -> web.Response:
        self.clear()
        return await self._listed(request)


def _revive() -> None:
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


class _Ear(asyncio.Protocol):
    """Stands between a connection and aiohttp while an answer hangs, and hears that the client left.

    aiohttp tells a handler of a client that left only by cancelling it, and only if the server was set up so.
    """

    def __init__(self, inner: asyncio.BaseProtocol, gone: asyncio.Future[bool]) -> None:
        self._inner = inner
        self._gone = gone

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._gone.done():
            self._gone.set_result(True)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        assert isinstance(self._inner, asyncio.Protocol)
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        assert isinstance(self._inner, asyncio.Protocol)
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()
