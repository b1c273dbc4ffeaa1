"""The desk: where commands are answered, by the daemon or, where none runs, by the command itself."""

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
from bursar.domain.action import ActionType
from bursar.domain.ids import AccountName, IntentId, SubjectRef
from bursar.domain.intent import OPEN, Planned
from bursar.domain.plan import MASK, Seal
from bursar.domain.values import Json
from bursar.host.isolation import open_adapter
from bursar.host.registry import Registry
from bursar.journal import audit, ledger, views
from bursar.journal.errors import JournalError, JournalLocked
from bursar.journal.writer import Journal, read_once
from bursar.logs import Redactor
from bursar.runtime.binding import bind_accounts
from bursar.runtime.clock import RealClock
from bursar.runtime.control import ask_daemon
from bursar.runtime.crew import Crew
from bursar.runtime.deciding import DECISIONS
from bursar.runtime.declined import Declined
from bursar.runtime.links import Links
from bursar.runtime.looking import LOOKS, known_account, nearest, text
from bursar.runtime.moving import PERSON, Unwanted, plan_by_person
from bursar.runtime.office import Office
from bursar.runtime.pulse import Pulse
from bursar.runtime.telling import Commit
from bursar.runtime.terms import terms_of
from bursar.runtime.turns import Turns
from bursar.settings.identity import account_digest
from bursar.settings.model import Account, Configuration

LOOK_S = 120.0
WAIT_S = 60.0
LOCK_S = 5.0
__all__ = ["Declined", "Desk", "ask"]


class Desk:
    """Answers for a running daemon.

    Args:
        office: What the loops share.
        registry: What plugins brought.
        crew: The loops; a reload puts new ones here.
        reload: Checks the configuration and has it taken on; gives every problem.
    """

    def __init__(self, office: Office, registry: Registry, crew: Crew, reload: Callable[[], list[str]] | None) -> None:
        self._office = office
        self._registry = registry
        self.crew = crew
        self._reload = reload

    @property
    def links(self) -> Links | None:
        """The signed links of approvals, if they are configured."""
        return self._office.terms.links

    async def action(self, id_: IntentId) -> dict[str, Json] | None:
        """Give one intent as commands show it."""
        rows = await self._office.journal.read(lambda tx: views.actions(tx, None, None, [id_]))
        return rows[0] if rows else None

    async def answer(self, verb: str, params: dict[str, Json]) -> Json:
        """Answer one question.

        Raises:
            Declined: it cannot be done; one sentence.
        """
        configuration = self.crew.configuration
        try:
            if verb in LOOKS:
                return await self._office.journal.read(lambda tx: LOOKS[verb](tx, configuration, params))
            if verb in DECISIONS:
                return await self._office.commit(lambda c: DECISIONS[verb](c, configuration, params))
        except Unwanted as unwanted:
            await self._note_attempt(verb, params, str(unwanted))
            raise Declined(str(unwanted)) from None
        except JournalError as error:
            raise Declined(str(error), 1) from None
        if verb == "call":
            return await self._call(params)
        if verb == "reload":
            return self._reloaded()
        raise Declined(f"the daemon does not know {verb!r}; is it an older one?")

    async def _note_attempt(self, verb: str, params: dict[str, Json], reason: str) -> None:
        """What a person asked for in vain is in the audit trail, too."""
        asked: dict[str, Json] = {name: value for name, value in params.items() if name in {"id", "ids", "account"}}
        await self._office.commit(
            lambda c: audit.add(c.tx, PERSON, f"declined.{verb}", None, {**asked, "reason": reason}, c.now)
        )

    def _reloaded(self) -> Json:
        if self._reload is None:
            raise Declined("no daemon runs here: there is nothing to reload", 1)
        problems = self._reload()
        if problems:
            raise Declined("\n".join([*problems, "the old configuration stays"]), 78)
        return {"reloading": True}

    async def _call(self, params: dict[str, Json]) -> Json:
        account = known_account(self.crew.configuration, text(params, "account"))
        method, given = checked_method(account, params)
        adapter = self.crew.adapters[account.name]
        if method.intents is None:
            return await read_method(adapter, method, given)
        ids = await plan_call(self._office, account, method, given)
        wait_s = WAIT_S if params.get("wait_s") is None else float(str(params["wait_s"]))
        return {"intents": await settled(self._office, ids, wait_s)}


async def ask(configuration: Configuration, registry: Registry, verb: str, params: dict[str, Json]) -> Json:
    """Ask the daemon, if one runs; else answer here: looking reads the file, deciding takes the writer's lock.

    Raises:
        Declined: it cannot be done; one sentence, and the exit code.
    """
    try:
        return await ask_daemon(configuration.settings.socket, verb, params, LOOK_S)
    except ConnectionError:
        pass
    try:
        if verb in LOOKS:
            return await asyncio.to_thread(
                read_once,
                configuration.settings.state,
                lambda tx: LOOKS[verb](tx, configuration, {**params, "running": False}),
            )
        if verb == "reload":
            raise Declined("no daemon runs here: there is nothing to reload", 1)
        if verb == "call":
            account = known_account(configuration, text(params, "account"))
            method, given = checked_method(account, params)
            if method.intents is None:
                return await _read_alone(configuration, account, method, given)
        return await _decide_alone(configuration, registry, verb, params)
    except JournalError as error:
        raise Declined(str(error), 1) from None


async def _read_alone(
    configuration: Configuration, account: Account, method: Method, given: Mapping[str, str]
) -> Json:
    """Call a reading method where no daemon runs: the journal is not needed."""
    clock, redactor = RealClock(), Redactor(configuration.secrets)
    http = Http(clock, Turns(clock, *account.rate).wait)
    adapter = open_adapter(
        account.provider, account.settings, Tools(http, clock, redactor.conceal), redactor=redactor
    )
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
        sidecar = journal.sidecar.read()
        if verb == "call" and await journal.read(lambda tx: ledger.restored(tx, sidecar)):
            raise Declined("the journal is older than what was sent: start the daemon first, it asks about that", 1)
        key = await journal.read(ledger.digest_key)
        office = Office(
            journal, terms_of(configuration, key, await journal.read(ledger.mark)), clock, Pulse(clock), clock.now()
        )
        digests = {n: (a.provider.name, account_digest(a, key)) for n, a in configuration.accounts.items()}
        await office.commit(lambda c: bind_accounts(c, digests))
        crew = Crew(office, configuration, Redactor(configuration.secrets))
        desk = Desk(office, registry, crew, None)
        try:
            return await (_call_alone(desk, crew, params) if verb == "call" else desk.answer(verb, params))
        finally:
            await crew.dismiss(WAIT_S)
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


async def _call_alone(desk: Desk, crew: Crew, params: dict[str, Json]) -> Json:
    try:
        async with asyncio.TaskGroup() as group:
            crew.start_executing(group, AccountName(str(params["account"])))
            try:
                return await desk.answer("call", params)
            finally:
                await crew.dismiss(WAIT_S)
    except* Declined as declined:
        said = declined.exceptions[0]
    raise said


def checked_method(account: Account, params: Mapping[str, Json]) -> tuple[Method, dict[str, str]]:
    """Find the method and check its parameters' names.

    Raises:
        Declined: there is none of that name, or a parameter is unknown or missing.
    """
    name = str(text(params, "method"))
    methods = {method.name: method for method in account.provider.methods}
    if name not in methods:
        raise Declined(f"{account.provider.name} has no method {name!r}{nearest(name, list(methods))}")
    method = methods[name]
    given = {str(k): str(v) for k, v in cast("dict[str, Json]", params.get("params") or {}).items()}
    for one in given:
        if one not in method.params:
            raise Declined(f"{name} has no parameter {one!r}{nearest(one, list(method.params))}")
    missing = [one for one, spec in method.params.items() if spec.required and not given.get(one)]
    if missing:
        raise Declined(f"{name} needs {', '.join(missing)}")
    return method, given


async def read_method(adapter: Adapter, method: Method, given: Mapping[str, str]) -> Json:
    """Call a reading method; a refusal of the whole call carries the provider's answer.

    Raises:
        Declined: the parameters make no sense, or the provider did not answer in its protocol.
    """
    try:
        return {"answer": await adapter.call(method.name, given), "refused": None}
    except Refusal as refusal:
        return {"answer": refusal.answer, "refused": refusal.reason}
    except ValueError as error:
        raise Declined(str(error)) from None
    except ProviderError as error:
        raise Declined(error.reason, 1) from None


async def plan_call(office: Office, account: Account, method: Method, given: Mapping[str, str]) -> list[int]:
    """Write the intents that a changing method asks for, all or none; give their ids.

    Raises:
        Declined: the parameters make no sense, or something stands in the way.
    """
    assert method.intents is not None
    try:
        wanted = method.intents(given)
    except ValueError as error:
        raise Declined(str(error)) from None
    actions = {action.name: action for action in account.provider.actions}

    def write(c: Commit) -> list[int]:
        written: list[int] = []
        for number, one in enumerate(wanted):
            secret = {name for name, spec in actions[one.action].params.items() if spec.secret and name in one.params}
            planned = _planned(account.name, actions[one.action], one, secret, c.terms.seal, c.now, number)
            intent = plan_by_person(c, planned)
            office.kept[intent.id] = {name: one.params[name] for name in secret}
            written.append(intent.id)
        return written

    try:
        written = await office.commit(write)
    except Unwanted as unwanted:
        raise Declined(str(unwanted), 1) from None
    office.bells["executing"].ring()
    return written


def _planned(
    account: AccountName, action: ActionType, one: Wanted, secret: set[str], seal: Seal, now: datetime, number: int
) -> Planned:
    new = f"+{now:%y%m%d%H%M%S}.{number}.{random.getrandbits(24):06x}"
    return Planned(
        account=account,
        action=one.action,
        subject=one.subject or SubjectRef(action.subject, new),
        params={name: MASK if name in secret else value for name, value in one.params.items()},
        sealed={name: seal(str(one.params[name])) for name in secret},
        reason="a person asked for it",
    )


async def settled(office: Office, ids: Sequence[int], wait_s: float) -> list[Json]:
    """Wait until the intents have ended, or are unknown, or the time is over; give them as they are then."""
    until = office.clock.monotonic() + wait_s
    waiting = {str(state) for state in OPEN} - {"unknown", "awaiting_approval"}
    while True:
        rows = await office.journal.read(lambda tx: views.actions(tx, None, None, list(ids)))
        if all(row["state"] not in waiting for row in rows) or office.clock.monotonic() >= until:
            return cast("list[Json]", rows)
        await office.clock.sleep(0.1)
