"""What an answer to an effect means, and what is found after a lost one."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import (
    CannotTell,
    CostFacts,
    DidNot,
    Happened,
    Json,
    Later,
    Lost,
    Observation,
    Observed,
    Refused,
    SubjectRef,
    Succeeded,
)
from bursar.testing import make_intent
from bursar_parcel import outcomes
from bursar_parcel.provider import cost_of_top_up, still_low, wants_reminder, wants_top_up

REMIND = make_intent("remind", SubjectRef("parcel", "P-1001"))
TOP_UP = make_intent("top_up", SubjectRef("balance", "balance"), {"amount": "20"})
BEFORE: Json = {"top_ups": ["T-1"], "balance": "12.00"}


def listed(*top_ups: tuple[str, int]) -> Observation:
    return Observation(
        "top_ups", tuple(Observed(SubjectRef("top_up", id_), {"amount": Decimal(amount)}) for id_, amount in top_ups)
    )


def no(code: str) -> dict[str, Json]:
    return {"ok": False, "code": code, "message": "no"}


def test_a_yes_to_a_top_up_names_it() -> None:
    assert outcomes.outcome(TOP_UP, {"ok": True, "top_up": "T-2"}, "") == Succeeded(reference="T-2")


def test_a_yes_that_names_no_top_up_is_lost() -> None:
    assert isinstance(outcomes.outcome(TOP_UP, {"ok": True}, ""), Lost)


def test_a_yes_with_a_code_is_lost() -> None:
    assert isinstance(outcomes.outcome(TOP_UP, {"ok": True, "top_up": "T-2", "code": "declined"}, ""), Lost)


@pytest.mark.parametrize(("code", "never"), [("bad_amount", False), ("no_such_parcel", True)])
def test_a_no_is_refused(code: str, never: bool) -> None:
    assert outcomes.outcome(REMIND, no(code), "") == Refused("no", never=never)


def test_too_fast_is_later() -> None:
    assert isinstance(outcomes.outcome(TOP_UP, no("too_fast"), ""), Later)


def test_already_reminded_is_a_no_at_the_first_attempt() -> None:
    assert isinstance(outcomes.outcome(REMIND, no("already_reminded"), ""), Refused)


def test_already_reminded_after_a_lost_reply_is_the_proof() -> None:
    again = make_intent("remind", SubjectRef("parcel", "P-1001"), fence=2)
    assert isinstance(outcomes.outcome(again, no("already_reminded"), ""), Succeeded)


def test_an_echoed_key_is_not_shown() -> None:
    assert outcomes.outcome(TOP_UP, {"ok": False, "message": "bad: s3cret"}, "s3cret") == Refused("bad: ***")


def test_a_new_top_up_of_the_amount_happened() -> None:
    found = outcomes.finding("20", BEFORE, listed(("T-1", 12), ("T-2", 20)), Decimal(30))
    assert isinstance(found, Happened)
    assert found.success.reference == "T-2"


def test_no_new_top_up_did_not_happen() -> None:
    assert isinstance(outcomes.finding("20", BEFORE, listed(("T-1", 12)), Decimal("10.80")), DidNot)


@pytest.mark.parametrize(
    ("seen", "amount"),
    [(listed(), Decimal(12)), (listed(("T-1", 12)), Decimal(32)), (listed(("T-1", 12)), None)],
    ids=["the list is empty", "the balance rose", "the balance is not said"],
)
def test_what_does_not_fit_is_for_a_person(seen: Observation, amount: Decimal | None) -> None:
    assert isinstance(outcomes.finding("20", BEFORE, seen, amount), CannotTell)


@pytest.mark.parametrize(
    ("given", "cost"), [({"amount": "20.50"}, Decimal("20.50")), ({}, None), ({"amount": "much"}, None)]
)
def test_a_top_up_costs_what_it_pays_in(given: dict[str, Json], cost: Decimal | None) -> None:
    assert cost_of_top_up(CostFacts(given)) == cost


@pytest.mark.parametrize(("amount", "low"), [(9, True), (10, False), (None, None)])
def test_it_is_known_whether_a_balance_is_still_low(amount: int | None, low: bool | None) -> None:
    assert still_low({"amount": None if amount is None else Decimal(amount), "low_at": Decimal(10)}) is low


@pytest.mark.parametrize("amount", ["", "0", "-5", "much"])
def test_an_amount_that_makes_no_sense_is_one_sentence(amount: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        wants_top_up({"amount": amount})


def test_a_reminder_is_about_its_parcel() -> None:
    assert [str(wanted.subject) for wanted in wants_reminder({"parcel": "P-7"})] == ["parcel/P-7"]
