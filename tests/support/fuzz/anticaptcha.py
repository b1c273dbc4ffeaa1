"""What the anti-captcha vendor answers: one method, yes or no, numbers as numbers or as text."""

from __future__ import annotations

from typing import Any

from support.fuzz.case import Case, calls, looks
from support.fuzz.tree import CODE, KEY

COUPONS = [
    {
        "id": 32,
        "amount": 10,
        "code": "QSXS-83UY-MX73-G7BH-4BMU",
        "link": "http://my-shop.example/coupon10",
        "status": "new",
    },
    {"id": "33", "amount": "5", "code": CODE, "link": f"http://my-shop.example/{CODE}", "status": "activated"},
]
DATA: list[Any] = [
    {"errorId": 0, "eligibleBalance": 1234.56, "coupons": COUPONS},
    {"errorId": "0", "eligibleBalance": "1234.56", "coupons": {"1": COUPONS[0], "2": COUPONS[1]}},
    {"errorId": 0, "eligibleBalance": 1, "coupons": []},
    {"errorId": 0, "coupons": COUPONS[:1]},
    {"errorId": 1, "errorCode": "ERROR_KEY_DOES_NOT_EXIST", "errorDescription": f"key {KEY} not found"},
    {"errorId": 21, "errorCode": "ERROR_IP_BLOCKED", "errorDescription": "blocked"},
    {"errorId": 99, "errorCode": "ERROR_NEW", "errorDescription": f"coupon {CODE}"},
    {"errorId": -1},
    b"",
    b"<html>502 Bad Gateway</html>",
]

CASES: list[Case] = [
    looks("anticaptcha", "coupons", DATA),
    looks("anticaptcha", "coupons", DATA, options={"min_create_date": 1672185600}, name="anticaptcha coupons since"),
    looks("anticaptcha", "coupons", DATA, remembers=True, name="anticaptcha known coupons"),
    *calls("anticaptcha", {("getResellerData", ""): DATA, ("getResellerData", "minCreateDate=1672185600"): DATA}),
]
