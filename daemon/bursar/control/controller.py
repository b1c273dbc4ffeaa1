"""Where requests are answered: by the daemon or, where none runs, by the command itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from bursar.api.clock import Clock
from bursar.api.errors import ProviderError, Refusal
from bursar.api.http import Http
from bursar.api.provider import Adapter, Method, Tools, Wanted
from bursar.control.commands import COMMANDS
from bursar.control.errors import RequestRejected
from bursar.control.queries import QUERIES, known_account, nearest, text
from bursar.control.server import ask_daemon
from bursar.domain.action import ActionType
from bursar.domain.ids import AccountName, IntentId, SubjectRef
from bursar.domain.intent import OPEN, PlannedIntent
from bursar.domain.plan import MASK, Seal
from bursar.domain.values import Json
from bursar.host.isolation import open_adapter
from bursar.host.registry import Registry
from bursar.journal import audit, meta, views
from bursar.journal.errors import JournalError, JournalLocked
from bursar.journal.writer import Journal, read_once
from bursar.logs import Redactor
from bursar.loops.clock import RealClock
from bursar.loops.liveness import Liveness
from bursar.loops.rate_limit import RateLimiter
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.supervisor import Supervisor
from bursar.pipeline.account_identity import bind_accounts
from bursar.pipeline.approval_links import Links
from bursar.pipeline.config_snapshot import snapshot_of
from bursar.pipeline.intent_transitions import PERSON, ActionRejected, plan_by_person
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.identity import account_digest
from bursar.settings.model import Account, Configuration

LOOK_S = 120.0
WAIT_S = 60.0
LOCK_S = 5.0
__all__ = ["Controller", "RequestRejected", "ask"]


class Controller:
    """Answers for a running daemon.

    Args:
        context: What the loops share.
        registry: What plugins brought.
        supervisor: The loops; a reload puts new ones here.
        reload: Checks the configuration and has it taken on; gives every problem.
    """

    def __init__(
        self,
        context: RuntimeContext,
        registry: Registry,
        supervisor: Supervisor,
        reload: Callable[[], list[str]] | None,
    ) -> None:
        self._context = context
        self._registry = registry
        self.supervisor = supervisor
        self._reload = reload

    @property
    def links(self) -> Links | None:
        """The signed links of approvals, if they are configured."""
        return self._context.config.links

    async def action(self, id_: IntentId) -> dict[str, Json] | None:
        """Give one intent as commands show it."""
        rows = await self._context.journal.read(lambda tx: views.actions(tx, None, None, [id_]))
        return rows[0] if rows else None

    async def answer(self, verb: str, params: dict[str, Json]) -> Json:
        """Answer one question.

        Raises:
            RequestRejected: it cannot be done; one sentence.
        """
        configuration = self.supervisor.configuration
        try:
            if verb in QUERIES:
                return await self._context.journal.read(lambda tx: QUERIES[verb](tx, configuration, params))
            if verb in COMMANDS:
                return await self._context.commit(lambda uow: COMMANDS[verb](uow, configuration, params))
        except ActionRejected as unwanted:
            await self._note_attempt(verb, params, str(unwanted))
            raise RequestRejected(str(unwanted)) from None
        except JournalError as error:
            raise RequestRejected(str(error), 1) from None
        if verb == "call":
            return await self._call(params)
        if verb == "reload":
            return self._reloaded()
        raise RequestRejected(f"the daemon does not know {verb!r}; is it an older one?")

    async def _note_attempt(self, verb: str, params: dict[str, Json], reason: str) -> None:
        """What a person asked for in vain is in the audit trail, too."""
        asked: dict[str, Json] = {name: value for name, value in params.items() if name in {"id", "ids", "account"}}
        await self._context.commit(
            lambda uow: audit.add(uow.tx, PERSON, f"declined.{verb}", None, {**asked, "reason": reason}, uow.now)
        )

    def _reloaded(self) -> Json:
        if self._reload is None:
            raise RequestRejected("no daemon runs here: there is nothing to reload", 1)
        problems = self._reload()
        if problems:
            raise RequestRejected("\n".join([*problems, "the old configuration stays"]), 78)
        return {"reloading": True}

    async def _call(self, params: dict[str, Json]) -> Json:
        account = known_account(self.supervisor.configuration, text(params, "account"))
        method, given = checked_method(account, params)
        adapter = self.supervisor.adapters[account.name]
        if method.intents is None:
            return await read_method(adapter, method, given)
        ids = await plan_call(self._context, account, method, given)
        wait_s = WAIT_S if params.get("wait_s") is None else float(str(params["wait_s"]))
        return {"intents": await settled(self._context, ids, wait_s)}


async def ask(configuration: Configuration, registry: Registry, verb: str, params: dict[str, Json]) -> Json:
    """Ask the daemon, if one runs; else answer here: looking reads the file, deciding takes the writer's lock.

    Raises:
        RequestRejected: it cannot be done; one sentence, and the exit code.
    """
    try:
        return await ask_daemon(configuration.settings.socket, verb, params, LOOK_S)
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
            raise RequestRejected("no daemon runs here: there is nothing to reload", 1)
        if verb == "call":
            account = known_account(configuration, text(params, "account"))
            method, given = checked_method(account, params)
            if method.intents is None:
                return await _read_alone(configuration, account, method, given)
        return await _decide_alone(configuration, registry, verb, params)
    except JournalError as error:
        raise RequestRejected(str(error), 1) from None


async def _read_alone(configuration: Configuration, account: Account, method: Method, given: Mapping[str, str]) -> Json:
    """Call a reading method where no daemon runs: the journal is not needed."""
    clock, redactor = RealClock(), Redactor(configuration.secrets)
    http = Http(clock, RateLimiter(clock, *account.rate).wait)
    adapter = open_adapter(account.provider, account.settings, Tools(http, clock, redactor.conceal), redactor=redactor)
    try:
        return await read_method(adapter, method, given)
    finally:
        await adapter.close()
        await http.close()


async def _decide_alone(configuration: Configuration, registry: Registry, verb: str, params: dict[str, Json]) -> Json:
    """Decide where no daemon runs: with the writer's lock, and, for a call, with the loops that send it."""
    clock = RealClock()
    journal = await _open_in_turn(configuration.settings.state, clock)
    try:
        sidecar = journal.send_counter.read()
        if verb == "call" and await journal.read(lambda tx: meta.restored(tx, sidecar)):
            raise RequestRejected(
                "the journal is older than what was sent: start the daemon first, it asks about that", 1
            )
        key = await journal.read(meta.digest_key)
        context = RuntimeContext(
            journal,
            snapshot_of(configuration, key, await journal.read(meta.send_count)),
            clock,
            Liveness(clock),
            clock.now(),
        )
        digests = {n: (a.provider.name, account_digest(a, key)) for n, a in configuration.accounts.items()}
        await context.commit(lambda uow: bind_accounts(uow, digests))
        supervisor = Supervisor(context, configuration, Redactor(configuration.secrets))
        controller = Controller(context, registry, supervisor, None)
        try:
            return await (
                _call_alone(controller, supervisor, params) if verb == "call" else controller.answer(verb, params)
            )
        finally:
            await supervisor.shutdown(WAIT_S)
    finally:
        await asyncio.to_thread(journal.close)


async def _open_in_turn(state: Path, clock: Clock) -> Journal:
    """Open the journal for writing; another command that decides something may have it for a moment.

    Raises:
        JournalError: it cannot be opened, or is not let go of within a few seconds.
    """
    until = clock.monotonic() + LOCK_S
    while True:
        try:
            return await asyncio.to_thread(Journal.open, state)
        except JournalLocked:
            if clock.monotonic() >= until:
                raise
            await clock.sleep(0.2)


async def _call_alone(controller: Controller, supervisor: Supervisor, params: dict[str, Json]) -> Json:
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


def checked_method(account: Account, params: Mapping[str, Json]) -> tuple[Method, dict[str, str]]:
    """Find the method and check its parameters' names.

    Raises:
        RequestRejected: there is none of that name, or a parameter is unknown or missing.
    """
    name = str(text(params, "method"))
    methods = {method.name: method for method in account.provider.methods}
    if name not in methods:
        raise RequestRejected(f"{account.provider.name} has no method {name!r}{nearest(name, list(methods))}")
    method = methods[name]
    given = {str(k): str(v) for k, v in cast("dict[str, Json]", params.get("params") or {}).items()}
    for one in given:
        if one not in method.params:
            raise RequestRejected(f"{name} has no parameter {one!r}{nearest(one, list(method.params))}")
    missing = [one for one, spec in method.params.items() if spec.required and not given.get(one)]
    if missing:
        raise RequestRejected(f"{name} needs {', '.join(missing)}")
    return method, given


async def read_method(adapter: Adapter, method: Method, given: Mapping[str, str]) -> Json:
    """Call a reading method; a refusal of the whole call carries the provider's answer.

    Raises:
        RequestRejected: the parameters make no sense, or the provider did not answer in its protocol.
    """
    try:
        return {"answer": await adapter.call(method.name, given), "refused": None}
    except Refusal as refusal:
        return {"answer": refusal.answer, "refused": refusal.reason}
    except ValueError as error:
        raise RequestRejected(str(error)) from None
    except ProviderError as error:
        raise RequestRejected(error.reason, 1) from None


async def plan_call(context: RuntimeContext, account: Account, method: Method, given: Mapping[str, str]) -> list[int]:
    """Write the intents that a changing method asks for, all or none; give their ids.

    Raises:
        RequestRejected: the parameters make no sense, or something stands in the way.
    """
    assert method.intents is not None
    try:
        wanted = method.intents(given)
    except ValueError as error:
        raise RequestRejected(str(error)) from None
    actions = {action.name: action for action in account.provider.actions}

    def write(uow: UnitOfWork) -> list[int]:
        written: list[int] = []
        for number, one in enumerate(wanted):
            secret = {name for name, spec in actions[one.action].params.items() if spec.secret and name in one.params}
            planned = _planned(account.name, actions[one.action], one, secret, uow.config.seal, uow.now, number)
            intent = plan_by_person(uow, planned)
            context.kept[intent.id] = {name: one.params[name] for name in secret}
            written.append(intent.id)
        return written

    try:
        written = await context.commit(write)
    except ActionRejected as unwanted:
        raise RequestRejected(str(unwanted), 1) from None
    context.wakeups["executing"].set()
    return written


def _planned(
    account: AccountName, action: ActionType, one: Wanted, secret: set[str], seal: Seal, now: datetime, number: int
) -> PlannedIntent:
    new = f"+{now:%y%m%d%H%M%S}.{number}.{random.getrandbits(24):06x}"
    return PlannedIntent(
        account=account,
        action=one.action,
        subject=one.subject or SubjectRef(action.subject, new),
        params={name: MASK if name in secret else value for name, value in one.params.items()},
        sealed={name: seal(str(one.params[name])) for name in secret},
        reason="a person asked for it",
    )


async def settled(context: RuntimeContext, ids: Sequence[int], wait_s: float) -> list[Json]:
    """Wait until the intents have ended, or are unknown, or the time is over; give them as they are then."""
    until = context.clock.monotonic() + wait_s
    waiting = {str(state) for state in OPEN} - {"unknown", "awaiting_approval"}
    while True:
        rows = await context.journal.read(lambda tx: views.actions(tx, None, None, list(ids)))
        if all(row["state"] not in waiting for row in rows) or context.clock.monotonic() >= until:
            return cast("list[Json]", rows)
        await context.clock.sleep(0.1)
