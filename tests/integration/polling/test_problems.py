"""What of an account's subjects cannot be read stands beside the account, until it can be read again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bursar.api import Observation, Observed, SubjectRef
from bursar.journal import accounts, subjects
from support.config import account as runtime_account
from support.config import config
from support.toy import BALANCE
from support.world import World

UNREAD = 'balance "1,234" is not a number'


def unreadable() -> Observation:
    seen = Observed(SubjectRef("balance", "balance"), {"amount": None, "min_payout": Decimal(50), "currency": "USD"})
    return Observation("info", (seen,), problems={"balance": UNREAD})


async def account(world: World) -> Any:
    [row] = await world.say("accounts")
    return row


async def balance(world: World) -> Any:
    return await world.read(lambda tx: subjects.load_one(tx, world.site_account, BALANCE, "balance"))


@pytest.fixture
async def unread(world: World) -> World:
    """A daemon that saw a balance of 20, and then one that cannot be read."""
    world.site.money("20")
    await world.open(config())
    await world.live(minutes=2)
    world.site.will("info", *[unreadable()] * 99)
    await world.live(minutes=10)
    return world


async def test_the_account_shows_what_cannot_be_read(unread: World) -> None:
    row = await account(unread)
    assert (row["state"], row["problem"]) == ("ok", f"balance: {UNREAD}")


async def test_the_last_good_value_stays(unread: World) -> None:
    kept = await balance(unread)
    assert (kept.fields["amount"], kept.problem) == (Decimal(20), UNREAD)


async def test_the_same_problem_once_more_is_no_change(unread: World) -> None:
    before = (await balance(unread)).observed_at
    await unread.live(minutes=10)
    assert (await balance(unread)).observed_at == before


async def test_the_problem_ends_with_the_next_good_answer(unread: World) -> None:
    unread.site.next["info"].clear()
    unread.site.money("30")
    await unread.live(minutes=10)
    assert ((await account(unread))["problem"], (await balance(unread)).fields["amount"]) == (None, Decimal(30))


async def test_an_answer_that_says_nothing_new_leaves_the_problem(unread: World) -> None:
    unread.site.next["info"].clear()
    unread.site.will("info", *[Observation("info", nothing_new=True)] * 99)
    await unread.live(minutes=10)
    assert (await account(unread))["problem"] == f"balance: {UNREAD}"


async def test_an_order_that_the_provider_does_not_know_stands_beside_its_account_while_it_is_watched(
    world: World,
) -> None:
    world.site.orders.update({"1": "Incorrect order ID", "2": "Incorrect order ID"})
    await world.open(config())
    await world.track("1", "2")
    await world.turn()
    watched = (await account(world))["problem"]
    await world.say("untrack", account="panel", ids=["1", "2"])
    assert (watched, (await account(world))["problem"]) == ("order/1: Incorrect order ID (and 1 more)", None)


async def test_what_cannot_be_read_of_a_known_order_is_no_sign_of_another_account(world: World) -> None:
    """In a quarantine an order that the provider denies speaks against the account; one that it shows does not."""
    world.site.orders["1"] = ("pending", {})
    await world.open(config())
    await world.track("1")
    await world.turn()
    await world.restart(config(accounts=runtime_account(port=2)))
    shown = Observation("orders", (Observed(SubjectRef("order", "1"), {}, "pending"),), problems={"1": "its charge"})
    world.sites.sites["http://127.0.0.1:2/api"].will("orders", *[shown] * 99)
    await world.live(minutes=5)
    row = await world.read(lambda tx: accounts.load(tx, world.site_account))
    assert (row.quarantine_digest is not None, row.contradicted) == (True, 0)
