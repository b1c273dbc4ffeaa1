"""The control socket: commands ask the running daemon over it. One request, one JSON answer, over a Unix socket."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import aiohttp
import msgspec
from aiohttp import web

from bursar.control.errors import RequestRejected
from bursar.domain.values import Json

MAX_REQUEST_BYTES = 64 * 1024 * 1024
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
"""A provider's numbers cross the socket as they came, every digit of them."""


class Answers(Protocol):
    """Whoever answers."""

    async def answer(self, verb: str, params: dict[str, Json]) -> Json:
        """Answer one question, or raise `RequestRejected`."""


class Control:
    """The server; use it as a context."""

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
            params = _DECODER.decode(await request.read() or b"{}")
            result = await self._controller.answer(
                request.match_info["verb"], params if isinstance(params, dict) else {}
            )
            body: dict[str, object] = {"result": result}
        except RequestRejected as declined:
            body = {"declined": str(declined), "exit": declined.exit_code}
        return web.Response(body=_ENCODER.encode(body), content_type="application/json")


async def ask_daemon(path: Path, verb: str, params: dict[str, Json], timeout_s: float) -> Json:
    """Ask the daemon that listens at a socket.

    Raises:
        RequestRejected: it declines; or it does not answer.
        ConnectionError: nobody listens there.
    """
    if not path.exists():
        raise ConnectionError(str(path))
    folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        connector = aiohttp.UnixConnector(reachable(path, folder))
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            body = _ENCODER.encode(params)
            async with session.post(f"http://bursar/{verb}", data=body) as response:
                if response.status != 200:
                    raise RequestRejected(f"the daemon could not answer (HTTP {response.status}); see its log", 1)
                answer = _DECODER.decode(await response.read())
    except PermissionError:
        raise RequestRejected(
            f"{path}: you may not speak to the daemon; use the user that it runs as, or root", 1
        ) from None
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, PermissionError):
            raise RequestRejected(
                f"{path}: you may not speak to the daemon; use the user that it runs as, or root", 1
            ) from None
        raise ConnectionError(str(path)) from None
    except TimeoutError:
        raise RequestRejected("the daemon does not answer; see its log", 1) from None
    except aiohttp.ClientError:
        raise RequestRejected("the daemon went away while it was asked", 1) from None
    finally:
        os.close(folder)
    if "declined" in answer:
        raise RequestRejected(answer["declined"], answer["exit"])
    result: Json = answer["result"]
    return result


def reachable(path: Path, folder: int) -> str:
    """Return a name for a socket that is short enough, however deep its folder lies."""
    return str(path) if len(str(path).encode()) < 100 else f"/proc/self/fd/{folder}/{path.name}"
