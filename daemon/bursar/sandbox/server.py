"""Every registered provider's own wire server on a loopback port, with faults on request.

The servers belong to the plugins (`Provider.wire`); here they only get a port each, the faults in front, and the
admin routes of `Faults` (`/_sandbox/effects`, `/_sandbox/faults`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bursar.api.clock import Clock
from bursar.api.provider import Provider, SandboxServer
from bursar.sandbox.faults import ADMIN, Faults

HOST = "127.0.0.1"


class PortUnavailable(Exception):
    """A port that was asked for cannot be listened on; the message says which and why."""


@dataclass(frozen=True, slots=True)
class ServedProvider:
    """Where one provider is served.

    Attributes:
        url: What an account's `url` says to use it.
        admin: Where its effects are counted and its faults are asked for.
        settings: What the account needs besides: its `key`, and perhaps more.
        track: Ids that a person would put under watch.
        wire: The server itself, where it is in this process.
    """

    provider: str
    url: str
    admin: str
    settings: Mapping[str, Any]
    track: Sequence[str]
    wire: SandboxServer | None = None

    def public(self) -> dict[str, Any]:
        """Return what `bursar sandbox` prints of it."""
        settings = dict(self.settings)
        key = settings.pop("key", "")
        return {
            "provider": self.provider,
            "url": self.url,
            "key": key,
            "settings": settings,
            "track": list(self.track),
            "admin": self.admin,
        }

    @classmethod
    def read(cls, printed: Mapping[str, Any]) -> ServedProvider:
        """Read what `bursar sandbox --json` printed."""
        settings = {"key": printed["key"], **printed["settings"]}
        return cls(printed["provider"], printed["url"], printed["admin"], settings, printed["track"])


@dataclass(frozen=True, slots=True)
class FaultRequest:
    """A fault that is to happen from the start; `times` None: always."""

    provider: str
    method: str
    fault: str
    times: int | None = 1


@asynccontextmanager
async def serve_providers(
    providers: Mapping[str, Provider], seed: int, speed: float, port: int, faults: Sequence[FaultRequest], clock: Clock
) -> AsyncIterator[list[ServedProvider]]:
    """Serve every provider that has a wire server, in the order of their names; stop when the block ends.

    Args:
        providers: By name.
        seed: The same seed makes the same world.
        speed: How many seconds of the world pass in one.
        port: The first port, the next one for the next provider; 0 takes free ones.
        faults: What goes wrong from the start.
        clock: The clock by which the worlds move.

    Raises:
        PortUnavailable: one of the ports cannot be listened on.
    """
    async with AsyncExitStack() as stack:
        served = []
        with_wire = [provider for _, provider in sorted(providers.items()) if provider.wire is not None]
        for position, provider in enumerate(with_wire):
            assert provider.wire is not None
            wire = provider.wire(seed, speed, clock)
            _put_faults_before(wire, [fault for fault in faults if fault.provider == provider.name])
            bound = await stack.enter_async_context(_serve(wire.app, port + position if port else 0))
            root = f"http://{HOST}:{bound}"
            served.append(
                ServedProvider(provider.name, root + wire.path, root + ADMIN, wire.settings, wire.track(), wire)
            )
        yield served


def _put_faults_before(wire: SandboxServer, asked_for: Sequence[FaultRequest]) -> None:
    async def by_path(request: web.Request) -> str:
        return request.path

    faults = Faults(wire.name_of or by_path)
    faults.attach(wire.app, wire.effects)
    for fault in asked_for:
        faults.add(fault.method, fault.fault, fault.times)


@asynccontextmanager
async def _serve(app: web.Application, port: int) -> AsyncIterator[int]:
    """Serve on loopback and yield the port."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        try:
            await site.start()
        except OSError as error:
            raise PortUnavailable(f"port {port} cannot be used: {error.strerror}") from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
