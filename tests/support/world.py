"""A daemon that is turned by hand: the real journal, the real loops, a site in memory, and a clock that a test moves.

`World.open` reads a configuration as the daemon does and opens the journal as the daemon does. Nothing turns by itself:
`poll`, `send`, `tick` and `deliver` let one loop turn until it would wait; `turn` lets all of them; `live` lets time
pass, and all of them turn, step by step. `restart` closes everything and opens it again on the same files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from bursar.control.controller import Controller
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import Intent
from bursar.journal import intents, views
from bursar.journal.writer import Journal, Tx
from bursar.logs import Redactor
from bursar.loops.machine import Machine
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.startup import apply_configuration, close_context, open_alone, open_context
from bursar.loops.supervisor import Supervisor
from bursar.settings.read import read_configuration
from bursar.testing import VirtualClock
from support.toy import Site, Sites

T = TypeVar("T")
MANY = 200
RESTLESS = 5000


class HandClock(VirtualClock):
    """A clock on which a sleeper wakes at once, and no time has passed: a loop that would wait comes back instead."""

    naps = 0
    _napped: tuple[float, int] = (0.0, 0)

    async def sleep(self, seconds: float) -> None:
        self.naps += 1
        now, count = self._napped
        self._napped = (self.monotonic(), count + 1 if now == self.monotonic() else 0)
        assert count < RESTLESS, "somebody waits for a time that does not come"
        await asyncio.sleep(0)


class World:
    """One daemon, one folder, and the sites that it talks to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sites = Sites()
        self.clock = HandClock()
        self.environ: dict[str, str] = {"KEY": "key-of-the-panel", "OTHER": "another-key", "WALLET": "T-wallet-1"}
        self.context: RuntimeContext
        self.supervisor: Supervisor
        self.controller: Controller
        self.synchronised = False
        self.boots = 1
        self._path = folder / "bursar.yaml"
        self._journal: Journal | None = None

    @property
    def site(self) -> Site:
        """The site of the account `panel`."""
        return self.sites.sites["http://127.0.0.1:1/api"]

    site_account = AccountName("panel")

    @property
    def machine(self) -> Machine:
        """The boot of the machine that it runs in."""
        return Machine(f"boot-{self.boots}", lambda: self.synchronised)

    async def reboot(self, yaml: str | None = None, *, jump_s: float = 0.0, **down: float) -> None:
        """Stop, let time pass that nobody measures, and start again in another boot of the machine, its clock set."""
        self.boots += 1
        await close_context(self.context)
        self.clock.jump(jump_s)
        await self.restart(yaml, clean=False, **down)

    @property
    def journal(self) -> Journal:
        return self.context.journal

    async def open(self, yaml: str) -> World:
        """Start on a configuration."""
        self._path.write_text(yaml, encoding="utf-8")
        configuration = self._read()
        self._journal = Journal.open(configuration.settings.state)
        self.context = await open_context(configuration, self._journal, self.clock, self.machine)
        await self._take_on(configuration)
        return self

    async def restart(self, yaml: str | None = None, *, clean: bool = True, **down: float) -> None:
        """Stop, let time pass, start again; not `clean`: as after a kill."""
        if clean:
            await close_context(self.context)
        await self.close()
        await self.wait(**down)
        await self.open(self._path.read_text(encoding="utf-8") if yaml is None else yaml)

    async def alone(self) -> None:
        """Do what a command does before it decides something where no daemon runs."""
        configuration = self._read()
        journal = Journal.open(configuration.settings.state)
        await open_alone(configuration, journal, self.clock, self.machine)
        await asyncio.to_thread(journal.close)

    async def reload(self, yaml: str) -> None:
        """Change over to another configuration, as at SIGHUP."""
        self._path.write_text(yaml, encoding="utf-8")
        configuration = self._read()
        await self.supervisor.shutdown(0)
        await apply_configuration(self.context, configuration)
        await self._take_on(configuration)

    async def close(self) -> None:
        """Stop everything."""
        if self._journal is not None:
            await self.supervisor.shutdown(0)
            await asyncio.to_thread(self._journal.close)
            self._journal = None

    def _read(self) -> Any:
        return read_configuration([self._path], self.sites.registry(), environ=self.environ)

    async def _take_on(self, configuration: Any) -> None:
        self.supervisor = Supervisor(self.context, configuration, Redactor())
        self.controller = Controller(self.context, self.sites.registry(), self.supervisor, None)
        for poller in self.supervisor.pollers.values():
            await poller.load()

    async def wait(self, **passed: float) -> None:
        """Let time pass in which nothing turns."""
        await self.clock.advance(timedelta(**passed).total_seconds())

    async def poll(self, account: str = "panel") -> None:
        """Do every poll of an account that is due."""
        poller = self.supervisor.pollers[account]
        poller._refreshed_s = float("-inf")
        await self._until_idle(poller.turn)

    async def send(self, account: str = "panel") -> None:
        """Send, and look for, whatever may be."""
        await self._until_idle(self.supervisor.executors[account].turn)

    async def deliver(self, sink: str = "ops") -> None:
        """Hand over what is due."""
        await self._until_idle(self.supervisor.deliverers[sink].turn)  # type: ignore[index]

    async def tick(self) -> None:
        """Do what time alone does."""
        await self.supervisor.timer.turn()
        await self.supervisor.maintenance.turn()

    async def turn(self) -> None:
        """Let everything turn twice, so that what one loop decides reaches the next."""
        await self._round()
        await self._round()

    async def live(self, every_s: float = 60, **passed: float) -> None:
        """Let time pass, and everything turn in it."""
        left = timedelta(**passed).total_seconds()
        while left > 0:
            await self.wait(seconds=min(every_s, left))
            left -= every_s
            await self._round()
        await self._round()

    async def _round(self) -> None:
        for account in self.supervisor.pollers:
            await self.poll(account)
        await self.tick()
        for account in self.supervisor.executors:
            await self.send(account)
        for sink in self.supervisor.deliverers:
            await self.deliver(sink)

    async def say(self, verb: str, **params: Any) -> Any:
        """Ask the controller, as a command does."""
        return await self.controller.answer(verb, params)

    async def track(self, *ids: str, account: str = "panel", **fields: Any) -> None:
        """Put orders under watch."""
        await self.say("track", account=account, rows=[{"id": id_, **fields} for id_ in ids])

    async def told(self, glob: str = "*") -> list[str]:
        """Return the types of the events so far, oldest first."""
        return [row["type"] for row in await self.events(glob)]

    async def events(self, glob: str = "*") -> list[dict[str, Any]]:
        """Return the events so far, oldest first."""
        rows: list[dict[str, Any]] = await self.read(lambda tx: views.events(tx, None, None, None))
        return [row for row in rows if fnmatchcase(row["type"], glob)]

    async def states(self, action: str | None = None) -> list[str]:
        """Return the states of the intents so far, oldest first."""
        return [str(intent.state) for intent in await self.intents(action)]

    async def intents(self, action: str | None = None) -> list[Intent]:
        """Return the intents so far, oldest first."""

        def load(tx: Tx) -> list[Intent]:
            found = [intents.load(tx, IntentId(row[0])) for row in tx.all("SELECT id FROM intents ORDER BY id")]
            return [intent for intent in found if intent is not None and action in (None, intent.action)]

        return await self.read(load)

    async def matches(self, column: str = "block") -> list[Any]:
        """Return something of every match that is held back, oldest first."""
        return await self.read(
            lambda tx: [row[0] for row in tx.all(f"SELECT {column} FROM matches WHERE state = 'held' ORDER BY id")]
        )

    async def texts(self, sink: str = "ops") -> list[str]:
        """Return the texts that a sink was sent by rules."""
        await self.deliver(sink)
        return [str(d.body["data"]["text"]) for d in self.sites.boxes[sink].deliveries if "text" in d.body["data"]]  # type: ignore[call-overload,index,operator]

    async def read(self, function: Callable[[Tx], T]) -> T:
        return await self.journal.read(function)

    async def state(self, account: str = "panel") -> str:
        """Return the state that `bursar accounts` shows."""
        rows = await self.say("accounts")
        return next(row["state"] for row in rows if row["name"] == AccountName(account))

    async def _until_idle(self, turn: Callable[[], Any]) -> None:
        for _ in range(MANY):
            before = self.clock.naps
            await turn()
            if self.clock.naps > before:
                return
        raise AssertionError("it never comes to rest")


def with_function(world: World, **functions: Callable[..., object]) -> None:
    """Have functions of the plugin's payout be others from now on."""
    spec = world.context.config.accounts[world.site_account]
    actions = {**spec.actions, "payout": replace(spec.actions["payout"], **functions)}  # type: ignore[arg-type]
    world.context.config = replace(world.context.config, accounts={world.site_account: replace(spec, actions=actions)})
