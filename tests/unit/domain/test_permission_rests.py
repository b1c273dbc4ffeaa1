"""What has to rest: after a refusal, after a no, and in a cooldown."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bursar.domain.action import ActionType
from bursar.domain.guard_facts import GuardFacts
from bursar.domain.intent import LostReply
from bursar.domain.ledger import Refusals
from bursar.domain.permission import Phase
from bursar.domain.rests import rest_after_refusal
from bursar.domain.timeline import Gap, Measured
from bursar.domain.verdict import BlockReason
from support.domain import T0, after, rule
from support.permission import CLAIM, PAYOUT, PLAN, Objection, allowed, facts_of, held_back

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)
REFILL = ActionType("refill", "order", LostReply.REPEATABLE)


def refused(times: int = 1, at: datetime | None = T0, action: ActionType = PAYOUT, **more: object) -> GuardFacts:
    """Return facts of an action that was refused."""
    return facts_of(Objection({"refusals": Refusals(times, at)}, more), action=action)


def test_the_third_refusal_is_for_a_person() -> None:
    held = held_back(refused(3, after(-(10**5))))
    assert (held.block, held.retry_at) == (BlockReason.GAVE_UP, None)


def test_a_refusal_that_nobody_can_read_is_for_a_person() -> None:
    assert held_back(facts_of(Objection({"refusals": Refusals(1, T0, unread=True)}))).block is BlockReason.GAVE_UP


def test_two_refusals_are_not_for_a_person() -> None:
    assert allowed(refused(2, after(-(10**5))))


@pytest.mark.parametrize(("action", "pause"), [(REFILL, HOUR), (PAYOUT, DAY)])
def test_money_rests_longer_after_a_refusal(action: ActionType, pause: timedelta) -> None:
    held = held_back(refused(action=action))
    assert (held.block, held.retry_at) == (BlockReason.REFUSED, T0 + pause)


def test_after_a_refusal_it_rests_for_the_rules_own_cooldown() -> None:
    assert held_back(refused(cooldown=2 * DAY)).retry_at == T0 + 2 * DAY


def test_a_short_cooldown_is_a_short_rest() -> None:
    assert allowed(refused(cooldown=MINUTE), now=after(1))


def test_a_rest_ends_to_the_moment() -> None:
    refill = refused(action=REFILL)
    assert (allowed(refill, now=T0 + HOUR - MOMENT), allowed(refill, now=T0 + HOUR)) == (False, True)


@pytest.mark.parametrize("times", [1, 3])
def test_a_person_may_ask_for_what_was_refused(times: int) -> None:
    assert [allowed(refused(times), phase) for phase in (PLAN, CLAIM)] == [False, False]
    assert [allowed(replace(refused(times), rule=None), phase) for phase in Phase] == [True] * 4


def test_what_was_undone_rests_as_a_refusal() -> None:
    assert held_back(refused(0)).block is BlockReason.REFUSED


def test_of_an_action_that_nobody_knows_any_more_a_rest_is_that_of_money() -> None:
    assert (rest_after_refusal(None, None), rest_after_refusal(rule(), REFILL)) == (DAY, HOUR)


GAP = Measured((Gap(after(10), 30 * MINUTE),))
"""Minutes 10 to 40 were not measured."""


def test_a_rest_after_a_refusal_does_not_count_what_nobody_measured() -> None:
    held = held_back(replace(refused(action=REFILL), time=GAP), now=after(89))
    assert (held.block, held.retry_at) == (BlockReason.REFUSED, after(90))


COOLED = Objection({}, {"cooldown": HOUR})


def test_a_cooldown_holds_until_its_end() -> None:
    held = held_back(facts_of(COOLED, cooldown_from=T0), now=after(59))
    assert (held.block, held.retry_at) == (BlockReason.COOLDOWN, T0 + HOUR)


def test_a_cooldown_ends_to_the_moment() -> None:
    cooled = facts_of(COOLED, cooldown_from=T0)
    assert (allowed(cooled, now=T0 + HOUR - MOMENT), allowed(cooled, now=T0 + HOUR)) == (False, True)


def test_a_cooldown_of_what_was_never_done_holds_nothing() -> None:
    assert allowed(facts_of(COOLED))


def test_a_rule_without_a_cooldown_is_not_held_by_one() -> None:
    assert allowed(facts_of(cooldown_from=T0))


def test_what_nobody_measured_does_not_cool_down() -> None:
    cooled = facts_of(COOLED, cooldown_from=T0, time=GAP)
    assert held_back(cooled, now=after(89)).retry_at == after(90)


def test_a_cooldown_is_over_when_so_much_was_measured() -> None:
    assert allowed(facts_of(COOLED, cooldown_from=T0, time=GAP), now=after(90))


def test_a_rule_that_only_tells_has_its_texts_held_by_its_cooldown() -> None:
    telling = facts_of(COOLED, action=None, cooldown_from=T0)
    assert held_back(telling).retry_at == T0 + HOUR
