"""How much may be done: limits, budgets, and costs that have yet to be known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.guard_facts import BudgetUse, Consent, Cost, GuardFacts
from bursar.domain.permission import COST_PAUSE
from bursar.domain.rule import Budget, Limit
from bursar.domain.timeline import Gap, Measured
from bursar.domain.verdict import BlockReason
from support.domain import T0, after
from support.permission import CLAIM, TEN, Objection, allowed, facts_of, held_back

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)
BUDGET = Budget("payout", Decimal(100), DAY)
UNKNOWN = Cost(None, "USD", "nobody can work out what it costs")
SOON_KNOWN = Cost(None, "USD", "its services are looked at first", pending=True)

GAP = Measured((Gap(after(10), 30 * MINUTE),))
"""Minutes 10 to 40 were not measured."""


def limited(*minutes: float, most: int = 3, **more: object) -> GuardFacts:
    """Return facts of a rule that may do so much in a day, and has done it at these minutes."""
    limit = Objection({"counted": [after(minute) for minute in minutes]}, {"limit": Limit("order", most, DAY)})
    return facts_of(limit, **more)


def test_a_limit_that_is_not_used_up_is_allowed() -> None:
    assert allowed(limited(-2, -1))


def test_a_limit_holds_until_the_oldest_leaves_the_window() -> None:
    held = held_back(limited(-3, -2, -1))
    assert (held.block, held.retry_at) == (BlockReason.LIMIT, after(-3) + DAY)


def test_a_limit_says_how_much_of_it_is_used() -> None:
    assert held_back(limited(-3, -2, -1)).reason == "3 of 3 per order used"


def test_a_limit_that_was_lowered_holds_until_enough_left_the_window() -> None:
    assert held_back(limited(-5, -4, -3, -2, -1)).retry_at == after(-3) + DAY


def test_what_left_the_window_does_not_count() -> None:
    assert allowed(limited(-24 * 60, -2, -1))


def test_what_leaves_the_window_in_a_moment_counts() -> None:
    counted = [T0 - DAY + MOMENT, after(-2), after(-1)]
    assert held_back(replace(limited(), counted=counted)).block is BlockReason.LIMIT


def test_a_limit_of_none_holds_for_good() -> None:
    held = held_back(limited(most=0))
    assert (held.block, held.retry_at) == (BlockReason.LIMIT, None)


def test_what_nobody_measured_does_not_leave_the_window_of_a_limit() -> None:
    held = held_back(limited(0, most=1, time=GAP), now=T0 + DAY)
    assert (held.block, held.retry_at) == (BlockReason.LIMIT, T0 + DAY + 30 * MINUTE)


def spending(
    spent: str | None, cost: Cost = TEN, frees_at: datetime | None = None, budget: Budget = BUDGET, **more: object
) -> GuardFacts:
    """Return facts of an action that counts in one budget, of which so much is spent."""
    use = BudgetUse(budget, None if spent is None else Decimal(spent), frees_at)
    return facts_of(Objection({"budgets": [use], "cost": cost}), **more)


def test_a_budget_allows_what_just_fits() -> None:
    assert allowed(spending("90"))


def test_a_budget_holds_what_does_not_fit_until_something_leaves_its_window() -> None:
    held = held_back(spending("90.01", frees_at=after(5)))
    assert (held.block, held.retry_at) == (BlockReason.BUDGET, after(5))


def test_a_budget_says_how_much_is_spent_and_what_this_would_add() -> None:
    assert held_back(spending("90.01")).reason == (
        "the budget of the rule: 90.01 of 100 USD in 24h spent or reserved; this would add 10"
    )


def test_a_budget_says_that_it_never_allows_more_than_itself() -> None:
    words = (
        "the budget of the rule: 0 of 100 USD in 24h spent or reserved; this would add 101, more than it ever allows: "
    )
    words += "raise it, or do it by hand"
    assert held_back(spending("0", Cost(Decimal(101), "USD"))).reason == words


def test_a_budget_that_nothing_was_spent_of_is_asked_again_soon() -> None:
    facts = spending("0", Cost(Decimal(101), "USD"))
    assert held_back(facts).retry_at == T0 + timedelta(minutes=15)
    assert held_back(replace(facts, looked=True)).retry_at == T0 + timedelta(hours=1)


def test_a_budget_holds_what_has_no_known_cost() -> None:
    held = held_back(spending("0", UNKNOWN))
    assert (held.block, held.reason) == (
        BlockReason.BUDGET, "nobody can work out what it costs, so the budget of the rule cannot allow it",
    )  # fmt: skip


def test_a_budget_of_which_nobody_knows_what_was_spent_allows_nothing() -> None:
    held = held_back(spending(None, Cost(Decimal(0), "USD"), after(5)))
    assert (held.block, held.retry_at, "not known" in held.reason) == (BlockReason.BUDGET, after(5), True)


OVER_ALL = Budget("payout", Decimal(100), DAY, "USD")


def test_a_budget_over_all_accounts_holds_an_account_whose_currency_is_not_known() -> None:
    held = held_back(spending("0", Cost(Decimal(1), None), budget=OVER_ALL))
    assert (held.block, "currency is not known" in held.reason) == (BlockReason.BUDGET, True)


def test_a_budget_over_all_accounts_allows_an_account_of_its_currency() -> None:
    assert allowed(spending("0", Cost(Decimal(1), "USD"), budget=OVER_ALL))


def test_a_budget_of_the_account_itself_needs_no_currency() -> None:
    assert allowed(spending("0", Cost(Decimal(1), None)))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_every_budget_must_fit(order: tuple[int, int]) -> None:
    uses = [BudgetUse(Budget("payout", Decimal(1000), DAY)), BudgetUse(BUDGET, Decimal(100))]
    assert held_back(facts_of(budgets=[uses[place] for place in order])).block is BlockReason.BUDGET


def test_without_a_budget_an_unknown_cost_holds_nothing() -> None:
    assert allowed(facts_of(cost=UNKNOWN))


def test_a_persons_yes_does_not_pass_a_budget() -> None:
    assert held_back(spending("100", consent=Consent(True, Decimal(10))), CLAIM).block is BlockReason.BUDGET


MONEY = st.integers(0, 10**6).map(lambda cents: Decimal(cents) / 100)


@given(MONEY, MONEY, MONEY)
def test_a_budget_allows_exactly_what_keeps_it(spent: Decimal, cost: Decimal, most: Decimal) -> None:
    facts = spending(str(spent), Cost(cost, "USD"), budget=Budget("payout", most, DAY))
    assert allowed(facts) is (spent + cost <= most)


def test_a_cost_that_a_look_will_tell_is_waited_for_where_a_budget_asks() -> None:
    held = held_back(spending("0", SOON_KNOWN))
    assert (held.block, held.retry_at) == (BlockReason.COST, T0 + COST_PAUSE)


def test_a_cost_that_a_look_will_tell_is_not_waited_for_where_nothing_depends_on_it() -> None:
    assert allowed(facts_of(cost=SOON_KNOWN))


def test_a_budget_holds_after_a_restore_too() -> None:
    assert held_back(spending("100", restored="2026-01-01 12:00Z")).block is BlockReason.BUDGET
