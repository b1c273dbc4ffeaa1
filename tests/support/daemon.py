"""Real `bursar run` processes beside real local servers: a panel, a partner site, and a receiver of news.

Nothing here sleeps: a test waits for what a server was asked, for what the receiver was told, for what the daemon says
to the service manager, or for the process's end; and each wait has a limit, so that what never comes is a failure.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.api import SandboxServer
from bursar.control.client import ask_daemon
from bursar.domain.values import Json
from bursar.loops.clock import RealClock
from bursar.testing import Faults
from bursar_premium_exchanger.sandbox.server import Site, served
from bursar_smm.sandbox.server import KEY, PATH, Panel, name_of
from bursar_smm.sandbox.world import World
from support.limits import WAIT_S

TIMEOUT = "1h"
"""Of every request, and longer than any test: whoever is seen to go on did not wait for it."""
WALLET = "TWalletOfTheseTests"
SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


@dataclass
class Household:
    """The servers, and the folder that the daemon lives in.

    Attributes:
        panel, site: The worlds behind the servers; time stands still in them.
        panel_faults, site_faults: What they do wrong next.
        told: The events that the receiver got, as envelopes.
        running: The daemon that was started last; nothing more comes of it when it has ended.
    """

    folder: Path
    panel: World
    site: Site
    panel_faults: Faults
    site_faults: Faults
    panel_url: str = ""
    site_url: str = ""
    hook_url: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    happened: asyncio.Event = field(default_factory=asyncio.Event)
    said: list[str] = field(default_factory=list)
    running: Run | None = None
    panel_timeout: str = TIMEOUT
    site_timeout: str = TIMEOUT

    @property
    def path(self) -> Path:
        """The configuration's file."""
        return self.folder / "bursar.yaml"

    @property
    def partial(self) -> str:
        """An order at the panel that is partial, and can be refilled."""
        return next(id_ for id_, order in self.panel.orders.items() if order.status(0.0) == "Partial")

    def configure(self, rules: str) -> None:
        """Write a configuration: both accounts, polled every second; every event goes to the receiver."""
        self.path.write_text(
            f"""
settings: {{state: ./journal.db}}
accounts:
  panel:
    {{provider: smm, url: '{self.panel_url}', key: {KEY}, settle: 1s, rate: 6000/min, timeout: {self.panel_timeout}, poll: {{orders: 1s}}}}
  site:
    provider: premium_exchanger
    url: '{self.site_url}'
    key: sandbox-premium-exchanger-key
    currency: USD
    settle: 1s
    rate: 6000/min
    timeout: {self.site_timeout}
    poll: {{info: 1s, payouts: 1s}}
sinks:
  hook: {{type: webhook, url: '{self.hook_url}', secret: {SECRET}, events: ['*']}}
rules: {rules if rules == "[]" else chr(10) + rules}
""",
            encoding="utf-8",
        )

    def effects(self, name: str) -> int:
        """Return how often a server did something."""
        return self.site.effects()[name] if name == "add_payout" else self.panel.effects[name]

    def heard(self, type_: str) -> int:
        """Return how often the receiver was told of something."""
        return len({event["id"] for event in self.told if event["type"] == f"bursar.{type_}"})

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that a server or the receiver notices is so."""
        async with asyncio.timeout(WAIT_S):
            while not condition():
                assert self.running is None or self.running.process.returncode is None, self.running.log.read_text(
                    encoding="utf-8"
                )
                self.happened.clear()
                await self.happened.wait()

    async def ask(self, verb: str, **params: Json) -> Any:
        """Ask the daemon, as a command does."""
        return await ask_daemon(self.folder / "control.sock", verb, params, WAIT_S)

    @contextlib.asynccontextmanager
    async def daemon(self, *python: str) -> AsyncIterator[Run]:
        """Run `bursar run`; it is watching when the block begins, and it is gone when it has ended."""
        self.said.clear()
        with notices(self) as address:
            running = self.running = await run(self.path, *python, NOTIFY_SOCKET=address)
            gone = asyncio.ensure_future(running.process.wait())
            gone.add_done_callback(lambda _task: self.happened.set())
            try:
                await self.until(lambda: "STATUS=watching" in str(self.said))
                yield running
            finally:
                await running.kill()
                await gone


@dataclass(frozen=True)
class Run:
    """A `bursar run` process, and the file that its standard error goes into (a pipe might fill up)."""

    process: asyncio.subprocess.Process
    log: Path

    async def ended(self) -> tuple[int, str]:
        """Wait for its end; give its exit code and what it said on standard error."""
        async with asyncio.timeout(WAIT_S):
            return await self.process.wait(), self.log.read_text(encoding="utf-8")

    async def kill(self) -> None:
        """Kill it as `kill -9` does, if it still runs, and wait until it is gone."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)


async def run(path: Path, *python: str, **environ: str) -> Run:
    """Start `bursar run`; `python`: by these words for the interpreter."""
    log = path.with_name(f"log-{len(list(path.parent.glob('log-*')))}.txt")
    with log.open("w") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(python or ("-m", "bursar")),
            "run",
            "--config",
            str(path),
            env={**os.environ, **environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
        )
    return Run(process, log)


@contextlib.contextmanager
def notices(house: Household) -> Any:
    """Stand in for the service manager: keep what the daemon says."""
    address = f"\0bursar-{os.getpid()}-{id(house)}"
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.setblocking(False)

        def hear() -> None:
            house.said.append(listener.recv(4096).decode())
            house.happened.set()

        loop.add_reader(listener, hear)
        try:
            yield "@" + address[1:]
        finally:
            loop.remove_reader(listener)


@contextlib.asynccontextmanager
async def household(folder: Path) -> AsyncIterator[Household]:
    """Start the servers."""
    clock = RealClock()
    panel, site = World(1), Site(1, 0.0, clock)
    site.world.balance = Decimal("80.00")
    panel_app = web.Application()
    panel_app.router.add_route("*", PATH, Panel(panel, clock, 0.0).answer)
    wires = (SandboxServer(panel_app, PATH, {}, dict, name_of=name_of), served(site))
    house = Household(folder, panel, site, *(Faults(wire.name_of) for wire in wires))  # type: ignore[arg-type]
    async with contextlib.AsyncExitStack() as stack:
        for wire, faults in zip(wires, (house.panel_faults, house.site_faults), strict=True):
            faults.wrap(wire.app)
            wire.app.middlewares.append(noticing(house))
        servers = [await serving(stack, app) for app in (wires[0].app, wires[1].app, receiver(house))]
        house.panel_url, house.site_url = (str(s.make_url(w.path)) for s, w in zip(servers, wires, strict=False))
        house.hook_url = str(servers[2].make_url("/hook"))
        yield house


async def serving(stack: contextlib.AsyncExitStack, app: web.Application) -> TestServer:
    server = TestServer(app)
    await server.start_server()
    stack.push_async_callback(server.close)
    return server


def noticing(house: Household) -> Any:
    """Return a middleware that wakes who waits once a request has had its effect."""

    @web.middleware
    async def notice(request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            response: web.StreamResponse = await handler(request)
            return response
        finally:
            house.happened.set()

    return notice


def receiver(house: Household) -> web.Application:
    """Return the receiver of news."""

    async def take(request: web.Request) -> web.Response:
        house.told.append(await request.json())
        house.happened.set()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", take)
    return app


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Household]:
    """Return servers, and a folder for a daemon."""
    async with household(tmp_path) as made:
        yield made
