"""The example plugin under a real daemon: it polls the plugin's sandbox, acts there, and delivers to its sink."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from support.example import Installed
from support.limits import WAIT_S

CONFIGURATION = """
settings: {{state: {folder}/journal.db}}
accounts:
  lockers:
    provider: parcelbox
    url: {url}
    key: {{env: PARCELBOX_KEY}}
    poll: {{parcels: 1s, wallet: 1s, top_ups: 1s}}
    rate: 1200/min
    timeout: 5m
sinks:
  lines: {{type: jsonl, path: {folder}/news.jsonl, events: [action.*]}}
rules:
  - name: remind
    on: parcel
    when: parcel.state == "stored" and not parcel.reminded
    for: 1s
    do: [remind]
  - name: keep-money-in-the-wallet
    on: balance.ran_low
    do:
      - top_up: {{amount: "20"}}
      - notify: {{sink: lines, text: "The balance is {{{{ balance.amount }}}}"}}
    cooldown: 24h
"""

Line = Mapping[str, Any]


@asynccontextmanager
async def child(environ: Mapping[str, str], *words: str) -> AsyncIterator[Process]:
    """Run a command until the block ends; its output can be read line by line."""
    process = await asyncio.create_subprocess_exec(*words, env=environ, stdout=PIPE, stdin=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        await process.stdout.read()
        await process.wait()


async def lines_until(process: Process, enough: Callable[[list[Line]], bool]) -> list[Line]:
    """Read JSON lines until there are enough."""
    assert process.stdout is not None
    lines: list[Line] = []
    while not lines or not enough(lines):
        lines.append(json.loads(await process.stdout.readline()))
    return lines


async def while_it_runs(daemon: Process, doing: Awaitable[list[Line]]) -> list[Line]:
    """Await something that comes about only while the daemon runs."""
    done, ended = asyncio.ensure_future(doing), asyncio.ensure_future(daemon.wait())
    await asyncio.wait([done, ended], return_when=asyncio.FIRST_COMPLETED)
    assert done.done(), f"the daemon ended by itself, with {daemon.returncode}"
    ended.cancel()
    return done.result()


def both_are_done(lines: list[Line]) -> bool:
    """Return whether a reminder and a top-up have succeeded."""
    succeeded = [line["data"]["action"] for line in lines if line["type"] == "bursar.action.succeeded"]
    return {"remind", "top_up"} <= set(succeeded)


@dataclass(frozen=True)
class Told:
    """What the daemon told its sink, and what the sandbox counted in the end."""

    lines: list[Line]
    effects: Mapping[str, int]
    exit_code: int | None


@pytest.fixture
async def told(installed: Installed, tmp_path: Path) -> Told:
    """Run sandbox and daemon until a reminder and a top-up have succeeded, then stop the daemon."""
    environ = dict(installed.environ)
    news, bursar = tmp_path / "news.jsonl", (sys.executable, "-m", "bursar")
    async with asyncio.timeout(WAIT_S), child(environ, *bursar, "sandbox", "--json", "--speed", "20") as sandbox:
        place = (await lines_until(sandbox, lambda lines: lines[-1]["provider"] == "parcelbox"))[-1]
        configured = CONFIGURATION.format(folder=tmp_path, url=place["url"])
        (tmp_path / "bursar.yaml").write_text(configured, encoding="utf-8")
        news.touch()
        async with child(environ, "tail", "-n", "+1", "-f", str(news)) as tail:
            environ["PARCELBOX_KEY"] = place["key"]
            async with child(environ, *bursar, "run", "-c", str(tmp_path / "bursar.yaml")) as daemon:
                lines = await while_it_runs(daemon, lines_until(tail, both_are_done))
        async with aiohttp.ClientSession() as session, session.get(f"{place['admin']}/effects") as answer:
            effects = await answer.json()
    return Told(lines, effects, daemon.returncode)


async def test_the_daemon_polls_the_plugin_acts_and_tells_its_sink(told: Told) -> None:
    [note] = [line for line in told.lines if line["type"] == "bursar.notify"]
    assert note["data"]["text"].startswith("The balance is ")
    assert (told.effects["top_up"], told.effects["remind"] >= 1, told.exit_code) == (1, True, 0)
