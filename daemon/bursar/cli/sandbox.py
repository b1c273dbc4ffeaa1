"""`bursar sandbox`: the providers on loopback ports, speaking their real wire formats, over a world that moves."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from bursar.cli.options import with_config
from bursar.cli.outcome import CommandError, instead, unknown
from bursar.cli.output import json_line
from bursar.cli.terminal_text import one_line

if TYPE_CHECKING:
    from bursar.api.provider import Provider
    from bursar.sandbox import FaultRequest, ServedProvider

LOOK_EVERY_S = 0.2
MAX_IDS = 12


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asked for."""

    seed: int
    speed: float
    port: int
    effects: bool
    as_json: bool


@click.command()
@with_config
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same world.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="How many seconds pass there in one of ours.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65000),
    default=0,
    metavar="P",
    help="The first port; the next provider gets the next one. Default: free ones.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="PROVIDER:METHOD:FAULT[:TIMES]",
    help="Let something go wrong, once or so often or 'always'; repeatable. METHOD may be *.",
)
@click.option("--effects", is_flag=True, help="Print the count of effects whenever it grows.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
def sandbox(seed: int, speed: float, port: int, faults: tuple[str, ...], effects: bool, as_json: bool) -> None:
    """Serve the providers on loopback ports, in their real wire formats, over a seeded world that moves: orders
    progress, go partial, get stuck; balances grow; coupons are activated. Every effect is counted.

    For each provider it prints the address and the key for an account, and the ids to track. Counts are at
    ADMIN/effects; faults are asked for by --fault, or while it runs by POST ADMIN/faults.

    \b
    Examples:
        bursar sandbox --speed 60
        bursar sandbox --json --fault smm:cancel:timeout-after --fault 'premium_exchanger:*:html-503:3'
        curl -d '{"method": "add", "fault": "truncated"}' http://127.0.0.1:PORT/_sandbox/faults
    """
    from bursar.host.plugins import load_plugins
    from bursar.sandbox import PortUnavailable

    providers = load_plugins().providers
    asked_for = [read_fault(text, providers) for text in faults]
    try:
        asyncio.run(_serve(providers, asked_for, Wishes(seed, speed, port, effects, as_json)))
    except PortUnavailable as error:
        raise CommandError(str(error), 1) from None


def read_fault(text: str, providers: Mapping[str, Provider]) -> FaultRequest:
    """Read `PROVIDER:METHOD:FAULT[:TIMES]`.

    Raises:
        CommandError: it names something that is not there.
    """
    from bursar.sandbox import FAULTS, FaultRequest

    parts = text.split(":")
    if len(parts) not in (3, 4):
        raise CommandError(f"a fault is written PROVIDER:METHOD:FAULT or PROVIDER:METHOD:FAULT:TIMES; {text!r} is not")
    provider, method, fault = parts[:3]
    if provider not in providers:
        raise unknown("provider", provider, providers)
    methods = [known.name for known in providers[provider].methods]
    if method != "*" and method not in methods:
        raise CommandError(f"{provider} has no method {method!r}{instead(method, methods)}")
    if fault not in FAULTS:
        raise unknown("fault", fault, FAULTS)
    return FaultRequest(provider, method, fault, _times(parts[3]) if len(parts) == 4 else 1)


def _times(text: str) -> int | None:
    if text == "always":
        return None
    if not text.isdigit() or not int(text):
        raise CommandError(f"how often a fault happens is a number or 'always'; {text!r} is not")
    return int(text)


async def _serve(providers: Mapping[str, Provider], faults: Sequence[FaultRequest], wishes: Wishes) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    from bursar.loops.clock import RealClock
    from bursar.sandbox import serve_providers

    clock = RealClock()
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with serve_providers(providers, wishes.seed, wishes.speed, wishes.port, faults, clock) as places:
        for place in places:
            click.echo(_line(place, wishes.as_json))
        counted: Mapping[str, Mapping[str, int]] = {}
        while not ended.is_set():
            if wishes.effects:
                counted = _tell_effects(places, counted, wishes.as_json)
            await clock.sleep(LOOK_EVERY_S)


def _line(place: ServedProvider, as_json: bool) -> str:
    if as_json:
        return json_line(place.public())
    shown = place.public()
    settings = "".join(f"  {name} {value}" for name, value in shown["settings"].items())
    ids = list(place.track)
    more = f" … ({len(ids)})" if len(ids) > MAX_IDS else ""
    track = f"\n    track {' '.join(ids[:MAX_IDS])}{more}" if ids else ""
    return f"{place.provider}: {place.url}  key {shown['key']}{one_line(settings)}\n    admin {place.admin}{track}"


def _tell_effects(
    places: Sequence[ServedProvider], before: Mapping[str, Mapping[str, int]], as_json: bool
) -> Mapping[str, Mapping[str, int]]:
    """Print the counts that grew; return them all."""
    now = {place.provider: dict(place.wire.effects()) for place in places if place.wire is not None}
    for provider, counts in now.items():
        if not any(counts.values()) or counts == before.get(provider):
            continue
        if as_json:
            click.echo(json_line({"provider": provider, "effects": dict(counts)}))
        else:
            click.echo(f"{provider}: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    return now
