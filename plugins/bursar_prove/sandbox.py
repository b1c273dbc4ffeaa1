"""The sandbox process: the providers' own wire servers on loopback, with faults, interceptors, witnesses and clocks.

It is told what to do over a socket: one line of JSON comes in, one goes out.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bursar.api import Provider, Secret
from bursar.sandbox.faults import Faults
from bursar_prove.interceptor import Interceptor, Trap
from bursar_prove.scaled_clock import Pace, WorldClock
from bursar_prove.strike import Kind, Strike, happen, thaw
from bursar_prove.witness import Witness
from bursar_prove.world import Debit

HOST = "127.0.0.1"


@dataclass(slots=True)
class Place:
    """One provider's server."""

    url: str
    interceptor: Interceptor
    faults: Faults
    world: WorldClock


@dataclass(slots=True)
class Sandbox:
    """All of them."""

    places: dict[str, Place] = field(default_factory=dict)

    def answer(self, verb: str, params: Mapping[str, Any]) -> Any:
        """Do what the runner says."""
        verbs: Mapping[str, Callable[..., Any]] = {
            "where": self._where,
            "aim": self._aim,
            "fault": self._fault,
            "late": self._late,
            "hold": self._hold,
            "grow": self._grow,
            "calm": self._calm,
            "look": self._look,
            "leap": self._leap,
            "stop": self._stop,
            "states": self._states,
        }
        return verbs[verb](**params)

    def _where(self) -> Any:
        return {
            name: {"url": place.url, "settings": _plain(wire.settings), "track": [*wire.track()]}
            for name, place in self.places.items()
            for wire in (place.interceptor.wire,)
        }

    def _aim(
        self, pid: int, strike: Mapping[str, Any], slow_s: float, provider: str | None = None, **trap: Any
    ) -> None:
        """Set which process is the daemon, and one interceptor, or none."""
        for name, place in self.places.items():
            place.interceptor.pid, place.interceptor.slow_s = pid, slow_s
            place.interceptor.planned = Strike(Kind(strike["kind"]), strike["seconds"], strike["commits"])
            place.interceptor.trap = Trap(**trap) if name == provider else None

    def _fault(self, provider: str, method: str, fault: str, times: int) -> None:
        self.places[provider].faults.add(method, fault, times)

    def _late(self, provider: str, method: str, delay_s: float) -> None:
        self.places[provider].interceptor.late[method] = delay_s

    def _hold(self, provider: str, method: str, delays_s: Sequence[float]) -> None:
        self.places[provider].interceptor.held[method] = [*delays_s]

    def _grow(self, provider: str, seconds: Sequence[float]) -> None:
        self.places[provider].interceptor.growth = [*seconds]

    def _calm(self) -> None:
        """Forget everything that is still to go wrong."""
        for place in self.places.values():
            place.faults.clear()
            place.interceptor.calm()

    def _look(self, since: Mapping[str, Sequence[int]]) -> Any:
        """Return what each witness saw after the first so many effects and requests, and what is still to come."""
        return {
            name: {
                **place.interceptor.witness.public(*since.get(name, (0, 0))), "owed": place.interceptor.owed,
                "asked": place.faults.asked.total(),
            }
            for name, place in self.places.items()
        }  # fmt: skip

    def _states(self, provider: str) -> Any:
        """Return the states that were answered of each subject, by when they were asked for."""
        return self.places[provider].interceptor.witness.answered()

    def _leap(self, provider: str, seconds: float) -> None:
        self.places[provider].world.leap(seconds)

    def _stop(self) -> None:
        for place in self.places.values():
            place.world.stop()


def serve_sandbox(
    providers: Mapping[str, Provider], seed: int, pace: Pace, in_time_s: float, line: socket.socket
) -> int:
    """Serve until the line is closed at its other end."""
    asyncio.run(_serve(providers, seed, pace, in_time_s, line))
    return 0


async def _serve(
    providers: Mapping[str, Provider], seed: int, pace: Pace, in_time_s: float, line: socket.socket
) -> None:
    async with AsyncExitStack() as stack:
        sandbox = Sandbox()
        for name, provider in sorted(providers.items()):
            if provider.wire is not None:
                sandbox.places[name] = await _open(provider, seed, pace, in_time_s, stack)
        async with asyncio.TaskGroup() as group:
            thawing = group.create_task(thaw(pace))
            reader, writer = await asyncio.open_connection(sock=line)
            while asked := await reader.readline():
                verb, params = json.loads(asked)
                answer = sandbox.answer(verb, params)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
            thawing.cancel()


async def _open(provider: Provider, seed: int, pace: Pace, in_time_s: float, stack: AsyncExitStack) -> Place:
    assert provider.wire is not None
    world = WorldClock(pace)
    assert provider.scenario is not None
    late = provider.scenario.debits_when_done if Debit.of(seed) is Debit.WHEN_DONE else None
    wire = (late or provider.wire)(seed, 1.0, world)
    witness = Witness(provider.name, provider.scenario, wire, pace, in_time_s, debits_when_done=late is not None)

    def strike(what: Strike, pid: int) -> None:
        happen(what, pid, pace, "sandbox")

    interceptor = Interceptor(wire, pace, witness, strike, world.leap, lambda: pace.shared.struck)
    assert wire.name_of is not None, f"{provider.name} does not name its methods"
    faults = Faults(wire.name_of)
    interceptor.attach(faults)
    runner = web.AppRunner(wire.app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, 0).start()
    return Place(f"http://{HOST}:{runner.addresses[0][1]}{wire.path}", interceptor, faults, world)


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in settings.items()}
