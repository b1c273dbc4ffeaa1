"""A rate limit lets an order go out again by itself: so it must be one, and say nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.api import Later, Lost
from bursar_smm.adapter import SmmAdapter
from support.smm import ScriptedPanel, add


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"error": "Database error: too many queries"}, 200),
        ({"error": "System error: rate limit"}, 200),
        ({"error": "Too many requests: server busy"}, 200),
        ({"error": "Too many requests", "code": 503}, 200),
        ({"error": "Too many requests"}, 503),
        ({"error": "Rate limit exceeded", "orderID": 77}, 200),
        ({"error": "Rate limit exceeded", "charge": "0.9", "data": 77}, 200),
        ({"error": "Rate limit exceeded", "data": {"id": 77}}, 200),
        ({"error": "Rate limit exceeded", "balance": "99.10"}, 200),
        ({"error": "Your order was received. Slow down"}, 200),
        ({"error": "Thank you! Slow down a little"}, 200),
        ({"error": "Charged 0.90 USD; request limit reached"}, 200),
    ],
)
async def test_an_order_that_may_have_been_taken_is_not_ordered_again(
    adapter: SmmAdapter, panel: ScriptedPanel, answer: Any, status: int
) -> None:
    panel.say(answer, status=status)
    assert isinstance(await adapter.perform(add()), Lost)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"error": "Rate limit exceeded"}, 200),
        ({"error": "Too many requests, please try again later"}, 429),
        ({"error": "Too many requests. Retry in 30 seconds", "code": 429, "success": False}, 200),
        ({"status": "error", "data": "Rate limit exceeded"}, 200),
        ({"status": "fail", "message": "Slow down"}, 429),
    ],
)
async def test_a_plain_rate_limit_is_later(adapter: SmmAdapter, panel: ScriptedPanel, answer: Any, status: int) -> None:
    panel.say(answer, status=status)
    assert isinstance(await adapter.perform(add()), Later)
