"""Orders that are added, against a real server: yes, no, later, never left, and nobody knows."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import CannotTell, Later, Lost, NotSent, Refusal, Refused, SubjectRef, Succeeded
from bursar.domain.intent import Intent
from bursar.testing.fakes import Loan, look_at
from bursar.testing.staging import nobody_listens
from bursar_smm.adapter import SmmAdapter
from bursar_smm.service_types import PARAMS, TYPES
from support.smm import KEY, WANTED, ScriptedPanel, add, on_order, open_account


@pytest.mark.parametrize(
    ("answer", "id_"),
    [
        ({"order": 23501}, "23501"),
        ({"order": "23501"}, "23501"),
        ({"order": "ord_01HG"}, "ord_01HG"),
        ({"status": "success", "order": 7}, "7"),
        ([{"order": 7}], "7"),
        ({"order": 7, "error": ""}, "7"),
    ],
)
async def test_an_order_that_was_added_is_named(
    adapter: SmmAdapter, panel: ScriptedPanel, answer: Any, id_: str
) -> None:
    panel.say(answer)
    outcome = await adapter.perform(add())
    assert isinstance(outcome, Succeeded)
    assert (outcome.reference, [seen.ref for seen in outcome.tracked]) == (id_, [SubjectRef("order", id_)])


async def test_an_order_that_was_added_is_known_by_what_was_ordered(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"order": 7})
    outcome = await adapter.perform(add({**WANTED, "runs": 3, "interval": 60}))
    assert isinstance(outcome, Succeeded)
    assert outcome.tracked[0].fields == {"service": "1", "link": "https://x.example/p/1", "quantity": Decimal(300)}


async def test_an_order_without_what_its_type_needs_is_not_sent(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{"service": 1, "type": "Custom Comments", "name": "Comments"}], {"order": 7})
    await adapter.observe(look_at("services"))
    outcome = await adapter.perform(add({"service": "1", "link": "https://x.example/p/1"}))
    assert (outcome, len(panel.forms)) == (
        Refused("add needs comments for a service of type Custom Comments", never=True),
        1,
    )


async def test_the_types_are_known_again_after_a_restart(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{"service": 1, "type": "Poll", "name": "Votes"}], {"order": 7})
    await adapter.observe(look_at("services", is_unchanged=lambda _id, _raw: True))
    assert isinstance(await adapter.perform(add()), Refused)


@pytest.mark.parametrize("type_", TYPES)
async def test_add_sends_the_parameters_of_every_type(adapter: SmmAdapter, panel: ScriptedPanel, type_: str) -> None:
    names = ("service", *TYPES[type_][0], *TYPES[type_][1])
    params = {name: {"expiry": "1/2/2027", "comments": "so nice\n& ünïcode"}.get(name, "10") for name in names}
    panel.say({"order": 7})
    await adapter.perform(add(params))
    assert panel.forms == [{"key": KEY, "action": "add", **params}]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"error": "Not enough funds on balance"}, "Not enough funds"),
        ({"order": {"error": "Incorrect service ID"}}, "Incorrect service ID"),
        ({"error": "You have active order with this link. Please wait"}, "active order"),
        ({"error": "Invalid API key"}, "rejects the key"),
    ],
)
async def test_an_add_that_the_panel_refuses(
    adapter: SmmAdapter, panel: ScriptedPanel, answer: Any, reason: str
) -> None:
    panel.say(answer)
    outcome = await adapter.perform(add())
    assert isinstance(outcome, Refused)
    assert reason in outcome.reason


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "System error"},
        {"error": "Server busy"},
        {"error": "Database error"},
        {"error": "Try again later"},
        {"code": 503, "status": "error", "data": "Busy"},
        {"error": "Service is under maintenance"},
    ],
)
async def test_trouble_inside_the_panel_is_neither_yes_nor_no_to_an_add(
    adapter: SmmAdapter, panel: ScriptedPanel, answer: Any
) -> None:
    panel.say(answer)
    assert isinstance(await adapter.perform(add()), Lost)


async def test_an_add_is_read_out_of_a_wrapper(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"status": "success", "data": {"order": 23501}})
    outcome = await adapter.perform(add())
    assert isinstance(outcome, Succeeded)
    assert outcome.reference == "23501"


@pytest.mark.parametrize(
    "text",
    [
        "Order already started and cannot be cancelled",
        "In progress orders can not be cancelled",
        "Refill already used",
        "Already delivered",
        "Limit already reached",
    ],
)
@pytest.mark.parametrize("action", ["refill", "cancel"])
async def test_a_refusal_is_no_evidence_that_a_lost_request_took_effect(
    adapter: SmmAdapter, panel: ScriptedPanel, action: str, text: str
) -> None:
    panel.say({"error": text})
    assert isinstance(await adapter.perform(on_order(action, fence=2, attempts=2, lost=True)), Refused)


async def test_an_add_with_bad_parameters_never_leaves(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    outcome = await adapter.perform(add({"service": "1", "link": "x", "quantity": "-5"}))
    assert isinstance(outcome, Refused)
    assert panel.asked == []


NOBODY_KNOWS = [
    pytest.param(b"<html>Bad gateway</html>", 502, id="html 502"),
    pytest.param(b"<html>Just a moment</html>", 200, id="html 200"),
    pytest.param(b"<html>Forbidden</html>", 403, id="html 403"),
    pytest.param(b"", 200, id="empty"),
    pytest.param(b"", 501, id="empty 501"),
    pytest.param(b'{"order":235', 200, id="truncated"),
    pytest.param(b"", 429, id="bare 429"),
    pytest.param(b"", 301, id="redirect"),
    pytest.param({"error": "Not enough funds on balance"}, 302, id="a no with a redirect to nowhere"),
    pytest.param({"order": 7}, 303, id="a yes with a redirect to nowhere"),
    pytest.param(b"null", 200, id="null"),
    pytest.param(b'"Rate limit exceeded"', 200, id="a bare string"),
    pytest.param({}, 200, id="empty object"),
    pytest.param([], 200, id="empty list"),
    pytest.param({"message": "Server Error"}, 500, id="framework's 500"),
    pytest.param({"error": "Internal server error"}, 500, id="a gateway's error"),
    pytest.param({"error": "Request timed out"}, 200, id="a time-out as text"),
]


@pytest.mark.parametrize(("body", "status"), NOBODY_KNOWS)
@pytest.mark.parametrize("intent", [add(), on_order("refill"), on_order("cancel")], ids=lambda intent: intent.action)
async def test_what_is_no_plain_answer_is_lost(
    adapter: SmmAdapter, panel: ScriptedPanel, body: Any, status: int, intent: Intent
) -> None:
    panel.say(body, status=status, headers={"Location": "https://new.example/"} if status == 301 else {})
    assert isinstance(await adapter.perform(intent), Lost)


@pytest.mark.parametrize(
    "answer",
    [
        {"order": 7, "error": "System error"},
        {"order": 0},
        {"order": None},
        {"order": False},
        {"order": ""},
        {"order": "0"},
        {"order": True},
        {"status": "success"},
        {"id": 7},
        [{"order": 7}, {"order": 8}],
        {"order": -1},
    ],
)
async def test_an_add_that_says_yes_and_no_or_neither_is_lost(
    adapter: SmmAdapter, panel: ScriptedPanel, answer: Any
) -> None:
    panel.say(answer)
    assert isinstance(await adapter.perform(add()), Lost)


@pytest.mark.parametrize("intent", [add(), on_order("refill"), on_order("cancel")], ids=lambda intent: intent.action)
@pytest.mark.parametrize("status", [200, 429])
async def test_the_panels_own_rate_limit_is_later(
    adapter: SmmAdapter, panel: ScriptedPanel, intent: Intent, status: int
) -> None:
    panel.say({"error": "Rate limit exceeded"}, status=status, headers={"Retry-After": "9"})
    outcome = await adapter.perform(intent)
    assert isinstance(outcome, Later)
    assert outcome.retry_after == timedelta(seconds=9)


@pytest.mark.parametrize("intent", [add(), on_order("refill"), on_order("cancel")], ids=lambda intent: intent.action)
async def test_no_connection_is_not_sent(loan: Loan, intent: Intent) -> None:
    adapter = open_account(nobody_listens(), loan.context)
    assert isinstance(await adapter.perform(intent), NotSent)


@pytest.mark.parametrize("how", ["hang", "vanish"])
@pytest.mark.parametrize("intent", [add(), on_order("refill"), on_order("cancel")], ids=lambda intent: intent.action)
async def test_an_effect_without_an_answer_is_lost_and_was_asked_once(
    panel: ScriptedPanel, loan: Loan, intent: Intent, how: str
) -> None:
    panel.do(getattr(panel, how))
    outcome = await open_account(panel.url, loan.context).perform(intent)
    assert (type(outcome), panel.effects) == (Lost, 1)


@pytest.mark.parametrize("transport", ["form", "json", "get"])
async def test_a_dropped_effect_is_not_repeated_after_a_poll(panel: ScriptedPanel, loan: Loan, transport: str) -> None:
    adapter = open_account(panel.url, loan.context, transport=transport)
    panel.say({"balance": "1"})
    await adapter.prepare(add())
    panel.do(panel.vanish)
    assert (type(await adapter.perform(add())), panel.effects) == (Lost, 1)


@pytest.mark.parametrize("status", [200, 403, 500])
async def test_the_http_status_decides_nothing_beside_a_plain_yes(
    adapter: SmmAdapter, panel: ScriptedPanel, status: int
) -> None:
    panel.say({"order": 7}, status=status)
    assert isinstance(await adapter.perform(add()), Succeeded)


@pytest.mark.parametrize(
    ("text", "unread"), [("E-17: Incorrect request", True), ("This service is not available for this link", False)]
)
async def test_a_no_to_an_add_that_no_rule_reads_is_a_persons(
    adapter: SmmAdapter, panel: ScriptedPanel, text: str, unread: bool
) -> None:
    panel.say({"error": text})
    assert await adapter.perform(add()) == Refused(text, unread=unread)


async def test_a_no_to_an_add_that_comes_with_a_broken_server_is_none(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"error": "Order could not be saved"}, status=500)
    assert isinstance(await adapter.perform(add()), Lost)


async def test_a_warning_before_a_yes_is_passed_over(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(b"<b>Warning</b>: x in y.php<br />\n" + json.dumps({"order": 7}).encode())
    assert isinstance(await adapter.perform(add()), Succeeded)


@pytest.mark.parametrize("intent", [add(), on_order("refill")], ids=lambda intent: intent.action)
@pytest.mark.parametrize("text", [f"Invalid key {KEY}", f"Order of {KEY} refused"])
async def test_no_reason_shows_the_key(adapter: SmmAdapter, panel: ScriptedPanel, intent: Intent, text: str) -> None:
    panel.say({"error": text})
    assert KEY not in repr(await adapter.perform(intent))


async def test_the_balance_is_the_evidence_of_an_add(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(b'{"balance":100.8429200,"currency":"USD"}')
    assert await adapter.prepare(add()) == {"balance": "100.8429200", "currency": "USD"}


async def test_an_add_is_not_prepared_while_the_balance_cannot_be_read(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"error": "System error", "balance": "0.00"})
    with pytest.raises(Refusal):
        await adapter.prepare(add())


@pytest.mark.parametrize("now", ["100.5", "90.5", "110"])
async def test_a_lost_add_is_for_a_person_whatever_the_balance_says(
    adapter: SmmAdapter, panel: ScriptedPanel, now: str
) -> None:
    panel.say({"balance": now, "currency": "USD"})
    finding = await adapter.reconcile(add(), {"balance": "100.5", "currency": "USD"})
    assert isinstance(finding, CannotTell)
    assert "100.5 USD before" in finding.reason
    assert f"{now} USD now" in finding.reason


async def test_a_lost_add_without_evidence_is_for_a_person(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"balance": "1", "currency": "USD"})
    finding = await adapter.reconcile(add(), None)
    assert "unknown before" in finding.reason


def test_every_parameter_of_add_belongs_to_a_type() -> None:
    named = {name for needs, may in TYPES.values() for name in (*needs, *may)}
    assert named | {"service"} == set(PARAMS)
