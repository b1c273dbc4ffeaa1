"""Observations that are kept aside until a person, or a later poll, says what they are worth."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.domain.ids import AccountName
from bursar.domain.observation import Observation, Observed
from bursar.journal import held
from bursar.journal.writer import Tx
from support.domain import ORDER, PANEL, T0, after, seen
from support.journal import KINDS, count


def poll(*ids: str, state: str = "partial", **more: object) -> Observation:
    """Return what a poll saw of these orders."""
    what = tuple(seen(ORDER, state, id_, remains=Decimal("4.50")) for id_ in ids)
    return Observation("orders", what, **more)  # type: ignore[arg-type]


def hold(tx: Tx, observation: Observation) -> int | None:
    """Keep an observation aside."""
    return held.hold(tx, PANEL, observation, held.key(observation), "too much", held.Asked("d", T0), T0)


def test_an_observation_survives(tx: Tx) -> None:
    whole = Observation("orders", (Observed(*_parts()),), problems={"2": "no rate"}, complete=False, cursor={"time": 7})
    hold(tx, whole)
    assert held.revive(held.held(tx)[0].observation, KINDS) == whole


def _parts() -> tuple[object, ...]:
    one = seen(ORDER, "partial", remains=Decimal("4.50"), cancel_requested=True)
    return one.ref, one.fields, one.state, after(-60)


def test_what_is_held_says_why_and_when(tx: Tx) -> None:
    hold(tx, poll("1", "2"))
    (row,) = held.held(tx)
    assert (row.account, row.stream, row.at, row.reason) == (PANEL, "orders", T0, "too much")


def test_the_same_poll_held_again_is_one(tx: Tx) -> None:
    assert (hold(tx, poll("1", "2")) is not None, hold(tx, poll("2", "1")), count(tx, "held_observations")) == (
        True, None, 1,
    )  # fmt: skip


def test_the_same_poll_held_again_is_kept_as_it_is_now(tx: Tx) -> None:
    hold(tx, poll("1"))
    hold(tx, poll("1", state="completed"))
    assert held.revive(held.held(tx)[0].observation, KINDS).subjects[0].state == "completed"


def test_polls_about_others_are_held_beside_it(tx: Tx) -> None:
    hold(tx, poll("1"))
    hold(tx, poll("2"))
    assert len(held.held(tx, PANEL)) == 2


def test_what_is_held_for_another_account_is_not_given(tx: Tx) -> None:
    hold(tx, poll("1"))
    assert held.held(tx, AccountName("other")) == []


def test_it_ends_once(tx: Tx) -> None:
    id_ = hold(tx, poll("1"))
    assert id_ is not None
    assert [held.end(tx, id_, "accepted", T0), held.end(tx, id_, "dropped", T0)] == [True, False]


def test_what_ended_is_not_held_and_its_contents_are_gone(tx: Tx) -> None:
    held.end(tx, hold(tx, poll("1")), "dropped", T0)  # type: ignore[arg-type]
    assert (held.held(tx), tx.one("SELECT observation FROM held_observations")) == ([], ("{}",))


def test_what_ended_may_be_held_anew(tx: Tx) -> None:
    held.end(tx, hold(tx, poll("1")), "dropped", T0)  # type: ignore[arg-type]
    assert hold(tx, poll("1")) is not None


@pytest.mark.parametrize(
    ("later", "listing", "covered"),
    [
        (poll("1", "2", "3"), False, True),
        (poll("1", "2"), False, True),
        (poll("1"), False, False),
        (poll("8", "9"), False, False),
        (Observation("orders", unchanged=["1", "2", "3"]), False, True),
        (Observation("orders", unchanged=["1", "8"]), False, False),
        (poll("8", "9"), True, True),
        (Observation("orders", nothing_new=True), True, True),
    ],
)
def test_a_later_poll_covers_what_it_looked_at_again(tx: Tx, later: Observation, listing: bool, covered: bool) -> None:
    hold(tx, poll("1", "2", "3"))
    assert held.covers(held.held(tx)[0], later, listing=listing) is covered


def test_what_is_seen_otherwise_is_held_under_an_id_of_its_own(tx: Tx) -> None:
    """Whoever accepts the former has not seen it."""
    first = hold(tx, poll("1", "2", state="completed"))
    again = hold(tx, poll("1", "2", state="canceled"))
    assert (again, [row.id > (first or 0) for row in held.held(tx)]) == (None, [True])
