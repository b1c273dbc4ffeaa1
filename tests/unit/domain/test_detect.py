"""What was known of a subject and what a poll saw of it give its snapshot and events: sightings in every order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.detect import public, vanish
from bursar.domain.observation import Observed, Snapshot
from bursar.domain.values import Value
from support.domain import BALANCE, COUPON, MINUTE, ORDER, T0, after, look, order, seen, types


def test_a_baseline_raises_nothing() -> None:
    assert types(look(None, seen(COUPON, "activated", amount=5), news=False)) == []


def test_a_baseline_is_written() -> None:
    assert look(None, seen(COUPON, "new"), news=False).fresh


def test_a_first_sight_that_is_news_raises_its_state() -> None:
    assert types(look(None, seen(ORDER, "partial"))) == ["order.appeared", "order.partial"]


def test_what_a_person_tracked_and_nobody_saw_is_a_first_sight() -> None:
    tracked = Snapshot("panel", seen().ref, {}, T0)  # type: ignore[arg-type]
    assert types(look(tracked, seen(ORDER, "partial"), after(1))) == ["order.appeared", "order.partial"]


def test_what_was_tracked_keeps_the_age_that_it_was_given() -> None:
    tracked = Snapshot("panel", seen().ref, {}, after(-600))  # type: ignore[arg-type]
    assert look(tracked, seen(ORDER, "partial"), T0).snapshot.created_at == after(-600)


def test_the_provider_knows_better_when_it_was_created() -> None:
    told = replace(seen(ORDER, "pending"), created_at=after(-90))
    assert look(None, told).snapshot.created_at == after(-90)


def test_entering_a_state_raises_its_event_and_the_change() -> None:
    assert types(look(order("pending"), seen(ORDER, "in_progress"), after(1))) == ["order.changed", "order.in_progress"]


def test_an_event_carries_the_former_values_of_what_changed() -> None:
    before = order("pending", remains=10, currency="USD")
    event = look(before, seen(ORDER, "in_progress", remains=4, currency="USD"), after(1)).events[0]
    assert event.before == {"state": "pending", "remains": Decimal(10)}


def test_an_event_carries_the_public_fields() -> None:
    event = look(None, seen(ORDER, "partial", remains=4)).events[0]
    assert event.data == {"id": "1", "state": "partial", "remains": "4", "currency": None, "cancel_requested": False}


def test_a_change_within_a_state_is_no_entry() -> None:
    assert types(look(order("pending", remains=10), seen(ORDER, "pending", remains=9), after(1))) == ["order.changed"]


def test_nothing_new_is_not_written() -> None:
    assert not look(order("pending", remains=10), seen(ORDER, "pending", remains=10), after(1)).fresh


def test_another_way_to_write_the_same_number_is_no_change() -> None:
    before = look(None, seen(ORDER, "pending", remains=Decimal("1.0"))).snapshot
    assert types(look(before, seen(ORDER, "pending", remains=Decimal("1.00")), after(1))) == []


@pytest.mark.parametrize("nothing", [{"remains": None}, {}])
def test_no_information_keeps_the_last_value(nothing: dict[str, None]) -> None:
    after_it = look(order("pending", remains=10), seen(ORDER, "pending", **nothing), after(1))
    assert after_it.snapshot.fields["remains"] == Decimal(10)


def test_no_information_about_the_state_keeps_it() -> None:
    assert types(look(order("pending", remains=10), seen(ORDER, None, remains=10), after(1))) == []


def test_an_undeclared_field_is_passed_over() -> None:
    assert "charge" not in look(None, seen(ORDER, "pending", charge=1)).snapshot.fields


def test_own_fields_have_their_default() -> None:
    assert look(None, seen(ORDER, "pending")).snapshot.fields["cancel_requested"] is False


def test_own_fields_survive_a_look() -> None:
    before = replace(order("pending"), fields={**order("pending").fields, "cancel_requested": True})
    assert look(before, seen(ORDER, "in_progress"), after(1)).snapshot.fields["cancel_requested"] is True


def test_an_unknown_word_raises_unknown_once() -> None:
    first = look(order("pending"), seen(ORDER, "unknown"), after(1))
    again = look(first.snapshot, seen(ORDER, "unknown"), after(2))
    assert (types(first), types(again)) == (["order.changed", "order.unknown"], [])


def test_an_unknown_word_between_two_equal_states_is_no_entry() -> None:
    hidden = look(order("pending"), seen(ORDER, "unknown"), after(1)).snapshot
    assert types(look(hidden, seen(ORDER, "pending"), after(2))) == ["order.changed"]


def test_an_unknown_word_between_two_states_hides_none_of_them() -> None:
    hidden = look(order("pending"), seen(ORDER, "unknown"), after(1)).snapshot
    assert types(look(hidden, seen(ORDER, "partial"), after(2))) == ["order.changed", "order.partial"]


def test_an_unknown_word_does_not_break_how_long_a_state_lasts() -> None:
    hidden = look(order("pending"), seen(ORDER, "unknown"), after(1)).snapshot
    assert look(hidden, seen(ORDER, "pending"), after(2)).snapshot.state_since == T0


def test_a_state_lasts_since_it_was_entered() -> None:
    entered = look(order("pending"), seen(ORDER, "in_progress"), after(1)).snapshot
    assert look(entered, seen(ORDER, "in_progress", remains=1), after(2)).snapshot.state_since == after(1)


def test_a_look_that_changes_nothing_is_not_when_it_changed() -> None:
    assert look(order("pending"), seen(ORDER, "pending"), after(5)).snapshot.changed_at == T0


def test_an_answer_is_as_old_as_its_question() -> None:
    sight = look(order("pending"), seen(ORDER, "partial"), after(5), asked_at=after(4)).snapshot
    assert (sight.observed_at, sight.changed_at, sight.state_since) == (after(4), after(5), after(5))


def test_what_the_provider_dates_is_brought_onto_the_timeline() -> None:
    told = replace(seen(ORDER, "pending"), created_at=after(-90))
    assert look(None, told, ahead=30 * MINUTE).snapshot.created_at == after(-120)


def test_what_was_known_before_is_not_moved_again() -> None:
    told = replace(seen(ORDER, "pending"), created_at=after(-90))
    known = look(None, told, ahead=30 * MINUTE).snapshot
    assert look(known, told, after(1), ahead=60 * MINUTE).snapshot.created_at == after(-120)


def test_an_answer_takes_the_complaint_away() -> None:
    complained = replace(order("pending"), problem="Incorrect order ID")
    healed = look(complained, seen(ORDER, "pending"), after(1))
    assert (healed.fresh, healed.snapshot.problem) == (True, None)


def test_one_absence_is_none() -> None:
    gone = vanish(COUPON, order("pending"), after(1))
    assert (types(gone), gone.snapshot.vanished_at, gone.fresh) == ([], None, True)


def test_the_second_absence_in_a_row_vanishes() -> None:
    once = vanish(ORDER, order("pending"), after(1)).snapshot
    twice = vanish(ORDER, once, after(2))
    assert (types(twice), twice.snapshot.vanished_at) == (["order.vanished"], after(2))


def test_it_vanishes_once() -> None:
    gone = replace(order("pending"), missed=2, vanished_at=after(2))
    third = vanish(ORDER, gone, after(3))
    assert (types(third), third.fresh) == ([], False)


def test_two_absences_that_are_not_in_a_row_are_none() -> None:
    once = vanish(ORDER, order("pending"), after(1)).snapshot
    back = look(once, seen(ORDER, "pending"), after(2))
    assert types(vanish(ORDER, back.snapshot, after(3))) == []


def test_a_look_after_one_absence_is_no_coming_back() -> None:
    once = vanish(ORDER, order("pending"), after(1)).snapshot
    assert types(look(once, seen(ORDER, "pending"), after(2))) == []


def test_what_vanished_appears_when_it_comes_back() -> None:
    gone = replace(order("pending"), missed=2, vanished_at=after(2))
    back = look(gone, seen(ORDER, "pending"), after(3))
    assert (types(back), back.snapshot.vanished_at, back.fresh) == (["order.appeared"], None, True)


def test_coming_back_in_another_state_enters_it() -> None:
    gone = replace(order("pending"), missed=2, vanished_at=after(2))
    assert types(look(gone, seen(ORDER, "partial"), after(3))) == ["order.appeared", "order.changed", "order.partial"]


def test_a_special_event_is_asked_of_the_step() -> None:
    before = look(None, seen(BALANCE, amount=1, least=5)).snapshot
    assert types(look(before, seen(BALANCE, amount=5, least=5), after(1))) == [
        "balance.changed", "balance.passed", "balance.rose",
    ]  # fmt: skip


def test_some_special_events_are_asked_even_of_a_baseline() -> None:
    assert types(look(None, seen(BALANCE, amount=6, least=5), news=False)) == ["balance.passed"]


def test_other_special_events_are_not_asked_of_a_first_sight() -> None:
    assert "balance.rose" not in types(look(None, seen(BALANCE, amount=1, least=5)))


def test_a_special_event_that_holds_when_new_is_asked_after_the_baseline_only() -> None:
    what = seen(COUPON, "new", spent=True)
    assert ("coupon.spent" in types(look(None, what)), types(look(None, what, news=False))) == (True, [])


def test_a_special_event_is_raised_once() -> None:
    above = look(None, seen(BALANCE, amount=6, least=5)).snapshot
    assert "balance.passed" not in types(look(above, seen(BALANCE, amount=7, least=5), after(1)))


def test_a_special_event_that_is_rearmed_is_asked_as_at_first_sight() -> None:
    above = look(None, seen(BALANCE, amount=6, least=5)).snapshot
    again = look(above, seen(BALANCE, amount=6, least=5), after(1), rearmed={"balance.passed"})
    assert types(again) == ["balance.passed"]


def test_rearming_raises_nothing_that_does_not_hold() -> None:
    below = look(None, seen(BALANCE, amount=1, least=5)).snapshot
    assert types(look(below, seen(BALANCE, amount=1, least=5), after(1), rearmed={"balance.passed"})) == []


def test_public_fields_leave_out_a_state_that_a_type_has_not() -> None:
    assert public(look(None, seen(BALANCE, amount=1)).snapshot) == {"id": "1", "amount": "1", "least": None}


STATES = st.sampled_from([None, *ORDER.states])
AMOUNTS = st.none() | st.integers(0, 5)
LOOKS = st.builds(lambda state, remains: seen(ORDER, state, remains=remains), STATES, AMOUNTS)


def told(looks: list[Observed]) -> list[tuple[str, dict[str, Value | None]]]:
    """Return all events of looks that follow one another, with the former values."""
    before, events = None, []
    for number, what in enumerate(looks):
        change = look(before, what, after(number))
        events += [(event.type, dict(event.before)) for event in change.events]
        before = change.snapshot
    return events


@given(st.lists(LOOKS, min_size=1), LOOKS)
def test_looking_again_at_the_same_says_nothing(earlier: list[Observed], last: Observed) -> None:
    before = None
    for number, what in enumerate([*earlier, last]):
        before = look(before, what, after(number)).snapshot
    again = look(before, last, after(1000))
    assert (again.events, again.fresh) == ((), False)


@given(LOOKS, st.lists(st.tuples(LOOKS, st.integers(0, 3)), max_size=8))
def test_looks_without_information_between_others_change_no_event(
    first: Observed, rest: list[tuple[Observed, int]]
) -> None:
    nothing = seen(ORDER, None)
    interrupted = [first] + [one for what, count in rest for one in [*[nothing] * count, what]]
    assert told(interrupted) == told([first, *(what for what, _ in rest)])


@given(st.lists(STATES, min_size=1))
def test_states_are_entered_as_a_plain_reading_says(states: list[str | None]) -> None:
    known: str | None = None
    shown: str | None = None
    expected = []
    for state in states:
        if state is None or state == shown:
            continue
        if state == "unknown" or state != known:
            expected.append(f"order.{state}")
        shown = state
        known = known if state == "unknown" else state
    entered = [type_ for type_, _ in told([seen(ORDER, state) for state in states])]
    assert [type_ for type_ in entered if type_ not in {"order.appeared", "order.changed"}] == expected


@given(st.lists(LOOKS, min_size=1))
def test_a_subject_appears_once(looks: list[Observed]) -> None:
    assert [type_ for type_, _ in told(looks)].count("order.appeared") == 1


@given(st.lists(LOOKS, min_size=2))
def test_a_snapshot_never_forgets_a_value(looks: list[Observed]) -> None:
    before = None
    for number, what in enumerate(looks):
        snapshot = look(before, what, after(number)).snapshot
        known = {name for name, value in (before.fields if before else {}).items() if value is not None}
        assert all(snapshot.fields[name] is not None for name in known)
        before = snapshot


@given(st.lists(st.none() | LOOKS, min_size=1))
def test_a_complete_listing_says_vanished_after_every_second_absence_in_a_row(looks: list[Observed | None]) -> None:
    before, absences, gone = look(None, seen(ORDER, "pending")).snapshot, 0, False
    for number, what in enumerate(looks, 1):
        if what is not None:
            change = look(before, what, after(number))
            assert ("order.appeared" in types(change)) is gone
            absences, gone = 0, False
        elif not gone:
            change = vanish(ORDER, before, after(number))
            absences += 1
            gone = absences == 2
            assert types(change) == (["order.vanished"] if gone else [])
        before = change.snapshot
