"""How a command's request is answered: by the daemon, if one runs; else here (`offline`); or by whatever keeps the
journal meanwhile."""

from __future__ import annotations

from bursar.control import offline
from bursar.control.client import ask_daemon
from bursar.control.messages import ErrorCode, RequestRejected
from bursar.control.queries import QUERIES
from bursar.domain.values import Json
from bursar.host.registry import Registry
from bursar.journal.errors import JournalError, JournalLocked, JournalMissing
from bursar.journal.files.lock import writer_of
from bursar.settings.model import Configuration

ANSWER_WITHIN_S, LOOK_WITHIN_S = 120.0, 30.0
"""How long an answer is waited for: of what decides, or sends something, and of what only looks."""


def answer_within_s(verb: str) -> float:
    """Return how long the answer of a daemon is waited for."""
    return LOOK_WITHIN_S if verb in QUERIES else ANSWER_WITHIN_S


async def ask(configuration: Configuration, registry: Registry, verb: str, params: dict[str, Json]) -> Json:
    """Ask the daemon, if one runs; else answer here: looking reads the file, deciding takes the writer's lock.

    Raises:
        RequestRejected: it cannot be done; one sentence, and the exit code.
    """
    settings = configuration.settings
    try:
        return await ask_daemon(settings.socket, verb, params, answer_within_s(verb), settings.state)
    except ConnectionError:
        pass
    if verb == "reload":
        words = silent_writer(configuration) or "no daemon runs here: there is nothing to reload"
        raise RequestRejected(words, ErrorCode.FAILED)
    try:
        return await offline.answer(configuration, registry, verb, params)
    except JournalLocked as error:
        return await _ask_who_has_it(configuration, verb, params, error)
    except JournalMissing as error:
        raise RequestRejected(f"{error}{_ran_here(configuration)}", ErrorCode.FAILED) from None
    except JournalError as error:
        raise RequestRejected(str(error), ErrorCode.FAILED) from None


async def _ask_who_has_it(
    configuration: Configuration, verb: str, params: dict[str, Json], locked: JournalLocked
) -> Json:
    """Ask the process that has the lock: it may have begun to listen since, and nothing was done here.

    Raises:
        RequestRejected: it declines, or still does not listen.
    """
    settings = configuration.settings
    try:
        return await ask_daemon(settings.socket, verb, params, ANSWER_WITHIN_S, settings.state)
    except ConnectionError:
        raise RequestRejected(silent_writer(configuration) or str(locked), ErrorCode.FAILED) from None


def silent_writer(configuration: Configuration) -> str | None:
    """Return that a process keeps the journal and does not answer, in a sentence; None: none is known to keep it."""
    pid = writer_of(configuration.settings.state)
    if pid is None:
        return None
    socket = configuration.settings.socket
    return (
        f"bursar runs (process {pid}), and does not answer at {socket}: `kill -TERM {pid}` stops it; a command "
        "at work ends by itself, within two minutes"
    )


def _ran_here(configuration: Configuration) -> str:
    """Return that a daemon ran here, if its socket is left: the journal may be on a volume that is not mounted."""
    if not configuration.settings.socket.exists():
        return ""
    return (
        f". A daemon ran here, since {configuration.settings.socket} is there: is the volume of "
        f"{configuration.settings.state.parent} mounted?"
    )
