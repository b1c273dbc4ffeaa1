from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from domain_world import FACTS, ORDER, PANEL, T0, When, after, in_state, look, order, rule, seen, state_rule

from bursar.domain.evaluate import HoldState, Match, NoMatch, evaluate, stand
from bursar.domain.event import Event
from bursar.domain.observation import Snapshot
from bursar.domain.rule import Rule, Scope

PARTIAL = Event("order.partial", PANEL, T0, order("partial").ref)
HOLD = timedelta(minutes=10)
STUCK = state_rule(in_state("pending"), hold_for=HOLD)
AT_ONCE = state_rule(in_state("pending"))


def ask(what: Rule, snapshot: Snapshot, before: HoldState | None, at: datetime, *, entry: bool = False):
    """Ask a state rule; give the standing and the verdict."""
    return stand(what, FACTS, snapshot, before, at, entry=entry)


def unknown(at: datetime = T0) -> Snapshot:
    """Give an order that was pending, and whose state is hidden by an unknown word."""
    return look(order("pending"), seen(ORDER, "unknown"), at).snapshot


def test_a_rule_without_a_condition_always_matches() -> None:
    assert isinstance(evaluate(rule(), PARTIAL, FACTS, None, T0), Match)


def test_a_true_condition_matches_with_its_reason() -> None:
    assert evaluate(rule(when=When(lambda scope: True)), PARTIAL, FACTS, None, T0) == Match("it is True")


def test_a_false_condition_does_not_match_and_says_why() -> None:
    assert evaluate(rule(when=When(lambda scope: False)), PARTIAL, FACTS, None, T0) == NoMatch("it is False")


def test_an_unknown_condition_does_not_match() -> None:
    verdict = evaluate(rule(when=When(lambda scope: None)), PARTIAL, FACTS, None, T0)
    assert verdict == NoMatch("it is None", unknown=True)


def test_a_condition_sees_the_event_and_what_was_before() -> None:
    event = replace(PARTIAL, before={"state": "pending"})
    when = When(lambda scope: scope.event is event and scope.before["state"] == "pending")
    assert isinstance(evaluate(rule(when=when), event, FACTS, None, T0), Match)


def test_a_condition_sees_the_subject_and_the_instant() -> None:
    when = When(lambda scope: scope.now == after(3) and scope.subject == order("partial"))
    assert isinstance(evaluate(rule(when=when), PARTIAL, FACTS, order("partial"), after(3)), Match)


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


def test_a_hold_that_waits_says_since_when_and_until_when() -> None:
    _, verdict = ask(STUCK, order("pending"), None, T0)
    assert verdict.reason == "true since 2026-01-01 12:00:00Z, holds until 2026-01-01 12:10:00Z"


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
