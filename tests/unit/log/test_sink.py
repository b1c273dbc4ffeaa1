"""One line for each delivery, at the level that its severity asks for."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bursar.api import SinkSettings, SubjectRef
from bursar.testing import Loan, SinkContract, make_delivery
from bursar_log.sink import LOG


class TestLog(SinkContract):
    sink_type = LOG


async def lines(type_: str = "bursar.notify", data: Any = None, **more: Any) -> list[Any]:
    """Deliver once, and give what was logged."""
    sink = LOG.open(SinkSettings("book"), Loan().context)
    with capture_logs() as logged:
        await sink.deliver(make_delivery(type_, data, **more))
    return logged


async def test_a_notify_is_one_line_with_all_that_matters() -> None:
    data = {"text": "Coupon 32 was activated", "rule": "coupon-activated", "amount": "10"}
    assert await lines(data=data, id_="dl_7", account="shop", subject=SubjectRef("coupon", "32")) == [
        {
            "event": "bursar.notify",
            "log_level": "info",
            "sink": "book",
            "delivery": "dl_7",
            "account": "shop",
            "subject": "coupon/32",
            "rule": "coupon-activated",
            "amount": "10",
            "text": "Coupon 32 was activated",
        }
    ]


async def test_an_event_says_its_action_and_reason() -> None:
    line = (await lines("bursar.action.refused", {"action": "refill", "reason": "not now", "intent": "17"}))[0]
    assert (line["event"], line["action"], line["reason"], line["intent"]) == (
        "bursar.action.refused",
        "refill",
        "not now",
        "17",
    )


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error", "critical"])
async def test_the_level_is_the_severity(level: str) -> None:
    assert (await lines(data={"severity": level}))[0]["log_level"] == level


@pytest.mark.parametrize("severity", ["loud", "", None, 3])
async def test_a_severity_that_is_no_level_is_info(severity: Any) -> None:
    assert (await lines(data={"severity": severity}))[0]["log_level"] == "info"


async def test_foreign_text_cannot_forge_a_second_line() -> None:
    text = "first\nsecond\r\x1b[31mred\u2028third"
    assert (await lines(data={"text": text}))[0]["text"] == "first second  [31mred third"


async def test_what_the_provider_says_beside_is_left_out() -> None:
    assert "code_hint" not in (await lines("bursar.coupon.activated", {"code_hint": "KXXQ-…-FFMW"}))[0]


async def test_data_that_is_no_mapping_is_survived() -> None:
    sink, delivery = LOG.open(SinkSettings("book"), Loan().context), make_delivery()
    delivery.body["data"] = "words"
    with capture_logs() as logged:
        await sink.deliver(delivery)
    assert len(logged) == 1


async def test_a_question_says_its_number_about_how_much_and_until_when() -> None:
    question = {"id": "17.2", "intent": "17", "amount": "41.27", "currency": "USD", "until": "2026-01-01T12:00:00Z"}
    [line] = await lines("bursar.approval.wanted", question)
    assert {name: line[name] for name in question} == question


async def test_what_was_paid_beside_what_was_allowed_is_said() -> None:
    [line] = await lines("bursar.action.succeeded", {"allowed": "80", "paid": "79.5", "currency": "USD", "id": "5"})
    assert (line["allowed"], line["paid"], line["currency"], "id" in line) == ("80", "79.5", "USD", False)
