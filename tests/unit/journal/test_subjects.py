"""Snapshots survive whole; what is put under watch, taken off, finished or acted on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.evaluate import HoldState, NoMatch
from bursar.domain.ids import microseconds
from bursar.domain.observation import Snapshot
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import matches, subjects, verdicts
from bursar.journal.codec import read_fields, write_fields
from bursar.journal.subjects import Watched
from bursar.journal.writer import Tx
from support.domain import ORDER, PANEL, T0, after, in_state, order, state_rule
from support.journal import KINDS, ref


def save(tx: Tx, *snapshots: Snapshot) -> None:
    """Write snapshots."""
    subjects.save(tx, snapshots)


def track(tx: Tx, *ids: str) -> tuple[int, int]:
    """Put orders under watch."""
    return subjects.track(tx, PANEL, ORDER, [(id_, {}, None) for id_ in ids], T0)


def load(tx: Tx, id_: str = "1") -> Snapshot:
    """Return an order that is there."""
    found = subjects.load_one(tx, PANEL, ORDER, id_)
    assert found is not None
    return found


def watching(tx: Tx) -> list[str]:
    """Return the ids under watch."""
    return [one.id for one in subjects.watched(tx, PANEL, ORDER)]


def test_a_snapshot_survives_whole(tx: Tx) -> None:
    whole = replace(
        order("partial", remains=Decimal("4.50"), currency="USD"),
        known_state="pending", missed=1, vanished_at=after(3), problem="Incorrect order ID", changed_at=after(2),
    )  # fmt: skip
    save(tx, whole)
    assert load(tx) == whole


def test_a_later_snapshot_takes_the_earlier_ones_place(tx: Tx) -> None:
    save(tx, order("pending"))
    save(tx, order("partial"))
    assert [one.state for one in subjects.load_all(tx, PANEL, ORDER).values()] == ["partial"]


def test_what_is_not_there_is_left_out(tx: Tx) -> None:
    save(tx, order("pending", "1"))
    assert list(subjects.load(tx, PANEL, ORDER, ["1", "2"])) == ["1"]


def test_more_than_a_statement_takes_can_be_loaded(tx: Tx) -> None:
    ids = [str(number) for number in range(1203)]
    save(tx, *(order("pending", id_) for id_ in ids))
    assert sorted(subjects.load(tx, PANEL, ORDER, ids)) == sorted(ids)


def test_subjects_of_another_account_are_others(tx: Tx) -> None:
    save(tx, replace(order("pending"), account="other"))  # type: ignore[arg-type]
    assert subjects.load_one(tx, PANEL, ORDER, "1") is None


def test_what_is_tracked_is_under_watch_and_unseen(tx: Tx) -> None:
    assert (track(tx, "1", "2"), watching(tx), load(tx).first_seen_at) == ((2, 0), ["1", "2"], None)


def test_what_is_tracked_has_its_own_defaults(tx: Tx) -> None:
    track(tx, "1")
    assert load(tx).fields["cancel_requested"] is False


def test_what_is_tracked_keeps_what_was_said_of_it(tx: Tx) -> None:
    subjects.track(tx, PANEL, ORDER, [("1", {"remains": Decimal(7)}, after(-60))], T0)
    assert (load(tx).fields["remains"], load(tx).created_at) == (Decimal(7), after(-60))


def test_tracking_what_is_known_keeps_its_snapshot(tx: Tx) -> None:
    save(tx, order("partial"))
    assert (track(tx, "1"), load(tx).state, watching(tx)) == ((0, 1), "partial", ["1"])


def test_saving_does_not_take_off_watch(tx: Tx) -> None:
    track(tx, "1")
    save(tx, order("partial"))
    assert watching(tx) == ["1"]


def test_untracking_says_what_was_on_watch(tx: Tx) -> None:
    track(tx, "1", "2")
    assert (subjects.untrack(tx, PANEL, ORDER, ["1", "3"], T0), watching(tx)) == (["1"], ["2"])


def test_what_is_finished_is_watched_no_more(tx: Tx) -> None:
    track(tx, "1", "2")
    subjects.finish(tx, PANEL, ORDER, ["1"], T0)
    assert watching(tx) == ["2"]


STUCK = state_rule(in_state("pending"))


def waiting(tx: Tx, *ids: str) -> None:
    """Have a rule wait for a time, and a match be held back, on each of these orders."""
    for id_ in ids:
        verdicts.stand(tx, STUCK, PANEL, ref(id_), T0, HoldState(True, T0, False, after(10)), NoMatch("waits"))
        match = matches.add(tx, STUCK, PANEL, ref(id_), None, "so", T0)
        matches.hold_back(tx, match, HoldBack(BlockReason.COOLDOWN, "cooldown", after(10)), 0)


@pytest.mark.parametrize("way", [subjects.finish, subjects.untrack])
def test_nothing_waits_for_what_nobody_looks_at_any_more(tx: Tx, way: Callable[..., object]) -> None:
    track(tx, "1", "2")
    waiting(tx, "1", "2")
    way(tx, PANEL, ORDER, ["1"], after(5))
    due = verdicts.due_subjects(tx, PANEL, after(10)), matches.due_subjects(tx, PANEL, after(10))
    assert due == ([ref("2")], [ref("2")])


def test_a_match_on_what_is_finished_ends(tx: Tx) -> None:
    track(tx, "1")
    waiting(tx, "1")
    subjects.finish(tx, PANEL, ORDER, ["1"], after(5))
    assert tx.all("SELECT state, ended_at FROM matches") == [("dropped", microseconds(after(5)))]


def test_polling_is_told_of_what_was_tracked_and_not_seen(tx: Tx) -> None:
    track(tx, "1", "2")
    save(tx, order("pending", "2"))
    assert [one.id for one in subjects.newly_watched(tx, PANEL, ORDER, after(1))] == ["1"]


def test_polling_is_told_of_what_was_taken_off(tx: Tx) -> None:
    save(tx, order("pending", "1"))
    track(tx, "1")
    subjects.untrack(tx, PANEL, ORDER, ["1"], after(5))
    assert [one.on for one in subjects.newly_watched(tx, PANEL, ORDER, after(5))] == [False]


def test_polling_is_told_of_what_was_acted_on(tx: Tx) -> None:
    save(tx, order("pending", "1"))
    subjects.set_facts(tx, PANEL, ORDER, "1", {"cancel_requested": True}, after(5))
    (told,) = subjects.newly_watched(tx, PANEL, ORDER, after(5))
    assert told == Watched("1", "pending", T0, after(5), on=False)


def test_polling_is_not_told_of_older_actions(tx: Tx) -> None:
    save(tx, order("pending", "1"))
    subjects.set_facts(tx, PANEL, ORDER, "1", {"cancel_requested": True}, after(4))
    assert subjects.newly_watched(tx, PANEL, ORDER, after(5)) == []


def test_facts_are_set_beside_what_is_known(tx: Tx) -> None:
    save(tx, order("pending", remains=Decimal(7)))
    subjects.set_facts(tx, PANEL, ORDER, "1", {"cancel_requested": True}, T0)
    fields = load(tx).fields
    assert (fields["cancel_requested"], fields["remains"]) == (True, Decimal(7))


def test_facts_about_what_is_not_there_are_nothing(tx: Tx) -> None:
    subjects.set_facts(tx, PANEL, ORDER, "9", {"cancel_requested": True}, T0)
    assert subjects.load_one(tx, PANEL, ORDER, "9") is None


def test_a_complaint_is_kept_in_the_subjects_place(tx: Tx) -> None:
    save(tx, order("pending"))
    subjects.set_problem(tx, PANEL, ORDER, "1", "Incorrect order ID")
    assert load(tx).problem == "Incorrect order ID"


def test_any_type_is_found_by_its_name(tx: Tx) -> None:
    save(tx, order("pending"))
    assert subjects.find(tx, PANEL, KINDS, ref()) == order("pending")


def test_a_type_that_is_not_declared_is_not_found(tx: Tx) -> None:
    assert subjects.find(tx, PANEL, {}, ref()) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**15), max_value=10**15))
def test_a_fields_money_loses_nothing(amount: Decimal) -> None:
    assert read_fields(ORDER, write_fields({"remains": amount})) == {"remains": amount}
