"""What error texts mean."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.api import Json
from bursar_smm.error_texts import MAX_READ, Meaning, about_subject, meaning, sentence, wait
from bursar_smm.hints import Hint, hint
from bursar_smm.proofs import meaning_to

TEXTS = {
    Meaning.KEY: [
        "Invalid API key",
        "Incorrect key",
        "API key is invalid",
        "Bad Key",
        "Invalid api_key",
        "Key not found",
        "Access denied",
        "Your account is suspended",
        "Your IP is not allowed",
        "Неверный API ключ",
    ],
    Meaning.RATE: ["Rate limit exceeded", "Too many requests, try again in 30 seconds", "Request limit reached"],
    Meaning.OUTAGE: ["Internal server error", "502 Bad Gateway", "Request timed out"],
    Meaning.NO_SUCH: ["Incorrect order ID", "Order not found", "Refill not found", "Invalid order"],
    Meaning.ALREADY: ["Refill already requested", "Refill in progress", "Refill is pending"],
    Meaning.NOT_NOW: ["Refill will be available in 5 hours", "Not available yet", "Please try again later"],
    Meaning.NEVER: [
        "Refill is not available for this service",
        "Refill expired",
        "Refill period is over",
        "Closed after 30 days",
        "No refill after 30 days",
    ],
    Meaning.WRONG_STATE: [
        "Order must be completed",
        "Only completed orders",
        "Order already canceled",
        "Order already started and cannot be cancelled",
        "In progress orders can not be cancelled",
        "Refill already used",
        "Already delivered",
        "Limit already reached",
    ],
    Meaning.OTHER: [
        "Not enough funds on balance",
        "System error",
        "Invalid keywords",
        "Неверные ключевые слова",
        "Minimum quantity is 50",
    ],
}


@pytest.mark.parametrize(("what", "text"), [(what, text) for what, texts in TEXTS.items() for text in texts])
def test_a_text_means(what: Meaning, text: str) -> None:
    assert meaning(text) is what


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        ("Refill will be available in 5 hours", timedelta(hours=5)),
        ("Wait 30 min", timedelta(minutes=30)),
        ("You can refill every 2 days", timedelta(days=2)),
        ("Rate limit, retry after 10s", timedelta(seconds=10)),
        ("Refill is not possible after 30 days", None),
        ("Refill is available after 12 hours", timedelta(hours=12)),
        ("Order is closed after 30 days", None),
        ("No refill after 30 days", None),
        ("Refill already requested", None),
    ],
)
def test_a_text_says_how_long_to_wait(text: str, pause: timedelta | None) -> None:
    assert wait(text) == pause


def test_a_key_that_is_rejected_is_never_about_one_order() -> None:
    assert not about_subject("Invalid key for order 5")


def test_a_system_error_is_about_no_order() -> None:
    assert not about_subject("System error")


def test_a_sentence_shows_no_key() -> None:
    assert sentence("Key s3cret\n is wrong", "s3cret") == "Key *** is wrong"


def test_a_sentence_is_not_endless() -> None:
    assert len(sentence("long " * 1000)) == 200


LONG = 400_000


@pytest.mark.parametrize(
    "word", ["not ", "after ", "not after ", "order ", "already ", "&#39;", "in 5 ", "a", "cancel request "]
)
def test_a_text_without_end_is_read_at_its_beginning_alone(word: str) -> None:
    """All accounts wait while a text is read: a pattern that goes back and forth in it would stop them for minutes."""
    text = word * (LONG // len(word))
    assert meaning(text) is meaning(text[:MAX_READ])
    assert wait(text) == wait(text[:MAX_READ])
    assert about_subject(text) == about_subject(text[:MAX_READ])


@pytest.mark.parametrize("action", ["refill", "cancel"])
def test_a_text_without_end_says_no_more_than_its_beginning_to_an_action(action: str) -> None:
    text = "request already not " * (LONG // 20)
    assert meaning_to(action, text) is meaning_to(action, text[:MAX_READ])


@pytest.mark.parametrize("answer", [{"error": "not " * LONG}, {"error": ["no funds"] * 101}])
def test_a_no_to_an_order_that_is_not_read_to_its_end_hints_at_one(answer: Json) -> None:
    assert hint(answer) is Hint.MADE
