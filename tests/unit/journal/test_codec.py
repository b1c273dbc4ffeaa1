"""How nouns are written into columns and read back without loss."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.subject import Field, SubjectType
from bursar.domain.values import FieldKind
from bursar.journal.codec import at, read_before, read_fields, read_json, read_mapping, us, write_fields, write_json

MONEY = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=8)
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001
THING = SubjectType(
    "thing", "things",
    {
        "text": Field(FieldKind.TEXT), "number": Field(FieldKind.NUMBER), "boolean": Field(FieldKind.BOOLEAN),
        "instant": Field(FieldKind.INSTANT), "duration": Field(FieldKind.DURATION),
    },
)  # fmt: skip
VALUES = {
    "text": st.text(),
    "number": MONEY,
    "boolean": st.booleans(),
    "instant": INSTANTS,
    "duration": st.timedeltas(timedelta(days=-999), timedelta(days=999)),
}
FIELDS = st.fixed_dictionaries({}, optional=VALUES)


@given(FIELDS)
def test_fields_survive(fields: dict[str, object]) -> None:
    assert read_fields(THING, write_fields(fields)) == fields  # type: ignore[arg-type]


@given(FIELDS)
def test_former_values_survive(fields: dict[str, object]) -> None:
    assert read_before(THING, write_fields(fields)) == fields  # type: ignore[arg-type]


def test_no_information_is_left_out() -> None:
    assert write_fields({"text": None}) == "{}"


def test_a_field_that_is_not_declared_any_more_is_passed_over() -> None:
    assert read_fields(THING, '{"gone": "1", "text": "x"}') == {"text": "x"}


def test_the_former_state_is_read_though_it_is_no_field() -> None:
    assert read_before(THING, '{"state": "new"}') == {"state": "new"}


def test_former_values_of_an_undeclared_type_are_none() -> None:
    assert read_before(None, '{"text": "x"}') == {}


@given(INSTANTS)
def test_an_instant_survives(instant: datetime) -> None:
    assert at(us(instant)) == instant


def test_no_instant_survives() -> None:
    assert at(us(None)) is None


def test_money_in_json_is_written_with_all_its_digits() -> None:
    assert write_json({"amount": Decimal("12345678901234567.89")}) == '{"amount":"12345678901234567.89"}'


def test_a_number_in_json_is_read_exactly() -> None:
    assert read_json("[0.1, 12345678901234567.89]") == [Decimal("0.1"), Decimal("12345678901234567.89")]


@pytest.mark.parametrize("raw", [None, "", "null", "[1]", '"x"'])
def test_what_is_no_object_is_read_as_an_empty_one(raw: str | None) -> None:
    assert read_mapping(raw) == {}


@given(st.text(st.characters()))
def test_any_text_can_be_written(text: str) -> None:
    assert isinstance(write_json({"text": text}), str)
