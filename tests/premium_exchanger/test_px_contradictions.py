"""An answer to `add_payout` that says yes in one place and no in another says neither."""

from __future__ import annotations

from typing import Any

import pytest
from px_site import ScriptedSite, intent, said

from bursar.api import Lost, Succeeded
from bursar_premium_exchanger.adapter import PremiumExchanger

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
