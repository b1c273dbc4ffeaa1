"""`kill -9` in the middle, and a new start: the effects that the server counted are exactly those intended."""

from __future__ import annotations

import pytest

from support.daemon import WALLET, Household

REFILL = "- {name: refill, on: order.partial, do: [refill]}"
PAY = "- {name: p, on: balance.passed_min_payout, do: [{payout: {method: '7', account: {env: WALLET}}}], cooldown: 24h}"
AFTER, BEFORE = ("timeout-after", "late"), ("timeout-before",)


@pytest.fixture(autouse=True)
def _wallet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLET", WALLET)


@pytest.mark.parametrize("fault", [*AFTER, *BEFORE])
async def test_a_payout_is_done_once(house: Household, fault: str) -> None:
    house.site_timeout = "1s"  # what was lost is looked for once a request could not land any more
    house.configure(PAY)
    house.site_faults.add("add_payout", fault)
    async with house.daemon() as running:
        await house.until(lambda: house.site_faults.asked["add_payout"] == 1)
        await running.kill()
    async with house.daemon():
        await house.until(lambda: house.heard("action.succeeded") == 1)
    assert house.effects("add_payout") == 1


@pytest.mark.parametrize("fault", [*AFTER, *BEFORE])
async def test_a_refill_is_done_once(house: Household, fault: str) -> None:
    house.panel_timeout = "1s"
    house.configure(REFILL)
    house.panel_faults.add("refill", fault)
    async with house.daemon() as running:
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.panel_faults.asked["refill"] == 1)
        await running.kill()
    async with house.daemon():
        await house.until(lambda: house.heard("action.succeeded") == 1)
    assert house.effects("refill") == 1


async def test_an_order_is_added_once_and_a_person_is_asked(house: Household) -> None:
    house.configure(
        "- {name: a, on: order.partial, do: [{add: {service: '1', link: 'https://x.example/p', quantity: '100'}}]}"
    )
    house.panel_faults.add("add", "timeout-after")
    async with house.daemon() as running:
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.effects("add") == 1)
        await running.kill()
    async with house.daemon():
        await house.until(lambda: house.heard("action.unknown") == 1)
        states = [row["state"] for row in await house.ask("actions")]
    assert (states, house.effects("add")) == (["unknown"], 1)


async def test_it_is_told_that_the_daemon_was_killed(house: Household) -> None:
    house.configure("[]")
    async with house.daemon() as running:
        await running.kill()
    async with house.daemon():
        await house.until(lambda: house.heard("daemon.started") == 1)


async def test_what_was_done_before_the_kill_is_not_done_again(house: Household) -> None:
    house.configure(PAY + "\n" + REFILL)
    async with house.daemon() as running:
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.heard("action.succeeded") == 2)
        await running.kill()
    asked = house.panel_faults.asked["status"]
    async with house.daemon():
        await house.until(lambda: house.panel_faults.asked["status"] > asked + 2)
    assert (house.effects("add_payout"), house.effects("refill")) == (1, 1)


async def test_news_that_the_receiver_did_not_take_before_the_kill_comes_after_it(house: Household) -> None:
    house.configure(REFILL)
    async with house.daemon() as running:
        await house.ask("track", account="panel", rows=[{"id": house.partial}])
        await house.until(lambda: house.effects("refill") == 1)
        await running.kill()
    async with house.daemon():
        await house.until(lambda: house.heard("order.partial") == 1 and house.heard("action.succeeded") == 1)
