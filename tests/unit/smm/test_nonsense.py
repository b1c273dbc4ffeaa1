"""Answers that no panel should give: never a crash, and never a yes out of nothing."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bursar.api import BadAnswer, SubjectRef, Succeeded
from bursar.domain.ids import IntentId
from bursar.testing.fakes import make_intent
from bursar_smm import parse
from bursar_smm.answers import Yes, entries, failure_text, verdict
from bursar_smm.error_texts import meaning, wait
from bursar_smm.outcomes import Reply

WORDS = st.sampled_from(
    [
        "1",
        "2",
        "error",
        "order",
        "refill",
        "cancel",
        "status",
        "id",
        "charge",
        "message",
        "canceled",
        "balance",
        "service",
        "Completed",
        "Incorrect order ID",
        "0",
        "",
        "Rate limit exceeded",
    ]
)
NUMBERS = st.integers() | st.decimals(allow_nan=False).map(Decimal)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
ANSWERS = st.lists(JSON, max_size=3) | st.dictionaries(WORDS, JSON, max_size=5) | JSON
AMOUNTS = st.decimals(0, 10**6, places=4) | st.decimals(0, 10**6, places=4).map(str)
STATUSES = st.sampled_from(["Completed", "In progress", "Partial", "Canceled", "Pending", "error", "fail", "success"])
IDS = st.sampled_from(["1", "2", 1, 2, "3"])


def nearly(required: dict[str, Any], **optional: Any) -> st.SearchStrategy[Any]:
    """Make what a panel says, with something of it left out, and now and then nonsense in its place."""
    rarely = {name: value | value | value | JSON for name, value in (required | optional).items()}
    return st.fixed_dictionaries(
        {name: rarely[name] for name in required}, optional={name: rarely[name] for name in optional}
    )


def by_id_or_listed(entry: st.SearchStrategy[Any], name: str) -> st.SearchStrategy[Any]:
    """Make an answer about some ids in any of the shapes that panels choose, or in none."""
    rows = st.tuples(entry, IDS).map(lambda row: {**row[0], name: row[1]} if isinstance(row[0], dict) else row[0])
    return (
        entry
        | st.dictionaries(st.sampled_from(["1", "2", "3"]), entry, max_size=3)
        | st.lists(rows, max_size=3)
        | ANSWERS
    )


ORDERS = by_id_or_listed(
    nearly({"status": STATUSES}, charge=AMOUNTS, start_count=AMOUNTS, remains=AMOUNTS, currency=st.just("USD")), "order"
)
SERVICES = st.lists(
    nearly({"service": IDS, "name": WORDS, "rate": AMOUNTS}, min=AMOUNTS, max=AMOUNTS, refill=st.booleans()), max_size=3
)
REFILLS = nearly({"status": STATUSES | st.sampled_from(["Rejected", "Awaiting", "No error"])}, refill=IDS)
ADDED = nearly({"order": IDS}, error=WORDS, status=STATUSES, message=WORDS)
DONE = by_id_or_listed(
    nearly({"cancel": IDS | WORDS | nearly({"error": WORDS})}, status=STATUSES, error=WORDS), "order"
)


@given(ORDERS, st.sampled_from([["1"], ["1", "2"]]))
def test_an_observation_of_nonsense_is_at_worst_a_bad_answer(answer: Any, ids: list[str]) -> None:
    try:
        found = entries(answer, ids, "order")
    except BadAnswer:
        found = {}
    assert set(found) <= set(ids)
    for entry in found.values():
        try:
            observed = parse.order("1", entry, {})
        except parse.Problem:
            continue
        assert observed is None or observed.ref == SubjectRef("order", "1")


@given(SERVICES | nearly({"balance": AMOUNTS, "currency": st.just("USD")}) | ANSWERS)
def test_a_listing_of_nonsense_is_at_worst_a_bad_answer(answer: Any) -> None:
    for read in (parse.services, parse.balance):
        try:
            read(answer)
        except BadAnswer:
            continue


@given(REFILLS | ANSWERS)
def test_a_refill_of_nonsense_is_at_worst_a_problem(answer: Any) -> None:
    observed = None
    with suppress(parse.Problem):
        observed = parse.refill("1.1", answer)
    assert (
        observed is None
        or observed.state is None
        or observed.state
        in {
            "pending",
            "in_progress",
            "completed",
            "rejected",
            "canceled",
            "failed",
            "unknown",
        }
    )


@given(ADDED | ANSWERS)
def test_an_effect_never_succeeds_beside_an_error(answer: Any) -> None:
    intent = make_intent("add", SubjectRef("order", "+"), {"service": "1", "link": "x"})
    outcome = Reply(answer, 200, None, "").to_add(intent)
    assert not (isinstance(outcome, Succeeded) and failure_text(answer) is not None)


@given(DONE)
def test_only_what_was_asked_for_has_an_outcome(answer: Any) -> None:
    intents = [make_intent("cancel", SubjectRef("order", str(number)), id=IntentId(number)) for number in (1, 2)]
    try:
        outcomes = Reply(answer, 200, None, "").to_orders(intents)
    except BadAnswer:
        outcomes = {}
    assert set(outcomes) <= {1, 2}


ERRORS = st.one_of(
    st.sampled_from(["1", "error", "Incorrect order ID"]),
    st.text(max_size=8).map("!{}".format),
    st.just(True),
    st.integers(min_value=1),
    st.integers(max_value=-1),
    st.lists(JSON, min_size=1, max_size=2),
    st.dictionaries(WORDS, JSON, min_size=1),
)
NOES = st.fixed_dictionaries({"error": ERRORS}) | st.fixed_dictionaries(
    {
        "status": st.sampled_from([False, "error", "Fail", "FAILED", "false"]),
        "error": st.sampled_from([None, "", 0, "0"]),
        "message": st.sampled_from(["Incorrect order ID", "Rate limit exceeded"]),
    }
)


@given(st.dictionaries(WORDS, JSON, max_size=5) | ADDED, NOES)
def test_an_entry_with_an_error_is_never_a_yes(beside: dict[str, Any], no: dict[str, Any]) -> None:
    entry = {**beside, **no}
    assert failure_text(entry) is not None
    assert not isinstance(verdict(entry, "refill"), Yes)


@given(st.text())
def test_every_text_means_something(text: str) -> None:
    wait(text)
    assert meaning(text) is not None
