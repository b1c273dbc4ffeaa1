from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime

import pytest
from domain_world import PANEL, T0, after, rule
from journal_kit import event, ref

from bursar.domain.guard import HeldBack, Obstacle
from bursar.domain.ids import AccountName, RuleName
from bursar.journal import matches
from bursar.journal.matches import MatchRow
from bursar.journal.writer import Tx

RULE = rule()
OTHER = replace(RULE, name=RuleName("other"))
PAUSED = HeldBack(Obstacle.PAUSED, "the account is paused")


def add(tx: Tx, id_: str = "1", what=RULE, at: datetime = T0) -> MatchRow:
    """Write a match on an order."""
    return matches.add(tx, what, PANEL, ref(id_), event(id_=id_, at=at), "so", at)


def hold(tx: Tx, held: HeldBack = PAUSED, **more: object) -> MatchRow:
    """Write a match that is held back."""
    match = add(tx, **more)  # type: ignore[arg-type]
    matches.hold_back(tx, match, held, 0)
    return match


def load(tx: Tx, match: MatchRow) -> MatchRow:
    """Give a match as it is now."""
    found = matches.load(tx, match.id)
    assert found is not None
    return found


def due(tx: Tx, minutes: float, id_: str = "1") -> list[int]:
    """Give the held matches on an order whose obstacle has ended."""
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
    assert (load(tx, match).state, load(tx, match).obstacle) == ("fired", None)


def test_a_match_that_is_held_back_says_by_what(tx: Tx) -> None:
    found = load(tx, hold(tx))
    assert (found.state, found.obstacle, found.reason) == ("held", "paused", "the account is paused")


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
    matches.drop(tx, match.id, "no longer true")
    assert (load(tx, match).state, load(tx, match).reason) == ("dropped", "no longer true")


def test_a_cooldown_ends_by_itself(tx: Tx) -> None:
    match = hold(tx, HeldBack(Obstacle.COOLDOWN, "cooldown", after(10)))
    assert [due(tx, 9.9), due(tx, 10)] == [[], [match.id]]


def test_a_pause_does_not_end_by_itself(tx: Tx) -> None:
    hold(tx)
    assert due(tx, 10**6) == []


def test_a_subject_with_several_due_matches_is_due_once(tx: Tx) -> None:
    for what in (RULE, OTHER):
        hold(tx, HeldBack(Obstacle.COOLDOWN, "cooldown", after(10)), what=what)
    assert matches.due_subjects(tx, PANEL, after(10)) == [ref()]


def test_due_matches_of_another_account_are_not_due_here(tx: Tx) -> None:
    hold(tx, HeldBack(Obstacle.COOLDOWN, "cooldown", after(10)))
    assert matches.due_subjects(tx, AccountName("other"), after(10)) == []


def test_an_obstacle_that_ended_frees_what_it_held_back(tx: Tx) -> None:
    match = hold(tx)
    assert (matches.release(tx, Obstacle.PAUSED, after(3)), due(tx, 3)) == (1, [match.id])


@pytest.mark.parametrize(
    "where", [{"account": AccountName("other")}, {"subject": ref("2")}, {"rule": "other"}], ids=min
)
def test_an_obstacle_that_ended_elsewhere_frees_nothing_here(tx: Tx, where: dict[str, object]) -> None:
    hold(tx)
    assert matches.release(tx, Obstacle.PAUSED, after(3), **where) == 0  # type: ignore[arg-type]


def test_another_obstacle_that_ended_frees_nothing(tx: Tx) -> None:
    hold(tx)
    assert matches.release(tx, Obstacle.SHADOW, after(3)) == 0


def test_the_end_of_an_intent_frees_what_waited_for_it(tx: Tx) -> None:
    match = hold(tx, HeldBack(Obstacle.OPEN_INTENT, "waits", waits_for=7))
    hold(tx, HeldBack(Obstacle.OPEN_INTENT, "waits", waits_for=8), id_="2")
    matches.release_waiting(tx, 7, after(3))
    assert [due(tx, 3), due(tx, 3, "2")] == [[match.id], []]


def test_a_cooldown_counts_from_the_last_firing_for_the_subject(tx: Tx) -> None:
    for minute in (1, 5):
        matches.fired(tx, add(tx, at=after(minute)), 1, 1, after(minute))
    matches.fired(tx, add(tx, "2", at=after(9)), 1, 1, after(9))
    now = add(tx, at=after(10))
    assert matches.last_fired(tx, RULE, PANEL, ref(), but=now.id) == after(5)


def test_a_cooldown_does_not_count_the_match_itself(tx: Tx) -> None:
    match = add(tx)
    matches.fired(tx, match, 1, 1, T0)
    assert matches.last_fired(tx, RULE, PANEL, ref(), but=match.id) is None


def test_a_match_that_was_held_back_and_never_fired_does_not_count(tx: Tx) -> None:
    hold(tx)
    assert matches.last_fired(tx, RULE, PANEL, ref(), but=add(tx, at=after(1)).id) is None


def fire_at(tx: Tx, *minutes: float, id_: str = "1") -> None:
    """Have the rule fire at these minutes."""
    for minute in minutes:
        matches.fired(tx, add(tx, id_, at=after(minute)), 1, 0, after(minute))


def test_a_limit_counts_firings_in_its_window(tx: Tx) -> None:
    fire_at(tx, 1, 5, 9)
    assert matches.fired_times(tx, RULE, after(4), account=PANEL, subject=ref()) == [after(5), after(9)]


def test_a_limit_per_rule_counts_every_subject(tx: Tx) -> None:
    fire_at(tx, 1)
    fire_at(tx, 2, id_="2")
    assert matches.fired_times(tx, RULE, T0, account=None, subject=None) == [after(1), after(2)]
