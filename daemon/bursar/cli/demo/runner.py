"""The demo from its first line to its last: sandbox, overlay, daemon, orders under watch, what happens, the summary.

Whatever goes wrong, and whenever it is interrupted, the children are ended and the folder is removed.
"""

from __future__ import annotations

import asyncio
import json
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import click

from bursar.cli.client import BadConfiguration, Client
from bursar.cli.demo.config import DemoConfig, as_yaml, example_text, lay_over, read_example
from bursar.cli.demo.processes import child, last_words
from bursar.cli.demo.progress import Progress
from bursar.cli.demo.receiver import Receiver, receive
from bursar.cli.demo.summary import compare, show_summary
from bursar.cli.outcome import FINE, FOUND, INTERRUPTED, CommandError, complain
from bursar.host.plugins import load_plugins
from bursar.host.registry import Registry
from bursar.loops.clock import RealClock
from bursar.sandbox import ServedProvider

if TYPE_CHECKING:
    from bursar.domain.values import Json

SPEED = 30.0
GIVE_UP_AFTER_S = 300.0
"""All that is shown takes ten seconds; a machine that is busy may take many times that, and is not wrong."""
START_WITHIN_S = 120.0
LOOK_EVERY_S = 0.5
MAX_LISTED = 1000


@dataclass(slots=True)
class DemoRun:
    """One run of the demo.

    Attributes:
        folder: Everything that it writes.
        seed: The sandbox's world.
        keep: Go on until Ctrl-C.
        interrupted: Set by Ctrl-C or SIGTERM.
    """

    folder: Path
    seed: int
    keep: bool
    clock: RealClock = field(default_factory=RealClock)
    registry: Registry = field(default_factory=load_plugins)
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)


async def run_demo(run: DemoRun) -> int:
    """Run the demo and return its exit code."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, run.interrupted.set)
    started = run.clock.monotonic()
    words = ["sandbox", "--json", "--seed", str(run.seed), "--speed", f"{SPEED:g}"]
    async with receive() as receiver, child(words, run.folder / "sandbox.log") as sandbox:
        places = await _read_places(run, sandbox)
        config = _write_config(run, places, receiver)
        client = _desk(run, config)
        progress = Progress(client.configuration.rules, receiver)
        path = str(run.folder / "bursar.yaml")
        async with child(["run", "-c", path], run.folder / "daemon.log", _environ(run, config)) as daemon:
            await _wait_until_up(run, client, daemon)
            await _track(client, places)
            await _follow(run, client, progress, daemon, started)
        await _look(client, progress)
        return _end(run, progress, await _watched(client, progress), await _effects(places), client)


async def _read_places(run: DemoRun, sandbox: Process) -> list[ServedProvider]:
    """Read where the sandbox serves each provider."""
    expected = sum(1 for provider in run.registry.providers.values() if provider.wire is not None)
    assert sandbox.stdout is not None
    places: list[ServedProvider] = []
    try:
        async with asyncio.timeout(START_WITHIN_S):
            while len(places) < expected:
                places.append(ServedProvider.read(json.loads(await sandbox.stdout.readline())))
    except (TimeoutError, ValueError):
        raise CommandError(f"the sandbox did not start\n{last_words(run.folder / 'sandbox.log')}", FOUND) from None
    return places


def _write_config(run: DemoRun, places: Sequence[ServedProvider], receiver: Receiver) -> DemoConfig:
    """Write the configuration, and print what was laid over the example."""
    example = read_example(example_text())
    config = lay_over(example, run.folder, places, run.registry.providers, receiver.url, receiver.secret)
    (run.folder / "bursar.yaml").write_text(as_yaml(config.merged), encoding="utf-8")
    click.echo("rules.example.yaml runs under this overlay:\n")
    click.echo("".join(f"    {line}\n" for line in as_yaml(config.overlay).splitlines()))
    given = [*config.environ, *config.credentials]
    click.echo(f"Keys and wallet as the example names them: {', '.join(given)}\n")
    return config


def _environ(run: DemoRun, config: DemoConfig) -> Mapping[str, str]:
    """Return the daemon's variables; what is a credential under systemd is a file here."""
    folder = run.folder / "credentials"
    folder.mkdir(mode=0o700)
    for name, text in config.credentials.items():
        (folder / name).write_text(text, encoding="utf-8")
    return {**config.environ, "CREDENTIALS_DIRECTORY": str(folder)}


def _desk(run: DemoRun, config: DemoConfig) -> Client:
    """Read the configuration as any command does."""
    from bursar.settings.model import ConfigurationError
    from bursar.settings.read import read_configuration

    path = run.folder / "bursar.yaml"
    try:
        configuration = read_configuration(
            [path], run.registry, environ=config.environ, without_secrets=True, unit_only_is_warning=True
        )
    except ConfigurationError as error:
        raise BadConfiguration(error) from None
    return Client(configuration, run.registry)


async def _wait_until_up(run: DemoRun, client: Client, daemon: Process) -> None:
    deadline = run.clock.monotonic() + START_WITHIN_S
    while not client.configuration.settings.socket.exists():
        _still_there(run, daemon)
        if run.clock.monotonic() > deadline:
            raise CommandError(f"the daemon did not start\n{last_words(run.folder / 'daemon.log')}", FOUND)
        await run.clock.sleep(0.1)


def _still_there(run: DemoRun, daemon: Process) -> None:
    if daemon.returncode is not None:
        raise CommandError(f"the daemon ended by itself\n{last_words(run.folder / 'daemon.log')}", FOUND)


async def _track(client: Client, places: Sequence[ServedProvider]) -> None:
    """Put the sandbox's orders under watch: no panel lists them."""
    ids = {place.provider: place.track for place in places if place.track}
    for name, account in client.configuration.accounts.items():
        if account.provider.name in ids:
            rows: list[Json] = [{"id": id_} for id_ in ids[account.provider.name]]
            await client.ask_async("track", account=name, rows=rows)
            click.echo(f"$ bursar track {name} {' '.join(ids[account.provider.name][:6])} …    {len(rows)} orders")


async def _follow(run: DemoRun, client: Client, progress: Progress, daemon: Process, started: float) -> None:
    """Print what happens until all of it has, the time is over, or a person interrupts."""
    if run.keep:
        click.echo(f"from another shell:  bursar accounts -c {run.folder / 'bursar.yaml'}\n")
    while not run.interrupted.is_set():
        _still_there(run, daemon)
        for line in await _look(client, progress):
            click.echo(f"{run.clock.monotonic() - started:6.1f} s  {line}")
        if not run.keep and (not progress.missing() or run.clock.monotonic() - started > GIVE_UP_AFTER_S):
            return
        await run.clock.sleep(LOOK_EVERY_S)


async def _look(client: Client, progress: Progress) -> list[str]:
    """Read the journal's lists, oldest first."""
    events = await client.ask_async("events", limit=MAX_LISTED)
    actions = await client.ask_async("actions", limit=MAX_LISTED)
    return progress.take(_oldest_first(events, "time"), _oldest_first(actions, "created_at"))


def _oldest_first(answer: Json, when: str) -> list[Mapping[str, Any]]:
    rows = [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []
    return sorted(rows, key=lambda row: str(row.get(when)))


async def _watched(client: Client, progress: Progress) -> dict[str, int]:
    """Count the subjects that each state rule looked at."""
    counts = {}
    for rule in progress.rules:
        if rule.watches:
            answer = await client.ask_async("why", rule=rule.name)
            rows = _oldest_first(answer, "at")
            counts[str(rule.name)] = len({(row.get("account"), row.get("subject")) for row in rows})
    return counts


async def _effects(places: Sequence[ServedProvider]) -> dict[str, dict[str, int]]:
    """Ask the sandbox what it did."""
    async with aiohttp.ClientSession() as session:
        counted = {}
        for place in places:
            async with session.get(f"{place.admin}/effects") as answer:
                counted[place.provider] = await answer.json()
    return counted


def _end(
    run: DemoRun,
    progress: Progress,
    watched: Mapping[str, int],
    effects: Mapping[str, Mapping[str, int]],
    client: Client,
) -> int:
    """Print the summary and return the exit code."""
    accounts = {str(name): account.provider.name for name, account in client.configuration.accounts.items()}
    counts = compare(progress, accounts, effects)
    click.echo()
    show_summary(progress, watched, counts)
    if run.interrupted.is_set() and not run.keep:
        return INTERRUPTED
    faults = progress.missing() + [str(count) for count in counts if count.journal != count.sandbox]
    for fault in faults:
        complain(fault)
    if faults:
        click.echo(last_words(run.folder / "daemon.log"), err=True)
        return FOUND
    click.echo("\nEvery rule fired, every signature was right, and nothing was done twice.")
    return FINE
