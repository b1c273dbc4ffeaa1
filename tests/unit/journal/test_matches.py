"""Matches: fired, told, held back, asked again, dropped."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime

import pytest

from bursar.domain.ids import AccountName, RuleName, SubjectRef, instant
from bursar.domain.rule import Rule
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import matches, subjects, texts
from bursar.journal.matches import MatchRow
from bursar.journal.writer import Tx
from support.domain import ORDER, PANEL, T0, after, rule
from support.journal import event, ref

RULE = rule()
OTHER = replace(RULE, name=RuleName("other"))
PAUSED = HoldBack(BlockReason.PAUSED, "the account is paused")


def add(tx: Tx, id_: str = "1", what=RULE, at: datetime = T0) -> MatchRow:
    """Write a match on an order."""
    return matches.add(tx, what, PANEL, ref(id_), event(id_=id_, at=at), "so", at)


def hold(tx: Tx, held: HoldBack = PAUSED, **more: object) -> MatchRow:
    """Write a match that is held back."""
    match = add(tx, **more)  # type: ignore[arg-type]
    matches.hold_back(tx, match, held, 0)
    return match


def load(tx: Tx, match: MatchRow) -> MatchRow:
    """Return a match as it is now."""
    found = matches.load(tx, match.id)
    assert found is not None
    return found


def due(tx: Tx, minutes: float, id_: str = "1") -> list[int]:
    """Return the held matches on an order whose block has ended."""
    return [match.id for match in matches.held_of(tx, PANEL, ref(id_), after(minutes))]


def test_a_match_survives_whole(tx: Tx) -> None:
    match = add(tx)
    assert load(tx, match) == match


def test_a_match_on_nothing_in_particular_survives(tx: Tx) -> None:
    match = matches.add(tx, RULE, PANEL, None, None, "so", T0)
    assert load(tx, match).subject is None


def test_a_match_that_is_not_there_is_none(tx: Tx) -> None:
    assert matches.load(tx, 9) is None  # type: ignore[arg-type]


def test_a_match_that_fired_says_when_and_how_far(tx: Tx) -> None:
    match = add(tx)
    matches.fired(tx, match, 1, 1, after(1))
    found = load(tx, match)
    assert (found.state, found.fired_at, found.acts_planned) == ("fired", after(1), 1)


def test_a_match_fires_for_the_first_time_once(tx: Tx) -> None:
    match = add(tx)
    matches.fired(tx, match, 1, 1, after(1))
    matches.fired(tx, match, 2, 1, after(9))
    assert (load(tx, match).fired_at, tx.one("SELECT intents FROM matches")) == (after(1), (2,))


def test_a_match_that_fires_is_held_back_no_more(tx: Tx) -> None:
    match = hold(tx)
    matches.fired(tx, match, 1, 1, T0)
    assert (load(tx, match).state, load(tx, match).block) == ("fired", None)


def test_a_match_that_is_held_back_says_by_what(tx: Tx) -> None:
    found = load(tx, hold(tx))
    assert (found.state, found.block, found.reason) == ("held", "paused", "the account is paused")


def test_a_newer_match_takes_the_place_of_one_that_is_held_back(tx: Tx) -> None:
    older = hold(tx)
    add(tx, at=after(1))
    assert load(tx, older).state == "dropped"


@pytest.mark.parametrize("more", [{"id_": "2"}, {"what": OTHER}])
def test_a_match_of_another_subject_or_rule_does_not(tx: Tx, more: dict[str, object]) -> None:
    older = hold(tx)
    add(tx, at=after(1), **more)  # type: ignore[arg-type]
    assert load(tx, older).state == "held"


def test_a_newer_match_leaves_one_that_fired(tx: Tx) -> None:
    older = add(tx)
    matches.fired(tx, older, 1, 1, T0)
    add(tx, at=after(1))
    assert load(tx, older).state == "fired"


def test_two_of_one_rule_and_subject_are_never_held_back(tx: Tx) -> None:
    first, second = add(tx), add(tx, at=after(1))
    matches.hold_back(tx, second, PAUSED, 0)
    with pytest.raises(sqlite3.IntegrityError):
        matches.hold_back(tx, first, PAUSED, 0)


def test_one_that_is_alone_is_held_back_again(tx: Tx) -> None:
    match = add(tx)
    matches.hold_back_if_alone(tx, match, PAUSED, 0)
    assert load(tx, match).state == "held"


def test_one_that_a_newer_one_superseded_is_not_held_back_again(tx: Tx) -> None:
    match = add(tx)
    matches.fired(tx, match, 1, 1, T0)
    hold(tx, at=after(1))
    matches.hold_back_if_alone(tx, match, PAUSED, 0)
    assert load(tx, match).state == "fired"


def test_a_match_that_came_to_nothing_says_why(tx: Tx) -> None:
    match = hold(tx)
    matches.drop(tx, match.id, "no longer true", after(2))
    assert (load(tx, match).state, load(tx, match).reason) == ("dropped", "no longer true")


def test_a_cooldown_ends_by_itself(tx: Tx) -> None:
    match = hold(tx, HoldBack(BlockReason.COOLDOWN, "cooldown", after(10)))
    assert [due(tx, 9.9), due(tx, 10)] == [[], [match.id]]


def test_a_pause_does_not_end_by_itself(tx: Tx) -> None:
    hold(tx)
    assert due(tx, 10**6) == []


def test_a_subject_with_several_due_matches_is_due_once(tx: Tx) -> None:
    for what in (RULE, OTHER):
        hold(tx, HoldBack(BlockReason.COOLDOWN, "cooldown", after(10)), what=what)
    assert matches.due_subjects(tx, PANEL, after(10)) == [ref()]


def test_due_matches_of_another_account_are_not_due_here(tx: Tx) -> None:
    hold(tx, HoldBack(BlockReason.COOLDOWN, "cooldown", after(10)))
    assert matches.due_subjects(tx, AccountName("other"), after(10)) == []


@pytest.mark.parametrize(("watched", "unwatched"), [(True, []), (False, [ref()])])
def test_a_due_match_is_one_that_no_poll_shows_where_nobody_watches_its_subject(
    tx: Tx, watched: bool, unwatched: list[SubjectRef]
) -> None:
    if watched:
        subjects.track(tx, PANEL, ORDER, [("1", {}, None)], T0)
    hold(tx, HoldBack(BlockReason.COOLDOWN, "cooldown", after(10)))
    found = [
        matches.due_unwatched(tx, PANEL, type_, after(minutes)) for type_, minutes in (("order", 9), ("order", 10))
    ]
    assert (found, matches.due_unwatched(tx, PANEL, "coupon", after(10))) == ([[], unwatched], [])


def test_a_block_that_ended_frees_what_it_held_back(tx: Tx) -> None:
    match = hold(tx)
    assert (matches.release(tx, BlockReason.PAUSED, after(3)), due(tx, 3)) == (1, [match.id])


@pytest.mark.parametrize(
    "where", [{"account": AccountName("other")}, {"subject": ref("2")}, {"rule": "other"}], ids=min
)
def test_a_block_that_ended_elsewhere_frees_nothing_here(tx: Tx, where: dict[str, object]) -> None:
    hold(tx)
    assert matches.release(tx, BlockReason.PAUSED, after(3), **where) == 0  # type: ignore[arg-type]


def test_another_block_that_ended_frees_nothing(tx: Tx) -> None:
    hold(tx)
    assert matches.release(tx, BlockReason.SHADOW, after(3)) == 0


def test_the_end_of_an_intent_frees_what_waited_for_it(tx: Tx) -> None:
    match = hold(tx, HoldBack(BlockReason.OPEN_INTENT, "waits", waits_for=7))
    hold(tx, HoldBack(BlockReason.OPEN_INTENT, "waits", waits_for=8), id_="2")
    matches.release_waiting(tx, 7, after(3))
    assert [due(tx, 3), due(tx, 3, "2")] == [[match.id], []]


def tell_at(tx: Tx, *minutes: float, id_: str = "1") -> list[MatchRow]:
    """Have the rule tell at these minutes."""
    found = []
    for minute in minutes:
        match = add(tx, id_, at=after(minute))
        matches.fired(tx, match, 0, 0, after(minute))
        found.append(match)
    return found


def test_the_cooldown_of_a_rule_that_only_tells_counts_from_when_it_last_told_of_the_subject(tx: Tx) -> None:
    tell_at(tx, 1, 5)
    tell_at(tx, 9, id_="2")
    now = add(tx, at=after(10))
    assert texts.last_told(tx, RULE, PANEL, ref(), but=now.id) == after(5)


def test_the_cooldown_of_a_rule_that_only_tells_does_not_count_the_match_itself(tx: Tx) -> None:
    (match,) = tell_at(tx, 0)
    assert texts.last_told(tx, RULE, PANEL, ref(), but=match.id) is None


def test_a_match_that_was_held_back_and_never_told_does_not_count(tx: Tx) -> None:
    hold(tx)
    assert texts.last_told(tx, RULE, PANEL, ref(), but=add(tx, at=after(1)).id) is None


@pytest.mark.parametrize(("rule_", "account"), [(OTHER, PANEL), (RULE, AccountName("other"))])
def test_the_texts_of_another_rule_or_account_do_not_count(tx: Tx, rule_: Rule, account: AccountName) -> None:
    tell_at(tx, 1)
    assert texts.last_told(tx, rule_, account, ref(), but=add(tx, at=after(2)).id) is None


def test_texts_about_nothing_in_particular_count_among_themselves(tx: Tx) -> None:
    match = matches.add(tx, RULE, PANEL, None, None, "so", T0)
    matches.fired(tx, match, 0, 0, after(1))
    assert texts.last_told(tx, RULE, PANEL, None, but=add(tx, at=after(2)).id) == after(1)


def test_the_limit_of_a_rule_that_only_tells_counts_in_its_window(tx: Tx) -> None:
    tell_at(tx, 1, 5, 9)
    assert texts.told_times(tx, RULE, after(4), account=PANEL, subject=ref()) == [after(5), after(9)]


def test_the_limit_of_a_rule_that_only_tells_may_count_every_subject(tx: Tx) -> None:
    tell_at(tx, 1)
    tell_at(tx, 2, id_="2")
    assert texts.told_times(tx, RULE, T0, account=None, subject=None) == [after(1), after(2)]


def test_the_texts_of_a_match_are_owed_at_one_instant(tx: Tx) -> None:
    match = add(tx)
    before = load(tx, match).told_at
    matches.told(tx, match.id, after(3))
    assert (before, load(tx, match).told_at) == (None, after(3))


def ended_at(tx: Tx, match: MatchRow) -> datetime | None:
    """Return when a match ended."""
    row = tx.one("SELECT ended_at FROM matches WHERE id = ?", match.id)
    assert row is not None
    return None if row[0] is None else instant(row[0])


def test_a_match_that_fired_has_ended_then(tx: Tx) -> None:
    match = add(tx)
    matches.fired(tx, match, 1, 1, after(1))
    assert ended_at(tx, match) == after(1)


def test_a_match_that_is_held_back_after_it_fired_has_not_ended(tx: Tx) -> None:
    match = add(tx)
    matches.fired(tx, match, 1, 1, after(1))
    matches.hold_back(tx, match, PAUSED, 1)
    assert ended_at(tx, match) is None


def test_a_match_that_was_dropped_has_ended_then(tx: Tx) -> None:
    match = hold(tx)
    matches.drop(tx, match.id, "no longer true", after(2))
    assert ended_at(tx, match) == after(2)


def test_a_match_whose_place_was_taken_ends_with_the_newer_one(tx: Tx) -> None:
    older = hold(tx)
    add(tx, at=after(4))
    assert ended_at(tx, older) == after(4)


def test_a_match_keeps_its_rules_fingerprint(tx: Tx) -> None:
    match = add(tx, what=replace(RULE, fingerprint="another"))
    assert load(tx, match).fingerprint == "another"


def test_held_matches_of_an_older_journal_take_their_rules_fingerprint(tx: Tx) -> None:
    old = [hold(tx, id_="1"), add(tx, "2")]
    tx.run("UPDATE matches SET fingerprint = ''")
    matches.set_fingerprint(tx, "r", "f2")
    assert [load(tx, match).fingerprint for match in old] == ["f2", "f2"]


def test_a_match_that_fired_or_has_a_fingerprint_keeps_what_it_has(tx: Tx) -> None:
    fired, known = add(tx, "1"), hold(tx, id_="2")
    matches.fired(tx, fired, 1, 1, T0)
    tx.run("UPDATE matches SET fingerprint = '' WHERE id = ?", fired.id)
    matches.set_fingerprint(tx, "r", "f2")
    assert [load(tx, match).fingerprint for match in (fired, known)] == ["", "f"]


def test_a_renamed_rule_takes_over_what_another_told_and_what_it_waits_for(tx: Tx) -> None:
    tell_at(tx, 1)
    match = hold(tx, at=after(2))
    matches.rename_rule(tx, "r", "other")
    assert texts.last_told(tx, OTHER, PANEL, ref(), but=match.id) == after(1)
    assert [one.id for one in matches.held_by(tx, "other")] == [match.id]


def test_everything_that_is_held_back_for_a_rule_is_found(tx: Tx) -> None:
    first, second = hold(tx), hold(tx, id_="2")
    hold(tx, what=OTHER)
    matches.fired(tx, add(tx, "3"), 1, 1, T0)
    assert [one.id for one in matches.held_by(tx, "r")] == [first.id, second.id]


BUDGET = HoldBack(BlockReason.BUDGET, "the budget", after(10))


def test_an_account_is_blocked_while_something_of_it_is_held_back_for_that_and_for_a_time(tx: Tx) -> None:
    hold(tx, BUDGET)
    assert matches.blocked(tx, PANEL, BlockReason.BUDGET)


@pytest.mark.parametrize(
    ("held", "account", "block"),
    [
        (BUDGET, AccountName("other"), BlockReason.BUDGET),
        (BUDGET, PANEL, BlockReason.LIMIT),
        (PAUSED, PANEL, BlockReason.PAUSED),
    ],
    ids=["another account", "something else", "not for a time"],
)
def test_an_account_is_not_blocked_by_others(tx: Tx, held: HoldBack, account: AccountName, block: BlockReason) -> None:
    hold(tx, held)
    assert not matches.blocked(tx, account, block)


def test_ids_of_matches_are_never_used_again(tx: Tx) -> None:
    last = [add(tx, id_) for id_ in "123"][-1].id
    tx.run("DELETE FROM matches")
    assert add(tx).id == last + 1
