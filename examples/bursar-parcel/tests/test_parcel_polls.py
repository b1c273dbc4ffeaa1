"""What is seen of a world that moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from aiohttp.test_utils import TestServer

from bursar.api import AccountSettings, Adapter, Answer, BadAnswer, RateLimited, Secret, SubjectRef
from bursar.testing import Loan, VirtualClock, look_at, subjects_of
from bursar_parcel import parse
from bursar_parcel.provider import PARCELBOX, ran_low, reminder_sent
from bursar_parcel.sandbox.server import KEY, PATH, wire

BALANCE = SubjectRef("balance", "balance")
STUCK = SubjectRef("parcel", "P-1001")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def loan(clock: VirtualClock) -> Loan:
    return Loan(clock)


@pytest.fixture
async def adapter(clock: VirtualClock, loan: Loan) -> AsyncIterator[Adapter]:
    """An account at a sandbox whose time is the test's."""
    server = TestServer(wire(1, 1.0, clock).app)
    await server.start_server()
    settings = AccountSettings("lockers", str(server.make_url(PATH)), Secret(KEY), options={"low_balance": 10})
    yield PARCELBOX.open(settings, loan.context)
    await loan.close()
    await server.close()


async def test_a_stored_parcel_is_seen_with_its_fee(adapter: Adapter) -> None:
    seen = subjects_of(await adapter.observe(look_at("parcels")))[STUCK]
    assert (seen["state"], seen["fee"]) == ("stored", Decimal("1.20"))


async def test_parcels_move_on(adapter: Adapter, clock: VirtualClock) -> None:
    await clock.advance(3600)
    states = {seen.state for seen in (await adapter.observe(look_at("parcels"))).subjects}
    assert states >= {"stored", "collected"}


async def test_the_balance_carries_the_setting(adapter: Adapter) -> None:
    seen = subjects_of(await adapter.observe(look_at("wallet")))[BALANCE]
    assert seen == {"amount": Decimal("12.00"), "currency": "EUR", "low_at": Decimal(10)}


async def test_storing_parcels_lowers_the_balance(adapter: Adapter, clock: VirtualClock) -> None:
    await clock.advance(3600)
    seen = subjects_of(await adapter.observe(look_at("wallet")))[BALANCE]
    assert seen["amount"] < Decimal(10)  # type: ignore[operator]


async def test_pickup_codes_are_concealed(adapter: Adapter, loan: Loan) -> None:
    await adapter.observe(look_at("parcels"))
    assert len(set(loan.concealed)) == 8


def test_low_is_news_once() -> None:
    high, low = ({"amount": Decimal(n), "low_at": Decimal(10)} for n in (12, 9))
    assert [ran_low(None, low), ran_low(high, low), ran_low(low, low), ran_low(low, high)] == [True, True, False, False]


def test_a_reminder_that_was_there_at_first_sight_is_no_news() -> None:
    assert not reminder_sent(None, {"reminded": True})


def test_an_unknown_word_is_an_unknown_state() -> None:
    said = {"ok": True, "parcels": [{"id": "P-1", "status": "eaten"}]}
    assert parse.parcels(said).subjects[0].state == "unknown"


def test_no_information_is_neither_0_nor_empty() -> None:
    [seen] = parse.parcels({"ok": True, "parcels": [{"id": "P-1", "fee": None}]}).subjects
    assert (seen.state, set(seen.fields.values())) == (None, {None})


def test_a_row_without_an_id_makes_nothing_vanish() -> None:
    observation = parse.parcels({"ok": True, "parcels": [{"status": "stored"}]})
    assert (observation.subjects, observation.complete) == ((), False)


def test_a_yes_without_its_list_is_no_answer() -> None:
    with pytest.raises(BadAnswer, match="without parcels"):
        parse.parcels({"ok": True})


def test_too_fast_says_how_long_to_wait() -> None:
    said = parse.decoded(Answer(200, {}, b'{"ok": false, "code": "too_fast", "retry_after_s": 7}'))
    with pytest.raises(RateLimited) as caught:
        parse.accepted(said, "key")
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 7
