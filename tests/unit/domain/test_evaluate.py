"""Rules asked: events and subjects match or do not, with a reason; holds last, break, and end when they are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bursar.domain.evaluate import HoldState, Match, NoMatch, evaluate, evaluate_state, has_left, predicate
from bursar.domain.event import Event
from bursar.domain.observation import Snapshot
from bursar.domain.rule import Judgement, Rule, Scope
from bursar.domain.subject import EventType
from bursar.domain.values import Fields
from support.domain import COUPON, FACTS, ORDER, PANEL, T0, When, after, in_state, look, order, rule, seen, state_rule

PARTIAL = Event("order.partial", PANEL, T0, order("partial").ref)
NO_TIME = timedelta(0)
HOLD = timedelta(minutes=10)
STUCK = state_rule(in_state("pending"), hold_for=HOLD)
AT_ONCE = state_rule(in_state("pending"))


def hear(what: Rule, event: Event = PARTIAL, snapshot: Snapshot | None = None, at: datetime = T0) -> Match | NoMatch:
    """Ask an event rule."""
    return evaluate(what, event, FACTS, snapshot, at, NO_TIME)


def ask(
    what: Rule,
    snapshot: Snapshot,
    before: HoldState | None,
    at: datetime,
    *,
    entry: bool = False,
    asked_at: datetime | None = None,
):
    """Ask a state rule; return how the subject stands, and the verdict."""
    return evaluate_state(what, Scope(FACTS, at, snapshot), before, asked_at or at, entry=entry)


def unknown(at: datetime = T0) -> Snapshot:
    """Return an order that was pending, and whose state is hidden by an unknown word."""
    return look(order("pending"), seen(ORDER, "unknown"), at).snapshot


def test_a_rule_without_a_condition_always_matches() -> None:
    assert isinstance(hear(rule()), Match)


def test_a_true_condition_matches_with_its_reason() -> None:
    assert hear(rule(when=When(lambda scope: True))) == Match("it is True")


def test_a_false_condition_does_not_match_and_says_why() -> None:
    assert hear(rule(when=When(lambda scope: False))) == NoMatch("it is False")


def test_an_unknown_condition_does_not_match() -> None:
    verdict = hear(rule(when=When(lambda scope: None)))
    assert verdict == NoMatch("it is None", unknown=True)


def test_a_condition_sees_the_event_and_what_was_before() -> None:
    event = replace(PARTIAL, before={"state": "pending"})
    when = When(lambda scope: scope.event is event and scope.before["state"] == "pending")
    assert isinstance(hear(rule(when=when), event), Match)


def test_a_condition_sees_the_subject_and_the_instant() -> None:
    when = When(lambda scope: scope.now == after(3) and scope.subject == order("partial"))
    assert isinstance(hear(rule(when=when), PARTIAL, order("partial"), after(3)), Match)


def test_a_condition_sees_what_the_wall_clock_says() -> None:
    when = When(lambda scope: scope.wall == after(30))
    assert isinstance(evaluate(rule(when=when), PARTIAL, FACTS, None, T0, timedelta(minutes=30)), Match)


def test_an_entry_fires() -> None:
    standing, verdict = ask(AT_ONCE, order("pending"), HoldState(False, None, False, None), after(1))
    assert (isinstance(verdict, Match), standing) == (True, HoldState(True, after(1), True, None))


def test_it_fires_once_per_entry() -> None:
    inside = HoldState(True, T0, True, None)
    assert isinstance(ask(AT_ONCE, order("pending"), inside, after(1))[1], NoMatch)


def test_it_fires_again_after_it_was_outside() -> None:
    fired = HoldState(True, T0, True, None)
    outside, _ = ask(AT_ONCE, order("in_progress"), fired, after(1))
    assert isinstance(ask(AT_ONCE, order("pending"), outside, after(2))[1], Match)


def test_what_was_inside_when_the_rule_was_new_does_not_fire() -> None:
    standing, verdict = ask(AT_ONCE, order("pending"), None, T0)
    assert (isinstance(verdict, NoMatch), standing.fired) == (True, True)


def test_what_is_new_itself_and_inside_fires() -> None:
    assert isinstance(ask(AT_ONCE, order("pending"), None, T0, entry=True)[1], Match)


def test_what_was_inside_when_the_rule_was_new_fires_at_its_next_entry() -> None:
    inside, _ = ask(AT_ONCE, order("pending"), None, T0)
    outside, _ = ask(AT_ONCE, order("partial"), inside, after(1))
    assert isinstance(ask(AT_ONCE, order("pending"), outside, after(2))[1], Match)


def test_a_hold_waits() -> None:
    standing, verdict = ask(STUCK, order("pending"), None, T0)
    assert (isinstance(verdict, NoMatch), standing) == (True, HoldState(True, T0, False, T0 + HOLD))


def test_a_hold_that_waits_says_so() -> None:
    _, verdict = ask(STUCK, order("pending"), None, T0)
    assert verdict.reason == "it is true, and `for` is not over yet"


def test_a_hold_counts_from_the_first_sight_of_the_rule() -> None:
    standing, _ = ask(STUCK, order("pending"), None, after(500))
    assert standing.since == after(500)


def test_a_hold_does_not_fire_a_moment_early() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    assert isinstance(ask(STUCK, order("pending"), waiting, T0 + HOLD - timedelta(microseconds=1))[1], NoMatch)


def test_a_hold_fires_when_it_is_due() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    standing, verdict = ask(STUCK, order("pending"), waiting, T0 + HOLD)
    assert (isinstance(verdict, Match), standing.fired, standing.ask_at) == (True, True, None)


def test_a_hold_that_fell_due_after_the_question_waits_for_another_answer() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    late = ask(STUCK, order("pending"), waiting, after(12), asked_at=T0 + HOLD - timedelta(microseconds=1))
    assert (isinstance(late[1], NoMatch), late[0].fired) == (True, False)


def test_a_hold_that_fell_due_before_the_question_fires() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    assert isinstance(ask(STUCK, order("pending"), waiting, after(12), asked_at=T0 + HOLD)[1], Match)


def test_an_entry_counts_from_when_it_was_learned_not_from_when_it_was_asked() -> None:
    standing, _ = ask(STUCK, order("pending"), None, after(2), asked_at=after(1))
    assert standing.since == after(2)


def test_a_break_ends_a_hold() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    outside, _ = ask(STUCK, order("in_progress"), waiting, after(5))
    standing, verdict = ask(STUCK, order("pending"), outside, after(6))
    assert (isinstance(verdict, NoMatch), standing.since) == (True, after(6))


def test_a_longer_hold_is_due_later_and_counts_from_the_same_instant() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    longer = replace(STUCK, hold_for=2 * HOLD)
    standing, verdict = ask(longer, order("pending"), waiting, T0 + HOLD)
    assert (isinstance(verdict, NoMatch), standing.ask_at) == (True, T0 + 2 * HOLD)


def test_a_shorter_hold_may_be_due_at_once() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    assert isinstance(ask(replace(STUCK, hold_for=HOLD / 2), order("pending"), waiting, after(6))[1], Match)


def test_a_hidden_state_is_no_break() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    standing, _ = ask(STUCK, unknown(after(5)), waiting, after(5))
    assert (standing.inside, standing.since, standing.fired) == (True, T0, False)


def test_a_hidden_state_does_not_fire() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    assert isinstance(ask(STUCK, unknown(), waiting, T0 + 2 * HOLD)[1], NoMatch)


def test_a_hold_goes_on_after_a_hidden_state() -> None:
    hidden, _ = ask(STUCK, unknown(after(5)), HoldState(True, T0, False, T0 + HOLD), after(5))
    back = look(unknown(after(5)), seen(ORDER, "pending"), after(10)).snapshot
    assert isinstance(ask(STUCK, back, hidden, after(10))[1], Match)


def test_an_unknown_answer_is_no_break() -> None:
    waiting = HoldState(True, T0, False, T0 + HOLD)
    vague = state_rule(lambda scope: None, hold_for=HOLD)
    standing, verdict = ask(vague, order("pending"), waiting, after(5))
    assert (standing.since, verdict.unknown) == (T0, True)


def test_a_hidden_state_does_not_count_as_an_entry_afterwards() -> None:
    fired = HoldState(True, T0, True, None)
    hidden, _ = ask(AT_ONCE, unknown(after(5)), fired, after(5))
    assert isinstance(ask(AT_ONCE, order("pending"), hidden, after(6))[1], NoMatch)


def test_an_unknown_state_outside_stays_outside() -> None:
    standing, verdict = ask(state_rule(lambda scope: None), order("pending"), None, T0)
    assert (standing, verdict.unknown) == (HoldState(False, None, False, None), True)


def old(scope: Scope) -> bool:
    """Be true from ten minutes on."""
    return scope.now >= after(10)


OLD = state_rule(in_state(), when=When(old, lambda scope: None if old(scope) else after(10)))


def test_outside_it_is_asked_again_when_the_clock_changes_the_answer() -> None:
    assert ask(OLD, order("pending"), None, T0)[0].ask_at == after(10)


def test_the_clock_alone_brings_an_entry() -> None:
    outside, _ = ask(OLD, order("pending"), None, T0)
    assert isinstance(ask(OLD, order("pending"), outside, after(10))[1], Match)


def test_a_hold_is_asked_again_at_the_crossing_when_that_comes_first() -> None:
    young = When(lambda scope: scope.now < after(5), lambda scope: after(5) if scope.now < after(5) else None)
    assert ask(state_rule(in_state(), when=young, hold_for=HOLD), order(), None, T0)[0].ask_at == after(5)


def test_what_has_fired_is_asked_again_at_the_crossing() -> None:
    young = When(lambda scope: True, lambda scope: after(5))
    fired = HoldState(True, T0, True, None)
    assert ask(state_rule(in_state(), when=young), order(), fired, after(1))[0].ask_at == after(5)


def test_a_state_rule_without_a_condition_holds_from_the_first_sight() -> None:
    assert isinstance(ask(state_rule(in_state(), when=None), order(), None, T0, entry=True)[1], Match)


def spent(now: Fields) -> bool | None:
    """Return whether a coupon is spent, as far as that is known."""
    truth = now.get("spent")
    return truth if isinstance(truth, bool) else None


STILL = EventType("coupon.spent", "", lambda before, now: True, still=spent)
SPENT = replace(COUPON, events=(STILL,))


def holds(event_type: str, snapshot: Snapshot | None) -> Judgement | None:
    """Ask whether what an event says still holds."""
    return predicate({"order": ORDER, "coupon": SPENT}, event_type, snapshot)


def coupon(**fields: bool | None) -> Snapshot:
    """Return a coupon as it is known."""
    return replace(look(None, seen(COUPON, "new")).snapshot, fields=fields)


@pytest.mark.parametrize(("state", "truth"), [("partial", True), ("completed", False)])
def test_an_event_of_a_state_holds_while_the_subject_is_in_it(state: str, truth: bool) -> None:
    assert holds("order.partial", order(state)).truth is truth


def test_an_event_that_holds_no_more_says_in_which_state_the_subject_is() -> None:
    assert holds("order.partial", order("completed")).reason == "the order is completed, not partial"


def test_under_an_unknown_status_word_nobody_can_tell() -> None:
    assert holds("order.pending", unknown()) == Judgement(None, "the order's state is unknown")


def test_the_event_of_an_unknown_status_word_holds_while_the_word_is_unknown() -> None:
    assert holds("order.unknown", unknown()).truth is True


def test_nothing_holds_of_what_has_vanished() -> None:
    gone = replace(order("partial"), vanished_at=after(2))
    assert holds("order.partial", gone) == Judgement(False, "the order has vanished")


@pytest.mark.parametrize("event_type", ["order.appeared", "order.changed", "order.vanished", "account.recovered"])
def test_other_events_have_no_condition_of_their_own(event_type: str) -> None:
    assert holds(event_type, order("partial")) is None


@pytest.mark.parametrize("snapshot", [None, order("partial")])
def test_an_event_is_judged_by_its_own_subject_alone(snapshot: Snapshot | None) -> None:
    assert holds("coupon.spent", snapshot) is None


@pytest.mark.parametrize("truth", [True, False])
def test_a_declared_event_brings_its_own_condition(truth: bool) -> None:
    assert holds("coupon.spent", coupon(spent=truth)).truth is truth


def test_a_declared_event_may_not_be_able_to_tell_and_says_so() -> None:
    judged = holds("coupon.spent", coupon())
    assert (judged.truth, "nobody can tell" in judged.reason) == (None, True)


def test_a_declared_event_without_a_condition_has_none() -> None:
    assert predicate({"coupon": COUPON}, "coupon.spent", coupon(spent=True)) is None


INSIDE = HoldState(True, T0, True, None)


def test_how_a_rule_stands_that_has_not_seen_the_subject_yet_is_no_leaving() -> None:
    """It was edited, and a person has had what it decided tried again before the next look: its `when` tells."""
    assert has_left(None, after(1), order("pending")) is None


@pytest.mark.parametrize("standing", [replace(INSIDE, inside=False, since=None), replace(INSIDE, since=after(2))])
def test_an_entry_is_over_once_the_subject_was_outside(standing: HoldState) -> None:
    assert has_left(standing, after(1), order("pending")) == "it has left its condition since"


def test_an_entry_goes_on_while_the_subject_is_inside() -> None:
    assert has_left(INSIDE, after(1), order("pending")) is None


def test_what_has_vanished_is_in_no_condition() -> None:
    gone = replace(order("pending"), vanished_at=after(5))
    assert has_left(INSIDE, after(1), gone) == "it has left its condition since: the order has vanished"
