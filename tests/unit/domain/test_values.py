"""Values: providers' numbers are read exactly or not at all, and what is written is read back without loss."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.values import FieldKind, from_json, number, to_json, to_public

EXACT = Context(prec=60)
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001
DURATIONS = st.timedeltas(timedelta(days=-10_000), timedelta(days=10_000))
MONEY = st.integers(-(10**42) + 1, 10**42 - 1).map(lambda units: Decimal(units).scaleb(-12, EXACT))


@pytest.mark.parametrize(
    ("raw", "exact"),
    [
        ("100.84292", "100.84292"),
        ("0.00", "0.00"),
        (" 5 ", "5"),
        ("1 234.50", "1234.50"),
        ("1\u00a0234", "1234"),
        ("1,234.56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("12,345,678", "12345678"),
        ("12,34,567.5", "1234567.5"),
        ("1 234,56", "1234.56"),
        ("0,5", "0.5"),
        ("-3.10", "-3.10"),
        ("1e5", "1e5"),
        (7, "7"),
        (10.1, "10.1"),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
    ],
)
def test_a_number_is_read_exactly(raw: object, exact: str) -> None:
    assert number(raw) == Decimal(exact)


@pytest.mark.parametrize(
    "raw",
    [
        None, "", " ", "Unknown", "null", "N/A", "nan", "NaN", "sNaN", float("nan"), "inf", "-Infinity", float("inf"),
        "1e30", "1E+999999999", "-1e31", "1e-40", "9" * 65, True, False, [], {}, "1.2.3", "0x10", "1_000", "١٢", "--1",
        "5%", "\ud800", "1,234", "-12,345",
        "1,23,4", "1,2,3,4", "1,234,56", "1 2 3", "12 34", "1,2345.6", "1.23,4", ",", "1,", "1,234,",
    ],
)  # fmt: skip
def test_what_is_not_a_number_is_no_information(raw: object) -> None:
    assert number(raw) is None


def test_trailing_zeros_are_kept() -> None:
    assert str(number("10.10")) == "10.10"


@given(MONEY)
def test_money_survives_being_written_as_text(value: Decimal) -> None:
    assert number(format(value, "f")) == value


@given(st.text())
def test_no_text_makes_reading_a_number_fail(text: str) -> None:
    value = number(text)
    assert value is None or value.is_finite()


@given(MONEY)
def test_a_number_survives_the_journal(value: Decimal) -> None:
    assert from_json(FieldKind.NUMBER, to_json(value)) == value


@given(INSTANTS)
def test_an_instant_survives_the_journal(value: datetime) -> None:
    assert from_json(FieldKind.INSTANT, to_json(value)) == value


@given(DURATIONS)
def test_a_duration_survives_the_journal(value: timedelta) -> None:
    assert from_json(FieldKind.DURATION, to_json(value)) == value


@given(st.booleans())
def test_a_boolean_survives_the_journal(value: bool) -> None:
    assert from_json(FieldKind.BOOLEAN, to_json(value)) is value


@given(st.text())
def test_a_text_survives_the_journal(value: str) -> None:
    assert from_json(FieldKind.TEXT, to_json(value)) == value


@pytest.mark.parametrize("kind", list(FieldKind))
def test_no_information_survives_the_journal(kind: FieldKind) -> None:
    assert from_json(kind, to_json(None)) is None


def test_large_money_is_written_without_an_exponent() -> None:
    assert to_json(Decimal("1E+20")) == "100000000000000000000"


def test_an_instant_is_shown_as_rfc_3339() -> None:
    assert to_public(datetime(2026, 1, 31, 12, 0, tzinfo=timezone.utc)) == "2026-01-31T12:00:00Z"


def test_a_duration_is_shown_in_seconds() -> None:
    assert to_public(timedelta(minutes=2)) == 120.0


def test_money_is_shown_as_text() -> None:
    assert to_public(Decimal("10.10")) == "10.10"
