"""Answers that no panel should give: never a crash, and never a yes out of nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bursar.api import BadAnswer, SubjectRef, Succeeded
from bursar.domain.ids import IntentId
from bursar.testing.fakes import make_intent
from bursar_smm import seen
from bursar_smm.answers import Yes, entries, failure_text, verdict
from bursar_smm.outcomes import Reply
from bursar_smm.texts import meaning, wait

WORDS = st.sampled_from([
    "1", "2", "error", "order", "refill", "cancel", "status", "id", "charge", "message", "canceled", "balance",
    "service", "Completed", "Incorrect order ID", "0", "", "Rate limit exceeded",
])
NUMBERS = st.integers() | st.decimals(allow_nan=False).map(Decimal)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
ANSWERS = st.lists(JSON, max_size=3) | st.dictionaries(WORDS, JSON, max_size=5) | JSON


@given(ANSWERS, st.sampled_from([["1"], ["1", "2"]]))
def test_an_observation_of_nonsense_is_at_worst_a_bad_answer(answer: Any, ids: list[str]) -> None:
    try:
        found = entries(answer, ids, "order")
    except BadAnswer:
        return
    assert set(found) <= set(ids)
    for entry in found.values():
        try:
            observed = seen.order("1", entry, {})
        except seen.Problem:
            continue
        assert observed is None or observed.ref == SubjectRef("order", "1")


@given(ANSWERS)
def test_a_listing_of_nonsense_is_at_worst_a_bad_answer(answer: Any) -> None:
    for read in (seen.services, seen.balance):
        try:
            read(answer)
        except BadAnswer:
            continue


@given(ANSWERS)
def test_a_refill_of_nonsense_is_at_worst_a_problem(answer: Any) -> None:
    try:
        observed = seen.refill("1.1", answer)
    except seen.Problem:
        return
    assert observed is None or observed.state is None or observed.state in {
        "pending", "in_progress", "completed", "rejected", "canceled", "failed", "unknown",
    }


@given(ANSWERS)
def test_an_effect_never_succeeds_beside_an_error(answer: Any) -> None:
    intent = make_intent("add", SubjectRef("order", "+"), {"service": "1", "link": "x"})
    outcome = Reply(answer, 200, None, "").to_add(intent)
    assert not (isinstance(outcome, Succeeded) and failure_text(answer) is not None)


@given(ANSWERS)
def test_only_what_was_asked_for_has_an_outcome(answer: Any) -> None:
    intents = [make_intent("cancel", SubjectRef("order", str(number)), id=IntentId(number)) for number in (1, 2)]
    try:
        outcomes = Reply(answer, 200, None, "").to_orders(intents)
    except BadAnswer:
        return
    assert set(outcomes) <= {1, 2}


@given(st.dictionaries(WORDS, JSON, max_size=5).filter(lambda entry: failure_text(entry) is not None))
def test_an_entry_with_an_error_is_never_a_yes(entry: dict[str, Any]) -> None:
    assert not isinstance(verdict(entry, "refill"), Yes)


@given(st.text())
def test_every_text_means_something(text: str) -> None:
    wait(text)
    assert meaning(text) is not None
