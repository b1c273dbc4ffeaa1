"""The latest verdict of each rule, and how subjects stand with state rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from bursar.domain.evaluate import HoldState, Match, NoMatch
from bursar.domain.ids import AccountName, RuleName, microseconds
from bursar.domain.rule import Rule
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import matches, verdicts
from bursar.journal.writer import Tx
from support.domain import PANEL, T0, after, in_state, rule, state_rule
from support.journal import count, event, ref

STUCK = replace(state_rule(in_state("pending")), name=RuleName("stuck"))
WAITING = HoldState(True, T0, False, after(10))


def stand(tx: Tx, id_: str = "1", standing: HoldState = WAITING, what: Rule = STUCK, at: datetime = T0) -> None:
    """Write how an order stands with a rule."""
    verdicts.stand(tx, what, PANEL, ref(id_), at, standing, NoMatch("waits"))


def held(tx: Tx, what: Rule = STUCK) -> verdicts.Held | None:
    """Return how order 1 stands."""
    return verdicts.standing(tx, what, PANEL, ref())


def test_a_standing_survives_whole(tx: Tx) -> None:
    stand(tx)
    assert held(tx) == verdicts.Held(WAITING, "no_match", "waits")


def test_a_rule_that_never_saw_a_subject_has_no_standing(tx: Tx) -> None:
    assert held(tx) is None


def test_a_rule_whose_condition_was_edited_has_no_standing(tx: Tx) -> None:
    stand(tx)
    assert held(tx, replace(STUCK, trigger="another")) is None


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
    assert verdicts.rule_since(tx, replace(STUCK, trigger="another"), after(5)) == after(5)


@pytest.mark.parametrize("change", [{"fingerprint": "another"}, {"meaning": "another"}])
def test_a_rule_that_does_something_else_under_the_same_condition_is_the_same(tx: Tx, change: dict[str, str]) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    stand(tx)
    edited = replace(STUCK, **change)  # type: ignore[arg-type]
    assert (verdicts.rule_since(tx, edited, after(5)), held(tx, edited) is not None) == (T0, True)


def test_what_a_rule_means_is_kept_as_it_was_at_the_last_start(tx: Tx) -> None:
    for meaning in ("refill", "cancel"):
        verdicts.rule_since(tx, replace(STUCK, meaning=meaning), T0)
    assert verdicts.meanings(tx) == {"stuck": "cancel"}


RENAMED = replace(STUCK, name=RuleName("renamed"))


def test_a_renamed_rule_takes_over_how_subjects_stand(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    stand(tx)
    verdicts.rename_rule(tx, "stuck", "renamed")
    assert (held(tx), held(tx, RENAMED)) == (None, verdicts.Held(WAITING, "no_match", "waits"))


def test_a_renamed_rule_is_there_as_long_as_it_was(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    verdicts.rename_rule(tx, "stuck", "renamed")
    assert verdicts.rule_since(tx, RENAMED, after(5)) == T0


def test_what_was_known_under_the_new_name_before_makes_room(tx: Tx) -> None:
    stand(tx, what=RENAMED, standing=HoldState(False, None, False, None))
    stand(tx)
    verdicts.rename_rule(tx, "stuck", "renamed")
    assert held(tx, RENAMED) == verdicts.Held(WAITING, "no_match", "waits")


def test_a_trigger_in_a_new_form_ends_nothing(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    stand(tx)
    rewritten = replace(STUCK, trigger="t in a new form")
    verdicts.replace_trigger(tx, "stuck", "t", "t in a new form")
    assert (held(tx, rewritten) is not None, verdicts.rule_since(tx, rewritten, after(5))) == (True, T0)


def test_another_trigger_is_not_rewritten(tx: Tx) -> None:
    stand(tx, what=replace(STUCK, trigger="another"))
    verdicts.replace_trigger(tx, "stuck", "t", "t in a new form")
    assert held(tx, replace(STUCK, trigger="another")) is not None


def test_a_wall_clock_that_was_set_has_everything_that_waits_for_a_time_asked(tx: Tx) -> None:
    stand(tx)
    verdicts.ask_by_calendar(tx, after(1))
    assert verdicts.due_subjects(tx, PANEL, after(1)) == [ref()]


def test_a_wall_clock_that_was_set_puts_nothing_off(tx: Tx) -> None:
    stand(tx)
    verdicts.ask_by_calendar(tx, after(20))
    assert verdicts.due_subjects(tx, PANEL, after(10)) == [ref()]


def test_a_rule_that_is_gone_takes_its_holds_along(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    stand(tx)
    verdicts.forget_missing(tx, set(), after(5))
    assert (verdicts.due_subjects(tx, PANEL, after(10)), held(tx)) == ([], None)


def test_a_rule_that_is_gone_drops_what_it_held_back(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    match = matches.add(tx, STUCK, PANEL, ref(), None, "so", T0)
    matches.hold_back(tx, match, HoldBack(BlockReason.PAUSED, "paused"), 0)
    verdicts.forget_missing(tx, set(), after(5))
    assert tx.all("SELECT state, ended_at FROM matches") == [("dropped", microseconds(after(5)))]


def test_a_rule_that_is_there_keeps_everything(tx: Tx) -> None:
    verdicts.rule_since(tx, STUCK, T0)
    stand(tx)
    verdicts.forget_missing(tx, {"stuck"}, after(5))
    assert (held(tx) is not None, count(tx, "rules")) == (True, 1)
