"""A number of the vendor's that cannot be read for certain is a problem of its subject, and nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.api import PollRequest
from support.anticaptcha import CODE_NEW, LINK, Vendor


async def problems(vendor: Vendor, **changes: Any) -> Any:
    coupon = {"id": 32, "amount": changes.pop("amount", 10), "code": CODE_NEW, "link": LINK, "status": "new"}
    vendor.says({"errorId": 0, "eligibleBalance": 1234.56, "coupons": [coupon], **changes})
    return (await vendor.account().observe(PollRequest("coupons"))).problems


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("1,234", 'eligibleBalance "1,234" is not a number'),
        ("$5", 'eligibleBalance "$5" is not a number'),
        (None, "eligibleBalance is not said"),
        (True, "eligibleBalance true is not a number"),
    ],
)
async def test_a_balance_that_cannot_be_read_is_its_problem(vendor: Vendor, raw: Any, said: str) -> None:
    assert await problems(vendor, eligibleBalance=raw) == {"balance": said}


@pytest.mark.parametrize(
    ("raw", "said"), [("ten", 'amount "ten" is not a number'), ("1,000", 'amount "1,000" is not a number')]
)
async def test_an_amount_of_a_coupon_that_cannot_be_read_is_its_problem(vendor: Vendor, raw: Any, said: str) -> None:
    assert await problems(vendor, amount=raw) == {"32": said}


async def test_an_amount_of_a_coupon_that_is_not_said_is_its_problem(vendor: Vendor) -> None:
    assert await problems(vendor, amount=None) == {"32": "amount is not said"}


async def test_what_is_read_has_no_problem(vendor: Vendor) -> None:
    assert await problems(vendor, amount="10", eligibleBalance="1234.56") == {}


async def test_no_problem_shows_a_code(vendor: Vendor) -> None:
    assert CODE_NEW not in str(await problems(vendor, amount=[CODE_NEW]))
