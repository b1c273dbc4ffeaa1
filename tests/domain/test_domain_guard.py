from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from domain_world import T0, after, rule

from bursar.domain.action import ActionType
from bursar.domain.guard import Asks, Clear, HeldBack, History, Obstacle, guard_action, guard_firing
from bursar.domain.intent import LostReply
from bursar.domain.rule import Approve, Budget, Limit, Mode

REFILL = ActionType("refill", "order", LostReply.REPEATABLE)
PAYOUT = ActionType("payout", "balance", LostReply.RECONCILABLE, money=True)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAIN = rule()
LIMITED = rule(limit=Limit("order", 3, DAY))


def firing(history: History, what=PLAIN, *, acts: bool = True, goes_on: bool = False, now: datetime = T0):
    """Ask the guards of a firing."""
    return guard_firing(what, history, now, acts=acts, goes_on=goes_on)


def acting(history: History, what=PLAIN, action: ActionType = REFILL, cost: str | None = None, now: datetime = T0):
    """Ask the guards of an action."""
    return guard_action(what, action, None if cost is None else Decimal(cost), history, now)


@pytest.mark.parametrize(
    ("history", "obstacle"),
    [
        (History(mode=Mode.SHADOW), Obstacle.SHADOW),
        (History(paused="the account is paused"), Obstacle.PAUSED),
        (History(frozen=True), Obstacle.FROZEN),
        (History(steady=False), Obstacle.CLOCK),
    ],
)
def test_each_obstacle_holds_a_firing_back(history: History, obstacle: Obstacle) -> None:
    assert firing(history).obstacle is obstacle


def test_nothing_in_the_way_is_clear() -> None:
    assert firing(History()) == Clear()


def test_a_rule_of_its_own_in_shadow_is_held_back() -> None:
    assert firing(History(), rule(mode=Mode.SHADOW)).obstacle is Obstacle.SHADOW


@pytest.mark.parametrize("history", [History(paused="paused"), History(frozen=True), History(steady=False)])
def test_news_alone_goes_out_whatever_stops_acting(history: History) -> None:
    assert firing(history, acts=False) == Clear()


def test_shadow_keeps_news_back_too() -> None:
    assert firing(History(mode=Mode.SHADOW), acts=False).obstacle is Obstacle.SHADOW


def test_shadow_comes_before_a_pause() -> None:
    assert firing(History(mode=Mode.SHADOW, paused="paused", frozen=True)).obstacle is Obstacle.SHADOW


def test_a_pause_comes_before_a_freeze() -> None:
    assert firing(History(paused="paused", frozen=True, steady=False)).obstacle is Obstacle.PAUSED


def test_only_time_ends_a_jump_of_the_clock() -> None:
    assert firing(History(steady=False)).retry_at == after(1)


def test_a_person_ends_a_pause() -> None:
    assert firing(History(paused="paused")).retry_at is None


def test_a_cooldown_holds_until_its_end() -> None:
    held = firing(History(fired_at=T0), rule(cooldown=HOUR), now=after(59))
    assert (held.obstacle, held.retry_at) == (Obstacle.COOLDOWN, T0 + HOUR)


def test_a_cooldown_ends_to_the_moment() -> None:
    assert firing(History(fired_at=T0), rule(cooldown=HOUR), now=T0 + HOUR) == Clear()


def test_a_cooldown_does_not_stop_the_later_steps_of_a_match() -> None:
    assert firing(History(fired_at=T0), rule(cooldown=HOUR), goes_on=True) == Clear()


def test_a_limit_that_is_not_used_up_is_clear() -> None:
    assert firing(History(counted=[after(-2), after(-1)]), LIMITED) == Clear()


def test_a_limit_holds_until_the_oldest_leaves_the_window() -> None:
    held = firing(History(counted=[after(-3), after(-2), after(-1)]), LIMITED)
    assert (held.obstacle, held.retry_at) == (Obstacle.LIMIT, after(-3) + DAY)


def test_a_limit_that_was_lowered_holds_until_enough_left_the_window() -> None:
    held = firing(History(counted=[after(-5), after(-4), after(-3), after(-2), after(-1)]), LIMITED)
    assert held.retry_at == after(-3) + DAY


def test_what_left_the_window_does_not_count() -> None:
    assert firing(History(counted=[T0 - DAY, after(-2), after(-1)]), LIMITED) == Clear()


def test_a_limit_of_none_holds_for_good() -> None:
    held = firing(History(), rule(limit=Limit("rule", 0, DAY)))
    assert (held.obstacle, held.retry_at) == (Obstacle.LIMIT, None)


def test_a_limit_holds_the_later_steps_of_a_match_too() -> None:
    assert firing(History(counted=[after(-3), after(-2), after(-1)]), LIMITED, goes_on=True).obstacle is Obstacle.LIMIT


def test_an_open_intent_is_waited_for() -> None:
    held = acting(History(open_intent=(7, "intent 7")))
    assert (held.obstacle, held.waits_for, held.retry_at) == (Obstacle.OPEN_INTENT, 7, None)


def test_an_unknown_one_blocks_the_action() -> None:
    held = acting(History(blocked_by=(8, "intent 8")))
    assert (held.obstacle, held.waits_for) == (Obstacle.BLOCKED, 8)


def test_an_open_intent_comes_before_a_block() -> None:
    assert acting(History(open_intent=(7, "intent 7"), blocked_by=(8, "intent 8"))).obstacle is Obstacle.OPEN_INTENT


def test_the_third_refusal_is_for_a_person() -> None:
    held = acting(History(refusals=3, refused_at=T0 - 30 * DAY))
    assert (held.obstacle, held.retry_at) == (Obstacle.GAVE_UP, None)


def test_two_refusals_are_not_for_a_person() -> None:
    assert acting(History(refusals=2, refused_at=T0 - 30 * DAY)) == Clear()


@pytest.mark.parametrize(("action", "pause"), [(REFILL, HOUR), (PAYOUT, DAY)])
def test_a_refusal_pauses_money_longer(action: ActionType, pause: timedelta) -> None:
    held = acting(History(refusals=1, refused_at=T0), action=action)
    assert (held.obstacle, held.retry_at) == (Obstacle.REFUSED, T0 + pause)


def test_a_refusal_pauses_for_the_rules_own_cooldown() -> None:
    assert acting(History(refusals=1, refused_at=T0), rule(cooldown=2 * DAY)).retry_at == T0 + 2 * DAY


def test_a_refusal_is_over_when_its_pause_is() -> None:
    assert acting(History(refusals=1, refused_at=T0), now=T0 + HOUR) == Clear()


def test_what_was_undone_pauses_as_a_refusal() -> None:
    assert acting(History(refusals=0, refused_at=T0)).obstacle is Obstacle.REFUSED


BUDGET = Budget("payout", Decimal(100), DAY)


def spent(much: str, frees_at: datetime | None = None) -> History:
    """Give a history in which so much was spent."""
    return History(spent=[(BUDGET, Decimal(much), frees_at)])


def test_a_budget_allows_what_fits() -> None:
    assert acting(spent("60"), action=PAYOUT, cost="40") == Clear()


def test_a_budget_holds_what_does_not_fit() -> None:
    held = acting(spent("60", after(5)), action=PAYOUT, cost="40.01")
    assert (held.obstacle, held.retry_at) == (Obstacle.BUDGET, after(5))


def test_a_budget_holds_what_has_no_known_cost() -> None:
    assert acting(spent("0"), action=PAYOUT).obstacle is Obstacle.BUDGET


def test_a_budget_that_nothing_was_spent_of_is_asked_again_after_its_window() -> None:
    assert acting(spent("0"), action=PAYOUT, cost="101").retry_at == T0 + DAY


def test_a_budget_of_another_action_does_not_count() -> None:
    assert acting(spent("100"), cost="40") == Clear()


def test_every_budget_must_fit() -> None:
    wide = Budget("payout", Decimal(1000), DAY)
    history = History(spent=[(wide, Decimal(0), None), (BUDGET, Decimal(100), None)])
    assert acting(history, action=PAYOUT, cost="1").obstacle is Obstacle.BUDGET


ABOVE = rule(approve=Approve(Decimal(500), 12 * HOUR))


def test_a_cost_above_the_line_asks_a_person() -> None:
    asks = acting(History(), ABOVE, PAYOUT, "500.01")
    assert (isinstance(asks, Asks), asks.within) == (True, 12 * HOUR)


def test_a_cost_at_the_line_asks_nobody() -> None:
    assert acting(History(), ABOVE, PAYOUT, "500") == Clear()


def test_a_cost_that_is_not_known_asks_a_person() -> None:
    assert isinstance(acting(History(), ABOVE, PAYOUT), Asks)


def test_a_rule_may_always_ask() -> None:
    assert isinstance(acting(History(), rule(approve=Approve(None, HOUR)), PAYOUT, "0"), Asks)


def test_a_budget_comes_before_a_person() -> None:
    assert acting(spent("100"), ABOVE, PAYOUT, "600").obstacle is Obstacle.BUDGET


def test_over_the_ceiling_a_person_confirms() -> None:
    asks = acting(History(caused=100, ceiling=100))
    assert (isinstance(asks, Asks), asks.ceiling, asks.within) == (True, True, DAY)


def test_up_to_the_ceiling_nobody_is_asked() -> None:
    assert acting(History(caused=99, ceiling=100)) == Clear()


def test_an_approval_is_asked_for_by_its_own_reason_over_the_ceiling_too() -> None:
    assert acting(History(caused=100, ceiling=100), ABOVE, PAYOUT, "600").ceiling is False


def test_money_asks_first_after_a_restore() -> None:
    assert isinstance(acting(History(restored=True), action=PAYOUT, cost="1"), Asks)


def test_what_is_no_money_asks_nobody_after_a_restore() -> None:
    assert acting(History(restored=True)) == Clear()


def test_a_budget_holds_after_a_restore_too() -> None:
    history = History(restored=True, spent=[(BUDGET, Decimal(100), None)])
    assert isinstance(acting(history, action=PAYOUT, cost="1"), HeldBack)
