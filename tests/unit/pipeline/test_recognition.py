"""Two sites that both count from 1 are two worlds: an id alone makes nothing the one that the journal knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from bursar.api import SubjectType, Value
from bursar.domain.ids import AccountName, SubjectRef
from bursar.domain.observation import Observed, Snapshot
from bursar.pipeline.recognition import same_subject
from bursar_premium_exchanger.provider import EXCHANGE, PAYOUT, VISIT

NOW = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
SEEN: dict[str, tuple[SubjectType, Mapping[str, Value]]] = {
    "payout": (
        PAYOUT,
        {"time": NOW, "method": "7", "account_hint": "TX…1k", "amount": Decimal(60), "pay_amount": Decimal(60)},
    ),
    "exchange": (EXCHANGE, {"time": NOW, "currency_give": "BTC", "currency_get": "USDT", "user_hash": "9c1f"}),
    "visit": (VISIT, {"time": NOW, "ip": "198.51.100.7", "user_hash": "9c1f"}),
}


def is_same(kind: str, **other: Value | None) -> bool | None:
    """Compare what is known under the id 1 with what another site, or the same one, shows under it."""
    type_, fields = SEEN[kind]
    known = Snapshot(AccountName("exchange"), SubjectRef(kind, "1"), fields, NOW)
    return same_subject(type_, known, Observed(SubjectRef(kind, "1"), {**fields, **other}))


@pytest.mark.parametrize("kind", SEEN)
def test_what_is_listed_as_before_is_the_same(kind: str) -> None:
    assert is_same(kind) is True


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("payout", "time", NOW + timedelta(hours=3)),
        ("payout", "amount", Decimal(61)),
        ("payout", "method", "8"),
        ("payout", "account_hint", "TX…2m"),
        ("exchange", "user_hash", "77aa"),
        ("exchange", "currency_get", "RUB"),
        ("visit", "time", NOW + timedelta(hours=3)),
        ("visit", "ip", "203.0.113.5"),
    ],
)
def test_what_has_the_same_id_and_is_another_is_another(kind: str, name: str, value: Value) -> None:
    assert is_same(kind, **{name: value}) is False


@pytest.mark.parametrize(
    ("kind", "name", "value"), [("payout", "pay_amount", Decimal(59)), ("exchange", "time", NOW + timedelta(hours=3))]
)
def test_what_may_change_in_its_life_makes_it_no_other_and_not_the_same(kind: str, name: str, value: Value) -> None:
    assert is_same(kind, **{name: value}) is None


def test_an_exchange_of_one_pair_is_in_two_worlds() -> None:
    """A site that shows no visitors: pairs and rates are everywhere alike."""
    shown = {"currency_give": "BTC", "currency_get": "USDT", "course_get": Decimal(60000)}
    known = Snapshot(
        AccountName("exchange"), SubjectRef("exchange", "1"), {**shown, "amount_give": Decimal("0.1"), "time": NOW}, NOW
    )
    other = {**shown, "amount_give": Decimal(9), "time": NOW + timedelta(hours=3)}
    assert same_subject(EXCHANGE, known, Observed(known.ref, other)) is None
