"""The panels' status words, in their many spellings, as the states of orders and refills.

Comes in: whatever stands under `status`. Goes out: a state, or None for "no information". An unknown word is `unknown`,
never a guess: it is not terminal, and the order is polled on. A number means a state only where the account says so
(`status_numbers`), since panels count them differently.
"""

from __future__ import annotations

from collections.abc import Mapping

ORDER_STATES = (
    "pending",
    "processing",
    "in_progress",
    "paused",
    "refilling",
    "completed",
    "partial",
    "canceled",
    "refunded",
    "failed",
    "expired",
    "unknown",
)
ORDER_TERMINAL = frozenset({"completed", "partial", "canceled", "refunded", "failed", "expired"})
REFILL_STATES = ("pending", "in_progress", "completed", "rejected", "canceled", "failed", "unknown")
REFILL_TERMINAL = frozenset({"completed", "rejected", "canceled", "failed"})
UNKNOWN = "unknown"
NO_INFORMATION = frozenset({"", "unknown", "null", "none"})


def _spelt(table: Mapping[str, str]) -> dict[str, str]:
    return {word: state for state, words in table.items() for word in words.split()}


ORDER_WORDS = _spelt(
    {
        "pending": "pending awaiting queued creating",
        "processing": "processing",
        "in_progress": "inprogress active started",
        "paused": "paused holding",
        "refilling": "refill refilling",
        "completed": "completed complete done success",
        "partial": "partial partiallycompleted",
        "canceled": "canceled cancelled cancel",
        "refunded": "refunded refund reversed",
        "failed": "fail failed error rejected",
        "expired": "expired",
    }
)
REFILL_WORDS = _spelt(
    {
        "pending": "pending awaiting queued creating",
        "in_progress": "inprogress processing active started refill refilling",
        "completed": "completed complete done success",
        "rejected": "rejected reject",
        "canceled": "canceled cancelled cancel",
        "failed": "fail failed error",
    }
)


def squeeze(word: str) -> str:
    """Return a word without case, spaces, `_` and `-`."""
    return word.lower().replace(" ", "").replace("_", "").replace("-", "").strip()


def order_state(raw: object, numbers: Mapping[str, str]) -> str | None:
    """Read an order's `status`.

    Args:
        raw: A word or a number; null, "" and "Unknown" are no information.
        numbers: What the account says its panel's numbers mean.
    """
    return _state(raw, ORDER_WORDS, numbers)


def refill_state(raw: object) -> str | None:
    """Read a refill's `status`."""
    return _state(raw, REFILL_WORDS, {})


def _state(raw: object, words: Mapping[str, str], numbers: Mapping[str, str]) -> str | None:
    if raw is None or isinstance(raw, (dict, list)):
        return None
    word = squeeze(str(raw))
    if word in NO_INFORMATION:
        return None
    # Never a guess: a number that is "canceled" at one panel may
    # be "partial" at another, and a refill would be asked for.
    return words.get(word) or numbers.get(word, UNKNOWN)
