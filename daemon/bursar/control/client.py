"""A command's side of the control socket; where no daemon runs, the command answers itself (`asking`)."""

from __future__ import annotations

import os
from pathlib import Path

import aiohttp

from bursar.control.messages import ErrorCode, RequestRejected, about, decode_answer, encode_params, good_until
from bursar.domain.values import Json
from bursar.journal.files.lock import writer_of


async def ask_daemon(
    path: Path, verb: str, params: dict[str, Json], timeout_s: float, journal: Path | None = None
) -> Json:
    """Ask the daemon that listens at a socket.

    Args:
        path: The socket.
        verb: What is asked.
        params: Its parameters.
        timeout_s: How long the answer is waited for.
        journal: The journal that it is about: the daemon of another one refuses. None: whichever it keeps.

    Raises:
        RequestRejected: it declines, keeps another journal, or does not answer.
        ConnectionError: no process listens there.
    """
    try:
        if not path.exists():
            raise ConnectionError(str(path))
        folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    except PermissionError:
        raise _forbidden(path) from None
    try:
        connector = aiohttp.UnixConnector(reachable(path, folder))
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        body, headers = encode_params(params), {**good_until(timeout_s), **about(journal)}
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.post(f"http://bursar/{verb}", data=body, headers=headers) as response,
        ):
            if response.status != 200:
                words = f"the daemon could not answer (HTTP {response.status}); see its log"
                raise RequestRejected(words, ErrorCode.FAILED)
            return decode_answer(await response.read())
    except PermissionError:
        raise _forbidden(path) from None
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, PermissionError):
            raise _forbidden(path) from None
        raise ConnectionError(str(path)) from None
    except TimeoutError:
        raise RequestRejected(_silent(timeout_s, journal), ErrorCode.FAILED) from None
    except aiohttp.ClientError:
        raise RequestRejected(
            "the daemon went away while it was asked; see `bursar actions` before you ask again", ErrorCode.FAILED
        ) from None
    finally:
        os.close(folder)


def _silent(waited_s: float, journal: Path | None) -> str:
    """Return that a daemon listens and does not answer: which process it is, and what stops it."""
    pid = writer_of(journal) if journal is not None else None
    which, stops = (f" (process {pid})", f", and `kill -TERM {pid}` stops it") if pid is not None else ("", "")
    return (
        f"the daemon{which} has not answered for {waited_s:.0f} seconds; its log may say why{stops}. Once it answers, "
        "`bursar actions` shows whether what was asked for was done"
    )


def _forbidden(path: Path) -> RequestRejected:
    words = "you may not speak to the daemon; use the user that it runs as, or root"
    return RequestRejected(f"{path}: {words}", ErrorCode.FAILED)


def reachable(path: Path, folder: int) -> str:
    """Return a name for a socket that is short enough, however deep its folder lies."""
    return str(path) if len(str(path).encode()) < 100 else f"/proc/self/fd/{folder}/{path.name}"
