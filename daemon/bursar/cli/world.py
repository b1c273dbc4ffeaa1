"""The sandbox's world: every registered provider's own wire server on a loopback port, with faults on request.

The servers belong to the plugins (`Provider.wire`); here they only get a port each, the faults in front, and the
admin routes of `bursar.testing.Faults` (`/_sandbox/effects`, `/_sandbox/faults`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bursar.cli.outcome import Stop, instead, unknown

if TYPE_CHECKING:
    from aiohttp import web

    from bursar.api.clock import Clock
    from bursar.api.provider import Provider, SandboxServer

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Place:
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
    def read(cls, printed: Mapping[str, Any]) -> Place:
        """Read what `bursar sandbox --json` printed."""
        settings = {"key": printed["key"], **printed["settings"]}
        return cls(printed["provider"], printed["url"], printed["admin"], settings, printed["track"])


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was asked for on the command line; `times` None: always."""

    provider: str
    method: str
    fault: str
    times: int | None = 1


def read_fault(text: str, providers: Mapping[str, Provider]) -> Fault:
    """Read `PROVIDER:METHOD:FAULT[:TIMES]`.

    Raises:
        Stop: it names something that is not there.
    """
    from bursar.testing import FAULTS

    parts = text.split(":")
    if len(parts) not in (3, 4):
        raise Stop(f"a fault is written PROVIDER:METHOD:FAULT or PROVIDER:METHOD:FAULT:TIMES; {text!r} is not")
    provider, method, fault = parts[:3]
    if provider not in providers:
        raise unknown("provider", provider, providers)
    methods = [known.name for known in providers[provider].methods]
    if method != "*" and method not in methods:
        raise Stop(f"{provider} has no method {method!r}{instead(method, methods)}")
    if fault not in FAULTS:
        raise unknown("fault", fault, FAULTS)
    return Fault(provider, method, fault, _times(parts[3]) if len(parts) == 4 else 1)


def _times(text: str) -> int | None:
    if text == "always":
        return None
    if not text.isdigit() or not int(text):
        raise Stop(f"how often a fault happens is a number or 'always'; {text!r} is not")
    return int(text)


@asynccontextmanager
async def serve_world(
    providers: Mapping[str, Provider], seed: int, speed: float, port: int, faults: Sequence[Fault], clock: Clock
) -> AsyncIterator[list[Place]]:
    """Serve every provider that has a wire server, in the order of their names; stop when the block ends.

    Args:
        providers: By name.
        seed: The same seed makes the same world.
        speed: How many seconds of the world pass in one.
        port: The first port, the next one for the next provider; 0 takes free ones.
        faults: What goes wrong from the start.
        clock: The clock by which the worlds move.
    """
    async with AsyncExitStack() as stack:
        places = []
        with_wire = [provider for _, provider in sorted(providers.items()) if provider.wire is not None]
        for position, provider in enumerate(with_wire):
            assert provider.wire is not None
            wire = provider.wire(seed, speed, clock)
            _put_faults_before(wire, [fault for fault in faults if fault.provider == provider.name])
            bound = await stack.enter_async_context(_serve(wire.app, port + position if port else 0))
            root = f"http://{HOST}:{bound}"
            places.append(Place(provider.name, root + wire.path, f"{root}/_sandbox", wire.settings, wire.track(), wire))
        yield places


def _put_faults_before(wire: SandboxServer, asked_for: Sequence[Fault]) -> None:
    from bursar.testing import Faults

    async def by_path(request: web.Request) -> str:
        return request.path

    faults = Faults(wire.name_of or by_path)
    faults.attach(wire.app, wire.effects)
    for fault in asked_for:
        faults.add(fault.method, fault.fault, fault.times)


@asynccontextmanager
async def _serve(app: web.Application, port: int) -> AsyncIterator[int]:
    """Serve on loopback and give the port.

    Raises:
        Stop: the port is taken.
    """
    from aiohttp import web

    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield runner.addresses[0][1]
    except OSError as taken:
        raise Stop(f"port {port} cannot be used: {taken.strerror}", 1) from None
    finally:
        await runner.cleanup()
