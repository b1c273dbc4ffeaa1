"""Refills and cancels, alone and in batches, against a real server: what each order's part of an answer says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bursar.api import CannotTell, Later, Lost, NotSent, Outcome, Refused, SubjectRef, Succeeded
from bursar.testing.fakes import Loan
from bursar.testing.staging import nobody_listens
from bursar_smm.adapter import SmmAdapter
from support.smm import KEY, ScriptedPanel, add, on_order, open_account


async def many(adapter: SmmAdapter, action: str, *ids: str) -> dict[str, Outcome]:
    intents = [on_order(action, id_, number) for number, id_ in enumerate(ids, 1)]
    outcomes = await adapter.perform_many(intents)
    return {intent.subject.id: outcomes[intent.id] for intent in intents if intent.id in outcomes}


async def test_one_refill_is_asked_for_as_order(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"refill": "1"})
    await adapter.perform(on_order("refill", "23501"))
    assert panel.forms == [{"key": KEY, "action": "refill", "order": "23501"}]


async def test_one_cancel_is_asked_for_as_orders(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{"order": 23501, "cancel": 1}])
    await adapter.perform(on_order("cancel", "23501"))
    assert panel.forms == [{"key": KEY, "action": "cancel", "orders": "23501"}]


async def test_one_cancel_is_asked_for_as_the_account_says(panel: ScriptedPanel, loan: Loan) -> None:
    panel.say({"cancel": 1})
    await open_account(panel.url, loan.context, cancel_with="order").perform(on_order("cancel", "23501"))
    assert panel.forms == [{"key": KEY, "action": "cancel", "order": "23501"}]


@pytest.mark.parametrize("action", ["refill", "cancel"])
async def test_several_are_asked_for_in_one_request(adapter: SmmAdapter, panel: ScriptedPanel, action: str) -> None:
    panel.say([])
    await many(adapter, action, "1", "2", "3")
    assert panel.forms == [{"key": KEY, "action": action, "orders": "1,2,3"}]


REFILLED = [
    {"refill": "1"},
    {"refill": 77},
    {"order": 5, "refill": 1},
    [{"order": 5, "refill": 1}],
    {"5": {"refill": 1}},
    {"5": 1},
    [{"order": "5", "refill": "r_9"}],
    [{"refill": 3}],
    {"refill": {"id": 4, "status": "Pending"}},
]


@pytest.mark.parametrize("answer", REFILLED)
async def test_a_refill_that_is_accepted_is_requested(adapter: SmmAdapter, panel: ScriptedPanel, answer: Any) -> None:
    panel.say(answer)
    outcome = await adapter.perform(on_order("refill"))
    assert isinstance(outcome, Succeeded)
    assert outcome.facts == {"refill_requested": True}


async def test_a_refill_is_put_under_watch_with_the_panels_id(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"refill": "1"})
    outcome = await adapter.perform(on_order("refill", "23501", 12))
    assert isinstance(outcome, Succeeded)
    assert [(seen.ref, dict(seen.fields)) for seen in outcome.tracked] == [
        (SubjectRef("refill", "23501.12"), {"order": "23501", "panel_id": "1"})
    ]


async def test_refills_with_the_same_panel_id_are_told_apart(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{"order": 1, "refill": 1}, {"order": 2, "refill": 1}])
    outcomes = await many(adapter, "refill", "1", "2")
    refs = [seen.ref.id for outcome in outcomes.values() if isinstance(outcome, Succeeded) for seen in outcome.tracked]
    assert refs == ["1.1", "2.2"]


async def test_a_refill_without_an_id_is_requested_and_not_watched(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"status": "Success"})
    assert await adapter.perform(on_order("refill")) == Succeeded(facts={"refill_requested": True})


CANCELED = [
    [{"order": 5, "cancel": 1}],
    {"cancel": 1},
    {"status": "Canceled"},
    {"canceled": [5]},
    {"cancelled": ["5"]},
    {"5": {"cancel": 1}},
    {"5": 1},
    {"5": {"status": "Canceled"}},
    [{"order": 5, "cancel": {"status": "Canceled"}}],
    [{"order": "5", "cancel": 9931}],
    [{"order": 5, "cancel": True}],
    [{"order": 5, "cancel": {"cancel": 1}}],
]


@pytest.mark.parametrize("answer", CANCELED)
async def test_a_cancel_that_is_accepted_is_requested(adapter: SmmAdapter, panel: ScriptedPanel, answer: Any) -> None:
    panel.say(answer)
    outcome = await adapter.perform(on_order("cancel"))
    assert isinstance(outcome, Succeeded)
    assert (outcome.facts, outcome.tracked) == ({"cancel_requested": True}, ())


@pytest.mark.parametrize("action", ["refill", "cancel"])
@pytest.mark.parametrize(
    "row",
    [
        lambda action: {"order": 3, action: {"error": "Incorrect order ID"}},
        lambda action: {"order": 3, action: "Incorrect order ID"},
        lambda action: {"order": 3, "error": "Incorrect order ID"},
        lambda action: {"order": 3, action: None, "error": "Incorrect order ID"},
    ],
)
async def test_in_a_batch_each_order_has_its_own_outcome(
    adapter: SmmAdapter, panel: ScriptedPanel, action: str, row: Callable[[str], Any]
) -> None:
    panel.say([{"order": 1, action: 1}, row(action)])
    outcomes = await many(adapter, action, "1", "2", "3")
    assert isinstance(outcomes["1"], Succeeded)
    assert outcomes["3"] == Refused("Incorrect order ID", never=True)


async def test_an_order_that_the_batch_leaves_out_has_no_outcome(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{"order": 1, "cancel": 1}])
    assert set(await many(adapter, "cancel", "1", "2")) == {"1"}


async def test_the_only_order_being_left_out_is_lost(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{"order": 99, "cancel": 1}])
    assert isinstance(await adapter.perform(on_order("cancel", "1")), Lost)


@pytest.mark.parametrize("action", ["refill", "cancel"])
@pytest.mark.parametrize("value", [0, "0", None, False, "", {}, [], "strange", -1])
async def test_a_row_that_says_neither_is_lost(
    adapter: SmmAdapter, panel: ScriptedPanel, action: str, value: Any
) -> None:
    panel.say([{"order": 1, action: value}, {"order": 2, action: 1}])
    assert isinstance((await many(adapter, action, "1", "2"))["1"], Lost)


async def test_an_order_that_is_added_and_not_under_one_name_is_lost(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(b'{"error":"Not enough funds","order":7,"error":""}')
    assert isinstance(await adapter.perform(add()), Lost)


@pytest.mark.parametrize(
    "answer",
    [
        {"order": 5, "data": {"error": "Rate limit exceeded"}},
        {"order": 5, "data": {"error": "Quantity must be at least 100"}},
        {"error": "Quantity must be at least 100", "data": {"order": 5}},
        {"status": "error", "data": {"order": 5}},
        {"code": 503, "status": "error", "data": {"order": 5}},
        {"data": {"code": 503, "order": 5}},
        {"order": 5, "code": 503},
        {"status": "error", "result": [{"order": 5}]},
        [{"error": "Rate limit exceeded", "data": {"order": 5}}],
        {"error": "Rate limit exceeded", "data": [{"data": {"order": 5}}]},
        {"data": {"error": "Rate limit exceeded"}, "result": {"order": 5}},
        {"data": {"order": 5}, "result": {"error": "Rate limit exceeded"}},
        {"error": {"message": "Not enough funds", "order": 5}},
        {"order": {"error": "Not enough funds", "data": {"order": 7}}},
        {"error": "Not enough funds", "order_id": 5},
        {"status": "pending", "order": 5, "data": [{"error": "Not enough funds"}]},
        {"success": False, "order": 5},
        {"ok": "false", "order": 5},
        {"errors": ["Not enough funds"], "order": 5},
        {"code": 400, "order": 5},
    ],
)
async def test_an_order_that_one_layer_of_an_answer_names_and_another_denies_is_lost(
    adapter: SmmAdapter, panel: ScriptedPanel, answer: Any
) -> None:
    panel.say(answer)
    assert isinstance(await adapter.perform(add()), Lost)


@pytest.mark.parametrize("action", ["refill", "cancel"])
@pytest.mark.parametrize("shape", ["status", "code", "error"])
async def test_an_order_that_one_layer_serves_and_another_denies_is_lost(
    adapter: SmmAdapter, panel: ScriptedPanel, action: str, shape: str
) -> None:
    panel.say(
        {"status": {"status": "error"}, "code": {"code": 502}, "error": {"error": "no"}}[shape]
        | {"data": [{"order": 5, action: 1}]}
    )
    assert isinstance((await many(adapter, action, "5"))["5"], Lost)


@pytest.mark.parametrize("action", ["refill", "cancel"])
async def test_of_two_rows_of_one_order_that_differ_neither_is_believed(
    adapter: SmmAdapter, panel: ScriptedPanel, action: str
) -> None:
    panel.say([{"order": 5, action: {"error": "Incorrect order ID"}}, {"order": 5, action: 1}])
    assert isinstance((await many(adapter, action, "5"))["5"], Lost)


@pytest.mark.parametrize(
    "answer",
    [
        [{"order": 1, "refill": 7}, {"error": "Refill is not available"}],
        {"1": {"refill": 7}, "refill": {"error": "Refill is not available"}},
        {"1": {"error": "Refill is not available", "data": {"refill": 7}}},
        [{"order": 1, "refill": {"error": "Refill is not available"}}, {"refill": 7}],
        [{"order": 1, "status": "success", "data": {"error": "Refill is not available"}}],
    ],
)
async def test_a_refill_that_one_part_of_an_answer_grants_and_another_denies_is_lost(
    adapter: SmmAdapter, panel: ScriptedPanel, answer: Any
) -> None:
    panel.say(answer)
    assert isinstance((await many(adapter, "refill", "1"))["1"], Lost)


async def test_what_is_said_of_one_order_is_not_said_of_another(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(
        {
            "status": "success",
            "data": [{"order": 1, "cancel": 1}, {"order": 2, "cancel": {"error": "Incorrect order ID"}}],
        }
    )
    assert [type(one) for one in (await many(adapter, "cancel", "1", "2")).values()] == [Succeeded, Refused]


async def test_an_order_that_is_canceled_by_a_list_and_denied_by_its_id_is_lost(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"canceled": [5], "5": {"error": "Incorrect order ID"}})
    assert isinstance((await many(adapter, "cancel", "5"))["5"], Lost)


async def test_a_cancel_that_says_both_under_one_name_is_lost(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(b'[{"order":5,"cancel":{"error":"Incorrect order ID"},"cancel":1}]')
    assert isinstance((await many(adapter, "cancel", "5"))["5"], Lost)


@pytest.mark.parametrize("action", ["refill", "cancel"])
async def test_a_row_that_says_both_is_lost(adapter: SmmAdapter, panel: ScriptedPanel, action: str) -> None:
    panel.say([{"order": 1, action: 1, "error": "No"}, {"order": 2, action: 1}])
    assert isinstance((await many(adapter, action, "1", "2"))["1"], Lost)


@pytest.mark.parametrize("answer", [{"error": "No", "refill": 1}, {"error": "No", "1": {"refill": 1}}])
async def test_a_refusal_beside_a_yes_is_lost(adapter: SmmAdapter, panel: ScriptedPanel, answer: Any) -> None:
    panel.say(answer)
    assert isinstance(await adapter.perform(on_order("refill", "1")), Lost)


async def test_a_refusal_of_the_whole_batch_is_each_ones(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Incorrect order ID", "code": 7})
    refused = Refused("Incorrect order ID", never=False)
    assert await many(adapter, "cancel", "1", "2") == {"1": refused, "2": refused}


async def test_a_rate_limit_of_the_whole_batch_is_later_for_each(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Too many requests", "code": 429})
    outcomes = await many(adapter, "cancel", "1", "2")
    assert [type(outcome) for outcome in outcomes.values()] == [Later, Later]


async def test_a_lost_batch_is_lost_for_each(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(b"<html>", status=502)
    outcomes = await many(adapter, "cancel", "1", "2")
    assert [type(outcome) for outcome in outcomes.values()] == [Lost, Lost]


@pytest.mark.parametrize(
    ("text", "outcome", "never", "pause"),
    [
        ("Refill already requested", Later, None, None),
        ("Refill in progress", Later, None, None),
        ("Refill will be available in 5 hours", Later, None, timedelta(hours=5)),
        ("Refill is not available for this service", Refused, True, None),
        ("Refill expired", Refused, True, None),
        ("Order must be completed", Refused, False, None),
        ("Incorrect order ID", Refused, True, None),
        ("System error", Refused, False, None),
        ("Invalid API key", Refused, False, None),
    ],
)
async def test_what_a_refill_text_leads_to(
    adapter: SmmAdapter,
    panel: ScriptedPanel,
    text: str,
    outcome: type[Outcome],
    never: bool | None,
    pause: timedelta | None,
) -> None:
    panel.say({"error": text})
    got = await adapter.perform(on_order("refill"))
    assert type(got) is outcome
    assert (getattr(got, "never", None), getattr(got, "retry_after", None)) == (never, pause)


async def test_already_requested_after_a_lost_attempt_is_a_yes(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "Refill already requested"})
    again = on_order("refill", fence=2, attempts=2, lost=True)
    assert await adapter.perform(again) == Succeeded(facts={"refill_requested": True})


@pytest.mark.parametrize("text", ["Refill already requested", "Rate limit exceeded", "Try again later"])
async def test_already_requested_after_a_later_is_still_not_now(
    adapter: SmmAdapter, panel: ScriptedPanel, text: str
) -> None:
    panel.say({"error": text}, {"error": "Refill already requested"})
    first = await adapter.perform(on_order("refill"))
    assert isinstance(first, Later)
    again = on_order("refill", fence=2, attempts=2, reason=first.reason)
    assert isinstance(await adapter.perform(again), Later)


async def test_already_requested_after_an_attempt_that_never_left_is_not_now(
    adapter: SmmAdapter, panel: ScriptedPanel, loan: Loan
) -> None:
    first = await open_account(nobody_listens(), loan.context).perform(on_order("refill"))
    assert isinstance(first, NotSent)
    panel.say({"error": "Refill already requested"})
    again = on_order("refill", fence=2, attempts=2, reason=first.reason)
    assert isinstance(await adapter.perform(again), Later)


async def test_a_lost_refill_is_not_guessed_at(adapter: SmmAdapter) -> None:
    assert isinstance(await adapter.reconcile(on_order("refill"), None), CannotTell)
