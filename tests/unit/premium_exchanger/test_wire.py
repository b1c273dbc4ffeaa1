"""The sandbox site, through the real adapter: it speaks its dialect, its world moves, and it counts what it did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bursar.api import AdapterContext, BadAnswer, Observation, PollRequest, Refused, SandboxServer, Secret, Succeeded
from bursar_premium_exchanger.adapter import PremiumExchanger
from bursar_premium_exchanger.provider import PROVIDER
from bursar_premium_exchanger.sandbox.server import SANDBOX_KEY, Dialect, name_of, wire
from bursar_premium_exchanger.sandbox.world import CANCELED, DONE, METHODS, World
from support.premium_exchanger import WALLET, StoppedClock, context, intent, settings

DUE = Decimal(50)


class MovableClock(StoppedClock):
    """A clock that stands where a test puts it."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s


@dataclass
class Sandbox:
    """A running sandbox and an adapter of an account there."""

    wire: SandboxServer
    clock: MovableClock
    url: str
    adapter: PremiumExchanger
    lent: AdapterContext

    async def balance(self) -> Decimal:
        amount = (await self.adapter.observe(PollRequest("info"))).subjects[0].fields["amount"]
        assert isinstance(amount, Decimal)
        return amount

    async def grow(self, least: Decimal = DUE) -> Decimal:
        """Let time pass until the balance is due."""
        for _ in range(400):
            if (amount := await self.balance()) >= least:
                return amount
            self.clock.at_s += 1
        raise AssertionError("the balance never came to be due")

    async def states(self) -> dict[str, str | None]:
        seen: Observation = await self.adapter.observe(PollRequest("payouts"))
        return {subject.ref.id: subject.state for subject in seen.subjects}


@pytest.fixture(params=list(Dialect))
async def sandbox(request: Any) -> AsyncIterator[Sandbox]:
    clock, lent = MovableClock(), context([])
    served = wire(7, 20, clock, request.param)
    server = TestServer(served.app)
    await server.start_server()
    url = str(server.make_url(served.path))
    account = settings(url, key=Secret(served.settings["key"]), currency=served.settings["currency"])
    yield Sandbox(served, clock, url, PremiumExchanger(account, lent), lent)
    await lent.http.close()
    await server.close()


async def asked(sandbox: Sandbox, query: dict[str, str], form: dict[str, str] | None = None) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(sandbox.url, params=query, data=form) as response:
        return response.status, await response.text()


async def test_the_balance_starts_below_the_minimum(sandbox: Sandbox) -> None:
    assert await sandbox.balance() < DUE


async def test_the_balance_soon_passes_the_minimum(sandbox: Sandbox) -> None:
    await sandbox.grow()
    assert sandbox.clock.at_s <= 10


@pytest.mark.parametrize("speed", [0.5, 1, 60, 1000, 100_000])
async def test_at_any_speed_the_minimum_is_passed(speed: float) -> None:
    clock, lent = MovableClock(), context([])
    served = wire(3, speed, clock)
    async with TestServer(served.app) as server:
        url = str(server.make_url(served.path))
        adapter = PremiumExchanger(settings(url, key=Secret(SANDBOX_KEY)), lent)
        before = (await adapter.observe(PollRequest("info"))).subjects[0].fields["amount"]
        clock.at_s = max(15.0, 300 / speed)
        after = (await adapter.observe(PollRequest("info"))).subjects[0].fields["amount"]
        await lent.http.close()
    assert isinstance(before, Decimal)
    assert isinstance(after, Decimal)
    assert before < DUE <= after


@pytest.mark.parametrize("stream", ["visits", "exchanges", "payouts"])
async def test_there_is_a_history(sandbox: Sandbox, stream: str) -> None:
    assert (await sandbox.adapter.observe(PollRequest(stream))).subjects != ()


@pytest.mark.parametrize("stream", ["visits", "exchanges"])
async def test_visits_and_exchanges_come(sandbox: Sandbox, stream: str) -> None:
    before = {seen.ref for seen in (await sandbox.adapter.observe(PollRequest(stream))).subjects}
    sandbox.clock.at_s += 20
    after = {seen.ref for seen in (await sandbox.adapter.observe(PollRequest(stream))).subjects}
    assert after > before


async def test_a_payout_takes_the_whole_balance_and_is_counted(sandbox: Sandbox) -> None:
    await sandbox.grow()
    outcome = await sandbox.adapter.perform(intent())
    assert isinstance(outcome, Succeeded)
    assert (await sandbox.balance(), sandbox.wire.effects()) == (Decimal(0), {"add_payout": 1})


async def test_a_payout_waits_and_then_ends(sandbox: Sandbox) -> None:
    await sandbox.grow()
    outcome = await sandbox.adapter.perform(intent())
    assert isinstance(outcome, Succeeded)
    assert outcome.reference is not None
    waits = (await sandbox.states())[outcome.reference]
    sandbox.clock.at_s += 30
    ends = (await sandbox.states())[outcome.reference]
    assert (waits, ends in {"done", "canceled", "canceled_by_user"}) == ("waiting", True)


@pytest.mark.parametrize("debits_when_done", [False, True])
async def test_a_payout_leaves_the_balance_at_once_or_when_it_is_done(*, debits_when_done: bool) -> None:
    """What was canceled is back, or never left."""
    world = World(7, 0.0, 10.0, balance=Decimal(80), debits_when_done=debits_when_done)
    earlier = {*world.payouts}

    def left() -> Decimal:
        """Return what has left the balance, by what came in."""
        earned = sum(one.reward for one in world.exchanges.values() if one.accrued and one.at_s > 0)
        return Decimal(80) + earned - world.balance

    for _ in range(20):
        made = world.pay_out(METHODS[0], "U1")
        ours = [one for id_, one in world.payouts.items() if id_ not in earlier]
        done = sum(one.amount for one in ours if one.status == DONE)
        assert left() == done + (0 if debits_when_done else made.amount)
        world.advance(world.now_s + 100.0)
        assert left() == sum(one.amount for one in ours if one.status == DONE)
    assert {one.status for one in ours} >= {DONE, CANCELED}


async def test_some_payouts_are_canceled_and_come_back() -> None:
    clock = MovableClock()
    served = wire(1, 20, clock)
    lent = context([])
    async with TestServer(served.app) as server:
        adapter = PremiumExchanger(settings(str(server.make_url(served.path)), key=Secret(SANDBOX_KEY)), lent)
        sandbox = Sandbox(served, clock, "", adapter, lent)
        ends, returned = set(), []
        for _ in range(12):
            amount = await sandbox.grow()
            outcome = await adapter.perform(intent())
            assert isinstance(outcome, Succeeded)
            assert outcome.reference is not None
            clock.at_s += 12
            ends.add(end := (await sandbox.states())[outcome.reference])
            if end != "done":
                returned.append(await sandbox.balance() >= amount)
        await lent.http.close()
    assert {"done", "canceled"} <= ends
    assert all(returned)


async def test_a_payout_below_the_minimum_is_refused_and_not_counted(sandbox: Sandbox) -> None:
    outcome = await sandbox.adapter.perform(intent())
    assert (type(outcome), sandbox.wire.effects()) == (Refused, {"add_payout": 0})


@pytest.mark.parametrize(("method", "account"), [("99", WALLET), ("7", "")])
async def test_a_payout_that_makes_no_sense_is_refused(sandbox: Sandbox, method: str, account: str) -> None:
    await sandbox.grow()
    assert isinstance(await sandbox.adapter.perform(intent(method, account)), Refused)


async def test_only_the_right_key_is_accepted(sandbox: Sandbox) -> None:
    adapter = PremiumExchanger(settings(sandbox.url, key=Secret("another-key")), sandbox.lent)
    with pytest.raises(BadAnswer, match="Api disabled"):
        await adapter.observe(PollRequest("info"))


async def test_filters_in_the_url_are_ignored(sandbox: Sandbox) -> None:
    query = {"api_action": "pp", "api_key": SANDBOX_KEY, "method": "get_payouts"}
    assert await asked(sandbox, {**query, "start_time": "99999999999"}) == await asked(sandbox, query)


async def test_filters_in_the_body_count(sandbox: Sandbox) -> None:
    assert "items" not in repr(await sandbox.adapter.call("get_payouts", {"start_time": "99999999999"}))


async def test_the_windows_of_the_adapter_and_of_the_site_agree(sandbox: Sandbox) -> None:
    cursor = (await sandbox.adapter.observe(PollRequest("payouts"))).cursor
    assert len((await sandbox.adapter.observe(PollRequest("payouts", cursor=cursor))).subjects) == 3


async def test_an_unknown_method_is_answered_as_the_dialect_does(sandbox: Sandbox) -> None:
    status, body = await asked(sandbox, {"api_action": "pp", "api_key": SANDBOX_KEY, "method": "get_all"})
    assert (status, body == "") in {(501, True), (200, False)}


async def test_exchanges_are_paged_in_dialect_b() -> None:
    clock, lent = MovableClock(), context([])
    served = wire(7, 20, clock, Dialect.B)
    async with TestServer(served.app) as server:
        adapter = PremiumExchanger(settings(str(server.make_url(served.path)), key=Secret(SANDBOX_KEY)), lent)
        answer: Any = await adapter.call("get_exchanges", {"limit": "4", "offset": "2"})
        everything: Any = await adapter.call("get_exchanges", {})
        await lent.http.close()
    assert answer["data"]["items"] == everything["data"]["items"][2:6]


async def test_the_same_seed_is_the_same_world() -> None:
    answers = []
    for looks in (1, 30):
        clock, lent = MovableClock(), context([])
        served = wire(7, 20, clock)
        async with TestServer(served.app) as server:
            adapter = PremiumExchanger(settings(str(server.make_url(served.path)), key=Secret(SANDBOX_KEY)), lent)
            for step in range(1, looks + 1):
                clock.at_s = 30 * step / looks
                answer = await adapter.call("get_exchanges", {})
            answers.append(answer)
            await lent.http.close()
    assert answers[0] == answers[1]


async def test_a_long_run_keeps_a_bounded_world() -> None:
    clock, lent = MovableClock(), context([])
    served = wire(7, 1000, clock)
    async with TestServer(served.app) as server:
        adapter = PremiumExchanger(settings(str(server.make_url(served.path)), key=Secret(SANDBOX_KEY)), lent)
        clock.at_s = timedelta(hours=1).total_seconds()
        seen = await adapter.observe(PollRequest("visits"))
        await lent.http.close()
    assert len(seen.subjects) <= 400


async def test_a_request_is_named_by_its_method() -> None:
    async def say_it(request: web.Request) -> web.Response:
        return web.Response(text=await name_of(request))

    app = web.Application()
    app.router.add_post("/api.html", say_it)
    async with TestClient(TestServer(app)) as client:
        named = await client.post("/api.html", params={"api_action": "pp", "method": "add_payout"})
        assert await named.text() == "add_payout"


def test_the_provider_has_its_sandbox() -> None:
    made = PROVIDER.wire(1, 60, StoppedClock()) if PROVIDER.wire is not None else None
    assert made is not None
    assert (made.path, made.settings["currency"]) == ("/api.html", "USD")
