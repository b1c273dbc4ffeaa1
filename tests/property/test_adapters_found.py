"""What the fuzz has found, each body by itself: what it was once taken for, it must never be taken for again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from multidict import CIMultiDict

from bursar.api import Answer, BadAnswer, Lost, Observation, ProviderError, Refused, Succeeded
from support.fuzz.cases import CASES
from support.fuzz.stage import Stage
from support.fuzz.tree import KEY, WALLET, WARNING

DEEP = b"[" * 700 + b"]" * 700


async def said(name: str, body: bytes, headers: Mapping[str, str] = {}, status: int = 200) -> Any:
    """Return what the adapter of a case makes of a body; an error is given, too."""
    case = CASES[name]
    stage = Stage(case)
    stage.http.answers = [Answer(status, CIMultiDict(headers), body)]
    asked: tuple[Any, ...] = case.intents or (case.look,)
    if case.do == "call":
        asked = (case.method, case.params)
    try:
        return await getattr(stage.adapter, case.do)(*asked)
    except ProviderError as error:
        return error


@pytest.mark.parametrize(
    "body",
    [
        b'{"order":23501,"status":"fail"}',
        b'{"order":23501,"status":false}',
        b'{"order":"not available"}',
        b'{"order":"' + b"7" * 300 + b'"}',
        WARNING + b'{"error":"no","x":{"order":5}',
        WARNING + b'{"error":"no"}{"order":5}',
    ],
)
async def test_no_order_was_made(body: bytes) -> None:
    assert isinstance(await said("smm add", body), Lost | Refused)


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":"fail","1":"1e5"}',
        b'{"id":"not available for this service"}',
        b'{"1":1,"status":false}',
        b'{"refill":' * 60 + b"1" + b"}" * 60,
        WARNING + b'{"error":1,"x":{"refill":5}',
    ],
)
async def test_no_refill_was_accepted(body: bytes) -> None:
    assert isinstance(await said("smm refill one", body), Lost)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":1,"error_text":"no","data":{"payout_id":"no such id"}}',
        b'{"error":1,"data":{"payout_id":true}}',
        b'{"error":1,"payout_id":[5]}',
        WARNING + b'{"error":1,"data":{"payout_id":5}',
    ],
)
async def test_a_no_that_names_a_payout_is_neither(body: bytes) -> None:
    assert isinstance(await said("px payout", body), Lost)


@pytest.mark.parametrize("pause", ["²", "٣", "Sat, 21 Nov 2026 10:00:00 +99999999999999999999"])
async def test_a_senseless_pause_does_not_spoil_a_yes(pause: str) -> None:
    assert isinstance(await said("smm add", b'{"order":5}', {"Retry-After": pause}), Succeeded)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("smm services", b"{}"),
        ("smm services", b'{"data":{"total":5}}'),
        ("smm services", b'{"refill":{"refill":"no"}}'),
        ("smm order", b"[1,2]"),
        ("smm order", b'{"errors":{"message":"no"}}'),
        ("smm orders", b'{"data":{"total":1}}'),
        ("smm orders", b'{"status":"success"}'),
        ("smm orders", b'[{"foo":1},{"foo":2}]'),
        ("smm refills", b'["Completed"]'),
        ("premium_exchanger visits", b'{"error":0,"data":{"Items":{"11":{"id":"11"}}}}'),
        ("premium_exchanger visits", b'{"error":0,"data":{"value":{"status":"success","data":{}}}}'),
    ],
)
async def test_a_foreign_structure_is_an_error(name: str, body: bytes) -> None:
    assert isinstance(await said(name, body), BadAnswer)


@pytest.mark.parametrize(
    "body",
    [b"{}", b'{"data":{}}', b'{"1":{}}', b'{"data":{"1":{}}}', b'{"data":{"1":{"status":"success"}}}'],
)
async def test_an_entry_that_says_nothing_of_its_order_teaches_nothing(body: bytes) -> None:
    seen = await said("smm orders", body)
    assert (type(seen), seen.subjects, seen.unchanged, seen.problems) == (Observation, (), [], {})


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("smm order", b'{"error":' + DEEP + b"}"),
        ("smm add", b'{"error":' + DEEP + b"}"),
        ("smm refill one", b'{"1":{"refill":{"error":' + DEEP + b"}}}"),
        ("smm call balance", b'{"balance":' + DEEP + b"}"),
        ("anticaptcha call getResellerData", b'{"errorId":0,"coupons":[],"x":' + DEEP + b"}"),
        ("anticaptcha coupons", b'{"errorId":0,"coupons":[{"id":"a\\u0000b"},{"id":"' + b"x" * 600 + b'"}]}'),
        ("smm services", b'[{"service":"a\\u0000b","name":"x"},{"service":1,"name":"y"}]'),
        ("px prepare payout, payouts", b'{"error":0,"data":[{"id":"' + KEY.encode() + b'","time":1}]}'),
    ],
)
async def test_nothing_is_the_plugins_own_failure(name: str, body: bytes) -> None:
    answer = await said(name, body)
    assert getattr(answer, "kind", "") != "plugin"
    assert "the plugin" not in getattr(answer, "reason", "")


@pytest.mark.parametrize("number", [b"1e999999", b"-1e-999999", b"0e-999999", b"0e999999", b'"' + b"9" * 5000 + b'"'])
async def test_a_number_without_end_is_no_text_without_end(number: bytes) -> None:
    body = b'{"charge":%b,"status":"Partial","remains":%b,"currency":%b}' % (number, number, number)
    seen = await said("smm order", body)
    assert isinstance(seen, Observation)
    assert all(
        len(format(value)) <= 2000 for one in seen.subjects for value in one.fields.values() if value is not None
    )


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("smm balance", {"body": b"", "status": 302, "headers": {"Location": f"https://moved.example/{KEY}/v2"}}),
        ("smm numbered orders", {"body": b'{"1":{"status":"%b"}}' % KEY.encode()}),
        ("px prepare payout, payouts", {"body": b'{"error":1,"error_text":"to %b"}' % WALLET.encode()}),
        ("px payout", {"body": b'{"error":0,"data":{"payout_id":"%b"}}' % WALLET.encode()}),
        ("smm call balance", {"body": b'{"%b":{"balance":1}}' % KEY.encode()}),
    ],
)
async def test_what_is_echoed_is_hidden(name: str, answer: dict[str, Any]) -> None:
    shown = await said(name, **answer)
    text = repr([shown, vars(shown) if isinstance(shown, Exception) else shown])
    assert (KEY in text, WALLET in text, "***" in text) == (False, False, True)
