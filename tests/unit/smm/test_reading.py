"""Polls against a real server: every shape, every kind of value, every way of failing."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from bursar.api import BadAnswer, NeverSent, Observation, ProviderError, RateLimited, Refusal, Rejected, Unreachable
from bursar.domain.ids import SubjectRef
from bursar.testing.fakes import Loan, Memory, look_at, subjects_of
from bursar.testing.staging import nobody_listens
from bursar_smm.adapter import SmmAdapter
from support.smm import KEY, ScriptedPanel, open_account

PARTIAL = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}
SEEN = {
    "charge": Decimal("0.27819"),
    "start_count": Decimal(3572),
    "status": "Partial",
    "remains": Decimal(157),
    "currency": "USD",
    "state": "partial",
}
RUNNING = {"charge": "1.44219", "start_count": "234", "status": "In progress", "remains": "10", "currency": "USD"}


def order(id_: str) -> SubjectRef:
    return SubjectRef("order", id_)


async def orders(adapter: SmmAdapter, *ids: str) -> Observation:
    return await adapter.observe(look_at("orders", ids))


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param(PARTIAL, id="flat"),
        pytest.param({"order": 1, **PARTIAL}, id="flat with its id"),
        pytest.param({"1": PARTIAL}, id="map"),
        pytest.param([{"order": 1, **PARTIAL}], id="list"),
        pytest.param([{"id": "1", **PARTIAL}], id="list with id"),
        pytest.param([PARTIAL], id="list without ids"),
        pytest.param({"error": "", **PARTIAL}, id="flat with an empty error"),
        pytest.param({"error": None, "1": PARTIAL}, id="map with an error that is null"),
        pytest.param({"error": "0", **PARTIAL}, id="flat with the error 0"),
    ],
)
async def test_one_order_is_read_from_every_shape(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    assert subjects_of(await orders(adapter, "1")) == {order("1"): SEEN}


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param({"1": PARTIAL, "2": PARTIAL}, id="map"),
        pytest.param([{"order": 1, **PARTIAL}, {"order": "2", **PARTIAL}], id="list"),
    ],
)
async def test_several_orders_are_read_from_every_shape(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    assert subjects_of(await orders(adapter, "1", "2")) == {order("1"): SEEN, order("2"): SEEN}


async def test_one_order_is_asked_for_as_order(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(PARTIAL)
    await orders(adapter, "23501")
    assert panel.forms == [{"key": KEY, "action": "status", "order": "23501"}]


async def test_several_orders_are_asked_for_as_orders(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({})
    await orders(adapter, "1", "ord_01HG", "5f4dcc3b5aa765d61d8327de")
    assert panel.forms == [{"key": KEY, "action": "status", "orders": "1,ord_01HG,5f4dcc3b5aa765d61d8327de"}]


async def test_an_id_that_could_break_the_form_is_quoted(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({})
    await orders(adapter, "1&action=cancel", "2")
    assert panel.forms[0]["orders"] == "1&action=cancel,2"


@pytest.mark.parametrize("id_", ["ord_01HGXYZ", "5f4dcc3b5aa765d61d8327de", "007", "99999999999999999999"])
async def test_ids_are_opaque(adapter: SmmAdapter, panel: ScriptedPanel, id_: str) -> None:
    panel.say({id_: PARTIAL, "1": RUNNING})
    assert order(id_) in subjects_of(await orders(adapter, id_, "1"))


async def test_an_id_that_is_missing_means_nothing(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": PARTIAL})
    observation = await orders(adapter, "1", "2")
    assert (set(subjects_of(observation)), observation.problems) == ({order("1")}, {})


async def test_an_id_that_was_not_asked_for_is_not_taken(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": PARTIAL, "3": PARTIAL})
    assert set(subjects_of(await orders(adapter, "1", "2"))) == {order("1")}


async def test_a_flat_answer_about_another_order_is_not_taken(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"order": 9, **PARTIAL})
    assert subjects_of(await orders(adapter, "1")) == {}


async def test_an_empty_batch_means_nothing(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([])
    assert await orders(adapter, "1", "2") == Observation("orders", unchanged=[])


@pytest.mark.parametrize(
    "error", [{"error": "Incorrect order ID"}, "Incorrect order ID", {"error": {"message": "Incorrect order ID"}}]
)
async def test_an_error_under_an_id_is_a_problem_of_that_id(
    adapter: SmmAdapter, panel: ScriptedPanel, error: Any
) -> None:
    panel.say({"1": PARTIAL, "10": error})
    observation = await orders(adapter, "1", "10")
    assert (set(subjects_of(observation)), observation.problems) == ({order("1")}, {"10": "Incorrect order ID"})


async def test_an_error_in_a_list_is_a_problem_of_its_id(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{"order": 1, **PARTIAL}, {"order": 10, "error": "Incorrect order ID"}])
    assert (await orders(adapter, "1", "10")).problems == {"10": "Incorrect order ID"}


async def test_an_error_beside_the_fields_of_one_order_is_a_problem(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {"error": "Not found", **PARTIAL}, "2": PARTIAL})
    assert set(subjects_of(await orders(adapter, "1", "2"))) == {order("2")}


async def test_a_refusal_of_the_only_order_is_its_problem(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Incorrect order ID"})
    assert (await orders(adapter, "1")).problems == {"1": "Incorrect order ID"}


async def test_a_refusal_of_several_orders_is_a_failure(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Incorrect order ID"})
    with pytest.raises(Refusal, match="Incorrect order ID"):
        await orders(adapter, "1", "2")


async def test_a_flat_answer_for_several_orders_is_a_failure(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(PARTIAL)
    with pytest.raises(BadAnswer):
        await orders(adapter, "1", "2")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'"12.340"', Decimal("12.340")),
        (b"12.34", Decimal("12.34")),
        (b"0.1", Decimal("0.1")),
        (b"7", Decimal(7)),
        (b"12345678901234567.89", Decimal("12345678901234567.89")),
        (b'"1,234.5"', Decimal("1234.5")),
        (b"0", Decimal(0)),
        (b"null", None),
        (b'""', None),
        (b'"Unknown"', None),
        (b'"NaN"', None),
        (b"true", None),
        (b"{}", None),
    ],
)
@pytest.mark.parametrize("others", ["", ',"2":{"status":"Completed"}'])
async def test_money_is_exact_and_no_information_is_none(
    adapter: SmmAdapter, panel: ScriptedPanel, raw: bytes, value: Decimal | None, others: str
) -> None:
    panel.say(b'{"1":{"status":"Completed","charge":' + raw + b"}" + others.encode() + b"}")
    observation = await orders(adapter, *(["1", "2"] if others else ["1"]))
    assert observation.subjects[0].fields["charge"] == value


async def test_a_field_that_is_missing_is_not_told(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {"status": "Active", "runs": 5, "orders": [7, 8], "posts": "3", "expiry": "2027-01-01"}})
    assert subjects_of(await orders(adapter, "1")) == {order("1"): {"status": "Active", "state": "in_progress"}}


async def test_a_subscription_alone_is_read_flat(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"status": "Active", "expiry": None, "posts": 0, "orders": []})
    assert subjects_of(await orders(adapter, "1")) == {order("1"): {"status": "Active", "state": "in_progress"}}


async def test_an_unknown_word_is_kept_raw(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {"status": "Teleporting"}})
    assert subjects_of(await orders(adapter, "1")) == {order("1"): {"status": "Teleporting", "state": "unknown"}}


async def test_a_number_is_a_state_only_by_a_setting(panel: ScriptedPanel, loan: Loan) -> None:
    adapter = open_account(panel.url, loan.context, status_numbers={"3": "partial"})
    panel.say({"1": {"status": 3}, "2": {"status": "4"}})
    states = [seen.state for seen in (await orders(adapter, "1", "2")).subjects]
    assert states == ["partial", "unknown"]


@pytest.mark.parametrize(
    "before", [b"\xef\xbb\xbf", b"<br />\n<b>Warning</b>: Undefined array key [1] in x.php<br />\n", b"\n\n"]
)
async def test_what_stands_before_the_json_is_passed_over(
    adapter: SmmAdapter, panel: ScriptedPanel, before: bytes
) -> None:
    panel.say(before + json.dumps({"1": PARTIAL, "2": RUNNING}).encode())
    assert subjects_of(await orders(adapter, "1", "2"))[order("1")] == SEEN


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
async def test_the_http_status_decides_nothing_beside_json(
    adapter: SmmAdapter, panel: ScriptedPanel, status: int
) -> None:
    panel.say({"1": PARTIAL}, status=status)
    assert subjects_of(await orders(adapter, "1")) == {order("1"): SEEN}


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


# what says nothing new


@pytest.mark.parametrize(
    "shape",
    [
        pytest.param({"1": PARTIAL, "2": RUNNING}, id="map"),
        pytest.param([{"order": 1, **PARTIAL}, {"order": 2, **RUNNING}], id="list"),
    ],
)
async def test_an_unchanged_order_is_recognized(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    memory = Memory()
    panel.say(shape)
    await adapter.observe(look_at("orders", ["1", "2"], is_unchanged=memory))
    memory.commit()
    again = await adapter.observe(look_at("orders", ["1", "2"], is_unchanged=memory))
    assert (again.subjects, list(again.unchanged)) == ((), ["1", "2"])


async def test_only_what_changed_is_told(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    memory = Memory()
    panel.say({"1": PARTIAL, "2": RUNNING}, {"1": PARTIAL, "2": {**RUNNING, "remains": "9"}})
    await adapter.observe(look_at("orders", ["1", "2"], is_unchanged=memory))
    memory.commit()
    again = await adapter.observe(look_at("orders", ["1", "2"], is_unchanged=memory))
    assert ([seen.ref.id for seen in again.subjects], list(again.unchanged)) == (["2"], ["1"])


@pytest.mark.parametrize("stream", ["services", "balance"])
async def test_an_unchanged_listing_is_recognized(adapter: SmmAdapter, panel: ScriptedPanel, stream: str) -> None:
    memory = Memory()
    panel.say([] if stream == "services" else {"balance": "1"})
    await adapter.observe(look_at(stream, is_unchanged=memory))
    memory.commit()
    assert (await adapter.observe(look_at(stream, is_unchanged=memory))).nothing_new


# services and balance

LISTED = {
    "service": 1,
    "name": "Followers",
    "type": "Default",
    "category": "First",
    "rate": "0.90",
    "min": "50",
    "max": "10000",
    "refill": True,
    "cancel": False,
}


@pytest.mark.parametrize("shape", [[LISTED], {"1": {name: LISTED[name] for name in LISTED if name != "service"}}])
async def test_services_are_read(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    assert subjects_of(await adapter.observe(look_at("services"))) == {
        SubjectRef("service", "1"): {
            "name": "Followers",
            "type": "Default",
            "category": "First",
            "rate": Decimal("0.90"),
            "min": Decimal(50),
            "max": Decimal(10000),
            "refill": True,
            "cancel": False,
        }
    }


@pytest.mark.parametrize(
    ("raw", "flag"),
    [
        (True, True),
        (1, True),
        ("1", True),
        ("true", True),
        (False, False),
        (0, False),
        ("0", False),
        (None, None),
        ("", None),
    ],
)
async def test_a_service_flag(adapter: SmmAdapter, panel: ScriptedPanel, raw: Any, flag: bool | None) -> None:
    panel.say([{**LISTED, "refill": raw}])
    assert (await adapter.observe(look_at("services"))).subjects[0].fields["refill"] is flag


async def test_a_service_flag_that_is_absent_says_nothing(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{name: value for name, value in LISTED.items() if name != "cancel"}])
    assert (await adapter.observe(look_at("services"))).subjects[0].fields["cancel"] is None


@pytest.mark.parametrize("rate", ["1,500", "much", "1_5", "9" * 70])
async def test_a_rate_that_cannot_be_read_for_certain_is_a_problem(
    adapter: SmmAdapter, panel: ScriptedPanel, rate: str
) -> None:
    panel.say([{**LISTED, "rate": rate}])
    assert [*(await adapter.observe(look_at("services"))).problems] == ["1"]


@pytest.mark.parametrize("rate", [None, "", "Unknown"])
async def test_a_rate_that_is_not_said_is_a_problem(adapter: SmmAdapter, panel: ScriptedPanel, rate: Any) -> None:
    panel.say([{**LISTED, "rate": rate}])
    found = await adapter.observe(look_at("services"))
    assert (found.problems, found.subjects[0].fields["rate"]) == ({"1": "its rate is not said"}, None)


async def test_a_service_that_a_list_with_an_unreadable_row_leaves_out_is_a_problem(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    """It may be that row, and it may be gone: nothing is ordered at the rate that it had."""
    panel.say([LISTED, {**LISTED, "service": "2"}], [LISTED, {"name": "who knows"}])
    before = await adapter.observe(look_at("services"))
    after = await adapter.observe(look_at("services"))
    said = "it is not in the last list of services, of which a part cannot be read"
    assert (before.problems, after.complete, after.problems) == ({}, False, {"2": said})


@pytest.mark.parametrize("rate", ["0.90", 1, "1,234,567"])
async def test_a_rate_that_is_read_is_no_problem(adapter: SmmAdapter, panel: ScriptedPanel, rate: Any) -> None:
    panel.say([{**LISTED, "rate": rate}])
    assert (await adapter.observe(look_at("services"))).problems == {}


async def test_a_listing_with_a_row_that_nobody_can_read_is_incomplete(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say([LISTED, "what"])
    observation = await adapter.observe(look_at("services"))
    assert (len(observation.subjects), observation.complete) == (1, False)


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        (b'{"balance":"100.84292","currency":"USD"}', Decimal("100.84292")),
        (b'{"balance":100.84292,"currency":"USD"}', Decimal("100.84292")),
        (b'{"balance":"-3.5","currency":"USD"}', Decimal("-3.5")),
        (b'{"balance":null,"currency":"USD"}', None),
        (b'{"balance":"Unknown","currency":"USD"}', None),
        (b'{"error":"","balance":"1","currency":"USD"}', Decimal(1)),
        (b'[{"balance":"1","currency":"USD"}]', Decimal(1)),
    ],
)
async def test_the_balance_is_exact(
    adapter: SmmAdapter, panel: ScriptedPanel, body: bytes, amount: Decimal | None
) -> None:
    panel.say(body)
    seen = (await adapter.observe(look_at("balance"))).subjects[0]
    assert (seen.ref, dict(seen.fields)) == (SubjectRef("balance", "balance"), {"amount": amount, "currency": "USD"})


async def test_an_error_beside_a_balance_is_no_balance(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "System error", "balance": "0.00"})
    with pytest.raises(Refusal, match="System error"):
        await adapter.observe(look_at("balance"))


# refills


async def refills(adapter: SmmAdapter, known: dict[str, str | None]) -> Observation:
    fields = {id_: {"panel_id": panel_id} for id_, panel_id in known.items()}
    return await adapter.observe(look_at("refills", list(known), known=fields))


@pytest.mark.parametrize(
    "shape",
    [
        {"status": "Completed"},
        {"refill": 7, "status": "Completed"},
        {"7": {"status": "Completed"}},
        {"7": "Completed"},
        [{"refill": 7, "status": "Completed"}],
        [{"refill": "7", "status": "completed"}],
    ],
)
async def test_one_refill_is_read_from_every_shape(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    seen = (await refills(adapter, {"23501.4": "7"})).subjects
    assert [(one.ref, one.state) for one in seen] == [(SubjectRef("refill", "23501.4"), "completed")]


async def test_refills_are_asked_for_by_the_panels_ids(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([])
    await refills(adapter, {"1.1": "70", "2.2": "71"})
    assert panel.forms == [{"key": KEY, "action": "refill_status", "refills": "70,71"}]


async def test_several_refills_with_an_error(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(
        [
            {"refill": 1, "status": "Completed"},
            {"refill": 2, "status": "Rejected"},
            {"refill": 3, "status": {"error": "Refill not found"}},
            {"refill": 4, "error": "Refill not found"},
        ]
    )
    observation = await refills(adapter, {"11.1": "1", "12.2": "2", "13.3": "3", "14.4": "4"})
    assert {seen.ref.id: seen.state for seen in observation.subjects} == {"11.1": "completed", "12.2": "rejected"}
    assert observation.problems == {"13.3": "Refill not found", "14.4": "Refill not found"}


async def test_a_bare_error_in_a_refills_place_is_no_failed_refill(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"7": "Error"})
    observation = await refills(adapter, {"1.1": "7"})
    assert (observation.subjects, observation.problems) == ((), {"1.1": "Error"})


@pytest.mark.parametrize(
    "shape", [{"error": "Refill not found"}, {"status": {"error": "Refill not found"}}, {"7": "Refill not found"}]
)
async def test_one_refill_that_the_panel_does_not_find(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    assert (await refills(adapter, {"1.1": "7"})).problems == {"1.1": "Refill not found"}


async def test_a_refill_id_that_an_order_reuses_is_its_newest_refills(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"status": "Pending"})
    observation = await refills(adapter, {"5.9": "5", "5.10": "5"})
    assert [seen.ref.id for seen in observation.subjects] == ["5.10"]


async def test_a_refill_id_of_several_orders_tells_of_none(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"status": "Completed"})
    observation = await refills(adapter, {"5.1": "1", "6.2": "1"})
    assert (observation.subjects, set(observation.problems), panel.asked) == ((), {"5.1", "6.2"}, [])


async def test_a_refill_without_an_id_is_not_asked_for(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([])
    assert set((await refills(adapter, {"5.1": None})).problems) == {"5.1"}


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


@pytest.mark.parametrize(
    "said",
    [
        {"code": 404, "status": "error", "data": "Server busy"},
        {"status": "success"},
        {"status": "fail"},
        {"status": True},
        {"status": "error", "result": {"code": 1}},
    ],
)
@pytest.mark.parametrize("ids", [("1",), ("1", "2")])
async def test_the_calls_own_words_are_no_orders_state(
    adapter: SmmAdapter, panel: ScriptedPanel, said: Any, ids: tuple[str, ...]
) -> None:
    panel.say(said)
    with pytest.raises(ProviderError):
        await orders(adapter, *ids)


async def test_the_calls_own_words_under_an_id_say_nothing_of_the_order(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"1": {"status": "success"}, "2": RUNNING})
    assert [seen.ref.id for seen in (await orders(adapter, "1", "2")).subjects] == ["2"]


@pytest.mark.parametrize("wrapper", ["data", "result", "response"])
@pytest.mark.parametrize("inner", [PARTIAL, {"1": PARTIAL}, [{"order": 1, **PARTIAL}]])
async def test_an_order_is_read_out_of_a_wrapper(
    adapter: SmmAdapter, panel: ScriptedPanel, wrapper: str, inner: Any
) -> None:
    panel.say({"status": "success", wrapper: inner})
    assert subjects_of(await orders(adapter, "1")) == {order("1"): SEEN}


async def test_a_failed_order_is_one_where_something_of_an_order_stands_beside_the_word(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"charge": "0", "status": "Error", "remains": "5"})
    assert [seen.state for seen in (await orders(adapter, "1")).subjects] == ["failed"]
