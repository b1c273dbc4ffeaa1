"""A number that cannot be read says so, in words that can be shown; nothing is guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bursar.domain.unread import together, unread, unread_in
from bursar.domain.values import number


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("1,234", 'balance "1,234" is not a number'),
        ("$1234.00", 'balance "$1234.00" is not a number'),
        ("400 USD", 'balance "400 USD" is not a number'),
        ("NaN", 'balance "NaN" is not a number'),
        (True, "balance true is not a number"),
        ([400], "balance (a list) is not a number"),
        ({"v": 400}, "balance (an object) is not a number"),
        (Decimal("1e999"), "balance 1E+999 is out of range"),
        (10**60, f"balance 1{'0' * 38}… is out of range"),
        ("12\x1b[2J\n3x", 'balance "12 [2J 3x" is not a number'),
        ("9" * 200, f'balance "{"9" * 39}…" is not a number'),
    ],
)
def test_what_cannot_be_read_is_told_in_one_short_clean_line(raw: Any, said: str) -> None:
    assert unread("balance", raw) == said


@pytest.mark.parametrize("raw", ["0", "-4", 12, Decimal("1.5"), "1,234.50", "12,345,678", "0,5", "1 234"])
def test_a_number_that_is_read_is_no_problem(raw: Any) -> None:
    assert (number(raw) is None, unread("balance", raw, needed=True)) == (False, None)


@pytest.mark.parametrize("raw", [None, "", " ", "Unknown", "null"])
@pytest.mark.parametrize(("needed", "said"), [(True, "balance is not said"), (False, None)])
def test_saying_nothing_is_a_problem_only_of_what_is_needed(raw: Any, needed: bool, said: str | None) -> None:
    assert unread("balance", raw, needed=needed) == said


def test_the_numbers_of_a_row_are_told_together() -> None:
    row = {"balance": "1,234", "least": "10", "more": "many"}
    names = {"balance": True, "least": True, "more": False}
    assert unread_in(row, names) == 'balance "1,234" is not a number; more "many" is not a number'


def test_without_a_problem_there_is_nothing_to_tell() -> None:
    assert (together(None, None), unread_in({}, {"balance": False})) == (None, None)
