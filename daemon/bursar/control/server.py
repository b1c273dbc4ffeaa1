"""The daemon's side of the control socket: one request, one JSON answer, over a Unix socket."""

from __future__ import annotations

import os
import socket
import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import structlog
from aiohttp import web

from bursar.control.client import reachable
from bursar.control.messages import (
    JOURNAL,
    MAX_REQUEST_BYTES,
    UNTIL,
    ErrorCode,
    RequestRejected,
    decode_params,
    encode_error,
    encode_result,
    is_over,
    other_journal,
)
from bursar.domain.values import Json
from bursar.settings.model import Settings

log = structlog.get_logger("bursar")


class Answers(Protocol):
    """What answers: the `Controller`, or a test's own."""

    async def answer(self, verb: str, params: dict[str, Json]) -> Json:
        """Answer one question, or raise `RequestRejected`."""


class SocketTaken(OSError):
    """Another process listens at the socket."""


def refuse_taken(path: Path) -> None:
    """Refuse a socket at which another process listens: it would be reached no more, and act on.

    It is the daemon of another journal in this folder: that of this one would have its lock.

    Raises:
        SocketTaken: one does.
    """
    try:
        folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.setblocking(False)
            with suppress(BlockingIOError):  # so many wait that it takes no more: it lives
                probe.connect(reachable(path, folder))
            pid = struct.unpack("3i", probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    except OSError:  # no process listens, or this one may not look: as a daemon leaves it that was killed
        return
    finally:
        os.close(folder)
    whose = f"the daemon of another journal{f' (process {pid})' if pid > 0 else ''} listens here"
    raise SocketTaken(f"{path}: {whose}; give each journal a folder of its own (settings.state)")


class ControlServer:
    """Serves the socket; use it as a context.

    Args:
        path: The socket.
        controller: What answers.
        journal: The journal that is kept here; requests about another one are refused.
    """

    def __init__(self, path: Path, controller: Answers, journal: Path | None = None) -> None:
        self._path = path
        self._controller = controller
        self._journal = journal
        self._runner: web.AppRunner | None = None
        self._site: web.UnixSite | None = None
        self._bound: tuple[int, int] | None = None
        self._lost: str | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_REQUEST_BYTES)
        app.router.add_post("/{verb}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await self._bind(self._runner)
        return self

    async def _bind(self, runner: web.AppRunner) -> None:
        """Listen at the path; a dead socket that lies there is replaced.

        Raises:
            SocketTaken: another process listens there.
            OSError: it cannot be made.
        """
        # A living daemon whose socket is taken acts on, and can be paused no more.
        refuse_taken(self._path)
        if self._site is not None:
            site, self._site = self._site, None
            await site.stop()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        folder = os.open(self._path.parent, os.O_PATH | os.O_CLOEXEC)
        try:
            site = web.UnixSite(runner, reachable(self._path, folder))
            await site.start()
            self._site = site
        finally:
            os.close(folder)
        self._path.chmod(0o660)
        self._bound = _inode(self._path)

    async def keep(self) -> None:
        """Listen anew where the socket was removed or replaced: the daemon would act on, and could not be reached."""
        if self._runner is None or _inode(self._path) == self._bound:
            return
        try:
            await self._bind(self._runner)
        except OSError as error:
            if str(error) != self._lost:
                log.error("control.unreachable", reason=str(error))
            self._lost = str(error)
        else:
            log.warning("control.bound_anew", socket=str(self._path), reason="it was removed or replaced")
            self._lost = None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # what another daemon has put there is its own; first: one that starts meanwhile may bind there
        if self._bound is not None and _inode(self._path) == self._bound:
            self._path.unlink(missing_ok=True)
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        try:
            if (other := other_journal(request.headers.get(JOURNAL), self._journal)) is not None:
                body = encode_error(RequestRejected(self._not_this(other), ErrorCode.FAILED))
            elif is_over(request.headers.get(UNTIL)):
                body = encode_error(RequestRejected("the daemon was too slow: nothing was done", ErrorCode.FAILED))
            else:
                params = decode_params(await request.read())
                body = encode_result(await self._controller.answer(request.match_info["verb"], params))
        except RequestRejected as rejected:
            body = encode_error(rejected)
        return web.Response(body=body, content_type="application/json")

    def _not_this(self, other: Path) -> str:
        whose = f"the daemon behind {self._path} keeps {self._journal}; {other} has no daemon"
        return f"{whose}: give each journal a folder of its own"


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def cannot_listen(settings: Settings, error: OSError) -> str:
    """Return why a daemon cannot start without its sockets, in a sentence."""
    if isinstance(error, SocketTaken):
        return str(error)
    what = "the control socket" if settings.http is None else "the control socket, or settings.http,"
    return f"{settings.socket}: {what} cannot be made ({error.strerror or error}); check who may write there"
