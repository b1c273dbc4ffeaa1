"""Methods under their own names, and the ways of asking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import BadAnswer, Json, Refusal, Rejected, SubjectRef, Wanted
from bursar.testing.fakes import Loan, look_at, make_intent
from bursar_smm.adapter import SmmAdapter
from bursar_smm.methods import METHODS
from support.smm import KEY, ScriptedPanel, open_account

BY_NAME = {method.name: method for method in METHODS}


def wanted(method: str, params: Mapping[str, str]) -> list[Wanted]:
    intents = BY_NAME[method].intents
    assert intents is not None
    return list(intents(params))


def test_all_seven_methods_of_the_contract_are_there() -> None:
    assert set(BY_NAME) == {"services", "add", "status", "refill", "refill_status", "cancel", "balance"}


@pytest.mark.parametrize(
    ("method", "params", "answer"),
    [
        ("services", {}, [{"service": 1, "rate": "0.90", "refill": True}]),
        ("balance", {}, {"balance": "100.84292", "currency": "USD"}),
        ("status", {"order": "1"}, {"charge": "0.27819", "status": "Partial"}),
        ("status", {"orders": "1,10"}, {"1": {"status": "Partial"}, "10": {"error": "Incorrect order ID"}}),
        ("refill_status", {"refill": "1"}, {"status": "Completed"}),
        ("refill_status", {"refills": "1,3"}, [{"refill": 3, "status": {"error": "Refill not found"}}]),
    ],
)
async def test_a_reading_call_gives_the_panels_own_answer(
    adapter: SmmAdapter, panel: ScriptedPanel, method: str, params: dict[str, str], answer: Json
) -> None:
    panel.say(answer)
    assert await adapter.call(method, params) == answer
    assert panel.forms == [{"key": KEY, "action": method, **params}]


async def test_a_number_in_an_answer_stays_exact(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(b'{"balance":0.10}')
    assert await adapter.call("balance", {}) == {"balance": Decimal("0.10")}


async def test_an_answer_that_echoes_the_key_is_masked(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"balance": "1", "asked": [f"key={KEY}"]})
    assert await adapter.call("balance", {}) == {"balance": "1", "asked": ["key=***"]}


async def test_a_refused_call_carries_the_answer(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Incorrect order ID"})
    with pytest.raises(Refusal) as raised:
        await adapter.call("status", {"order": "1"})
    assert raised.value.answer == {"error": "Incorrect order ID"}


async def test_a_call_with_a_wrong_key_is_rejected(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Invalid API key"})
    with pytest.raises(Rejected):
        await adapter.call("balance", {})


async def test_a_bare_value_is_no_answer(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(b"17")
    with pytest.raises(BadAnswer):
        await adapter.call("balance", {})


@pytest.mark.parametrize(
    ("method", "params", "sentence"),
    [
        ("balance", {"currency": "USD"}, "has no parameter 'currency'"),
        ("status", {}, "either order or orders"),
        ("status", {"order": "1", "orders": "2"}, "either order or orders"),
        ("status", {"ordr": "1"}, "has no parameter 'ordr'"),
        ("status", {"order": " "}, "at least one id"),
        ("status", {"orders": ",".join(map(str, range(101)))}, "at most 100"),
        ("refill_status", {"order": "1"}, "has no parameter 'order'"),
        ("add", {"service": "1", "link": "x"}, "no method"),
        ("teleport", {}, "no method"),
    ],
)
async def test_a_call_that_makes_no_sense_gets_one_sentence(
    adapter: SmmAdapter, panel: ScriptedPanel, method: str, params: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        await adapter.call(method, params)
    assert panel.asked == []


@pytest.mark.parametrize("method", ["refill", "cancel"])
@pytest.mark.parametrize(
    ("params", "ids"), [({"order": "5"}, ["5"]), ({"orders": "1, 2,2,ord_3"}, ["1", "2", "ord_3"])]
)
def test_a_changing_call_wants_one_intent_per_id(method: str, params: dict[str, str], ids: list[str]) -> None:
    assert wanted(method, params) == [Wanted(method, {}, SubjectRef("order", id_)) for id_ in ids]


def test_add_wants_one_intent_with_its_parameters() -> None:
    params = {"service": "1", "link": "x", "quantity": "5"}
    assert wanted("add", params) == [Wanted("add", params)]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("add", {"link": "x"}),
        ("add", {"service": "1"}),
        ("add", {"service": "1", "link": "x", "speed": "9"}),
        ("refill", {}),
        ("refill", {"refill": "1"}),
        ("cancel", {"orders": ","}),
        ("cancel", {"order": "1", "orders": "1"}),
    ],
)
def test_a_changing_call_that_makes_no_sense_is_refused(method: str, params: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=method):
        wanted(method, params)


# the ways of asking


def answered(panel: ScriptedPanel) -> tuple[str, dict[str, str], Any]:
    asked = panel.asked[0]
    return asked.verb, asked.query, json.loads(asked.body) if asked.body[:1] == b"{" else asked.form


async def test_a_form_is_the_default(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"balance": "1"})
    await adapter.call("balance", {})
    assert answered(panel) == ("POST", {}, {"key": KEY, "action": "balance"})


async def test_a_json_body_by_setting(panel: ScriptedPanel, loan: Loan) -> None:
    panel.say({"1": {"status": "Completed"}})
    await open_account(panel.url, loan.context, transport="json").observe(look_at("orders", ["1", "2"]))
    assert answered(panel) == ("POST", {}, {"key": KEY, "action": "status", "orders": "1,2"})


async def test_a_query_by_setting(panel: ScriptedPanel, loan: Loan) -> None:
    panel.say({"1": {"status": "Completed"}})
    await open_account(panel.url, loan.context, transport="get").observe(look_at("orders", ["1", "2"]))
    assert answered(panel) == ("GET", {"key": KEY, "action": "status", "orders": "1,2"}, {})


@pytest.mark.parametrize("transport", ["form", "json", "get"])
async def test_the_key_as_a_bearer_token_is_nowhere_else(panel: ScriptedPanel, loan: Loan, transport: str) -> None:
    panel.say({"order": 7})
    adapter = open_account(panel.url, loan.context, transport=transport, auth="bearer")
    await adapter.perform(make_intent("add", SubjectRef("order", "+"), {"service": "1", "link": "x"}))
    asked = panel.asked[0]
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert "key" not in {**asked.query, **answered(panel)[2]}


async def test_the_url_keeps_its_own_query(panel: ScriptedPanel, loan: Loan) -> None:
    panel.say({"balance": "1"})
    await open_account(f"{panel.url}?site=2", loan.context, transport="get").call("balance", {})
    assert panel.asked[0].query == {"site": "2", "key": KEY, "action": "balance"}
