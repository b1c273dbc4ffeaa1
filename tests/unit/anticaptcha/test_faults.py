"""Each broken answer is its own clear error, by the kind that people see in `bursar accounts`."""

from __future__ import annotations

import pytest

from bursar.api import PollRequest, ProviderError
from support.anticaptcha import KEY, Vendor

COUPONS = PollRequest("coupons")
KINDS = {
    "html-200": "html",
    "html-403": "html",
    "html-503": "html",
    "empty": "empty",
    "empty-501": "empty",
    "truncated": "truncated",
    "broken-off": "truncated",
    "not-json": "not_json",
    "rate-429": "rate_limited",
    "rate-429-retry": "rate_limited",
    "rate-200": "foreign",
    "json-null": "foreign",
    "redirect": "redirect",
    "reset-before": "reset",
    "too-large": "too_large",
    "500-after": "html",
}


@pytest.mark.parametrize(("fault", "kind"), KINDS.items())
async def test_a_fault_has_its_kind(vendor: Vendor, fault: str, kind: str) -> None:
    vendor.faults.add("getResellerData", fault)
    with pytest.raises(ProviderError) as caught:
        await vendor.account().observe(COUPONS)
    assert caught.value.kind == kind


async def test_a_time_out_has_its_kind(vendor: Vendor) -> None:
    vendor.faults.add("getResellerData", "timeout-before")
    with pytest.raises(ProviderError) as caught:
        await vendor.account().observe(COUPONS)
    assert caught.value.kind == "timeout"


async def test_a_redirect_is_not_followed_with_the_key(vendor: Vendor) -> None:
    vendor.faults.add("getResellerData", "redirect")
    with pytest.raises(ProviderError, match=r"https://moved\.invalid/api") as caught:
        await vendor.account().observe(COUPONS)
    assert (len(vendor.asked), KEY in str(caught.value)) == (0, False)


@pytest.mark.parametrize("fault", ["bom", "php-warning"])
async def test_a_padded_answer_is_read(vendor: Vendor, fault: str) -> None:
    account = vendor.account()
    plain = await account.observe(COUPONS)
    vendor.faults.add("getResellerData", fault)
    assert await account.observe(COUPONS) == plain
