"""What is finished and old goes; what is open, unknown, held back or still counted stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.domain.ids import AccountName, DeliveryId, SinkName
from bursar.domain.intent import OPEN, State
from bursar.domain.intent_states import Cause
from bursar.domain.route import Delivery
from bursar.domain.subject import Coverage
from bursar.domain.timeline import Gap, Measured
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import deliveries, events, intents, matches, questions, references, retention, subjects
from bursar.journal.matches import MatchRow
from bursar.journal.retention import SUBJECTS_FOR, Keeping
from bursar.journal.writer import Tx
from support.domain import ORDER, PANEL, T0, order, rule
from support.journal import count, end, event, plan, planned, ref, take

DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
BRIEF = Keeping(events=DAY, matches=DAY, deliveries=DAY)
LATER = T0 + 2 * DAY
ALL = Measured()


def clean(tx: Tx, keeping: Keeping = BRIEF, after_: timedelta = 2 * DAY, measured: Measured = ALL) -> None:
    """Let go, so long after everything happened."""
    retention.clean(tx, keeping, T0 + after_, measured)


def match(tx: Tx, state: str = "fired") -> MatchRow:
    """Write an event and a match that answers to it."""
    events.add(tx, event())
    made = matches.add(tx, rule(), PANEL, ref(), event(), "so", T0)
    if state == "fired":
        matches.fired(tx, made, 1, 1, T0)
    if state == "held":
        matches.hold_back(tx, made, HoldBack(BlockReason.PAUSED, "paused"), 0)
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


def test_the_last_event_of_a_type_that_does_not_come_anew_stays(tx: Tx) -> None:
    """A rule that comes back after months is asked about it: a balance that has not changed raises no other."""
    match(tx)
    events.add(tx, event(id_="newer"))
    clean(tx, Keeping(DAY, DAY, DAY, last_of=[event().type]))
    assert left(tx) == (1, 0)


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


@pytest.mark.parametrize(("state", "kept"), [("held", 1), ("fired", 0)])
def test_what_a_match_has_done_stays_as_long_as_it_is_held_back(tx: Tx, state: str, kept: int) -> None:
    end(tx, plan(tx, match=match(tx, state).id), Cause.YES)
    clean(tx)
    assert count(tx, "intents") == kept


def test_an_ended_intent_goes_with_its_attempts(tx: Tx) -> None:
    end(tx, plan(tx), Cause.YES)
    clean(tx)
    assert (count(tx, "intents"), count(tx, "attempts")) == (0, 0)


@pytest.mark.parametrize(("days", "kept"), [(399, 1), (401, 0)])
def test_a_refused_intent_stays_as_long_as_the_ledger_counts_it(tx: Tx, days: int, kept: int) -> None:
    """What waits for a person to have it tried again names it."""
    end(tx, plan(tx), Cause.NO)
    clean(tx, after_=days * DAY)
    assert (count(tx, "intents"), count(tx, "attempts")) == (kept, kept)


def test_an_unknown_intent_stays_with_its_attempts(tx: Tx) -> None:
    end(tx, plan(tx), Cause.LOST)
    clean(tx, after_=9999 * DAY)
    assert (count(tx, "intents"), count(tx, "attempts")) == (1, 1)


def test_an_intent_that_waits_to_be_confirmed_stays(tx: Tx) -> None:
    intent = end(tx, plan(tx), Cause.YES)
    references.refer(tx, intent.id, None, LATER + DAY)
    clean(tx)
    assert count(tx, "intents") == 1


def test_what_the_cooldown_of_a_rule_that_only_tells_counts_stays_as_long(tx: Tx) -> None:
    match(tx)
    clean(tx, Keeping(DAY, DAY, DAY, texts=7 * DAY))
    assert count(tx, "matches") == 1


def test_a_match_counts_from_its_end(tx: Tx) -> None:
    made = match(tx, "held")
    matches.drop(tx, made.id, "no longer true", T0 + DAY)
    clean(tx)
    stays = count(tx, "matches")
    clean(tx, after_=3 * DAY)
    assert (stays, count(tx, "matches")) == (1, 0)


def test_a_match_that_was_held_back_again_has_not_ended(tx: Tx) -> None:
    made = match(tx)
    matches.hold_back(tx, made, HoldBack(BlockReason.PAUSED, "paused"), 1)
    clean(tx)
    assert count(tx, "matches") == 1


def test_an_intent_goes_with_what_people_were_asked_about_it(tx: Tx) -> None:
    asked = intents.add(tx, planned(), State.AWAITING_APPROVAL, None, None, T0)
    take(tx, questions.ask(tx, asked, "so", T0, past_ceiling=False, now=T0), Cause.DENIED)
    clean(tx)
    assert (count(tx, "intents"), count(tx, "questions")) == (0, 0)


@pytest.mark.parametrize("cause", [Cause.YES, Cause.NO, Cause.LOST])
def test_what_guards_count_is_kept_longer_than_its_intent(tx: Tx, cause: Cause) -> None:
    end(tx, plan(tx), cause)
    clean(tx)
    assert (count(tx, "ledger"), count(tx, "postings")) == (1, 3)


def test_what_guards_count_goes_after_four_hundred_days(tx: Tx) -> None:
    end(tx, plan(tx), Cause.YES)
    clean(tx, after_=400 * DAY)
    stays = count(tx, "ledger")
    clean(tx, after_=400 * DAY + MOMENT)
    assert (stays, count(tx, "ledger"), count(tx, "postings")) == (1, 0, 0)


def test_what_nobody_measured_does_not_age_what_guards_count(tx: Tx) -> None:
    end(tx, plan(tx), Cause.YES)
    clean(tx, after_=401 * DAY, measured=Measured((Gap(T0 + DAY, 2 * DAY),)))
    assert count(tx, "ledger") == 1


def test_an_unknown_intent_keeps_its_entry(tx: Tx) -> None:
    end(tx, plan(tx), Cause.LOST)
    clean(tx, after_=9999 * DAY)
    assert count(tx, "ledger") == 1


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
    gone = [retention.clean(tx, BRIEF, LATER, ALL) for _ in range(3)]
    assert gone == [3, 2, 0]


def forgotten(tx: Tx, coverage: Coverage, after_: timedelta = SUBJECTS_FOR + DAY) -> int:
    """Forget bygone orders of the account."""
    return retention.forget(tx, PANEL, [("order", coverage)], DAY, T0 + after_, Measured())


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


def test_a_subject_that_a_held_match_is_about_stays(tx: Tx) -> None:
    subjects.save(tx, [order("completed")])
    match = matches.add(tx, rule(), PANEL, ref(), None, "so", T0)
    matches.hold_back(tx, match, HoldBack(BlockReason.PAUSED, "paused"), 0)
    held = forgotten(tx, Coverage.WINDOW)
    matches.drop(tx, match.id, "no longer true", T0)
    assert (held, forgotten(tx, Coverage.WINDOW)) == (0, 1)


def test_subjects_of_another_account_stay(tx: Tx) -> None:
    subjects.save(tx, [order("completed")])
    assert (
        retention.forget(tx, AccountName("other"), [("order", Coverage.WINDOW)], DAY, LATER + 999 * DAY, Measured())
        == 0
    )
