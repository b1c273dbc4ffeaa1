"""An answer to `add_payout` that says yes in one place and no in another says neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bursar.api import BadAnswer, Lost, Refused, Succeeded
from bursar_premium_exchanger.adapter import PremiumExchanger
from support.premium_exchanger import ScriptedSite, intent, listed, partner, payout_row, said

YES = {"error": 0, "error_text": "", "data": {"payout_id": 5}}
NO: dict[str, Any] = {"error": 1, "error_text": "Minimum is 50 USD"}


@pytest.mark.parametrize(
    "answer",
    [
        {**NO, "data": [{"payout_id": 5}]},
        {**NO, "data": {"items": [{"payout_id": 5}]}},
        {**NO, "data": {"payout": {"payout_id": "5"}}},
        {**NO, "result": {"payout_id": 5}},
        {**NO, "data": {"code": 500}},
        {**NO, "status": 500},
        {**NO, "success": True},
        {**NO, "status": "success"},
        {**NO, "status": "1", "success": 1},
        {**NO, "result": "ok"},
        {**NO, "id": 7},
        {**NO, "data": {"id": "77", "status": "0"}},
        {**NO, "data": {"payout": {"id": 7}}},
        {**NO, "data": {"payouts": [7]}},
        {**YES, "status": "rejected"},
        {**YES, "result": False},
        {**YES, "data": {"payout_id": 5, "error": 1}},
        {**YES, "data": {"payout_id": 5, "result": {"error": "1"}}},
        {**YES, "data": {"payout_id": 5, "error": "Not enough money"}},
        {"data": {"error": 1, "error_text": "Minimum is 50 USD", "payout_id": 5}},
        {**YES, "code": 500},
        {**YES, "code": "404"},
        {**YES, "status": "error"},
        {**YES, "success": False},
        {**YES, "data": {"payout_id": 5, "success": "false"}},
        {**YES, "payout_id": 6},
        {**YES, "payout_id": 0},
        {**YES, "payout_id": False},
        {**YES, "data": {"payout_id": 5, "payout": {"payout_id": 6}}},
        {**YES, "success": 0},
        {**YES, "success": "0"},
        {**YES, "ok": False},
        {**YES, "errors": ["Not enough money"]},
        {**YES, "data": {"payout_id": 5, "errors": ["Not enough money"]}},
    ],
)
async def test_a_yes_and_a_no_at_once_are_neither(
    site: ScriptedSite, adapter: PremiumExchanger, answer: dict[str, Any]
) -> None:
    site.say("add_payout", answer)
    assert isinstance(await adapter.perform(intent()), Lost)


@pytest.mark.parametrize(
    "beside",
    [
        {"error": ""},
        {"error": 0},
        {"error": None},
        {"error": False},
        {"error": []},
        {"status": "0"},
        {"status": "success"},
        {"status": 1},
        {"code": 200},
        {"success": True},
        {"success": 1},
        {"ok": True},
        {"errors": []},
        {"payout": {"payout_id": "5"}},
        {"payout": {"payout_id": None}},
    ],
)
@pytest.mark.parametrize("dialect", ["a", "b", "c"])
async def test_a_yes_said_twice_is_a_yes(
    site: ScriptedSite, adapter: PremiumExchanger, dialect: str, beside: dict[str, Any]
) -> None:
    site.say("add_payout", said(dialect, {"payout_id": 5, **beside}))
    assert await adapter.perform(intent()) == Succeeded(reference="5")


async def test_a_no_is_found_as_deep_as_it_lies(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    wide = {str(n): [{"payout": {}} for _ in range(100)] for n in range(200)}
    site.say("add_payout", {**YES, "data": {"payout_id": 5, **wide, "last": [[[{"error": 1}]]]}})
    assert isinstance(await adapter.perform(intent()), Lost)


@pytest.mark.parametrize("words", ["Minimum is 50 USD", "Not enough money"])
@pytest.mark.parametrize(
    "beside",
    [{}, {"data": []}, {"data": {"balance": "12"}}, {"status": "error"}, {"data": {"items": {"7": {"id": 7}}}}],
)
async def test_a_no_is_one_beside_what_says_nothing(
    site: ScriptedSite, adapter: PremiumExchanger, words: str, beside: dict[str, Any]
) -> None:
    site.say("add_payout", {"error": 1, "error_text": words, **beside})
    assert await adapter.perform(intent()) == Refused(words)


async def test_a_payout_that_was_there_before_was_not_made_by_the_request(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    """An answer that comes twice, or out of a cache."""
    site.say("add_payout", YES)
    outcome = await adapter.perform(replace(intent(), evidence={"payouts": ["4", "5"], "balance": "60"}))
    assert outcome == Lost("the site names payout 5, which was there before")


@pytest.mark.parametrize(
    "answer",
    [
        {"error": 0, "status": "error", "data": []},
        {"error": 0, "success": False, "data": []},
        {"error": 0, "ok": 0, "data": []},
        {"error": 0, "code": 500, "data": []},
        {"error": "0", "code": 503, "status": "error", "data": {"items": []}},
        {"code": 500, "status": "error", "data": {"items": []}},
        {"error": 0, "data": {"error": 1, "error_text": "try again later", "items": []}},
        {"error": 0, "errors": ["try again later"], "data": []},
    ],
)
@pytest.mark.parametrize("method", ["get_payouts", "get_info"])
async def test_a_look_whose_answer_says_that_it_failed_shows_nothing(
    site: ScriptedSite, adapter: PremiumExchanger, answer: dict[str, Any], method: str
) -> None:
    """Else two of them would have a payout made once more."""
    site.say("get_payouts", {"error": 0, "data": []})
    site.say("get_info", partner("a", "100"))
    site.say(method, answer)
    with pytest.raises(BadAnswer, match="yes and no at once"):
        await adapter.reconcile(intent(), {"payouts": [], "balance": "100"})


async def test_the_rows_of_a_list_may_have_failed(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_payouts", listed("a", {**payout_row("17"), "status": "error", "code": 500, "error": "no"}))
    site.say("get_info", partner("a", "100"))
    read = await adapter.prepare(intent())
    assert isinstance(read, dict)
    assert (read["payouts"], read["balance"]) == (["17"], "100")


async def test_what_a_payout_took_is_not_told_in_another_currency(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("add_payout", YES)
    site.say(
        "get_payouts", listed("a", {**payout_row("5"), "original_amount": "0.012", "original_currency_code": "BTC"})
    )
    assert await adapter.perform(intent()) == Succeeded(reference="5")
