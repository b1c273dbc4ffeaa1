from __future__ import annotations

from datetime import timedelta

import pytest
from domain_world import ORDER, PANEL, T0, order, rule
from journal_kit import count, end, event, plan, planned, ref

from bursar.domain.guard import HeldBack, Obstacle
from bursar.domain.ids import AccountName, DeliveryId, SinkName
from bursar.domain.intent import OPEN, State
from bursar.domain.intent_states import Cause
from bursar.domain.route import Delivery
from bursar.domain.subject import Coverage
from bursar.journal import deliveries, events, intents, matches, retention, subjects
from bursar.journal.matches import MatchRow
from bursar.journal.retention import SUBJECTS_FOR, Keeping
from bursar.journal.writer import Tx

DAY = timedelta(days=1)
BRIEF = Keeping(events=DAY, matches=DAY, deliveries=DAY)
LATER = T0 + 2 * DAY


def clean(tx: Tx, keeping: Keeping = BRIEF, after_: timedelta = 2 * DAY) -> None:
    """Let go, so long after everything happened."""
    retention.clean(tx, keeping, T0 + after_)


def match(tx: Tx, state: str = "fired") -> MatchRow:
    """Write an event and a match that answers to it."""
    events.add(tx, event())
    made = matches.add(tx, rule(), PANEL, ref(), event(), "so", T0)
    if state == "fired":
        matches.fired(tx, made, 1, 1, T0)
    if state == "held":
        matches.hold_back(tx, made, HeldBack(Obstacle.PAUSED, "paused"), 0)
    return made


def owe(tx: Tx) -> None:
    """Owe a message."""
    deliveries.add(tx, [Delivery(DeliveryId("dl_1"), SinkName("ops"), "ev_1", {}, T0)])


def left(tx: Tx) -> tuple[int, int]:
    """Count events and matches."""
    return count(tx, "events"), count(tx, "matches")


def test_what_is_finished_and_old_goes(tx: Tx) -> None:
    match(tx)
    clean(tx)
    assert left(tx) == (0, 0)


def test_what_is_finished_and_young_stays(tx: Tx) -> None:
    match(tx)
    clean(tx, after_=DAY)
    assert left(tx) == (1, 1)


@pytest.mark.parametrize("state", ["held", "new"])
def test_a_match_that_waits_stays_with_its_event(tx: Tx, state: str) -> None:
    match(tx, state)
    clean(tx)
    assert left(tx) == (1, 1)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_an_open_intent_keeps_its_match_and_event(tx: Tx, state: State) -> None:
    intents.add(tx, planned(match=match(tx).id), state, None, None, T0)
    clean(tx)
    assert (left(tx), count(tx, "intents")) == ((1, 1), 1)


@pytest.mark.parametrize("cause", [Cause.YES, Cause.NO])
def test_an_ended_intent_goes_with_its_attempts(tx: Tx, cause: Cause) -> None:
    end(tx, plan(tx), cause)
    clean(tx)
    assert (count(tx, "intents"), count(tx, "attempts")) == (0, 0)


def test_an_unknown_intent_stays_with_its_attempts(tx: Tx) -> None:
    end(tx, plan(tx), Cause.LOST)
    clean(tx, after_=9999 * DAY)
    assert (count(tx, "intents"), count(tx, "attempts")) == (1, 1)


def test_an_intent_that_waits_to_be_confirmed_stays(tx: Tx) -> None:
    intent = end(tx, plan(tx), Cause.YES)
    intents.refer(tx, intent.id, None, LATER + DAY)
    clean(tx)
    assert count(tx, "intents") == 1


def test_what_a_cooldown_counts_stays_as_long(tx: Tx) -> None:
    match(tx)
    clean(tx, Keeping(DAY, DAY, DAY, counted=7 * DAY))
    assert count(tx, "matches") == 1


def test_what_a_limit_counts_stays_as_long(tx: Tx) -> None:
    end(tx, plan(tx), Cause.YES)
    clean(tx, Keeping(DAY, DAY, DAY, counted=7 * DAY))
    assert count(tx, "intents") == 1


def test_an_undoing_that_holds_the_next_one_back_stays_as_long(tx: Tx) -> None:
    events.add(tx, event("payout.canceled"))
    events.add(tx, event("order.partial"))
    clean(tx, Keeping(DAY, DAY, DAY, counted=7 * DAY, undoing=("payout.canceled",)))
    assert tx.all("SELECT type FROM events") == [("payout.canceled",)]


def test_a_message_that_is_owed_stays(tx: Tx) -> None:
    owe(tx)
    clean(tx, after_=9999 * DAY)
    assert count(tx, "deliveries") == 1


def test_a_message_that_was_taken_goes(tx: Tx) -> None:
    owe(tx)
    deliveries.delivered(tx, ["dl_1"], T0)
    clean(tx)
    assert count(tx, "deliveries") == 0


def test_a_dead_letter_goes(tx: Tx) -> None:
    owe(tx)
    deliveries.failed(tx, "dl_1", "410", None, T0)
    clean(tx)
    assert count(tx, "deliveries") == 0


def test_only_so_much_goes_at_once(tx: Tx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    for number in range(5):
        events.add(tx, event(id_=str(number)))
    gone = [retention.clean(tx, BRIEF, LATER) for _ in range(3)]
    assert gone == [3, 2, 0]


def forgotten(tx: Tx, coverage: Coverage, after_: timedelta = SUBJECTS_FOR + DAY) -> int:
    """Forget bygone orders of the account."""
    return retention.forget(tx, PANEL, [("order", coverage)], DAY, T0 + after_)


def test_a_tracked_subject_that_is_watched_stays(tx: Tx) -> None:
    subjects.track(tx, PANEL, ORDER, [("1", {}, None)], T0)
    assert forgotten(tx, Coverage.TRACKED) == 0


def test_a_tracked_subject_that_is_finished_goes(tx: Tx) -> None:
    subjects.save(tx, [order("completed")])
    assert forgotten(tx, Coverage.TRACKED) == 1


def test_a_listed_subject_that_is_there_stays(tx: Tx) -> None:
    subjects.save(tx, [order("pending")])
    assert forgotten(tx, Coverage.LISTING) == 0


def test_a_subject_of_a_window_goes_when_it_is_bygone(tx: Tx) -> None:
    subjects.save(tx, [order("completed")])
    assert [forgotten(tx, Coverage.WINDOW, SUBJECTS_FOR), forgotten(tx, Coverage.WINDOW)] == [0, 1]


def test_a_subject_with_an_open_intent_stays(tx: Tx) -> None:
    subjects.save(tx, [order("completed")])
    plan(tx)
    assert forgotten(tx, Coverage.WINDOW) == 0


def test_subjects_of_another_account_stay(tx: Tx) -> None:
    subjects.save(tx, [order("completed")])
    assert retention.forget(tx, AccountName("other"), [("order", Coverage.WINDOW)], DAY, LATER + 999 * DAY) == 0
