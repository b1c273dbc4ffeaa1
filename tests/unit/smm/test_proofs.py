"""Which no to a refill or a cancel shows that the one which was lost took effect, and which shows nothing."""

from __future__ import annotations

import pytest

from bursar.api import Json, Later, Lost, Outcome, Refused, Succeeded
from bursar_smm.adapter import SmmAdapter
from bursar_smm.outcomes import Reply
from support.smm import ScriptedPanel, on_order


def answered(action: str, answer: Json, *ids: str, lost: bool = True) -> list[Outcome]:
    intents = [on_order(action, id_, number, lost=lost) for number, id_ in enumerate(ids or ("5",), 1)]
    outcomes = Reply(answer, 200, None, "secret").to_orders(intents)
    return [outcomes[intent.id] for intent in intents]


PROOFS = {
    "refill": [
        "Refill already requested",
        "Refill already requested, cannot be requested again",
        "Refill request already exists",
        "Refill request is active",
        "Refill is pending",
        "Refill in progress",
        "Refill for this order is already in progress",
        "Pending refill",
        "This order has a pending refill",
        "You already have a pending refill request",
        "You've already requested a refill for this order",
        "The refill was already requested 3 hours ago",
        "Order already has a refill",
        "Order is being refilled",
    ],
    "cancel": [
        "Cancel already requested",
        "Cancellation already requested",
        "Cancel request is pending for this order",
        "Cancellation in progress",
        "You have already requested cancellation",
        "Pending cancellation",
        "Order is being cancelled",
    ],
    "either": [
        "Already requested",
        "It was already requested",
        "Request already submitted",
        "There is an open request for this order",
    ],
}
OF_BOTH = [(action, text) for action in ("refill", "cancel") for text in (*PROOFS[action], *PROOFS["either"])]


@pytest.mark.parametrize(("action", "text"), OF_BOTH)
def test_words_that_name_the_request_show_that_the_lost_one_took_effect(action: str, text: str) -> None:
    [outcome] = answered(action, {"error": text})
    assert outcome == Succeeded(facts={f"{action}_requested": True})


@pytest.mark.parametrize(("action", "text"), OF_BOTH)
def test_where_none_was_lost_the_same_words_are_not_now(action: str, text: str) -> None:
    [outcome] = answered(action, {"error": text}, lost=False)
    assert isinstance(outcome, Later)


OF_THE_OTHER = [
    *(("cancel", text) for text in PROOFS["refill"]),
    *(("refill", text) for text in PROOFS["cancel"]),
    ("cancel", "Refill already requested, order can't be stopped"),
    ("cancel", "Refill already requested, order can’t be stopped"),
]


@pytest.mark.parametrize(("action", "text"), OF_THE_OTHER)
@pytest.mark.parametrize("lost", [True, False])
def test_words_about_the_other_action_are_a_refusal(action: str, text: str, lost: bool) -> None:
    [outcome] = answered(action, {"error": text}, lost=lost)
    assert outcome == Refused(" ".join(text.split()))


@pytest.mark.parametrize(
    "text",
    [
        "Order is already in progress",
        "Order in progress",
        "Already in progress",
        "Already in queue",
        "Order is in queue",
        "Order is already pending",
        "Order already placed",
        "Order is being processed",
        "Order already started",
        "Order already completed",
        "You can cancel pending orders",
        "Cancel in progress orders on the site",
        "Cancel already requested for another order",
    ],
)
@pytest.mark.parametrize("lost", [True, False])
def test_a_state_of_the_order_is_a_refusal_to_a_cancel(text: str, lost: bool) -> None:
    [outcome] = answered("cancel", {"error": text}, lost=lost)
    assert outcome == Refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "No pending refill for this order",
        "There is no open request",
        "Refill is not active",
        "Refill is not in progress",
        "Refill already requested, and refused",
        "Refill already requested, order cannot be stopped",
        "Only an order without pending refill",
    ],
)
@pytest.mark.parametrize("lost", [True, False])
def test_what_denies_a_request_is_a_refusal(text: str, lost: bool) -> None:
    [outcome] = answered("refill", {"error": text}, lost=lost)
    assert outcome == Refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "Order is already in progress",
        "Already in queue",
        "Order in progress",
        "Refund already requested",
        "Refund request is pending",
        "Already requested a refund",
        "Pending request for a refund",
        "Order already has refill guarantee",
        "Refill active",
        "Open requests: 0",
    ],
)
def test_what_does_not_name_the_refill_is_not_now_and_shows_nothing(text: str) -> None:
    [outcome] = answered("refill", {"error": text})
    assert isinstance(outcome, Later)


def test_an_order_in_progress_that_asks_to_come_again_delays_a_cancel() -> None:
    [outcome] = answered("cancel", {"error": "Order in progress, try again later"})
    assert isinstance(outcome, Later)


def test_words_for_a_whole_batch_show_nothing_of_any_of_its_orders() -> None:
    outcomes = answered("refill", {"error": "Refill already requested"}, "1", "2")
    assert [type(outcome) for outcome in outcomes] == [Later, Later]


@pytest.mark.parametrize(
    "answer",
    [
        {"1": {"refill": {"error": "Refill already requested"}}, "2": {"error": "Cancellation already requested"}},
        [{"order": 1, "refill": "Refill already requested"}, {"order": 2, "refill": "Cancel is pending"}],
    ],
)
def test_in_a_batch_the_words_of_each_order_are_read_for_it(answer: Json) -> None:
    assert [type(outcome) for outcome in answered("refill", answer, "1", "2")] == [Succeeded, Refused]


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        ("refill", {"refill": "Canceled"}),
        ("refill", {"5": "cancelled"}),
        ("refill", {"canceled": [5]}),
        ("refill", {"status": "Success", "charge": "0.90", "remains": "0"}),
        ("cancel", {"5": "Pending"}),
        ("cancel", {"5": {"status": "Pending"}}),
        ("cancel", {"status": "Success", "charge": "0.90", "remains": "0"}),
        ("cancel", [{"order": 5, "cancel": 1, "status": "Rejected"}]),
    ],
)
async def test_a_state_of_the_order_is_no_yes(
    adapter: SmmAdapter, panel: ScriptedPanel, action: str, answer: Json
) -> None:
    panel.say(answer)
    assert isinstance(await adapter.perform(on_order(action)), Lost)


@pytest.mark.parametrize(
    "answer",
    [
        {"cancel": "pending"},
        {"5": {"cancel": {"status": "Pending"}}},
        {"status": "Canceled", "charge": "0.90", "remains": "9"},
    ],
)
def test_a_word_that_stands_for_the_cancel_is_its_yes(answer: Json) -> None:
    [outcome] = answered("cancel", answer, lost=False)
    assert isinstance(outcome, Succeeded)


def test_after_a_lost_one_a_failure_in_other_words_still_contradicts_a_yes() -> None:
    [outcome] = answered("cancel", [{"order": 5, "status": "success"}, {"error": "Server busy"}])
    assert isinstance(outcome, Lost)


@pytest.mark.parametrize(
    "text",
    [
        "Refill already requested, but was not accepted",
        "Refill was already requested but could never be processed",
        "Last refill request already placed 30 days ago",
        "Already requested by another user",
    ],
)
def test_words_behind_that_take_it_back_are_read(text: str) -> None:
    [outcome] = answered("refill", {"error": text})
    assert not isinstance(outcome, Succeeded)
