"""The sandbox: every provider's wire server on a port, faults in front of it, counts, and a clean end."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import aiohttp
import pytest

from bursar.cli.outcome import CommandError
from bursar.cli.sandbox import read_fault
from bursar.host.plugins import load_plugins
from bursar.sandbox import HOST, FaultRequest, PortUnavailable, ServedProvider, serve_providers
from bursar.testing import VirtualClock

PROVIDERS = load_plugins().providers


async def asked(place: ServedProvider, **form: str) -> tuple[int, str]:
    """Send a panel's request; give status and body."""
    data = {"key": str(place.settings["key"]), **form}
    async with aiohttp.ClientSession() as session, session.post(place.url, data=data) as answer:
        return answer.status, await answer.text()


def of(provider: str, places: list[ServedProvider]) -> ServedProvider:
    """Return one provider's place."""
    return next(place for place in places if place.provider == provider)


async def test_every_provider_is_served_on_loopback() -> None:
    async with serve_providers(PROVIDERS, 1, 1.0, 0, [], VirtualClock()) as places:
        assert {place.provider for place in places} >= {"smm", "premium_exchanger", "anticaptcha"}
        assert all(place.url.startswith(f"http://{HOST}:") for place in places)


async def test_what_is_printed_is_enough_to_ask() -> None:
    async with serve_providers(PROVIDERS, 1, 1.0, 0, [], VirtualClock()) as places:
        printed = ServedProvider.read(json.loads(json.dumps(of("smm", places).public())))
        status, body = await asked(printed, action="status", order=printed.track[0])
        assert (status, "status" in json.loads(body)) == (200, True)


async def test_a_fault_happens_as_often_as_asked() -> None:
    async with serve_providers(
        PROVIDERS, 1, 1.0, 0, [FaultRequest("smm", "balance", "html-503", 2)], VirtualClock()
    ) as places:
        place = of("smm", places)
        assert [(await asked(place, action="balance"))[0] for _ in range(3)] == [503, 503, 200]


async def test_another_method_is_spared() -> None:
    async with serve_providers(
        PROVIDERS, 1, 1.0, 0, [FaultRequest("smm", "balance", "html-503", None)], VirtualClock()
    ) as places:
        assert (await asked(of("smm", places), action="services"))[0] == 200


async def test_effects_are_counted_at_the_admin_address() -> None:
    async with serve_providers(PROVIDERS, 1, 1.0, 0, [], VirtualClock()) as places:
        place = of("smm", places)
        await asked(place, action="add", service="1", link="https://example.org/p", quantity="100")
        async with aiohttp.ClientSession() as session, session.get(f"{place.admin}/effects") as answer:
            assert (await answer.json()).get("add") == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("smm:add:timeout-after", FaultRequest("smm", "add", "timeout-after", 1)),
        ("smm:*:html-503:3", FaultRequest("smm", "*", "html-503", 3)),
        ("smm:add:empty:always", FaultRequest("smm", "add", "empty", None)),
    ],
)
def test_a_fault_is_read(text: str, fault: FaultRequest) -> None:
    assert read_fault(text, PROVIDERS) == fault


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("smn:add:empty", "there is no provider 'smn' (did you mean 'smm'?)"),
        ("smm:ad:empty", "smm has no method 'ad' (did you mean 'add'?)"),
        ("smm:add:emty", "there is no fault 'emty' (did you mean 'empty'?)"),
        ("smm:add:empty:often", "how often a fault happens is a number or 'always'; 'often' is not"),
    ],
)
def test_a_misspelt_fault_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(CommandError) as raised:
        read_fault(text, PROVIDERS)
    assert raised.value.message == sentence


async def test_a_taken_port_is_one_sentence() -> None:
    async with serve_providers(PROVIDERS, 1, 1.0, 0, [], VirtualClock()) as places:
        port = int(places[0].admin.split(":")[2].partition("/")[0])
        with pytest.raises(PortUnavailable, match=f"port {port} cannot be used"):
            async with serve_providers(PROVIDERS, 1, 1.0, port, [], VirtualClock()):
                pass
        words = [sys.executable, "-m", "bursar", "sandbox", "--port", str(port)]
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)


@pytest.fixture
def sandbox() -> Iterator[subprocess.Popen[str]]:
    """Run `bursar sandbox --json` as a process of its own."""
    words = [sys.executable, "-m", "bursar", "sandbox", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") as process:
        yield process
        process.kill()


def test_the_process_prints_a_line_for_each_provider(sandbox: subprocess.Popen[str]) -> None:
    assert sandbox.stdout is not None
    wanted = [provider for provider in PROVIDERS.values() if provider.wire is not None]
    rows = [json.loads(sandbox.stdout.readline()) for _ in wanted]
    assert [set(row) >= {"provider", "url", "key", "track"} for row in rows] == [True] * len(wanted)


def test_sigterm_ends_the_process(sandbox: subprocess.Popen[str]) -> None:
    assert sandbox.stdout is not None
    sandbox.stdout.readline()
    sandbox.send_signal(signal.SIGTERM)
    assert (sandbox.wait(), sandbox.stderr.read() if sandbox.stderr else "") == (0, "")
