"""An answer to an effect that says yes in one place and no in another is believed in neither, of one order or of several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bursar.api import Json, Later, Lost, Outcome, Refused, SubjectRef, Succeeded
from bursar.testing import make_intent
from bursar_smm.outcomes import Reply

YES = {"1": {"cancel": 1}, "2": {"cancel": 1}}
ROWS: list[Any] = [{"order": 1, "cancel": 1}, {"order": 2, "cancel": 1}]


def cancel(answer: Json, *ids: str) -> list[Outcome]:
    """Read the answer to the cancel of some orders."""
    intents = [
        replace(make_intent("cancel", SubjectRef("order", id_)), id=number)  # type: ignore[arg-type]
        for number, id_ in enumerate(ids, 1)
    ]
    found = Reply(answer, 200, None, "secret").to_orders(intents)
    return [found[intent.id] for intent in intents]


def add(answer: Json) -> Outcome:
    """Read the answer to an order."""
    params = {"service": "1", "link": "l", "quantity": 1}
    return Reply(answer, 200, None, "secret").to_add(make_intent("add", SubjectRef("order", "+1"), params))


@pytest.mark.parametrize(
    "answer",
    [
        {**YES, "code": 500},
        {**YES, "code": 404, "message": "Orders not found"},
        {**YES, "errors": ["Server busy"]},
        {**YES, "success": 0},
        {"data": YES, "code": 500},
        {"data": ROWS, "errors": ["Server busy"]},
        {"canceled": [1, 2], "code": 500},
        {"canceled": [1, 2], "errors": ["Server busy"]},
        [*ROWS, {"error": "Server busy"}],
        [*ROWS, {"status": "error", "code": 500}],
        {"status": "success", "data": {"status": "error", "result": ROWS}},
    ],
)
def test_a_batch_that_is_granted_and_failed_is_neither(answer: Json) -> None:
    assert [type(outcome) for outcome in cancel(answer, "1", "2")] == [Lost, Lost]


@pytest.mark.parametrize(
    "answer",
    [
        {"1": {"cancel": 1}, "2": {"cancel": {"error": "already started and cannot be cancelled"}}},
        {"data": [{"order": 1, "cancel": 1}, {"order": 2, "cancel": {"error": "Incorrect order ID"}}], "code": 200},
        [
            {"order": 1, "cancel": 1},
            {"order": 2, "error": "Incorrect order ID"},
            {"order": 3, "error": "Incorrect order ID"},
        ],
        {"1": {"cancel": 1}, "2": {"error": "Incorrect order ID"}, "3": {"error": "Incorrect order ID"}},
        {
            "1": {"cancel": 1},
            "2": {"error": "Incorrect order ID"},
            "failed": [{"order": 2, "error": "Incorrect order ID"}],
        },
    ],
)
def test_a_no_to_one_of_a_batch_is_none_to_another(answer: Json) -> None:
    assert [type(outcome) for outcome in cancel(answer, "1", "2")] == [Succeeded, Refused]


@pytest.mark.parametrize(
    "no", [{"success": 0}, {"ok": 0}, {"success": "0"}, {"status": 0}, {"status": "0"}, {"ok": "0"}]
)
def test_a_zero_for_a_no_beside_an_order_is_neither(no: dict[str, Json]) -> None:
    assert isinstance(add({"order": 5, **no}), Lost)


@pytest.mark.parametrize("state", [0, "0", 1, "Pending"])
def test_the_state_of_a_new_order_is_no_no(state: Json) -> None:
    answer: Json = {"order": 5, "status": state, "charge": "0.1", "remains": "100"}
    assert isinstance(add(answer), Succeeded)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Too many requests", "success": True, "data": {"id": 7}},
        {"error": "Too many requests", "id": 7},
        {"error": "Too many requests", "data": {"orders": [7]}},
        {"error": "Too many requests", "ok": True},
        {"error": "Too many requests", "status": "success"},
        {"error": "Too many requests, order 7 was created"},
        {"error": "Your order is placed. Slow down!"},
        {"success": True, "error": "Not enough funds"},
        {"error": "Not enough funds", "result": {"success": True}},
        {"error": "Not enough funds", "data": {"status": "success"}},
        {"status": "rejected", "order": 7},
        {"result": "error", "order": 7},
        {"result": False, "order": 7},
        {"order": 7, "order_id": 8},
        {"order": "101,102"},
        {"order": "+7"},
    ],
)
@pytest.mark.parametrize("status", [200, 429])
def test_an_order_is_placed_again_by_no_answer_that_hints_at_one(answer: Json, status: int) -> None:
    """Asked too often, and done all the same: it would be ordered once more by itself."""
    params = {"service": "1", "link": "l", "quantity": 1}
    outcome = Reply(answer, status, None, "secret").to_add(make_intent("add", SubjectRef("order", "+1"), params))
    assert isinstance(outcome, Lost)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"error": "Too many requests"}, 200),
        ({"error": "Rate limit exceeded"}, 429),
        ({"error": "slow down", "code": 429}, 429),
    ],
)
def test_asked_too_often_is_later_where_nothing_else_is_said(answer: Json, status: int) -> None:
    params = {"service": "1", "link": "l", "quantity": 1}
    outcome = Reply(answer, status, None, "secret").to_add(make_intent("add", SubjectRef("order", "+1"), params))
    assert isinstance(outcome, Later)


@pytest.mark.parametrize("text", ["Order 7 was created", "Duplicate order", "queued"])
def test_a_status_429_beside_words_that_nobody_reads_does_not_order_again(text: str) -> None:
    params = {"service": "1", "link": "l", "quantity": 1}
    intent = make_intent("add", SubjectRef("order", "+1"), params)
    assert not isinstance(Reply({"error": text}, 429, None, "secret").to_add(intent), Later)


@pytest.mark.parametrize(("action", "kind"), [("cancel", Succeeded), ("refill", Lost)])
def test_the_state_of_a_canceled_order_is_a_yes_to_a_cancel_alone(action: str, kind: type[Outcome]) -> None:
    intent = make_intent(action, SubjectRef("order", "5"))
    found = Reply({"5": {"status": "Canceled"}}, 200, None, "secret").to_orders([intent])
    assert isinstance(found[intent.id], kind)


def test_a_yes_under_another_name_is_not_told_as_a_contradiction() -> None:
    outcome = add({"order_id": 5})
    assert isinstance(outcome, Lost)
    assert outcome.reason == "the answer says neither yes nor no"


def test_a_no_is_found_behind_any_number_of_other_things() -> None:
    wide: dict[str, Json] = {f"x{number}": [{}] * 100 for number in range(200)}
    assert isinstance(add({"order": 5, **wide, "last": [{"error": "no"}]}), Lost)
