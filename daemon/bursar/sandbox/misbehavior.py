"""The ways in which a server can let its client down, each a name, a sentence and a few lines.

Comes in: a `Scene`, that is one request, the real answer on call, and the word that the client left. Goes out: a
response, or a broken connection. "After" means that the real answer was made first, so that the effect is counted.
Nothing here chooses when to misbehave: that is `faults`.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

MOVED_TO = "https://moved.invalid/api"
TOO_LARGE_BYTES = 64 * 1024 * 1024
PIECE = b" " * (64 * 1024)
PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
WARNING = b'<br />\n<b>Warning</b>:  Undefined array key "id" in <b>/var/www/html/api.php</b> on line <b>12</b><br />\n'


@dataclass(frozen=True, slots=True)
class Scene:
    """One request that is going to be let down.

    Attributes:
        request: The request.
        answer: Runs the real handler, with its effect.
        gone: Waits until the client left (true) or the server stops (false).
        former: The previous answer of the same method; None: there was none.
    """

    request: web.Request
    answer: Callable[[], Awaitable[web.StreamResponse]]
    gone: Callable[[], Awaitable[bool]]
    former: web.Response | None


Run = Callable[[Scene], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to misbehave: what it does, in words and in code."""

    description: str
    run: Run


WAYS: dict[str, Way] = {}


def _way(name: str, description: str) -> Callable[[Run], Run]:
    def keep(run: Run) -> Run:
        WAYS[name] = Way(description, run)
        return run

    return keep


def _instead(name: str, description: str, body: str, status: int, kind: str, headers: Mapping[str, str] = {}) -> None:
    async def run(_scene: Scene) -> web.StreamResponse:
        return web.Response(text=body, status=status, content_type=kind, headers=headers)

    WAYS[name] = Way(description, run)


_instead("html-200", "An HTML page with status 200; no effect.", PAGE.format("Just a moment..."), 200, "text/html")
_instead("html-403", "An HTML page with status 403; no effect.", PAGE.format("Attention Required!"), 403, "text/html")
_instead("html-503", "An HTML page with status 503; no effect.", PAGE.format("Unavailable"), 503, "text/html")
_instead("empty", "An empty body with status 200; no effect.", "", 200, "text/html")
_instead("empty-501", "An empty body with status 501; no effect.", "", 501, "text/html")
_instead("not-json", "Plain words with status 200; no effect.", "Please try again.", 200, "text/plain")
_instead("json-null", "The JSON value null with status 200; no effect.", "null", 200, "application/json")
_instead("rate-429", "Status 429 without Retry-After; no effect.", "Too Many Requests", 429, "text/plain")
_instead(
    "rate-429-retry",
    "Status 429 with Retry-After: 2; no effect.",
    "Too Many Requests",
    429,
    "text/plain",
    {"Retry-After": "2"},
)
_instead(
    "rate-200",
    "Status 200 with an error that speaks of the rate limit; no effect.",
    '{"error":"Rate limit exceeded"}',
    200,
    "application/json",
)
_instead("redirect", "A redirect (301) to another host; no effect.", "", 301, "text/html", {"Location": MOVED_TO})


@_way("truncated", "The real answer, with its effect, cut in the middle of the JSON.")
async def _truncated(scene: Scene) -> web.StreamResponse:
    return await _changed(scene, lambda body: body[: len(body) // 2])


@_way("broken-off", "The real answer, with its effect; the connection ends before Content-Length is reached.")
async def _broken_off(scene: Scene) -> web.StreamResponse:
    body = _bytes(await scene.answer()) or b"{}"
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(scene.request)
    await response.write(body[: len(body) // 2])
    response.force_close()
    return response


@_way("bom", "The real answer, with its effect, behind a byte order mark.")
async def _bom(scene: Scene) -> web.StreamResponse:
    return await _changed(scene, lambda body: b"\xef\xbb\xbf" + body)


@_way("php-warning", "The real answer, with its effect, behind a warning of PHP.")
async def _php_warning(scene: Scene) -> web.StreamResponse:
    return await _changed(scene, lambda body: WARNING + body)


@_way("duplicate", "The real answer, with its effect, twice in one body.")
async def _duplicate(scene: Scene) -> web.StreamResponse:
    return await _changed(scene, lambda body: body + body)


@_way("stale", "The previous answer of that method once more; no effect. The real one where there is none.")
async def _stale(scene: Scene) -> web.StreamResponse:
    return scene.former if scene.former is not None else await scene.answer()


@_way("too-large", "An answer of 64 MiB; no effect.")
async def _too_large(scene: Scene) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    with suppress(ConnectionError):
        await response.prepare(scene.request)
        for _ in range(TOO_LARGE_BYTES // len(PIECE)):
            await response.write(PIECE)
        await response.write_eof()
    return response


@_way("timeout-before", "No answer at all; no effect.")
async def _timeout_before(scene: Scene) -> web.StreamResponse:
    await scene.gone()
    return _cut(scene.request)


@_way("timeout-after", "The effect, and then no answer.")
async def _timeout_after(scene: Scene) -> web.StreamResponse:
    await scene.answer()
    await scene.gone()
    return _cut(scene.request)


@_way("late", "No answer; the effect comes after the client has gone.")
async def _late(scene: Scene) -> web.StreamResponse:
    await scene.request.read()
    if await scene.gone():
        await scene.answer()
    return _cut(scene.request)


@_way("reset-before", "The connection is reset; no effect.")
async def _reset_before(scene: Scene) -> web.StreamResponse:
    return _cut(scene.request)


@_way("reset-after", "The effect, and then the connection is reset.")
async def _reset_after(scene: Scene) -> web.StreamResponse:
    await scene.answer()
    return _cut(scene.request)


@_way("500-after", "The effect, and then an HTML page with status 500.")
async def _500_after(scene: Scene) -> web.StreamResponse:
    await scene.answer()
    return web.Response(text=PAGE.format("Internal Server Error"), status=500, content_type="text/html")


def _bytes(response: web.StreamResponse) -> bytes:
    body = response.body if isinstance(response, web.Response) else None
    return body if isinstance(body, bytes) else b""


async def _changed(scene: Scene, change: Callable[[bytes], bytes]) -> web.StreamResponse:
    real = await scene.answer()
    return web.Response(body=change(_bytes(real)), status=real.status, content_type=real.content_type)


def _cut(request: web.Request) -> web.StreamResponse:
    """Reset the connection, if there still is one. The response goes nowhere: aiohttp wants one."""
    transport = request.transport
    if transport is not None:
        plug = transport.get_extra_info("socket")
        if plug is not None and plug.fileno() >= 0:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
