"""The daemon's side of the control socket: one request, one JSON answer, over a Unix socket."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from aiohttp import web

from bursar.control.client import reachable
from bursar.control.messages import (
    MAX_REQUEST_BYTES,
    UNTIL,
    ErrorCode,
    RequestRejected,
    decode_params,
    encode_error,
    encode_result,
    is_over,
)
from bursar.domain.values import Json
from bursar.settings.model import Settings


class Answers(Protocol):
    """What answers: the `Controller`, or a test's own."""

    async def answer(self, verb: str, params: dict[str, Json]) -> Json:
        """Answer one question, or raise `RequestRejected`."""


class ControlServer:
    """Serves the socket; use it as a context."""

    def __init__(self, path: Path, controller: Answers) -> None:
        self._path = path
        self._controller = controller
        self._runner: web.AppRunner | None = None
        self._folder: int | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_post("/{verb}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        self._folder = os.open(self._path.parent, os.O_PATH | os.O_CLOEXEC)
        await web.UnixSite(self._runner, reachable(self._path, self._folder)).start()
        self._path.chmod(0o660)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        self._path.unlink(missing_ok=True)
        if self._folder is not None:
            os.close(self._folder)

    async def _handle(self, request: web.Request) -> web.Response:
        try:
            if is_over(request.headers.get(UNTIL)):
                body = encode_error(RequestRejected("the daemon was too slow: nothing was done", ErrorCode.FAILED))
            else:
                params = decode_params(await request.read())
                body = encode_result(await self._controller.answer(request.match_info["verb"], params))
        except RequestRejected as rejected:
            body = encode_error(rejected)
        return web.Response(body=body, content_type="application/json")


def cannot_listen(settings: Settings, error: OSError) -> str:
    """Return why a daemon cannot start without its sockets, in a sentence."""
    what = "the control socket" if settings.http is None else "the control socket, or settings.http,"
    return f"{settings.socket}: {what} cannot be made ({error.strerror or error}); check who may write there"
