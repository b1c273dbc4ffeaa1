"""The sandbox process: the providers' own wire servers on loopback, with faults, gates and clocks, told what to do
over a socket. One line of JSON comes in, one goes out."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bursar.api import Clock, Provider, Secret
from bursar.testing.faults import Faults
from bursar.testing.prove.gate import Gate, Trap
from bursar.testing.prove.pace import WorldClock

HOST = "127.0.0.1"


@dataclass(slots=True)
class Place:
    """One provider's server."""

    url: str
    gate: Gate
    faults: Faults
    world: WorldClock


@dataclass(slots=True)
class Sandbox:
    """All of them."""

    places: dict[str, Place] = field(default_factory=dict)

    def answer(self, verb: str, params: Mapping[str, Any]) -> Any:
        """Do what the conductor says."""
        verbs: Mapping[str, Callable[..., Any]] = {
            "where": self._where, "aim": self._aim, "fault": self._fault, "late": self._late, "calm": self._calm,
            "look": self._look, "leap": self._leap, "stop": self._stop,
        }
        return verbs[verb](**params)

    def _where(self) -> Any:
        return {
            name: {"url": place.url, "settings": _plain(place.gate.wire.settings), "track": [*place.gate.wire.track()]}
            for name, place in self.places.items()
        }

    def _aim(self, pid: int, provider: str | None = None, **trap: Any) -> None:
        """Say which process is the daemon, and set one gate, or none."""
        for name, place in self.places.items():
            place.gate.pid = pid
            place.gate.trap = Trap(**trap) if name == provider else None

    def _fault(self, provider: str, method: str, fault: str, times: int) -> None:
        self.places[provider].faults.add(method, fault, times)

    def _late(self, provider: str, method: str, delay_s: float) -> None:
        self.places[provider].gate.late[method] = delay_s

    def _calm(self) -> None:
        """Forget everything that is still to go wrong."""
        for place in self.places.values():
            place.faults.clear()
            place.gate.late.clear()
            place.gate.trap = place.gate.pid = None

    def _look(self, since: Mapping[str, int]) -> Any:
        """Give the effects after the first so many of each provider, and what is still to come."""
        return {
            name: {**place.gate.public(since.get(name, 0)), "asked": place.faults.asked.total()}
            for name, place in self.places.items()
        }

    def _leap(self, provider: str, seconds: float) -> None:
        self.places[provider].world.leap(seconds)

    def _stop(self) -> None:
        for place in self.places.values():
            place.world.stop()


def serve_sandbox(
    providers: Mapping[str, Provider], seed: int, clock: Clock, in_time_s: float, line: socket.socket
) -> int:
    """Serve until the line is closed at its other end."""
    asyncio.run(_serve(providers, seed, clock, in_time_s, line))
    return 0


async def _serve(
    providers: Mapping[str, Provider], seed: int, clock: Clock, in_time_s: float, line: socket.socket
) -> None:
    async with AsyncExitStack() as stack:
        sandbox = Sandbox()
        for name, provider in sorted(providers.items()):
            if provider.wire is not None:
                sandbox.places[name] = await _open(provider, seed, clock, in_time_s, stack)
        reader, writer = await asyncio.open_connection(sock=line)
        while asked := await reader.readline():
            verb, params = json.loads(asked)
            answer = sandbox.answer(verb, params)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()


async def _open(provider: Provider, seed: int, clock: Clock, in_time_s: float, stack: AsyncExitStack) -> Place:
    assert provider.wire is not None
    world = WorldClock(clock)
    wire = provider.wire(seed, 1.0, world)
    gate = Gate(provider.name, wire, clock, in_time_s)
    assert wire.name_of is not None, f"{provider.name} does not name its methods"
    faults = Faults(wire.name_of)
    gate.attach(faults)
    runner = web.AppRunner(wire.app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, 0).start()
    return Place(f"http://{HOST}:{runner.addresses[0][1]}{wire.path}", gate, faults, world)


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in settings.items()}
