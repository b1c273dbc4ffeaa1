"""The sandbox speaks the vendor's format, and its world moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bursar.testing import VirtualClock
from bursar_anticaptcha.sandbox.server import World, wire

Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
async def ask(clock: VirtualClock) -> AsyncIterator[Ask]:
    """Ask the sandbox, with its own key unless another is given."""
    made = wire(1, 1.0, clock)
    async with TestServer(made.app) as server, aiohttp.ClientSession() as session:

        async def asking(path: str = made.path, method: str = "POST", **body: Any) -> Any:
            asked = {"clientKey": made.settings["key"], **body}
            async with session.request(method, server.make_url(path), json=asked) as response:
                return await response.json()

        yield asking


def activated(answer: Any) -> int:
    return sum(1 for coupon in answer["coupons"] if coupon["status"] == "activated")


async def test_an_answer_has_the_documented_keys(ask: Ask) -> None:
    answer = await ask()
    assert (set(answer), set(answer["coupons"][0])) == (
        {"errorId", "eligibleBalance", "coupons"},
        {"id", "amount", "code", "link", "status"},
    )


async def test_numbers_are_json_numbers(ask: Ask) -> None:
    assert (await ask())["eligibleBalance"] == 1234.56


async def test_at_first_nothing_is_activated(ask: Ask) -> None:
    assert activated(await ask()) == 0


async def test_the_first_activation_comes_within_seconds_of_the_first_answer(ask: Ask, clock: VirtualClock) -> None:
    await clock.advance(3600)
    await ask()
    await clock.advance(5)
    assert activated(await ask()) == 1


async def test_the_world_goes_on(ask: Ask, clock: VirtualClock) -> None:
    before = await ask()
    await clock.advance(300)
    after = await ask()
    assert (activated(after) > 5, len(after["coupons"]) > len(before["coupons"])) == (True, True)


async def test_the_balance_moves(ask: Ask, clock: VirtualClock) -> None:
    before = await ask()
    await clock.advance(60)
    assert (await ask())["eligibleBalance"] != before["eligibleBalance"]


async def test_speed_makes_the_world_faster(clock: VirtualClock) -> None:
    made = wire(1, 60.0, clock)
    async with TestServer(made.app) as server, aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.post(server.make_url(made.path), json={"clientKey": made.settings["key"]}) as response:
                answer = await response.json()
            await clock.advance(1)
    assert activated(answer) > 2


async def test_a_wrong_key_is_refused_as_the_vendor_does(ask: Ask) -> None:
    assert await ask(clientKey="another") == {
        "errorId": 1,
        "errorCode": "ERROR_KEY_DOES_NOT_EXIST",
        "errorDescription": "Account authorization key not found in the system",
    }


@pytest.mark.parametrize(("path", "method"), [("/getNothing", "POST"), ("/getResellerData", "GET"), ("/", "POST")])
async def test_another_method_is_refused(ask: Ask, path: str, method: str) -> None:
    assert (await ask(path, method))["errorCode"] == "ERROR_NO_SUCH_METHOD"


async def test_min_create_date_hides_older_coupons(ask: Ask, clock: VirtualClock) -> None:
    born_s = int(clock.now().timestamp())
    await ask()
    await clock.advance(120)
    everything = await ask()
    newer = await ask(minCreateDate=born_s)
    assert [coupon["id"] for coupon in newer["coupons"]] == [coupon["id"] for coupon in everything["coupons"]][12:]


def test_the_same_seed_is_the_same_world() -> None:
    first, second = World(7), World(7)
    first.advance(1000)
    for now_s in range(0, 1001, 10):
        second.advance(now_s)
    assert first.coupons == second.coupons


def test_another_seed_is_another_key() -> None:
    assert World(1).key != World(2).key


def test_a_world_of_a_week_stays_small() -> None:
    world = World(1)
    world.advance(7 * 86400)
    assert len(world.coupons) < 3000
