"""Events are written once and read back whole; event types that are asked anew."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bursar.domain.event import Event
from bursar.domain.ids import AccountName
from bursar.journal import events
from bursar.journal.writer import Tx
from support.domain import PANEL, T0, after
from support.journal import KINDS, count, event


def test_an_event_survives_whole(tx: Tx) -> None:
    whole = event(data={"id": "1", "remains": "4.50"}, before={"remains": Decimal("9.90"), "state": "pending"})
    events.add(tx, whole)
    assert events.load(tx, KINDS, whole.id) == whole


def test_an_event_about_nothing_survives(tx: Tx) -> None:
    whole = Event("clock.jumped", AccountName(""), T0, None, {"reason": "so"})
    events.add(tx, whole)
    assert events.load(tx, KINDS, whole.id) == whole


def test_an_event_that_is_said_twice_is_one(tx: Tx) -> None:
    assert [events.add(tx, event()), events.add(tx, event()), count(tx, "events")] == [True, False, 1]


def test_an_event_that_is_not_there_is_none(tx: Tx) -> None:
    assert events.load(tx, KINDS, "ev_0") is None


def test_an_event_of_a_type_that_is_not_declared_any_more_can_be_read(tx: Tx) -> None:
    whole = event(before={"remains": Decimal(1)})
    events.add(tx, whole)
    assert events.load(tx, {}, whole.id) == replace(whole, before={})


def test_what_is_rearmed_is_asked_once(tx: Tx) -> None:
    events.rearm(tx, PANEL, "balance.passed", "balance", T0)
    assert [events.rearmed(tx, PANEL, ["balance"], T0), events.rearmed(tx, PANEL, ["balance"], T0)] == [
        {"balance.passed"}, frozenset(),
    ]  # fmt: skip


def test_rearming_twice_is_rearming_once(tx: Tx) -> None:
    events.rearm(tx, PANEL, "balance.passed", "balance", T0)
    events.rearm(tx, PANEL, "balance.passed", "balance", after(1))
    assert count(tx, "rearmed") == 1


def test_what_is_rearmed_for_later_waits_for_its_time_and_the_earlier_time_counts(tx: Tx) -> None:
    later = [after(60), after(30), after(90)]
    for at in later:
        events.rearm(tx, PANEL, "balance.passed", "balance", at)
    assert [events.rearmed(tx, PANEL, ["balance"], after(29)), events.rearmed(tx, PANEL, ["balance"], after(30))] == [
        frozenset(), {"balance.passed"},
    ]  # fmt: skip


def test_what_is_rearmed_waits_for_a_look_at_its_own_type(tx: Tx) -> None:
    events.rearm(tx, PANEL, "balance.passed", "balance", T0)
    events.rearmed(tx, PANEL, ["order"], T0)
    assert events.rearmed(tx, PANEL, ["order", "balance"], T0) == {"balance.passed"}
