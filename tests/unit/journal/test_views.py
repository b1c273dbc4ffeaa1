"""What commands and pages show of the journal."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from bursar.domain.evaluate import Match, NoMatch
from bursar.domain.ids import MICROSECOND, DeliveryId, SinkName
from bursar.domain.intent import State
from bursar.domain.intent_states import Cause
from bursar.domain.ledger import Post
from bursar.domain.route import Delivery
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import (
    clock,
    deliveries,
    events,
    intents,
    ledger,
    matches,
    questions,
    streams,
    subjects,
    verdicts,
    views,
)
from bursar.journal.writer import Tx
from support.domain import ORDER, PANEL, T0, after, order, rule
from support.journal import end, event, plan, planned, ref, take


def test_an_order_is_shown_with_what_is_known_of_it(tx: Tx) -> None:
    subjects.track(tx, PANEL, ORDER, [("1", {}, None)], T0)
    subjects.save(tx, [order("partial", remains=Decimal("4.50"))])
    (row,) = views.orders(tx, None)
    assert {name: row[name] for name in ("account", "id", "state", "remains", "created_at", "watched")} == {
        "account": "panel", "id": "1", "state": "partial", "remains": "4.50", "created_at": "2026-01-01T12:00:00Z",
        "watched": True,
    }  # fmt: skip


def test_orders_of_another_account_are_left_out(tx: Tx) -> None:
    subjects.save(tx, [order("partial")])
    assert views.orders(tx, "other") == []


def test_events_are_shown_oldest_first(tx: Tx) -> None:
    for minute in (1, 2, 3):
        events.add(tx, event(at=after(minute), data={"id": "1"}))
    assert [row["time"] for row in views.events(tx, None, None, 2)] == ["2026-01-01T12:02:00Z", "2026-01-01T12:03:00Z"]


def test_events_are_chosen_by_a_glob(tx: Tx) -> None:
    events.add(tx, event("order.partial"))
    events.add(tx, event("balance.rose"))
    assert [row["type"] for row in views.events(tx, None, "order.*", None)] == ["order.partial"]


def test_events_after_one_are_the_later_ones(tx: Tx) -> None:
    for minute in (1, 2):
        events.add(tx, event(at=after(minute)))
    first = views.events(tx, None, None, None)[0]["seq"]
    assert len(views.events(tx, None, None, None, after=int(str(first)))) == 1


def test_an_event_is_shown_with_its_subject_and_data(tx: Tx) -> None:
    events.add(tx, event(data={"remains": "4.50"}))
    (row,) = views.events(tx, "panel", None, None)
    assert (row["id"], row["subject"], row["data"]) == (event().id, "order/1", {"remains": "4.50"})


def test_an_action_is_shown_with_its_end(tx: Tx) -> None:
    end(tx, plan(tx, params={"link": "x"}), Cause.NO, reason="no money")
    (row,) = views.actions(tx, None, None)
    assert (row["rule"], row["subject"], row["params"], row["state"], row["reason"]) == (
        "r", "order/1", {"link": "x"}, "refused", "no money",
    )  # fmt: skip


def shown(tx: Tx) -> views.Row:
    """Return the one action that is shown."""
    (row,) = views.actions(tx, None, None)
    return row


def test_an_action_is_shown_with_what_it_would_move(tx: Tx) -> None:
    plan(tx, cost=Decimal("10.50"), currency="USD")
    row = shown(tx)
    assert (row["amount"], row["currency"], row["paid"]) == ("10.50", "USD", None)


@pytest.mark.parametrize("what", [{"amount": Decimal("9.90")}, {"amount": Decimal("9.90"), "accepted": True}])
def test_an_action_is_shown_with_the_most_that_the_provider_has_listed(tx: Tx, what: dict[str, object]) -> None:
    done = end(tx, plan(tx, cost=Decimal("10.50")), Cause.YES, **what)
    ledger.post(tx, done.id, Post.SETTLED, after(1), Decimal(7))
    assert (shown(tx)["amount"], shown(tx)["paid"]) == ("10.50", "9.90")


def test_what_was_allowed_is_not_what_was_paid(tx: Tx) -> None:
    end(tx, plan(tx, cost=Decimal("10.50")), Cause.YES)
    assert shown(tx)["paid"] is None


def test_a_question_that_was_asked_anew_is_shown_with_its_number(tx: Tx) -> None:
    asked = intents.add(tx, planned(), State.AWAITING_APPROVAL, None, None, T0)
    ids = []
    for _ in range(3):
        asked = questions.ask(tx, asked, "so", after(60), past_ceiling=False, now=T0)
        ids.append(shown(tx)["id"])
    assert ids == [f"{asked.id}", f"{asked.id}.2", f"{asked.id}.3"]


def test_an_answered_question_is_shown_without_its_number(tx: Tx) -> None:
    asked = intents.add(tx, planned(), State.AWAITING_APPROVAL, None, None, T0)
    for _ in range(2):
        asked = questions.ask(tx, asked, "so", after(60), past_ceiling=False, now=T0)
    take(tx, asked, Cause.APPROVED)
    assert shown(tx)["id"] == str(asked.id)


def test_instants_are_shown_as_the_wall_clock_said_then(tx: Tx) -> None:
    clock.put_offset(tx, T0, 0)
    clock.put_offset(tx, after(60), timedelta(hours=2) // MICROSECOND)
    for minute in (30, 90):
        events.add(tx, event(at=after(minute)))
    times = [row["time"] for row in views.events(tx, None, None, None)]
    assert times == ["2026-01-01T12:30:00Z", "2026-01-01T15:30:00Z"]


def test_actions_are_chosen_by_state(tx: Tx) -> None:
    end(tx, plan(tx), Cause.NO)
    plan(tx)
    assert [row["state"] for row in views.actions(tx, "ready", None)] == ["ready"]


def test_actions_are_chosen_by_id(tx: Tx) -> None:
    plan(tx, "1")
    wanted = plan(tx, "2")
    assert [row["id"] for row in views.actions(tx, None, None, [wanted.id])] == [str(wanted.id)]


def test_what_is_open_is_shown_however_old_it_is(tx: Tx) -> None:
    open_ = plan(tx, "1")
    for number in range(2, 6):
        end(tx, plan(tx, str(number)), Cause.NO)
    assert [row["id"] for row in views.actions(tx, None, 2)] == ["4", "5"]
    assert [row["id"] for row in views.actions(tx, None, 2, open_too=True)] == [str(open_.id), "4", "5"]
    assert [row["id"] for row in views.actions(tx, "refused", 2, open_too=True)] == ["4", "5"]
    assert [row["id"] for row in views.actions(tx, None, 5, open_too=True)] == ["1", "2", "3", "4", "5"]


def test_no_ids_are_no_actions(tx: Tx) -> None:
    plan(tx)
    assert views.actions(tx, None, None, []) == []


def test_the_newest_actions_are_kept(tx: Tx) -> None:
    for id_ in ("1", "2", "3"):
        plan(tx, id_)
    assert [row["subject"] for row in views.actions(tx, None, 2)] == ["order/2", "order/3"]


def test_a_delivery_is_shown(tx: Tx) -> None:
    deliveries.add(tx, [Delivery(DeliveryId("dl_1"), SinkName("ops"), "ev_1", {"type": "bursar.notify"}, T0)])
    (row,) = views.deliveries(tx, "due", None)
    assert (row["sink"], row["event"], row["type"], row["next_at"]) == (
        "ops", "ev_1", "bursar.notify", "2026-01-01T12:00:00Z",
    )  # fmt: skip


def note(tx: Tx, verdict: Match | NoMatch, id_: str = "1") -> None:
    """Write a verdict of the rule."""
    verdicts.note(tx, rule(), PANEL, ref(id_), verdict, event(id_=id_), T0)


def test_a_verdict_is_shown_with_its_reason(tx: Tx) -> None:
    note(tx, NoMatch("order.remains > 0 is false: 0 > 0"))
    (row,) = views.verdicts(tx, "r", None)
    assert (row["verdict"], row["reason"], "match" in row) == ("no_match", "order.remains > 0 is false: 0 > 0", False)


def test_a_match_is_shown_with_what_became_of_it(tx: Tx) -> None:
    note(tx, Match("so"))
    match = matches.add(tx, rule(), PANEL, ref(), event(), "so", T0)
    intent = plan(tx, match=match.id)
    matches.hold_back(tx, match, HoldBack(BlockReason.COOLDOWN, "cooldown", after(5)), 0)
    shown = views.verdicts(tx, "r", None)[0]["match"]
    assert shown == {
        "state": "held", "block": "cooldown", "reason": "cooldown", "retry_at": "2026-01-01T12:05:00Z",
        "at": "2026-01-01T12:00:00Z", "actions": [str(intent.id)], "states": {str(intent.id): "ready"},
    }  # fmt: skip


def test_verdicts_are_chosen_by_any_name_of_the_subject(tx: Tx) -> None:
    note(tx, Match("so"), "1")
    note(tx, Match("so"), "2")
    chosen = [len(views.verdicts(tx, "r", name)) for name in ("1", "order/1", "panel/order/1", "order/9")]
    assert chosen == [1, 1, 1, 0]


def test_everything_is_counted(tx: Tx) -> None:
    subjects.track(tx, PANEL, ORDER, [("1", {}, None), ("2", {}, None)], T0)
    subjects.save(tx, [order("partial")])
    events.add(tx, event())
    plan(tx)
    found = views.counts(tx)
    assert (found["orders"], found["events"], found["actions"]) == ({"partial": 1, "unseen": 1}, 1, {"ready": 1})


def test_what_is_held_back_is_counted_by_what_holds_it(tx: Tx) -> None:
    for id_, block in (("1", BlockReason.PAUSED), ("2", BlockReason.PAUSED), ("3", BlockReason.BUDGET)):
        match = matches.add(tx, rule(), PANEL, ref(id_), event(id_=id_), "so", T0)
        matches.hold_back(tx, match, HoldBack(block, "so"), 0)
    assert views.counts(tx)["held_back"] == {"paused": 2, "budget": 1}


def test_how_streams_do_is_shown_by_account(tx: Tx) -> None:
    streams.tick(tx, PANEL, "orders", T0)
    streams.fail(tx, PANEL, "balance", "html", "HTML instead of JSON", T0)
    shown = {str(row["stream"]): row["reason"] for row in views.account_streams(tx)["panel"]}
    assert shown == {"orders": None, "balance": "HTML instead of JSON"}
