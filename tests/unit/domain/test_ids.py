"""Ids: the same fact has the same one, facts that differ in anything have others, and instants lose nothing."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.event import CORE_EVENTS, Event
from bursar.domain.ids import SubjectRef, delivery_id, digest, event_id, instant, microseconds
from support.domain import PANEL, T0

ORDER = SubjectRef("order", "101")
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(timezone.utc))  # noqa: DTZ001


@given(INSTANTS)
def test_microseconds_lose_nothing(at: datetime) -> None:
    assert instant(microseconds(at)) == at


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    elsewhere = T0.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert microseconds(elsewhere) == microseconds(T0)


def test_the_same_fact_has_the_same_id() -> None:
    assert event_id(PANEL, "order.partial", ORDER, T0) == event_id(PANEL, "order.partial", ORDER, T0)


def test_facts_that_differ_in_anything_have_other_ids() -> None:
    later = T0 + timedelta(microseconds=1)
    ids = {
        event_id(PANEL, "order.partial", ORDER, T0),
        event_id("other", "order.partial", ORDER, T0),
        event_id(PANEL, "order.completed", ORDER, T0),
        event_id(PANEL, "order.partial", SubjectRef("order", "102"), T0),
        event_id(PANEL, "order.partial", None, T0),
        event_id(PANEL, "order.partial", ORDER, later),
    }
    assert len(ids) == 6


@given(INSTANTS, INSTANTS)
def test_ids_of_events_sort_by_time(one: datetime, other: datetime) -> None:
    earlier, later = sorted((one, other))
    if earlier < later:
        assert event_id(PANEL, "x", None, earlier) < event_id(PANEL, "x", None, later)


def test_two_facts_of_the_core_in_one_commit_are_told_apart() -> None:
    first = Event("rule.failed", PANEL, T0, ORDER, {"rule": "one", "reason": "no wallet"})
    second = Event("rule.failed", PANEL, T0, ORDER, {"rule": "two", "reason": "no wallet"})
    assert first.id != second.id


def test_the_fields_of_a_subject_do_not_change_the_id_of_its_event() -> None:
    first = Event("order.partial", PANEL, T0, ORDER, {"stream": "one"})
    second = Event("order.partial", PANEL, T0, ORDER, {"stream": "two"})
    assert first.id == second.id


def test_texts_to_two_places_of_one_news_are_two_deliveries() -> None:
    assert delivery_id("nt_1", "ops", 0) != delivery_id("nt_1", "ops", 1)


def test_one_news_to_two_sinks_is_two_deliveries() -> None:
    assert delivery_id("nt_1", "ops", 0) != delivery_id("nt_1", "book", 0)


def test_a_delivery_that_is_said_again_is_the_same() -> None:
    assert delivery_id("nt_1", "ops", 0) == delivery_id("nt_1", "ops", 0)


def test_parts_of_a_digest_do_not_run_together() -> None:
    assert digest("ab", "c") != digest("a", "bc")


def test_a_digest_takes_any_text() -> None:
    assert len(digest("\ud800")) == 20


def test_every_event_of_the_core_has_a_sentence() -> None:
    assert all(sentence.endswith(".") for sentence in CORE_EVENTS.values())
