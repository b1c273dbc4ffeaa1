"""Faults against a real server: each does what it says, its effect is counted or not, and nothing is left hanging."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.testing import FAULTS, Faults
from support.limits import LEAP_S, WAIT_S

REAL = '{"order":1,"note":"as always"}'


@dataclass
class Shop:
    """A server with one method, `buy`, that counts what it sold."""

    sold: int = 0
    sold_something: asyncio.Event = field(default_factory=asyncio.Event)

    async def buy(self, request: web.Request) -> web.Response:
        await request.post()
        self.sold += 1
        self.sold_something.set()
        return web.json_response(text=REAL)


async def name_of(request: web.Request) -> str:
    form = await request.post()
    return str(form.get("action", ""))


@dataclass
class Stage:
    shop: Shop
    faults: Faults
    server: TestServer
    session: aiohttp.ClientSession

    async def ask(self) -> tuple[int, str]:
        async with self.session.post(
            self.server.make_url("/api"),
            data={"action": "buy"},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=WAIT_S),
        ) as response:
            return response.status, await response.text(encoding="utf-8")

    async def admin(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        async with self.session.request(method, self.server.make_url("/_sandbox" + path), **more) as response:
            return response.status, await response.json()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    shop, faults = Shop(), Faults(name_of, leap_s=LEAP_S)
    app = web.Application(middlewares=[faults.middleware])
    app.router.add_post("/api", shop.buy)
    faults.attach(app, lambda: {"sold": shop.sold})
    server = TestServer(app)
    await server.start_server()
    async with aiohttp.ClientSession() as session:
        yield Stage(shop, faults, server, session)
    await server.close()


async def test_without_a_fault_the_handler_answers(stage: Stage) -> None:
    assert await stage.ask() == (200, REAL)


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ("html-200", 200, "<!DOCTYPE"),
        ("html-403", 403, "<!DOCTYPE"),
        ("html-503", 503, "<!DOCTYPE"),
        ("empty", 200, ""),
        ("empty-501", 501, ""),
        ("not-json", 200, "Please"),
        ("json-null", 200, "null"),
        ("rate-429", 429, "Too Many"),
        ("rate-429-retry", 429, "Too Many"),
        ("rate-200", 200, '{"error"'),
        ("redirect", 301, ""),
    ],
)
async def test_an_answer_instead_has_no_effect(stage: Stage, fault: str, status: int, start: str) -> None:
    stage.faults.add("buy", fault)
    got, text = await stage.ask()
    assert (got, text[: len(start) or 1], stage.shop.sold) == (status, start, 0)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("truncated", REAL[: len(REAL) // 2]),
        ("bom", "\ufeff" + REAL),
        ("duplicate", REAL + REAL),
    ],
)
async def test_a_changed_answer_has_its_effect(stage: Stage, fault: str, text: str) -> None:
    stage.faults.add("buy", fault)
    assert (await stage.ask(), stage.shop.sold) == ((200, text), 1)


async def test_a_warning_of_php_stands_before_the_answer(stage: Stage) -> None:
    stage.faults.add("buy", "php-warning")
    _status, text = await stage.ask()
    assert (text[:6], text[-len(REAL) :]) == ("<br />", REAL)


async def test_500_comes_after_the_effect(stage: Stage) -> None:
    stage.faults.add("buy", "500-after")
    assert ((await stage.ask())[0], stage.shop.sold) == (500, 1)


async def test_retry_after_is_two_seconds(stage: Stage) -> None:
    stage.faults.add("buy", "rate-429-retry")
    async with stage.session.post(stage.server.make_url("/api"), data={"action": "buy"}) as response:
        assert response.headers["Retry-After"] == "2"


async def test_a_broken_off_answer_ends_before_its_length(stage: Stage) -> None:
    stage.faults.add("buy", "broken-off")
    with pytest.raises(aiohttp.ClientPayloadError):
        await stage.ask()


@pytest.mark.parametrize(("fault", "sold"), [("reset-before", 0), ("reset-after", 1)])
async def test_a_reset_breaks_the_connection(stage: Stage, fault: str, sold: int) -> None:
    stage.faults.add("buy", fault)
    with pytest.raises(aiohttp.ClientConnectionError):
        await stage.ask()
    assert stage.shop.sold == sold


@pytest.mark.parametrize(("fault", "sold"), [("timeout-before", 0), ("timeout-after", 1)])
async def test_a_hanging_answer_never_comes(stage: Stage, fault: str, sold: int) -> None:
    stage.faults.add("buy", fault)
    with pytest.raises(asyncio.TimeoutError):
        await stage.ask()
    assert stage.shop.sold == sold


async def test_a_late_effect_comes_after_the_client_has_gone(stage: Stage) -> None:
    stage.faults.add("buy", "late")
    with pytest.raises(asyncio.TimeoutError):
        await stage.ask()
    await stage.shop.sold_something.wait()


async def test_a_late_effect_comes_on_a_server_that_does_not_cancel_its_handlers(stage: Stage) -> None:
    app = web.Application()
    app.router.add_post("/api", stage.shop.buy)
    faults = Faults(name_of, leap_s=LEAP_S)
    faults.attach(app)
    faults.add("buy", "late")
    runner = web.AppRunner(app, handler_cancellation=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    with pytest.raises(asyncio.TimeoutError):
        await stage.session.post(
            f"http://{host}:{port}/api", data={"action": "buy"}, timeout=aiohttp.ClientTimeout(total=WAIT_S)
        )
    await stage.shop.sold_something.wait()
    await runner.cleanup()


@pytest.mark.parametrize("fault", ["timeout-before", "timeout-after", "late"])
async def test_nothing_is_left_running_when_the_client_left(stage: Stage, fault: str) -> None:
    stage.faults.add("buy", fault)
    with pytest.raises(asyncio.TimeoutError):
        await stage.ask()
    await stage.session.close()
    await stage.server.close()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_too_large_goes_on_until_the_client_leaves(stage: Stage) -> None:
    stage.faults.add("buy", "too-large")
    async with stage.session.post(stage.server.make_url("/api"), data={"action": "buy"}) as response:
        assert len(await response.content.readexactly(1_000_000)) == 1_000_000


async def test_stale_gives_the_former_answer_without_an_effect(stage: Stage) -> None:
    await stage.ask()
    stage.faults.add("buy", "stale")
    assert (await stage.ask(), stage.shop.sold) == ((200, REAL), 1)


async def test_stale_without_a_former_answer_gives_the_real_one(stage: Stage) -> None:
    stage.faults.add("buy", "stale")
    assert (await stage.ask(), stage.shop.sold) == ((200, REAL), 1)


async def test_a_server_stops_while_an_answer_hangs(stage: Stage) -> None:
    arrived = asyncio.Event()

    async def named(request: web.Request) -> str:
        arrived.set()
        return "buy"

    faults, app = Faults(named), web.Application()
    faults.attach(app)
    app.router.add_post("/api", stage.shop.buy)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=WAIT_S)  # so long aiohttp would wait for what hangs
    faults.add("*", "timeout-after")
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_fails(stage.session.post(server.make_url("/api"))))
        await arrived.wait()
        await stage.shop.sold_something.wait()
        await server.close()
    assert isinstance(asking.result(), aiohttp.ClientConnectionError)


async def _fails(request: Any) -> Exception | None:
    try:
        await request
    except aiohttp.ClientError as error:
        return error
    return None


async def test_a_fault_happens_as_often_as_asked(stage: Stage) -> None:
    stage.faults.add("buy", "empty", times=2)
    assert [(await stage.ask())[1] for _ in range(3)] == ["", "", REAL]


async def test_a_fault_without_times_lasts_until_cleared(stage: Stage) -> None:
    stage.faults.add("*", "empty", times=None)
    before = [(await stage.ask())[1] for _ in range(3)]
    stage.faults.clear()
    assert [*before, (await stage.ask())[1]] == ["", "", "", REAL]


async def test_a_fault_of_another_method_waits(stage: Stage) -> None:
    stage.faults.add("sell", "empty")
    assert ((await stage.ask())[1], len(stage.faults.pending())) == (REAL, 1)


async def test_faults_happen_in_the_order_asked_for(stage: Stage) -> None:
    stage.faults.add("*", "html-503")
    stage.faults.add("buy", "empty-501")
    assert [(await stage.ask())[0] for _ in range(3)] == [503, 501, 200]


async def test_every_request_is_counted(stage: Stage) -> None:
    stage.faults.add("buy", "html-503")
    await stage.ask()
    await stage.ask()
    assert stage.faults.asked == {"buy": 2}


def test_an_unknown_fault_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ValueError, match="did you mean 'html-503'"):
        Faults(name_of).add("buy", "html503")


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_has_a_sentence(fault: str) -> None:
    assert FAULTS[fault].endswith(".")


async def test_the_admin_route_counts_effects(stage: Stage) -> None:
    await stage.ask()
    assert await stage.admin("GET", "/effects") == (200, {"sold": 1})


async def test_the_admin_route_adds_a_fault(stage: Stage) -> None:
    await stage.admin("POST", "/faults", json={"method": "buy", "fault": "empty", "times": 3})
    assert stage.faults.pending() == [{"method": "buy", "fault": "empty", "times": 3}]


async def test_the_admin_route_takes_null_for_always(stage: Stage) -> None:
    await stage.admin("POST", "/faults", json={"method": "*", "fault": "empty", "times": None})
    assert stage.faults.pending() == [{"method": "*", "fault": "empty", "times": None}]


async def test_the_admin_route_clears(stage: Stage) -> None:
    stage.faults.add("buy", "empty")
    await stage.admin("DELETE", "/faults")
    assert stage.faults.pending() == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"method": "buy", "fault": "nonsense"}', "no fault 'nonsense'"),
        ('{"method": "buy"}', "'fault' is missing"),
        ("[]", "expected"),
        ("{", "expected"),
        ('{"method": "*", "fault": "empty", "times": 0}', "1 or more"),
        ('{"method": "*", "fault": "empty", "times": []}', "expected"),
    ],
)
async def test_the_admin_route_refuses_nonsense_in_words(stage: Stage, body: str, words: str) -> None:
    status, said = await stage.admin("POST", "/faults", data=body)
    assert (status, words in said["error"]) == (400, True)


async def test_admin_routes_are_never_faulty(stage: Stage) -> None:
    stage.faults.add("*", "html-503", times=None)
    assert (await stage.admin("GET", "/effects"))[0] == 200
