"""Status words in their spellings."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar_smm.states import ORDER_STATES, order_state, refill_state

WORDS = {
    "pending": ["Pending", "Awaiting", "Queued", "Creating"],
    "processing": ["Processing"],
    "in_progress": ["In progress", "Inprogress", "in_progress", "IN-PROGRESS", "Active", "Started"],
    "paused": ["Paused", "Holding"],
    "refilling": ["Refill", "Refilling"],
    "completed": ["Completed", "Complete", "Done", "Success"],
    "partial": ["Partial", "Partially Completed", "partially_completed", "PARTIALLY-COMPLETED"],
    "canceled": ["Canceled", "Cancelled", "Cancel"],
    "refunded": ["Refunded", "Refund", "Reversed"],
    "failed": ["Fail", "Failed", "Error", "Rejected"],
    "expired": ["Expired"],
    "unknown": ["Teleporting", "2", 2],
}
REFILLS = {
    "pending": ["Pending", "Awaiting"],
    "in_progress": ["In progress", "Processing"],
    "completed": ["Completed"],
    "rejected": ["Rejected"],
    "canceled": ["Canceled", "Cancelled"],
    "failed": ["Failed", "Error"],
    "unknown": ["Hm"],
}
NUMBERS = {"0": "pending", "1": "processing", "2": "completed", "3": "partial", "4": "canceled", "5": "refunded"}


@pytest.mark.parametrize(("state", "word"), [(state, word) for state, words in WORDS.items() for word in words])
def test_an_order_word_means_its_state(state: str, word: object) -> None:
    assert order_state(word, {}) == state


def test_every_order_state_has_a_word() -> None:
    assert set(WORDS) == set(ORDER_STATES)


@pytest.mark.parametrize(("state", "word"), [(state, word) for state, words in REFILLS.items() for word in words])
def test_a_refill_word_means_its_state(state: str, word: str) -> None:
    assert refill_state(word) == state


@pytest.mark.parametrize("nothing", [None, "", "  ", "Unknown", "null", {}, []])
def test_no_information_is_no_state(nothing: object) -> None:
    assert order_state(nothing, NUMBERS) is None


@pytest.mark.parametrize("number", [3, "3", Decimal(3)])
def test_a_number_means_what_the_account_says(number: object) -> None:
    assert order_state(number, NUMBERS) == "partial"


def test_a_number_that_the_account_does_not_name_is_unknown() -> None:
    assert order_state("9", NUMBERS) == "unknown"
