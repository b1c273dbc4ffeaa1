"""The declaration: the names that docs/providers.md lists, and the balance's own events as the core finds them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bursar.api import Observed, SubjectRef
from bursar.domain.detect import detect
from bursar.domain.ids import AccountName
from bursar_anticaptcha.provider import BALANCE, COUPON, PROVIDER

AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
SHOP = AccountName("shop")


def test_the_vendor_is_the_default() -> None:
    assert PROVIDER.default_url == "https://api.anti-captcha.com"


def test_at_most_one_call_in_thirty_seconds() -> None:
    assert PROVIDER.default_rate == (1, timedelta(seconds=30))


def test_a_time_out_is_twenty_to_thirty_seconds() -> None:
    assert timedelta(seconds=20) <= PROVIDER.default_timeout <= timedelta(seconds=30)


def test_a_coupon_has_the_fields_of_the_design() -> None:
    assert set(COUPON.fields) == {"amount", "link", "code_hint"}


def test_a_coupon_is_new_or_activated() -> None:
    assert COUPON.states == ("new", "activated")


def test_there_is_nothing_to_do() -> None:
    assert PROVIDER.actions == ()


def balances(*amounts: str | None) -> list[str]:
    """Show a balance poll by poll, and give the events that come of it."""
    snapshot, types = None, []
    for place, amount in enumerate(amounts):
        seen = Observed(SubjectRef("balance", "balance"), {"amount": Decimal(amount) if amount is not None else None})
        sight = detect(BALANCE, SHOP, snapshot, seen, AT + timedelta(minutes=place), news=False)
        snapshot = sight.snapshot
        types += [event.type for event in sight.events]
    return types


@pytest.mark.parametrize(
    ("amounts", "events"),
    [
        (["10"], []),
        (["10", "11"], ["balance.changed", "balance.rose"]),
        (["10", "9.99"], ["balance.changed", "balance.fell"]),
        (["10", "10.00"], []),
        (["10", None, "10"], []),
        ([None, "10"], ["balance.changed"]),
        (["10", None, "0"], ["balance.changed", "balance.fell"]),
    ],
)
def test_a_balance_rises_and_falls(amounts: list[str | None], events: list[str]) -> None:
    assert balances(*amounts) == events


def test_an_activation_is_an_event() -> None:
    ref = SubjectRef("coupon", "32")
    before = detect(COUPON, SHOP, None, Observed(ref, {}, state="new"), AT, news=False).snapshot
    sight = detect(COUPON, SHOP, before, Observed(ref, {}, state="activated"), AT + timedelta(minutes=1), news=True)
    assert [event.type for event in sight.events] == ["coupon.changed", "coupon.activated"]


def test_an_unknown_status_between_is_no_event() -> None:
    ref = SubjectRef("coupon", "32")
    snapshot = detect(COUPON, SHOP, None, Observed(ref, {}, state="activated"), AT, news=False).snapshot
    types = []
    for state in (None, "activated"):
        sight = detect(COUPON, SHOP, snapshot, Observed(ref, {}, state=state), AT, news=True)
        snapshot = sight.snapshot
        types += [event.type for event in sight.events]
    assert types == []
