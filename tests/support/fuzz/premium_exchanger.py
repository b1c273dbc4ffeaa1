"""What a Premium Exchanger site answers: five methods in the dialects A, B and C, and in the vendor's bare form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bursar.api import SubjectRef
from bursar.testing.fakes import make_intent
from support.fuzz.case import Case, calls, looks
from support.fuzz.tree import KEY, WALLET

METHODS = [
    {"id": "3", "title": "Perfect Money &quot;USD&quot;", "comission": "0.5%", "amount": "66.90"},
    {"id": 7, "title": "USDT &lt;TRC20&gt;", "commission": "1%", "amount": 66.5},
]
INFO = {"balance": "67.24", "min_payout": "50.00"}
VISITS = [
    {
        "id": "11",
        "time": "1795000000",
        "date": "18.11.2026 10:26",
        "browser": "Mozilla &lt;5.0&gt;",
        "ip": "198.51.100.7",
        "referrer": "https://blog.example/?post=7&amp;from=feed",
        "user_hash": "u1",
        "query_string": "?rid=77",
    },
    {
        "id": 12,
        "time": 1795000060,
        "browser": None,
        "ip": "",
        "referrer": "",
        "user_hash": "u2",
        "query_string": "?rid=78",
    },
]
EXCHANGES = [
    {
        "id": "21",
        "time": "1795000000",
        "date": "…",
        "currency_code_give": "BTC",
        "currency_code_get": "USDTTRC20",
        "course_give": "1",
        "course_get": "64000.5",
        "amount_give": "0.01",
        "amount_get": "640.005",
        "exchange_success": "1",
        "accrued": "0",
        "partner_reward": "1.28",
        "user_hash": "u1",
        "statuses": [{"status": "new", "time": "1795000000"}],
    },
    {
        "id": 22,
        "time": 1795000100,
        "currency_code_give": "ETH",
        "currency_code_get": "BTC",
        "course_give": 1,
        "course_get": 0.05,
        "amount_give": 2,
        "amount_get": 0.1,
        "exchange_success": 0,
        "accrued": 0,
        "partner_reward": 0.3,
        "user_hash": "u2",
    },
]
PAYOUTS = [
    {
        "id": "31",
        "time": "1795000000",
        "date": "…",
        "method_id": "7",
        "account": WALLET,
        "pay_amount": "66.5",
        "pay_currency_code": "USDTTRC20",
        "original_amount": "67.24",
        "original_currency_code": "USD",
        "status": "0",
    },
    {
        "id": 30,
        "time": 1794000000,
        "method_id": 3,
        "account": "U1234567",
        "pay_amount": 10,
        "pay_currency_code": "PMUSD",
        "original_amount": 10.5,
        "original_currency_code": "USD",
        "status": 2,
    },
]
ERRORS: list[Any] = [
    {"error": 1, "error_text": "Api disabled"},
    {"error": "3", "error_text": "method not supported"},
    b"Api disabled",
    {"error": 1, "error_text": f"IP blocked, key {KEY}, wallet {WALLET}"},
    {"error": 2, "error_text": "", "status": "error"},
    b"",
    b"<html>Attention Required!</html>",
    {"error": 1, "error_text": "<b>Неверный</b> счет &laquo;x&raquo;", "data": []},
]


def dialects(rows: Sequence[dict[str, Any]], **data: Any) -> list[Any]:
    """Write rows in each dialect, with what `data` says beside them; nothing, too, where there is nothing beside them."""
    by_id = {str(row["id"]): row for row in rows}
    found: list[Any] = [
        {"error": 0, "error_text": "", "data": {**data, "items": by_id}},
        {"error": "0", "error_text": "Успешно", "data": {**data, "items": list(rows)}},
        {"error": 0, "status": "success", "data": {**data, "items": by_id}},
        {**data, "items": list(rows)},
    ]
    if not data:
        found += [{"error": 0}, {"error": "0", "data": []}, {"error": 0, "status": "success", "data": {}}, list(rows)]
        found += [{"error": 0, "data": list(rows)}, {"error": 0, "data": by_id}]
    return [*found, *ERRORS]


INFOS = dialects(METHODS, **INFO)
LISTS = {"get_links": dialects(VISITS), "get_exchanges": dialects(EXCHANGES), "get_payouts": dialects(PAYOUTS)}
STREAMS = {"visits": "get_links", "exchanges": "get_exchanges", "payouts": "get_payouts"}
PAID: list[Any] = [
    {"error": 0, "error_text": "", "data": {"payout_id": 32}},
    {"error": "0", "data": {"payout_id": "32"}},
    {"payout_id": 32},
    {"error": 0, "status": "success", "payout_id": 32},
    {"error": 0, "data": {"payout_id": 0}},
    {"error": 1, "error_text": "no", "data": {"payout_id": 32}},
    {"error": 0, "data": {"payout_id": False}},
    {"error": 0},
    {"error": 1, "error_text": "Минимальная сумма выплаты &mdash; 50 USD"},
    *ERRORS,
]
PAYOUT = make_intent(
    "payout", SubjectRef("balance", "balance"), {"method": "7", "account": WALLET}, sealed={"account": "d"}
)
EVIDENCE = {"payouts": ["31", "30"], "alike": ["31"], "newest": 1795000000, "balance": "67.24"}
AFTER = dialects([{**PAYOUTS[0], "id": "32", "time": "1795000500"}, *PAYOUTS])
SOUND = {"get_info": INFOS[0], "get_payouts": LISTS["get_payouts"][0]}
WALKING = {"newest": 1795000000, "pages": True, "walking": True, "offset": 500, "first": "99", "currency": "USD"}

CASES: list[Case] = [
    looks("premium_exchanger", "info", INFOS),
    *(looks("premium_exchanger", stream, LISTS[method]) for stream, method in STREAMS.items()),
    looks("premium_exchanger", "info", INFOS, remembers=True, cursor={"currency": "USD"}, name="px known info"),
    looks("premium_exchanger", "exchanges", LISTS["get_exchanges"], cursor=WALKING, name="px walking exchanges"),
    looks(
        "premium_exchanger",
        "payouts",
        LISTS["get_payouts"],
        cursor={"newest": 1795000000, "waiting": 1},
        name="px later payouts",
    ),
    Case(
        "px prepare payout, payouts",
        "premium_exchanger",
        "prepare",
        LISTS["get_payouts"],
        intents=(PAYOUT,),
        others=SOUND,
    ),
    Case(
        "px prepare payout, info",
        "premium_exchanger",
        "prepare",
        INFOS,
        intents=(PAYOUT,),
        others=SOUND,
        method="get_info",
    ),
    Case("px payout", "premium_exchanger", "perform", PAID, intents=(PAYOUT,)),
    Case(
        "px reconcile payouts",
        "premium_exchanger",
        "reconcile",
        [*AFTER, *LISTS["get_payouts"]],
        intents=(PAYOUT,),
        evidence=EVIDENCE,
        others=SOUND,
    ),
    Case(
        "px reconcile info",
        "premium_exchanger",
        "reconcile",
        INFOS,
        intents=(PAYOUT,),
        evidence=EVIDENCE,
        others=SOUND,
        method="get_info",
    ),
    *calls(
        "premium_exchanger",
        {
            ("get_info", ""): INFOS,
            ("get_links", "ip=198.51.100.7"): LISTS["get_links"],
            ("get_exchanges", "start_time=1795000000"): LISTS["get_exchanges"],
            ("get_payouts", ""): LISTS["get_payouts"],
        },
    ),
]
