"""One run of a real daemon among servers that tell, and everything that it left behind: what the tests then search.

The configuration is written as people write it: keys from the environment, one wallet from there, one written out.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bursar.testing.staging import nobody_listens
from support.limits import WAIT_S
from support.secrets.hall import Hall, open_hall
from support.secrets.planted import PLANTED, SOURCES, codes_of

PANEL_POLL = {"orders": "1s", "refills": "1s", "balance": "1s", "services": "1s"}
POLL = {"info": "1s", "visits": "1s", "exchanges": "1s", "payouts": "1s"}
QUERIES: Sequence[Sequence[str]] = (
    ("check",),
    ("status",),
    ("accounts",),
    ("orders",),
    ("events",),
    ("actions",),
    ("deliveries",),
    ("held",),
    ("plugins",),
    ("doctor",),
    ("audit", "verify"),
    ("audit", "export"),
    ("why", "payout-env"),
    ("why", "payout-literal"),
    ("why", "payout-lost"),
    ("why", "coupon-activated"),
    ("why", "refill-partial"),
)
READS: Sequence[Sequence[str]] = (
    ("call", "refused", "balance"),
    ("call", "moved", "balance"),
    ("call", "paged", "status", "order=1"),
    ("call", "bearer", "services"),
    ("call", "by-query", "refill_status", "refill=1"),
    ("call", "site-env", "get_info"),
    ("call", "site-env", "get_payouts"),
    ("call", "site-literal", "get_links"),
    ("call", "site-lost", "get_payouts"),
    ("call", "site-env", "get_exchanges"),
    ("call", "shop", "getResellerData"),
    ("call", "coupons", "getResellerData"),
    ("call", "panel", "services"),
    ("call", "site", "get_payouts"),
    ("call", "nowhere", "balance"),
)
OTHERS: Sequence[Sequence[str]] = (
    ("pause", "panel"),
    ("resume", "panel"),
    ("resume", "refused"),
    ("untrack", "paged", "1"),
    ("reload",),
    ("deliveries", "retry", "--all"),
)


@dataclass
class Traces:
    """What the run left behind.

    Attributes:
        said: What each command printed, and the exit code, by its words.
        log: The daemon's own standard streams.
        command_line: The daemon's, as other users of the machine see it.
        tables: Every table of the journal, as text.
        files: Every file of the state folder, the write-ahead log while it was there, and the backup.
        told: What the webhooks got: headers and body of each message.
        codes: The sandbox's own coupon codes.
    """

    said: dict[str, str] = field(default_factory=dict)
    log: dict[str, bytes] = field(default_factory=dict)
    command_line: str = ""
    tables: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)

    def of(self, *words: str) -> str:
        """Return what a command printed."""
        return self.said[" ".join(words)]


def env(name: str) -> dict[str, str]:
    return {"env": SOURCES[name]}


def environ() -> dict[str, str]:
    return {SOURCES[name]: value for name, value in PLANTED.items() if value}


def configuration(hall: Hall, folder: Path) -> dict[str, Any]:
    """Return the configuration."""
    return {
        "settings": {
            "state": str(folder / "journal.db"),
            "heartbeat": f"{hall.url}/beat/{PLANTED['token of the heartbeat']}",
            "baseline": "events",
        },
        "accounts": {**_panels(hall), **_sites(hall), **_sandbox(hall)},
        "sinks": _sinks(hall),
        "rules": _rules(),
    }


def _panels(hall: Hall) -> dict[str, Any]:
    token = PLANTED["token in an address"]
    shared = {"provider": "smm", "rate": "600/min", "timeout": "5m", "poll": PANEL_POLL}
    return {
        "refused": {**shared, "url": f"{hall.url}/refuse", "key": env("key that is refused")},
        "moved": {**shared, "url": f"{hall.url}/move?token={token}", "key": env("key behind a redirect")},
        "paged": {**shared, "url": f"{hall.url}/page", "key": env("key in an HTML page")},
        "bearer": {
            **shared,
            "url": f"{hall.url}/bearer",
            "key": env("key in a header"),
            "auth": "bearer",
            "transport": "json",
        },
        "by-query": {**shared, "url": f"{hall.url}/get", "key": env("key in a query"), "transport": "get"},
        "nowhere": {**shared, "url": f"{nobody_listens()}/api/v2", "key": PLANTED["key that is refused"]},
    }


def _sites(hall: Hall) -> dict[str, Any]:
    shared = {
        "provider": "premium_exchanger",
        "rate": "600/min",
        "timeout": "5m",
        "poll": POLL,
        "currency": "USD",
        "settle": "1s",
    }
    return {
        "site-env": {**shared, "url": f"{hall.url}/px-env", "key": env("key of a site that says no")},
        "site-literal": {**shared, "url": f"{hall.url}/px-literal", "key": env("key of a site that says no")},
        "site-lost": {**shared, "url": f"{hall.url}/px-lost", "key": env("key of a site that breaks")},
        "shop": {
            "provider": "anticaptcha",
            "url": f"{hall.url}/shop",
            "key": env("key of a shop"),
            "rate": "600/min",
            "timeout": "5m",
            "poll": {"coupons": "1s"},
        },
    }


def _sandbox(hall: Hall) -> dict[str, Any]:
    names = {"panel": "smm", "site": "premium_exchanger", "coupons": "anticaptcha"}
    polls: dict[str, dict[str, str]] = {"panel": PANEL_POLL, "site": POLL, "coupons": {"coupons": "1s"}}
    return {
        name: {
            "provider": kind,
            "url": hall.wires[kind][0],
            "rate": "600/min",
            "timeout": "5m",
            "poll": polls[name],
            **hall.wires[kind][1].settings,
        }
        for name, kind in names.items()
    }


def _sinks(hall: Hall) -> dict[str, Any]:
    path, query = PLANTED["token in a webhook's path"], PLANTED["token in a webhook's query"]
    bearer = {"Authorization": "Bearer " + PLANTED["bearer token of a webhook"]}
    return {
        "hook": {
            "type": "webhook",
            "url": f"{hall.url}/hook/{path}?token={query}",
            "secret": env("webhook secret"),
            "headers": bearer,
            "events": ["*"],
        },
        "moved-hook": {
            "type": "webhook",
            "url": f"{hall.url}/moved-hook/{PLANTED['token of a webhook that moved']}",
            "secret": env("webhook secret"),
            "events": ["account.*"],
        },
        "book": {"type": "log", "events": ["*"]},
    }


def _rules() -> list[dict[str, Any]]:
    def payout(name: str, account: str, wallet: Any) -> dict[str, Any]:
        do = [{"payout": {"method": "7", "account": wallet}}]
        return {"name": name, "on": "balance.passed_min_payout", "accounts": [account], "do": do, "cooldown": "24h"}

    text = "{{ coupon.id }} {{ coupon.link }} {{ coupon.code_hint }}"
    return [
        payout("payout-env", "site-env", env("wallet from the environment")),
        payout("payout-literal", "site-literal", PLANTED["wallet written out"]),
        payout("payout-lost", "site-lost", env("wallet of a lost payout")),
        {"name": "refill-partial", "on": "order.partial", "do": ["refill"]},
        {"name": "coupon-activated", "on": "coupon.activated", "do": [{"notify": {"sink": "hook", "text": text}}]},
    ]


@dataclass
class Person:
    """Somebody at a terminal: runs commands, and keeps what they printed in the traces."""

    traces: Traces
    path: Path
    driver: Process

    async def say(self, *words: str, where: str = "", path: Path | None = None) -> None:
        """Run a command with `--json`."""
        assert self.driver.stdin is not None
        assert self.driver.stdout is not None
        line = json.dumps([*words, "--json", "-c", str(path or self.path)])
        self.driver.stdin.write(f"{line}\n".encode())
        said = await self.driver.stdout.readline()
        self.traces.said[where + " ".join(words)] = json.loads(said)


async def _start(words: Sequence[str]) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=2**26,
        env={**os.environ, **environ(), "PYTHONUNBUFFERED": "1"},
    )


async def play(folder: Path) -> Traces:
    """Let the daemon live through all of it."""
    traces, state, path = Traces(), folder / "state", folder / "bursar.yaml"
    state.mkdir()
    driver = await _start([str(Path(__file__).with_name("driver.py"))])
    person = Person(traces, path, driver)
    async with open_hall() as hall:
        path.write_text(json.dumps(configuration(hall, state)), encoding="utf-8")
        path.chmod(0o600)
        await _live(hall, person, state)
        for words in (*QUERIES[1:], *READS[:2], ("call", "site-env", "get_payouts")):
            await person.say(*words, where="after the daemon: ")
        traces.told = hall.told
        shop = hall.wires["anticaptcha"][1]
        traces.codes = codes_of(await _codes(hall, shop.settings["key"]))
    traces.tables = tables(state / "journal.db")
    traces.files.update({f"at the end: {each.name}": each.read_bytes() for each in state.iterdir() if each.is_file()})
    await _misread(folder, person)
    await driver.communicate(b"")
    return traces


async def _live(hall: Hall, person: Person, state: Path) -> None:
    daemon = await _start(["-m", "bursar", "run", "-c", str(person.path)])
    reading = asyncio.gather(*(stream.read() for stream in (daemon.stdout, daemon.stderr) if stream is not None))
    try:
        await hall.until(lambda: hall.asked["px-lost get_info"], "the daemon polls")
        await person.say("track", "panel", *hall.wires["smm"][1].track())
        await person.say("track", "paged", "1", "2")
        await _happened(hall)
        await _ask(hall, person, state, daemon.pid)
    finally:
        daemon.terminate()
        out, err = await reading
        await daemon.wait()
    person.traces.log = {"standard output": out, "standard error": err}


async def _happened(hall: Hall) -> None:
    """Wait until every server has told what it knows, and the webhook was told of it."""
    for asked in ("px-env add_payout", "px-literal add_payout", "px-lost add_payout", "beat", "refuse", "move", "page"):
        await hall.until(lambda asked=asked: hall.asked[asked], asked)  # type: ignore[misc]
    lost = hall.asked["px-lost get_payouts"]
    await hall.until(lambda: hall.asked["px-lost get_payouts"] > lost + 1, "the lost payout was looked for")
    for told in (
        "bursar.action.refused site-env",
        "bursar.action.refused site-literal",
        "bursar.action.unknown site-lost",
        "bursar.account.rejected refused",
        "bursar.account.unreachable moved",
        "bursar.account.unreachable shop",
        "bursar.account.unreachable paged",
        "bursar.notify shop",
        "bursar.action.succeeded panel",
    ):
        await hall.until(lambda told=told: hall.types()[told], told)  # type: ignore[misc]


async def _ask(hall: Hall, person: Person, state: Path, pid: int) -> None:
    """Run every command beside the daemon."""
    wallet = PLANTED["wallet on the command line"]
    for account in ("site-env", "site-lost"):
        await person.say(
            "call", account, "add_payout", "method_id=7", f"account={wallet}", "--yes", "--wait", f"{WAIT_S:g}"
        )
    for words in (*QUERIES, *READS, *OTHERS, ("backup", str(state / "backup.db"))):
        await person.say(*words)
    listed = Path(f"/proc/{pid}/cmdline")
    person.traces.command_line = listed.read_text(encoding="utf-8") if listed.exists() else ""
    wal = state / "journal.db-wal"
    await hall.until(lambda: wal.stat().st_size, "something was written since the log was last emptied")
    files = {f"while it ran: {each.name}": each.read_bytes() for each in state.iterdir() if each.is_file()}
    person.traces.files.update(files)


async def _misread(folder: Path, person: Person) -> None:
    """Have configurations refused that hold secrets in the wrong places."""
    key, wallet = PLANTED["key that is refused"], PLANTED["wallet written out"]
    account = {"provider": "premium_exchanger", "url": "https://site.example/api.html", "key": {"env": key}}
    rule = {"name": "r", "on": "balance.passed_min_payout", "do": [{"payout": {"method": "7", "acount": wallet}}]}
    wrong: list[dict[str, Any]] = [
        {"accounts": {"a": account}},
        {"accounts": {"a": {**account, "key": [key]}}},
        {"accounts": {"a": {"kay": key}}},
        {"accounts": {"a": {**account, "key": {"envv": key}}}},
        {"accounts": {"a": {**account, "key": {key: "x"}}}},
        {"accounts": {"a": {**account, "url": f"https://u:{key}@site.example/"}}},
        {"settings": {"heartbeat": key}},
        {"accounts": {"a": {**account, "key": "k" * 12}}, "rules": [rule]},
        {"sinks": {"s": {"type": "webhook", "url": "https://h.example", "secret": {"env": "X", "file": key}}}},
        {
            "accounts": {"a": {**account, "key": "k" * 12}},
            "rules": [{**rule, "do": [{"payout": {"method": "7", "account": [wallet]}}]}],
        },
        {
            "accounts": {"a": {**account, "key": "k" * 12}},
            "rules": [{**rule, "do": [{"payout": {"method": "7", "account": "{{ " + wallet + " }"}}]}],
        },
    ]
    for place, each in enumerate(wrong):
        path = folder / f"wrong-{place}.yaml"
        path.write_text(json.dumps(each), encoding="utf-8")
        await person.say("check", where=f"wrong configuration {place}: ", path=path)


async def _codes(hall: Hall, key: str) -> list[str]:
    """Ask the sandbox's shop for its coupons, as a client does that may see them."""
    import aiohttp

    async with (
        aiohttp.ClientSession() as session,
        session.post(hall.wires["anticaptcha"][0], json={"clientKey": key}) as answer,
    ):
        return [coupon["code"] for coupon in (await answer.json())["coupons"]]


def tables(path: Path) -> dict[str, str]:
    """Return every table of a journal as text."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: "\n".join(map(repr, connection.execute(f"SELECT * FROM {name}"))) for name in names}
    finally:
        connection.close()
