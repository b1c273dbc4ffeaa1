"""Requests where no daemon runs: looking reads the file, deciding takes the writer's lock and does the work here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bursar.api.clock import Clock
from bursar.api.http import Http
from bursar.api.provider import AdapterContext, Method
from bursar.control.calls import checked_method, read_method
from bursar.control.client import ask_daemon
from bursar.control.commands import HARMLESS
from bursar.control.controller import WAIT_S, Controller
from bursar.control.messages import ErrorCode, RequestRejected
from bursar.control.queries import QUERIES, known_account, text
from bursar.domain.ids import AccountName
from bursar.domain.values import Json
from bursar.host.isolation import open_adapter
from bursar.host.registry import Registry
from bursar.journal import meta
from bursar.journal.errors import JournalError, JournalLocked, JournalMissing
from bursar.journal.files import writer_of
from bursar.journal.writer import Journal, read_once
from bursar.logs import Redactor
from bursar.loops.clock import RealClock
from bursar.loops.rate_limit import RateLimiter
from bursar.loops.startup import open_alone
from bursar.loops.supervisor import Supervisor
from bursar.settings.model import Account, Configuration

ANSWER_WITHIN_S, LOOK_WITHIN_S = 120.0, 30.0
"""How long an answer is waited for: of what decides, or sends something, and of what only looks."""
LOCK_S = 5.0
CREATES = frozenset({"call", "quote", "track"})
"""What makes a journal where there is none yet; the rest is about what is in one, and a path may be mistyped."""


def answer_within_s(verb: str) -> float:
    """Return how long the answer of a daemon is waited for."""
    return LOOK_WITHIN_S if verb in QUERIES else ANSWER_WITHIN_S


async def ask(configuration: Configuration, registry: Registry, verb: str, params: dict[str, Json]) -> Json:
    """Ask the daemon, if one runs; else answer here: looking reads the file, deciding takes the writer's lock.

    Raises:
        RequestRejected: it cannot be done; one sentence, and the exit code.
    """
    try:
        settings = configuration.settings
        return await ask_daemon(settings.socket, verb, params, answer_within_s(verb), settings.state)
    except ConnectionError:
        pass
    try:
        if verb in QUERIES:
            return await asyncio.to_thread(
                read_once,
                configuration.settings.state,
                lambda tx: QUERIES[verb](tx, configuration, {**params, "running": False}),
            )
        if verb == "reload":
            words = silent_writer(configuration) or "no daemon runs here: there is nothing to reload"
            raise RequestRejected(words, ErrorCode.FAILED)
        if verb == "call":
            account = known_account(configuration, text(params, "account"))
            method, given = checked_method(account, params)
            if method.intents is None:
                return await _read(configuration, account, method, given)
        return await decide(configuration, registry, verb, params)
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


async def _read(configuration: Configuration, account: Account, method: Method, given: Mapping[str, str]) -> Json:
    """Call a reading method where no daemon runs: the journal is not needed."""
    clock, redactor = RealClock(), Redactor(configuration.secrets)
    http = Http(clock, RateLimiter(clock, *account.rate).acquire)
    lent = AdapterContext(http, clock, redactor.add_secret)
    adapter = open_adapter(account.provider, account.settings, lent, redactor=redactor)
    try:
        return await read_method(adapter, method, given)
    finally:
        await adapter.close()
        await http.close()


async def decide(configuration: Configuration, registry: Registry, verb: str, params: dict[str, Json]) -> Json:
    """Decide where no daemon runs: with the writer's lock, and, for a call, with the loops that send it."""
    clock = RealClock()
    journal = await _open_in_turn(configuration.settings.state, clock, create=verb in CREATES)
    try:
        counter = journal.send_counter.read()
        # A `deny` by hand on a restored journal would end as denied, at no cost, what had left after the backup.
        if verb not in HARMLESS and await journal.read(lambda tx: meta.restored(tx, counter)):
            raise RequestRejected(
                "the journal is older than what was sent: start the daemon first, it asks about that", ErrorCode.FAILED
            )
        context = await open_alone(configuration, journal, clock)
        supervisor = Supervisor(context, configuration, Redactor(configuration.secrets))
        controller = Controller(context, registry, supervisor, None)
        try:
            return await (_call(controller, supervisor, params) if verb == "call" else controller.answer(verb, params))
        finally:
            await supervisor.shutdown(WAIT_S)
    finally:
        await asyncio.to_thread(journal.close)


async def _open_in_turn(state: Path, clock: Clock, *, create: bool) -> Journal:
    """Open the journal for writing; another command that decides something may have it for a moment.

    Raises:
        JournalError: it cannot be opened, or is not let go of within a few seconds.
    """
    until = clock.monotonic() + LOCK_S
    while True:
        try:
            return await asyncio.to_thread(Journal.open, state, create=create)
        except JournalLocked:
            if clock.monotonic() >= until:
                raise
            await clock.sleep(0.2)


async def _call(controller: Controller, supervisor: Supervisor, params: dict[str, Json]) -> Json:
    try:
        async with asyncio.TaskGroup() as group:
            supervisor.start_executing(group, AccountName(str(params["account"])))
            try:
                return await controller.answer("call", params)
            finally:
                await supervisor.shutdown(WAIT_S)
    except* RequestRejected as declined:
        said = declined.exceptions[0]
    raise said
