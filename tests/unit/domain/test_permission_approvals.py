"""What a person is asked: above a sum, after a restore, past the ceiling; and what their yes covers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.action import ActionType
from bursar.domain.guard_facts import BudgetUse, Consent, Cost, GuardFacts
from bursar.domain.intent import LostReply
from bursar.domain.permission import CEILING_WITHIN, RESTORED_WITHIN, Phase, permit
from bursar.domain.rule import Approve, Budget
from bursar.domain.verdict import BlockReason, Question, RequireApproval
from support.domain import T0
from support.permission import CLAIM, OPERATOR, PAYOUT, PLAN, RESEND, TEN, Objection, allowed, facts_of, held_back

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REFILL = ActionType("refill", "order", LostReply.REPEATABLE)
ADD = ActionType("add", "order", LostReply.NEITHER, money=True)
BUDGET = Budget("payout", Decimal(100), DAY)
UNKNOWN = Cost(None, "USD", "nobody can work out what it costs")
SOON_KNOWN = Cost(None, "USD", "its services are looked at first", pending=True)


def asked(facts: GuardFacts, phase: Phase = PLAN, now: datetime = T0) -> RequireApproval:
    """Ask, and expect that a person is asked."""
    verdict = permit(phase, facts, now)
    assert isinstance(verdict, RequireApproval)
    return verdict


MONEY = st.integers(0, 10**6).map(lambda cents: Decimal(cents) / 100)


def test_a_cost_that_a_look_will_tell_is_waited_for_where_the_rule_asks_a_person() -> None:
    assert held_back(asking(500, SOON_KNOWN)).block is BlockReason.COST


NOTHING_SAID = Consent()


def asking(
    above: int | str | None, cost: Cost | int = TEN, consent: Consent = NOTHING_SAID, **more: object
) -> GuardFacts:
    """Return facts of a rule that asks a person above an amount (None: always)."""
    known = cost if isinstance(cost, Cost) else Cost(Decimal(cost), "USD")
    line = Approve(None if above is None else Decimal(above), 12 * HOUR)
    return facts_of(Objection({"cost": known, "consent": consent}, {"approve": line}), **more)


def yes(amount: int | None, above: int | None = None) -> Consent:
    """Return a person's yes to an amount, under that line of the rule."""
    return Consent(True, None if amount is None else Decimal(amount), None if above is None else Decimal(above))


def test_a_cost_above_the_line_asks_a_person_and_says_how_much() -> None:
    question = asked(asking(500, Cost(Decimal("500.01"), "USD")))
    assert (question.reason, question.within, question.question) == (
        "500.01 is above 500", 12 * HOUR, Question.RULE,
    )  # fmt: skip


def test_a_cost_at_the_line_asks_nobody() -> None:
    assert allowed(asking(500, 500))


def test_a_cost_that_is_not_known_asks_a_person() -> None:
    assert "not known" in asked(asking(500, UNKNOWN)).reason


def test_a_rule_may_always_ask() -> None:
    assert asked(asking(None, 0)).reason == "the rule asks a person"


def test_a_budget_comes_before_a_person() -> None:
    assert held_back(asking(500, 600, budgets=[BudgetUse(BUDGET, Decimal(100))])).block is BlockReason.BUDGET


@pytest.mark.parametrize("phase", [CLAIM, RESEND])
@pytest.mark.parametrize(
    ("shown", "cost", "covered"),
    [(600, 600, True), (600, 599, True), (600, 601, False), (None, 600, False), (None, None, True), (600, None, False)],
)
def test_a_yes_covers_the_amount_that_was_shown_and_no_more(
    phase: Phase, shown: int | None, cost: int | None, covered: bool
) -> None:
    known = UNKNOWN if cost is None else Cost(Decimal(cost), "USD")
    assert allowed(asking(500, known, yes(shown, 500)), phase) is covered


@pytest.mark.parametrize(
    ("above_then", "above_now", "covered"),
    [
        (500, 500, True),  # as it was
        (500, 550, True),  # it asks for less now
        (500, 400, False),  # it asks for more now
        (500, None, False),  # it always asks now
        (None, None, True),  # it asked always then
        (None, 400, True),  # it asked always then, and for less now
    ],
)
def test_a_yes_stays_one_unless_the_rule_became_stricter(
    above_then: int | None, above_now: int | None, covered: bool
) -> None:
    assert allowed(asking(above_now, 600, yes(600, above_then)), CLAIM) is covered


def test_what_the_rule_does_not_ask_about_any_more_needs_no_yes() -> None:
    assert allowed(asking(700, 650, yes(600, 500)), CLAIM)


def test_a_cost_that_fell_below_the_line_needs_no_yes() -> None:
    assert allowed(asking(500, 400, yes(None, 500)), CLAIM)


@given(MONEY, MONEY, MONEY)
def test_nothing_above_both_the_line_and_the_yes_leaves_unasked(above: Decimal, shown: Decimal, cost: Decimal) -> None:
    facts = asking(str(above), Cost(cost, "USD"), Consent(True, shown, above))
    assert allowed(facts, CLAIM) is (cost <= above or cost <= shown)


def test_a_person_who_says_yes_is_not_asked_again_by_the_rule() -> None:
    assert allowed(asking(500, 600), OPERATOR)


RESTORED = Objection({"restored": "2026-01-01 12:00Z"})


@pytest.mark.parametrize("action", [PAYOUT, ADD])
def test_after_a_restore_what_cannot_be_repeated_asks_a_person(action: ActionType) -> None:
    question = asked(facts_of(RESTORED, action=action))
    assert (question.question, question.within) == (Question.RESTORED, RESTORED_WITHIN)


def test_the_question_after_a_restore_says_why_and_since_when() -> None:
    reason = asked(facts_of(RESTORED)).reason
    assert ("restored" in reason, "2026-01-01 12:00Z" in reason) == (True, True)


def test_after_a_restore_what_can_be_repeated_asks_nobody() -> None:
    assert allowed(facts_of(RESTORED, action=REFILL))


def test_after_a_restore_what_a_person_asks_for_asks_nobody() -> None:
    assert [allowed(facts_of(RESTORED, rule=None), phase) for phase in Phase] == [True] * 4


@pytest.mark.parametrize("phase", [CLAIM, RESEND])
def test_after_a_restore_what_a_person_had_asked_for_before_asks_a_person(phase: Phase) -> None:
    assert asked(facts_of(RESTORED, rule=None, lost=True), phase).question is Question.RESTORED


@pytest.mark.parametrize(("shown", "covered"), [(10, True), (9, False)])
def test_after_a_restore_a_yes_covers_what_was_shown(shown: int, covered: bool) -> None:
    assert allowed(facts_of(RESTORED, consent=yes(shown)), CLAIM) is covered


@pytest.mark.parametrize(("effects", "free"), [(98, True), (99, True), (100, False), (101, False)])
def test_up_to_the_ceiling_nobody_is_asked(effects: int, free: bool) -> None:
    assert allowed(facts_of(effects=effects, ceiling=100)) is free


def test_past_the_ceiling_a_person_is_asked() -> None:
    question = asked(facts_of(effects=100, ceiling=100))
    assert (question.question, question.within) == (Question.CEILING, CEILING_WITHIN)


def test_a_yes_to_go_past_the_ceiling_is_one() -> None:
    assert allowed(facts_of(effects=100, cost=Cost(), consent=Consent(ceiling=True)), CLAIM)


@pytest.mark.parametrize(
    ("now", "goes"),
    [(Cost(Decimal(1), "USD"), True), (Cost(Decimal(2), "USD"), False), (Cost(Decimal(1), "BTC"), False)],
)
def test_a_yes_to_go_past_the_ceiling_is_for_the_amount_that_was_shown(now: Cost, goes: bool) -> None:
    facts = facts_of(effects=100, cost=now, consent=Consent(amount=Decimal(1), ceiling=True, currency="USD"))
    assert allowed(facts, CLAIM) is goes


def test_a_yes_in_one_currency_is_none_in_another() -> None:
    consent = Consent(True, Decimal(600), Decimal(500), currency="USD")
    facts = replace(asking(500, 600, consent), cost=Cost(Decimal(600), "BTC"))
    assert asked(facts, CLAIM).question is Question.RULE


def test_a_yes_to_the_action_is_none_to_go_past_the_ceiling() -> None:
    assert asked(facts_of(effects=100, consent=yes(10)), CLAIM).question is Question.CEILING


def test_a_yes_to_go_past_the_ceiling_is_none_to_the_action() -> None:
    assert asked(asking(500, 600, Consent(ceiling=True)), CLAIM).question is Question.RULE


def test_past_the_ceiling_the_rules_own_question_comes_first() -> None:
    assert asked(asking(500, 600, effects=100)).question is Question.RULE
