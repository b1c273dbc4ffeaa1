"""Every way in which a poll fails is an error with a name, and shows no key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from bursar.api import BadAnswer, NeverSent, ProviderError, RateLimited, Refusal, Rejected, Unreachable
from bursar.testing.fakes import Loan, look_at
from bursar.testing.staging import nobody_listens
from bursar_smm.adapter import SmmAdapter
from support.smm import KEY, ScriptedPanel, open_account, orders

PARTIAL = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}

HTML = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"
FAILURES = [
    pytest.param(HTML, 200, BadAnswer, "html", id="html 200"),
    pytest.param(HTML, 403, BadAnswer, "html", id="html 403"),
    pytest.param(HTML, 503, BadAnswer, "html", id="html 503"),
    pytest.param(b"", 200, BadAnswer, "empty", id="empty"),
    pytest.param(b"", 501, BadAnswer, "empty", id="empty 501"),
    pytest.param(b'{"1":{"status":"Compl', 200, BadAnswer, "truncated", id="truncated"),
    pytest.param(b'{"1":{"status":"\xff"}}', 200, BadAnswer, "truncated", id="no utf-8"),
    pytest.param(b'{"1":{"charge":1e99999999999999999999}}', 200, BadAnswer, "truncated", id="absurd number"),
    pytest.param(b"oops", 500, BadAnswer, "server_error", id="text 500"),
    pytest.param(b"null", 200, BadAnswer, "not_expected", id="null"),
    pytest.param(b"17", 200, BadAnswer, "not_expected", id="a number"),
    pytest.param(b'{"message":"Hello"}', 200, BadAnswer, "not_expected", id="another object"),
    pytest.param(b"slow down", 429, RateLimited, "rate_limited", id="429"),
    pytest.param({"error": "Rate limit exceeded"}, 200, RateLimited, "rate_limited", id="rate limit as 200"),
    pytest.param({"error": "Limit"}, 429, RateLimited, "rate_limited", id="json 429"),
    pytest.param({"message": "Too Many Attempts."}, 429, RateLimited, "rate_limited", id="framework's 429"),
    pytest.param({"error": "Invalid API key"}, 200, Rejected, "rejected", id="wrong key"),
    pytest.param({"error": "Invalid API key", "1": PARTIAL}, 200, Rejected, "rejected", id="beside data"),
    pytest.param("Invalid API key", 200, Rejected, "rejected", id="wrong key, bare"),
    pytest.param({"message": "Unauthenticated."}, 401, Rejected, "rejected", id="framework's 401"),
    pytest.param({"error": "System error"}, 200, Refusal, "refused", id="system error"),
    pytest.param({"error": True, "message": "Closed"}, 200, Refusal, "refused", id="error without text"),
    pytest.param({"status": "error", "message": "Closed"}, 200, Refusal, "refused", id="status error"),
]


@pytest.mark.parametrize(("body", "status", "error", "kind"), FAILURES)
@pytest.mark.parametrize("stream", ["orders", "refills", "services", "balance"])
async def test_a_failed_poll_is_a_named_error(
    adapter: SmmAdapter,
    panel: ScriptedPanel,
    body: Any,
    status: int,
    error: type[ProviderError],
    kind: str,
    stream: str,
) -> None:
    panel.say(body, status=status)
    tracked = {"orders": ["1"], "refills": ["1.1"]}.get(stream, [])
    with pytest.raises(error) as raised:
        await adapter.observe(look_at(stream, tracked, known={"1.1": {"panel_id": "1"}}))
    assert raised.value.kind == kind


@pytest.mark.parametrize(
    ("body", "headers", "pause"),
    [
        (b"", {"Retry-After": "120"}, timedelta(minutes=2)),
        ({"error": "Rate limit exceeded"}, {"Retry-After": "7"}, timedelta(seconds=7)),
        ({"error": "Too many requests, try again in 30 seconds"}, {}, timedelta(seconds=30)),
        (b"", {}, None),
    ],
)
async def test_a_rate_limit_says_when(
    adapter: SmmAdapter, panel: ScriptedPanel, body: Any, headers: dict[str, str], pause: timedelta | None
) -> None:
    panel.say(body, status=429, headers=headers)
    with pytest.raises(RateLimited) as raised:
        await orders(adapter, "1", "2")
    assert raised.value.retry_after == pause


async def test_a_redirect_is_reported_and_not_followed(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(b"", status=301, headers={"Location": "https://new.example/api/v2?key=stolen"})
    with pytest.raises(BadAnswer, match=r"https://new\.example/api/v2:") as raised:
        await orders(adapter, "1")
    assert (raised.value.kind, len(panel.asked)) == ("redirect", 1)


async def test_a_body_over_the_cap_is_an_error(panel: ScriptedPanel) -> None:
    lent = Loan(max_body_bytes=1000)
    panel.say({str(number): PARTIAL for number in range(100)})
    with pytest.raises(BadAnswer) as raised:
        await orders(open_account(panel.url, lent.context), "1", "2")
    await lent.close()
    assert raised.value.kind == "too_large"


async def test_no_answer_in_time_is_an_error(panel: ScriptedPanel, loan: Loan) -> None:
    panel.do(panel.hang)
    with pytest.raises(Unreachable) as raised:
        await orders(open_account(panel.url, loan.context), "1")
    assert raised.value.kind == "timeout"


async def test_no_connection_is_an_error(loan: Loan) -> None:
    with pytest.raises(NeverSent):
        await orders(open_account(nobody_listens(), loan.context), "1")


@pytest.mark.parametrize("auth", ["body", "bearer"])
@pytest.mark.parametrize("transport", ["form", "json", "get"])
@pytest.mark.parametrize(
    "body", [{"error": f"Invalid key {KEY} for order"}, b"<html>", b"", {"error": f"No order for {KEY}"}]
)
async def test_no_error_shows_the_key(panel: ScriptedPanel, loan: Loan, body: Any, transport: str, auth: str) -> None:
    adapter = open_account(panel.url, loan.context, transport=transport, auth=auth)
    panel.say(body)
    with pytest.raises(ProviderError) as raised:
        await orders(adapter, "1", "2")
    assert KEY not in f"{raised.value!r} {raised.value} {getattr(raised.value, 'answer', '')}"


async def test_no_problem_shows_the_key(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {"error": f"no order for {KEY}"}, "2": PARTIAL})
    assert (await orders(adapter, "1", "2")).problems == {"1": "no order for ***"}


async def test_a_dropped_connection_is_an_error(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.do(panel.vanish)
    with pytest.raises(Unreachable):
        await orders(adapter, "1")


async def test_a_broken_off_answer_is_an_error(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"1":')
        assert request.transport is not None
        request.transport.close()
        return response

    panel.do(broken)
    with pytest.raises(BadAnswer, match="broke off"):
        await orders(adapter, "1")
