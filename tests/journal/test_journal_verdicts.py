from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain_world import PANEL, T0, after, in_state, rule, state_rule
from journal_kit import count, event, ref

from bursar.domain.evaluate import HoldState, Match, NoMatch
from bursar.domain.guard import HeldBack, Obstacle
from bursar.domain.ids import AccountName, RuleName
from bursar.domain.rule import Rule
from bursar.journal import matches, verdicts
from bursar.journal.writer import Tx

STUCK = replace(state_rule(in_state("pending")), name=RuleName("stuck"))
WAITING = HoldState(True, T0, False, after(10))


def stand(tx: Tx, id_: str = "1", standing: HoldState = WAITING, what: Rule = STUCK, at: datetime = T0) -> None:
    """Write how an order stands with a rule."""
    verdicts.stand(tx, what, PANEL, ref(id_), at, standing, NoMatch("waits"))


def held(tx: Tx, what: Rule = STUCK) -> verdicts.Held | None:
    """Give how order 1 stands."""
    return verdicts.standing(tx, what, PANEL, ref())


def test_a_standing_survives_whole(tx: Tx) -> None:
    stand(tx)
    assert held(tx) == verdicts.Held(WAITING, "no_match", "waits")


def test_a_rule_that_never_saw_a_subject_has_no_standing(tx: Tx) -> None:
    assert held(tx) is None


def test_a_rule_whose_condition_was_edited_has_no_standing(tx: Tx) -> None:
    stand(tx)
    assert held(tx, replace(STUCK, fingerprint="another")) is None


def test_a_verdict_of_an_event_rule_is_no_standing(tx: Tx) -> None:
    verdicts.note(tx, STUCK, PANEL, ref(), Match("so"), event(), T0)
    assert held(tx) is None


def test_only_the_latest_verdict_is_kept(tx: Tx) -> None:
    for minute in range(3):
        verdicts.note(tx, rule(), PANEL, ref(), NoMatch(f"reason {minute}"), event(at=after(minute)), after(minute))
    assert tx.all("SELECT reason, event_id FROM verdicts") == [("reason 2", event(at=after(2)).id)]


def test_verdicts_on_nothing_in_particular_are_kept_too(tx: Tx) -> None:
    verdicts.note(tx, rule(), PANEL, None, Match("so"), None, T0)
    assert tx.all("SELECT subject_type, subject_id, verdict FROM verdicts") == [("", "", "match")]


def test_an_unknown_answer_is_told_from_a_no(tx: Tx) -> None:
    assert [verdicts.word(Match("")), verdicts.word(NoMatch("")), verdicts.word(NoMatch("", unknown=True))] == [
        "match", "no_match", "unknown",
    ]  # fmt: skip


def test_a_hold_is_due_when_its_time_has_come(tx: Tx) -> None:
    stand(tx)
    due = [verdicts.due_subjects(tx, PANEL, after(minutes)) for minutes in (9.9, 10, 11)]
    assert due == [[], [ref()], [ref()]]


def test_a_subject_that_two_rules_wait_for_is_due_once(tx: Tx) -> None:
    stand(tx)
    stand(tx, what=replace(STUCK, name=RuleName("other")))
    assert verdicts.due_subjects(tx, PANEL, after(10)) == [ref()]


def test_holds_of_another_account_are_not_due_here(tx: Tx) -> None:
    stand(tx)
    assert verdicts.due_subjects(tx, AccountName("other"), after(10)) == []


def test_a_rule_is_there_since_it_was_first_noted(tx: Tx) -> None:
    assert [verdicts.rule_since(tx, STUCK, after(minute)) for minute in range(3)] == [T0, T0, T0]


def test_an_edited_rule_is_a_new_one(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    assert verdicts.rule_since(tx, replace(STUCK, fingerprint="another"), after(5)) == after(5)


def test_a_rule_that_is_gone_takes_its_holds_along(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    stand(tx)
    verdicts.forget_missing(tx, set())
    assert (verdicts.due_subjects(tx, PANEL, after(10)), held(tx)) == ([], None)


def test_a_rule_that_is_gone_drops_what_it_held_back(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    match = matches.add(tx, STUCK, PANEL, ref(), None, "so", T0)
    matches.hold_back(tx, match, HeldBack(Obstacle.PAUSED, "paused"), 0)
    verdicts.forget_missing(tx, set())
    assert tx.all("SELECT state FROM matches") == [("dropped",)]


def test_a_rule_that_is_there_keeps_everything(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    stand(tx)
    verdicts.forget_missing(tx, {"stuck"})
    assert (held(tx) is not None, count(tx, "rules")) == (True, 1)
