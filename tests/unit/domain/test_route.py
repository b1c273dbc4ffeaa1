"""From events and texts to deliveries: to which sinks, in which envelope, under which stable ids."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.domain.event import Event
from bursar.domain.ids import AccountName, RuleName, SinkName, SubjectRef
from bursar.domain.plan import Notification
from bursar.domain.route import Delivery, Subscription, route_event, route_note
from support.domain import PANEL, T0, after

ORDER = SubjectRef("order", "101")
PARTIAL = Event("order.partial", PANEL, T0, ORDER, {"id": "101", "state": "partial"}, {"remains": Decimal("4.50")})
WALL = after(30)
OPS = Subscription(SinkName("ops"), ("order.*", "account.*"))


def routed(event: Event = PARTIAL, *sinks: Subscription) -> list[Delivery]:
    """Route an event; the wall clock is half an hour ahead of the timeline."""
    return route_event(event, sinks or [OPS], WALL)


def note(text: str = "hello", position: int = 0, severity: str | None = None) -> Delivery:
    """Route a text of a rule."""
    what = Notification("ops", text, position, severity)
    return route_note(what, "match-1", RuleName("r"), PANEL, PARTIAL, ORDER, {"id": "101"}, T0, WALL)


@pytest.mark.parametrize(
    ("glob", "wanted"), [("order.partial", True), ("order.*", True), ("*", True), ("refill.*", False)]
)
def test_a_sink_gets_the_events_of_its_globs(glob: str, wanted: bool) -> None:
    assert bool(routed(PARTIAL, Subscription(SinkName("ops"), (glob,)))) is wanted


def test_a_sink_without_globs_gets_nothing_unasked() -> None:
    assert routed(PARTIAL, Subscription(SinkName("book"))) == []


def test_a_glob_tells_capitals() -> None:
    assert routed(PARTIAL, Subscription(SinkName("ops"), ("Order.*",))) == []


def test_two_globs_that_name_one_event_bring_it_once() -> None:
    assert len(routed(PARTIAL, Subscription(SinkName("ops"), ("order.*", "*.partial")))) == 1


def test_two_sinks_get_deliveries_of_their_own() -> None:
    owed = routed(PARTIAL, OPS, Subscription(SinkName("book"), ("*",)))
    assert len({one.id for one in owed}) == 2


def test_an_event_that_is_routed_again_is_the_same_delivery() -> None:
    assert routed()[0].id == routed()[0].id


def test_an_event_leaves_as_a_cloud_event() -> None:
    assert routed()[0].body == {
        "specversion": "1.0",
        "id": PARTIAL.id,
        "source": "bursar/panel",
        "type": "bursar.order.partial",
        "subject": "order/101",
        "time": "2026-01-01T12:30:00Z",
        "datacontenttype": "application/json",
        "data": {"id": "101", "state": "partial", "account": "panel", "before": {"remains": "4.50"}},
    }


def test_a_delivery_is_due_from_when_the_event_happened() -> None:
    assert (routed()[0].created_at, routed()[0].attempts) == (T0, 0)


def test_a_fact_of_the_daemon_itself_has_no_account_in_its_source() -> None:
    event = Event("clock.jumped", AccountName(""), T0)
    assert routed(event, Subscription(SinkName("ops"), ("*",)))[0].body["source"] == "bursar"


def test_an_event_about_nothing_has_no_subject() -> None:
    event = Event("account.unreachable", PANEL, T0)
    assert "subject" not in routed(event)[0].body


def test_what_only_sinks_are_told_is_not_part_of_the_event() -> None:
    told = route_event(PARTIAL, [OPS], WALL, {"yes": "https://bursar.example/yes"})[0]
    assert ("yes" in told.body["data"], "yes" in PARTIAL.data) == (True, False)


def test_a_note_leaves_with_its_text_rule_and_account() -> None:
    assert note().body["data"] == {
        "id": "101", "text": "hello", "rule": "r", "account": "panel", "event": "order.partial",
    }  # fmt: skip


def test_a_note_is_owed_by_the_timeline_and_dated_by_the_wall_clock() -> None:
    assert (note().created_at, note().body["time"]) == (T0, "2026-01-01T12:30:00Z")


def test_a_note_has_the_type_of_notes() -> None:
    assert (note().body["type"], note().body["subject"]) == ("bursar.notify", "order/101")


def test_a_severity_travels_in_the_data() -> None:
    assert note(severity="high").body["data"]["severity"] == "high"


def test_two_notes_of_one_match_are_two_deliveries() -> None:
    assert note(position=0).id != note(position=2).id


def test_a_note_that_is_said_again_is_the_same_delivery() -> None:
    assert note("hello").id == note("hallo").id


def test_the_envelopes_id_is_the_news_and_not_the_delivery() -> None:
    assert note().body["id"] == note().event != note().id
