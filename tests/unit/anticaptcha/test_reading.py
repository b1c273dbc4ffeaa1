"""What the vendor's answers mean: every detail, against a real server."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bursar.api import BadAnswer, PollRequest, ProviderError, RateLimited, Refusal, Rejected, SubjectRef
from bursar.testing import Memory, subjects_of
from support.anticaptcha import CODE_ACTIVATED, CODE_NEW, DOCUMENTED, KEY, LINK, Vendor, no

COUPONS = PollRequest("coupons")
BALANCE = SubjectRef("balance", "balance")


def coupon(id_: object, **changes: Any) -> dict[str, Any]:
    return {"id": id_, "amount": 10, "code": CODE_NEW, "link": LINK, "status": "new", **changes}


def yes(*coupons: Any, **changes: Any) -> dict[str, Any]:
    return {"errorId": 0, "eligibleBalance": 1234.56, "coupons": list(coupons), **changes}


async def seen(vendor: Vendor, payload: Any, **options: Any) -> Any:
    vendor.says(payload)
    return subjects_of(await vendor.account(**options).observe(COUPONS))


async def test_the_documented_example_is_read(vendor: Vendor) -> None:
    assert await seen(vendor, DOCUMENTED) == {
        BALANCE: {"amount": Decimal("1234.56")},
        SubjectRef("coupon", "32"): {
            "amount": Decimal(10),
            "link": LINK,
            "code_hint": "QSXS-…-4BMU",
            "state": "new",
        },
        SubjectRef("coupon", "33"): {
            "amount": Decimal(5),
            "link": LINK,
            "code_hint": "KXXQ-…-FFMW",
            "state": "activated",
        },
    }


async def test_the_request_is_the_documented_one(vendor: Vendor) -> None:
    await vendor.account().observe(COUPONS)
    assert vendor.asked == [("POST", "/getResellerData", {"clientKey": KEY})]


@pytest.mark.parametrize("path", ["", "/", "/getResellerData"])
async def test_the_url_may_be_the_base_or_the_method(vendor: Vendor, path: str) -> None:
    await vendor.account(path).observe(COUPONS)
    assert vendor.asked[0][1] == "/getResellerData"


async def test_a_proxy_in_between_keeps_its_path(vendor: Vendor) -> None:
    await vendor.account("/proxy").observe(COUPONS)
    assert vendor.asked[0][1] == "/proxy/getResellerData"


@pytest.mark.parametrize("raw", ["12345678901234567.89", '"12345678901234567.89"'])
async def test_numbers_may_be_strings_and_stay_exact(vendor: Vendor, raw: str) -> None:
    payload = f'{{"errorId":"0","eligibleBalance":{raw},"coupons":[]}}'
    assert (await seen(vendor, payload))[BALANCE] == {"amount": Decimal("12345678901234567.89")}


async def test_a_coupon_may_have_strings_for_numbers(vendor: Vendor) -> None:
    sights = await seen(vendor, yes(coupon("32", amount="10.50")))
    assert sights[SubjectRef("coupon", "32")]["amount"] == Decimal("10.50")


@pytest.mark.parametrize("unknown", [None, "", "Unknown", [], True])
async def test_what_is_not_a_number_is_no_information(vendor: Vendor, unknown: Any) -> None:
    assert (await seen(vendor, yes(eligibleBalance=unknown)))[BALANCE] == {}


async def test_a_balance_that_is_missing_is_still_seen(vendor: Vendor) -> None:
    assert await seen(vendor, {"errorId": 0, "coupons": []}) == {BALANCE: {}}


async def test_an_unknown_status_is_no_information(vendor: Vendor) -> None:
    assert "state" not in (await seen(vendor, yes(coupon(1, status="reserved"))))[SubjectRef("coupon", "1")]


async def test_a_status_may_be_written_large(vendor: Vendor) -> None:
    assert (await seen(vendor, yes(coupon(1, status=" Activated "))))[SubjectRef("coupon", "1")]["state"] == "activated"


async def test_an_empty_list_is_complete(vendor: Vendor) -> None:
    vendor.says(yes())
    observation = await vendor.account().observe(COUPONS)
    assert (len(observation.subjects), observation.complete) == (1, True)


async def test_a_coupon_that_vanishes_is_absent_from_a_complete_listing(vendor: Vendor) -> None:
    account = vendor.account()
    vendor.says(yes(coupon(1), coupon(2)))
    await account.observe(COUPONS)
    vendor.says(yes(coupon(2)))
    observation = await account.observe(COUPONS)
    assert ([seen.ref.id for seen in observation.subjects], observation.complete) == (["balance", "2"], True)


@pytest.mark.parametrize("coupons", [None, "missing"])
async def test_without_coupons_absence_means_nothing(vendor: Vendor, coupons: Any) -> None:
    payload = yes(coupons=None)
    if coupons == "missing":
        del payload["coupons"]
    vendor.says(payload)
    assert not (await vendor.account().observe(COUPONS)).complete


@pytest.mark.parametrize("row", [None, "nonsense", {}, {"id": None}, {"id": ""}, {"id": True}])
async def test_a_row_without_an_id_makes_absence_mean_nothing(vendor: Vendor, row: Any) -> None:
    vendor.says(yes(coupon(1), row))
    observation = await vendor.account().observe(COUPONS)
    assert ([seen.ref.id for seen in observation.subjects], observation.complete) == (["balance", "1"], False)


async def test_an_object_of_rows_is_a_list_with_gaps(vendor: Vendor) -> None:
    assert SubjectRef("coupon", "7") in await seen(vendor, yes(coupons={"3": coupon(7)}))


async def test_ids_are_opaque(vendor: Vendor) -> None:
    hexadecimal = "5f0c1d2e3a4b5c6d7e8f9a0b"
    assert SubjectRef("coupon", hexadecimal) in await seen(vendor, yes(coupon(hexadecimal)))


async def test_a_code_in_the_link_is_masked_too(vendor: Vendor) -> None:
    sights = await seen(vendor, yes(coupon(1, link=f"https://shop.example/?code={CODE_NEW}")))
    assert sights[SubjectRef("coupon", "1")]["link"] == "https://shop.example/?code=QSXS-…-4BMU"


async def test_no_code_is_in_an_observation(vendor: Vendor) -> None:
    assert CODE_NEW not in repr(await vendor.account().observe(COUPONS))


async def test_codes_are_concealed(vendor: Vendor) -> None:
    await vendor.account().observe(COUPONS)
    assert sorted(vendor.loan.concealed) == [CODE_ACTIVATED, CODE_NEW]


async def test_what_is_too_short_for_a_code_is_not_concealed_everywhere(vendor: Vendor) -> None:
    sights = await seen(vendor, yes(coupon(1, code="1", link="https://shop.example/1")))
    assert (vendor.loan.concealed, sights[SubjectRef("coupon", "1")]["link"]) == ([], "https://shop.example/1")


async def test_min_create_date_is_sent_when_set(vendor: Vendor) -> None:
    await vendor.account(min_create_date=1672185600).observe(COUPONS)
    assert vendor.asked[0][2] == {"clientKey": KEY, "minCreateDate": 1672185600}


async def test_min_create_date_makes_absence_mean_nothing(vendor: Vendor) -> None:
    assert not (await vendor.account(min_create_date=1672185600).observe(COUPONS)).complete


async def test_the_same_answer_says_nothing_new(vendor: Vendor) -> None:
    memory, account = Memory(), vendor.account()
    await account.observe(PollRequest("coupons", is_unchanged=memory))
    memory.commit()
    assert (await account.observe(PollRequest("coupons", is_unchanged=memory))).nothing_new


async def test_another_answer_says_something_new(vendor: Vendor) -> None:
    memory, account = Memory(), vendor.account()
    await account.observe(PollRequest("coupons", is_unchanged=memory))
    memory.commit()
    vendor.says(DOCUMENTED.replace("1234.56", "1234.57"))
    assert not (await account.observe(PollRequest("coupons", is_unchanged=memory))).nothing_new


@pytest.mark.parametrize(
    "code",
    [
        "ERROR_KEY_DOES_NOT_EXIST",
        "ERROR_IP_NOT_ALLOWED",
        "ERROR_IP_BLOCKED",
        "ERROR_NO_SUCH_METHOD",
        "ERROR_ACCESS_DENIED",
        " error_ip_blocked ",
    ],
)
async def test_codes_that_get_an_address_banned_park_the_account(vendor: Vendor, code: str) -> None:
    vendor.says(no(code))
    with pytest.raises(Rejected, match="(?i)" + code.strip()):
        await vendor.account().observe(COUPONS)


@pytest.mark.parametrize("payload", [no("ERROR_SOMETHING_ELSE", error=77), {"errorId": "12"}, {"errorId": -1}])
async def test_an_unknown_no_is_a_failure_that_does_not_park(vendor: Vendor, payload: Any) -> None:
    vendor.says(payload)
    with pytest.raises(ProviderError) as caught:
        await vendor.account().observe(COUPONS)
    assert isinstance(caught.value, Refusal)


async def test_the_error_id_decides_even_beside_a_balance(vendor: Vendor) -> None:
    vendor.says({**yes(coupon(1)), **no("ERROR_KEY_DOES_NOT_EXIST")})
    with pytest.raises(Rejected):
        await vendor.account().observe(COUPONS)


async def test_an_error_code_beside_error_id_zero_is_a_yes(vendor: Vendor) -> None:
    assert BALANCE in await seen(vendor, yes(errorCode="ERROR_KEY_DOES_NOT_EXIST"))


@pytest.mark.parametrize("status", [403, 404, 500, 502])
async def test_the_status_decides_nothing_when_the_body_is_the_vendors(vendor: Vendor, status: int) -> None:
    vendor.says(yes(coupon(1)), status)
    assert len((await vendor.account().observe(COUPONS)).subjects) == 2


async def test_the_content_type_decides_nothing(vendor: Vendor) -> None:
    vendor.content_type = "text/html"
    assert len((await vendor.account().observe(COUPONS)).subjects) == 3


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        "null",
        "1",
        '"words"',
        {"errorId": None},
        {"errorId": "none"},
        {"errorId": True},
        {"errorId": 0},
        {"coupons": []},
        {"errorId": 0, "coupons": "many"},
        {"errorId": 0, "coupons": 3},
        {"error": "System error"},
    ],
)
async def test_json_of_another_kind_is_a_bad_answer(vendor: Vendor, payload: Any) -> None:
    vendor.says(payload)
    with pytest.raises(BadAnswer):
        await vendor.account().observe(COUPONS)


async def test_html_with_502_is_a_bad_answer(vendor: Vendor) -> None:
    vendor.says("<html><body>502 Bad Gateway</body></html>", 502)
    with pytest.raises(BadAnswer, match="HTML instead of JSON"):
        await vendor.account().observe(COUPONS)


async def test_foreign_json_with_429_is_a_rate_limit(vendor: Vendor) -> None:
    vendor.says({"message": "slow down"}, 429)
    with pytest.raises(RateLimited):
        await vendor.account().observe(COUPONS)


@pytest.mark.parametrize("code", ["ERROR_KEY_DOES_NOT_EXIST", "ERROR_ELSE"])
async def test_a_key_that_the_vendor_repeats_is_not_in_the_error(vendor: Vendor, code: str) -> None:
    vendor.says(no(code, f"The key {KEY} is\nnot known"))
    with pytest.raises(ProviderError, match=r"The key \*\*\* is not known") as caught:
        await vendor.account().observe(COUPONS)
    assert KEY not in repr(vars(caught.value))


async def test_endless_words_are_cut(vendor: Vendor) -> None:
    vendor.says(no("ERROR_ELSE", "very " * 10_000))
    with pytest.raises(Refusal) as caught:
        await vendor.account().observe(COUPONS)
    assert len(str(caught.value)) < 300
