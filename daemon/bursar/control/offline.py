"""Requests where no daemon runs: looking reads the file, deciding takes the writer's lock and does the work here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bursar.api.clock import Clock
from bursar.api.http import Http
from bursar.api.provider import AdapterContext, Method
from bursar.control.calls import checked_method, read_method
from bursar.control.commands import HARMLESS
from bursar.control.controller import WAIT_S, Controller
from bursar.control.messages import ErrorCode, RequestRejected
from bursar.control.queries import QUERIES, known_account, text
from bursar.domain.ids import AccountName
from bursar.domain.values import Json
from bursar.host.isolation import open_adapter
from bursar.host.registry import Registry
from bursar.journal import meta
from bursar.journal.errors import JournalLocked
from bursar.journal.writer import Journal, read_once
from bursar.logs import Redactor
from bursar.loops.clock import RealClock
from bursar.loops.rate_limit import RateLimiter
from bursar.loops.startup import open_alone
from bursar.loops.supervisor import Supervisor
from bursar.settings.model import Account, Configuration

LOCK_S = 5.0
CREATES = frozenset({"call", "quote", "track"})
"""What makes a journal where there is none yet; the rest is about what is in one, and a path may be mistyped."""


async def answer(configuration: Configuration, registry: Registry, verb: str, params: dict[str, Json]) -> Json:
    """Answer a request here: looking reads the file, deciding takes the writer's lock.

    Raises:
        RequestRejected: it cannot be done; one sentence, and its code.
        JournalError: the journal is not there, cannot be used, or another process has it.
    """
    if verb in QUERIES:
        given: dict[str, Json] = {**params, "running": False}
        return await asyncio.to_thread(
            read_once, configuration.settings.state, lambda tx: QUERIES[verb](tx, configuration, given)
        )
    if verb == "call":
        account = known_account(configuration, text(params, "account"))
        method, given_params = checked_method(account, params)
        if method.intents is None:
            return await _read(configuration, account, method, given_params)
    return await decide(configuration, registry, verb, params)


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
