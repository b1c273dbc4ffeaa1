"""An answer to an effect that says yes in one place and no in another is believed in neither, of one order or of several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bursar.api import Json, Lost, Outcome, Refused, SubjectRef, Succeeded
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


def test_a_yes_under_another_name_is_not_told_as_a_contradiction() -> None:
    outcome = add({"order_id": 5})
    assert isinstance(outcome, Lost)
    assert outcome.reason == "the answer says neither yes nor no"


def test_a_no_is_found_behind_any_number_of_other_things() -> None:
    wide: dict[str, Json] = {f"x{number}": [{}] * 100 for number in range(200)}
    assert isinstance(add({"order": 5, **wide, "last": [{"error": "no"}]}), Lost)
