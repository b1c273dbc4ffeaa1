"""Questions to people about intents: each with its number and its amount, and what they said yes to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.domain.guard_facts import Consent, Cost
from bursar.domain.intent import Intent, State
from bursar.journal import intents, questions
from bursar.journal.questions import Asked
from bursar.journal.writer import Tx
from support.domain import T0, after
from support.journal import plan, planned


def now(tx: Tx, intent: Intent) -> Intent:
    """Return an intent as it is now."""
    found = intents.load(tx, intent.id)
    assert found is not None
    return found


def waiting(tx: Tx, cost: str | None = "600") -> Intent:
    """Write an intent that waits for a person."""
    amount = None if cost is None else Decimal(cost)
    return intents.add(tx, planned(cost=amount), State.AWAITING_APPROVAL, None, None, T0)


def ask(tx: Tx, intent: Intent, minutes: float = 0, *, past_ceiling: bool = False, until: float = 60) -> Intent:
    """Ask a person about an intent."""
    return questions.ask(tx, intent, f"asked at {minutes}", after(until), past_ceiling=past_ceiling, now=after(minutes))


def test_every_question_has_a_number_of_its_own(tx: Tx) -> None:
    first = ask(tx, waiting(tx))
    assert (first.question, ask(tx, first, 5).question) == (1, 2)


def test_a_later_question_shortens_no_deadline(tx: Tx) -> None:
    first = ask(tx, waiting(tx), until=60)
    second = ask(tx, first, 30, until=45)
    third = ask(tx, second, 30, until=90)
    assert [(one.question_until, one.due_at) for one in (first, second, third)] == [
        (after(minute), after(minute)) for minute in (60, 60, 90)
    ]


def test_a_question_keeps_the_amount_that_was_shown(tx: Tx) -> None:
    first = ask(tx, waiting(tx, "600"))
    grown = questions.set_cost(tx, first.id, Cost(Decimal("610.50"), "USD"))
    ask(tx, grown, 5)
    assert questions.of_intent(tx, first.id) == [
        Asked(1, Decimal(600), "asked at 0", T0), Asked(2, Decimal("610.50"), "asked at 5", after(5)),
    ]  # fmt: skip


def test_a_question_about_an_unknown_amount_says_so(tx: Tx) -> None:
    intent = ask(tx, waiting(tx, None))
    assert [one.amount for one in questions.of_intent(tx, intent.id)] == [None]


def test_a_question_past_the_ceiling_is_one_until_another_is_asked(tx: Tx) -> None:
    first = ask(tx, waiting(tx), past_ceiling=True)
    assert (first.past_ceiling, ask(tx, first, 5).past_ceiling) == (True, False)


@pytest.mark.parametrize(("amount", "above"), [(Decimal("600.10"), Decimal(500)), (None, None)])
def test_a_persons_yes_is_kept_with_its_amount_and_line(tx: Tx, amount: Decimal | None, above: Decimal | None) -> None:
    intent = waiting(tx)
    questions.consent(tx, intent.id, Consent(True, amount, above))
    found = now(tx, intent)
    assert (found.consented, found.consent_amount, found.consent_above) == (True, amount, above)


@pytest.mark.parametrize(("currency", "covers"), [("USD", Decimal(600)), ("BTC", None), (None, Decimal(600))])
def test_a_yes_to_an_amount_is_none_to_one_of_another_currency(
    tx: Tx, currency: str | None, covers: Decimal | None
) -> None:
    """The currency of the account was edited: 600 of the new one may be a thousand times as much."""
    intent = waiting(tx)
    questions.set_cost(tx, intent.id, Cost(Decimal(600), "USD"))
    questions.consent(tx, intent.id, Consent(True, Decimal(600), None))
    found = questions.set_cost(tx, intent.id, Cost(Decimal(500), currency))
    assert (found.consent_amount, found.currency) == (covers, currency or "USD")


def test_a_yes_to_go_past_the_ceiling_is_another_yes(tx: Tx) -> None:
    intent = waiting(tx)
    questions.consent(tx, intent.id, Consent(True, Decimal(600), None))
    questions.consent(tx, intent.id, Consent(ceiling=True))
    found = now(tx, intent)
    assert (found.consented, found.consent_amount, found.ceiling_consented) == (True, Decimal(600), True)


def test_a_yes_to_go_past_the_ceiling_is_none_to_the_action(tx: Tx) -> None:
    intent = waiting(tx)
    questions.consent(tx, intent.id, Consent(ceiling=True))
    assert not now(tx, intent).consented


def test_nobody_has_said_yes_to_what_was_just_planned(tx: Tx) -> None:
    intent = plan(tx)
    assert (intent.consented, intent.ceiling_consented, intent.question) == (False, False, 0)


def test_an_intent_waits_for_what_was_asked_last(tx: Tx) -> None:
    first = ask(tx, waiting(tx))
    assert (first.reason, ask(tx, first, 5).reason) == ("asked at 0", "asked at 5")


def test_what_people_were_asked_about_another_intent_is_something_else(tx: Tx) -> None:
    ask(tx, waiting(tx))
    other = intents.add(tx, planned("2"), State.AWAITING_APPROVAL, None, None, T0)
    assert questions.of_intent(tx, other.id) == []
