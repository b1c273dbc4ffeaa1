"""The stage on which the contracts play: a plugin's live object between a real local server and a virtual clock.

Comes in: a provider with its wire server, or a sink. Goes out: adapters and sinks pointed at a server that can be
told to misbehave. Everything that was opened is closed at the end.
"""

from __future__ import annotations

import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.api import (
    AccountSettings,
    Adapter,
    Intent,
    Lost,
    NeverSent,
    NotSent,
    Outcome,
    Provider,
    ProviderError,
    SandboxServer,
    Secret,
    Sink,
    SinkSettings,
    SinkType,
)
from bursar.domain.durations import parse_duration
from bursar.sandbox.faults import Faults
from bursar.testing.clock import VirtualClock
from bursar.testing.fakes import Loan

PATIENT = timedelta(minutes=2)
"""The time-out of whatever is opened here. It is long, so that no machine is too slow to answer within it; where an
answer never comes, the loop's clock leaps over it."""
LEAP_S = PATIENT.total_seconds() + 1
TOKEN = "t0ken-that-nobody-may-see"  # noqa: S105  a sink's URL often holds one; this one is looked for in errors


async def _any(_request: web.Request) -> str:
    return "*"


@dataclass
class Stage:
    """A provider's wire server and what it takes to open accounts on it."""

    provider: Provider
    wire: SandboxServer
    clock: VirtualClock
    server: TestServer
    faults: Faults
    loan: Loan
    opened: list[Adapter] = field(default_factory=list)

    @property
    def key(self) -> str:
        key = self.wire.settings["key"]
        return key.reveal() if isinstance(key, Secret) else str(key)

    def adapter(self, *, url: str | None = None, key: str | None = None, timeout: timedelta = PATIENT) -> Adapter:
        """Open an account on the server; closed with the stage."""
        further = {name: value for name, value in self.wire.settings.items() if name not in ("key", "currency")}
        settings = AccountSettings(
            name="account",
            url=url or str(self.server.make_url(self.wire.path)),
            key=Secret(key or self.key),
            timeout=timeout,
            currency=self.wire.settings.get("currency"),
            options={**_defaults(self.provider.settings), **further},
        )
        adapter = self.provider.open(settings, self.loan.context)
        self.opened.append(adapter)
        return adapter

    def effects(self) -> int:
        """Count what the server did."""
        return sum(self.wire.effects().values())

    def secrets(self) -> tuple[str, ...]:
        """Return everything that must not be seen: the key, secret settings, and what the adapter concealed."""
        further = (value.reveal() for value in self.wire.settings.values() if isinstance(value, Secret))
        return (self.key, *further, *self.loan.concealed)


@asynccontextmanager
async def provider_stage(provider: Provider, wire: SandboxServer, clock: VirtualClock) -> AsyncIterator[Stage]:
    """Start the wire server, with faults before everything else it has."""
    faults, loan = Faults(_any, leap_s=LEAP_S), Loan(clock)
    faults.wrap(wire.app)
    server = TestServer(wire.app)
    await server.start_server()
    stage = Stage(provider, wire, clock, server, faults, loan)
    try:
        yield stage
    finally:
        for adapter in stage.opened:
            await adapter.close()
        await loan.close()
        await server.close()


@dataclass
class SinkStage:
    """A receiver that keeps what it gets, and what it takes to open a sink on it."""

    type: SinkType
    server: TestServer
    faults: Faults
    loan: Loan
    received: list[tuple[Mapping[str, str], bytes]]
    opened: list[Sink] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.server.make_url(f"/hook/{TOKEN}"))

    def sink(self, options: Mapping[str, Any]) -> Sink:
        """Open a sink; closed with the stage."""
        sink = self.type.open(SinkSettings("sink", {**_defaults(self.type.settings), **options}), self.loan.context)
        self.opened.append(sink)
        return sink


@asynccontextmanager
async def sink_stage(type_: SinkType, clock: VirtualClock) -> AsyncIterator[SinkStage]:
    """Start a receiver that says yes to everything but the faults."""
    received: list[tuple[Mapping[str, str], bytes]] = []

    async def receive(request: web.Request) -> web.Response:
        received.append((request.headers, await request.read()))
        return web.Response(status=204)

    faults, loan, app = Faults(_any, leap_s=LEAP_S), Loan(clock), web.Application()
    app.router.add_route("*", "/{tail:.*}", receive)
    faults.wrap(app)
    server = TestServer(app)
    await server.start_server()
    stage = SinkStage(type_, server, faults, loan, received)
    try:
        yield stage
    finally:
        for sink in stage.opened:
            await sink.close()
        await loan.close()
        await server.close()


def nobody_listens() -> str:
    """Return the address of a port on which no process listens, and no other can begin to."""
    return f"http://127.0.0.1:{_deaf_port()}"


@cache
def _deaf_port() -> int:
    """Keep a port for this process, and never listen there; its descriptor stays open to the end."""
    plug = socket.socket()
    plug.bind(("127.0.0.1", 0))
    port: int = plug.getsockname()[1]
    plug.detach()
    return port


async def outcome_of(adapter: Adapter, intent: Intent) -> Outcome:
    """Perform as the daemon does: an error is `Lost`, unless nothing was sent."""
    try:
        return await adapter.perform(intent)
    except NeverSent as error:
        return NotSent(error.reason, error.retry_after)
    except ProviderError as error:
        return Lost(error.reason)


async def error_of(doing: Awaitable[object], expected: type[Exception] = ProviderError) -> Exception:
    """Await something that must fail, and return its error."""
    try:
        result = await doing
    except expected as error:
        return error
    raise AssertionError(f"{expected.__name__} was expected, it gave {type(result).__name__}")


def leaks(seen: object, secrets: Iterable[str]) -> list[str]:
    """Return what of the secrets can be seen in an error, with its traceback, or in the text of anything else."""
    text = "".join(traceback.format_exception(seen)) + repr(vars(seen)) if isinstance(seen, Exception) else repr(seen)
    return [f"{secret[:2]}… is seen in {type(seen).__name__}" for secret in secrets if secret and secret in text]


def _defaults(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the defaults of settings as bursar hands them over: durations as `timedelta`."""
    return {
        name: parse_duration(schema["default"]) if schema.get("format") == "bursar-duration" else schema["default"]
        for name, schema in settings.items()
        if "default" in schema
    }
