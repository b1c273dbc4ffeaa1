"""`bursar call` through the adapter: the vendor's own answer, without what is money."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from bursar.api import BadAnswer, Refusal
from support.anticaptcha import CODE_ACTIVATED, CODE_NEW, KEY, LINK, Vendor, no

METHOD = "getResellerData"


async def test_the_answer_is_the_vendors_with_codes_masked(vendor: Vendor) -> None:
    assert await vendor.account().call(METHOD, {}) == {
        "errorId": 0,
        "eligibleBalance": Decimal("1234.56"),
        "coupons": [
            {"id": 32, "amount": 10, "code": "QSXS-…-4BMU", "link": LINK, "status": "new"},
            {"id": 33, "amount": 5, "code": "KXXQ-…-FFMW", "link": LINK, "status": "activated"},
        ],
    }


async def test_a_code_is_masked_wherever_it_stands(vendor: Vendor) -> None:
    rows = [{"id": 1, "code": CODE_NEW, "link": f"https://shop.example/{CODE_NEW}", "notes": [{"was": CODE_NEW}]}]
    vendor.says({"errorId": 0, "coupons": rows, "newest": CODE_NEW})
    assert CODE_NEW not in json.dumps(await vendor.account().call(METHOD, {}))


async def test_a_short_code_is_masked_in_its_place(vendor: Vendor) -> None:
    vendor.says({"errorId": 0, "coupons": [{"id": 1, "code": 123}]})
    assert await vendor.account().call(METHOD, {}) == {"errorId": 0, "coupons": [{"id": 1, "code": "…"}]}


async def test_codes_of_a_call_are_concealed(vendor: Vendor) -> None:
    await vendor.account().call(METHOD, {})
    assert sorted(vendor.loan.concealed) == [CODE_ACTIVATED, CODE_NEW]


async def test_min_create_date_is_passed_on(vendor: Vendor) -> None:
    await vendor.account().call(METHOD, {"minCreateDate": "1672185600"})
    assert vendor.asked[0][2] == {"clientKey": KEY, "minCreateDate": 1672185600}


async def test_a_call_asks_for_what_was_asked_not_for_what_is_set(vendor: Vendor) -> None:
    await vendor.account(min_create_date=1).call(METHOD, {})
    assert vendor.asked[0][2] == {"clientKey": KEY}


@pytest.mark.parametrize("raw", ["yesterday", "-1", "1.5", "", "9" * 13])
async def test_a_date_that_makes_no_sense_is_one_sentence(vendor: Vendor, raw: str) -> None:
    with pytest.raises(ValueError, match="whole Unix seconds"):
        await vendor.account().call(METHOD, {"minCreateDate": raw})


async def test_an_unknown_method_is_one_sentence(vendor: Vendor) -> None:
    with pytest.raises(ValueError, match="only getResellerData"):
        await vendor.account().call("getBalance", {})


@pytest.mark.parametrize("code", ["ERROR_KEY_DOES_NOT_EXIST", "ERROR_ELSE"])
async def test_a_no_carries_the_vendors_answer(vendor: Vendor, code: str) -> None:
    vendor.says(no(code))
    with pytest.raises(Refusal) as caught:
        await vendor.account().call(METHOD, {})
    assert caught.value.answer == no(code)


async def test_a_no_that_repeats_the_key_does_not_show_it(vendor: Vendor) -> None:
    vendor.says(no("ERROR_KEY_DOES_NOT_EXIST", f"{KEY} not found"))
    with pytest.raises(Refusal) as caught:
        await vendor.account().call(METHOD, {})
    assert caught.value.answer == no("ERROR_KEY_DOES_NOT_EXIST", "*** not found")


async def test_json_of_another_kind_is_no_answer(vendor: Vendor) -> None:
    vendor.says({"coupons": []})
    with pytest.raises(BadAnswer):
        await vendor.account().call(METHOD, {})
