"""The life of an intent: the table, and what outcomes, time, and looks at the provider lead to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.domain.ids import IntentId, SubjectRef
from bursar.domain.intent import (
    OPEN,
    CannotTell,
    DidNot,
    Happened,
    Intent,
    Later,
    Lost,
    LostReply,
    NotSent,
    Refused,
    State,
    Succeeded,
)
from bursar.domain.intent_states import (
    LAPSE_AFTER,
    MAX_ATTEMPTS,
    RETRIES,
    TRANSITIONS,
    Cause,
    ImpossibleTransition,
    next_step,
    repeat,
    settle_with,
    step,
    too_old,
    transition,
    when_due,
)
from support.domain import PANEL, T0, after

DRAWN = """
–                 | guarded                                                | awaiting_approval
–                 | planned                                                | ready
awaiting_approval | operator_approved                                      | ready
awaiting_approval | cost_grew                                              | awaiting_approval
awaiting_approval | operator_denied                                        | denied
awaiting_approval | unanswered / stale                                     | lapsed
ready             | claimed                                                | sending
ready             | cost_grew / suspected                                  | awaiting_approval
ready             | held_back / stale                                      | lapsed
ready             | operator_denied                                        | denied
ready             | shown_by_status / reconcile_happened                   | succeeded
ready             | reconcile_cannot_tell                                  | unknown
awaiting_approval | reconcile_happened                                     | succeeded
deferred          | shown_by_status / reconcile_happened                   | succeeded
sending           | provider_yes                                           | succeeded
sending           | provider_no                                            | refused
sending           | provider_later / not_sent                              | deferred
sending           | lost                                                   | unknown
deferred          | due                                                    | ready
deferred          | attempts_used_up                                       | gave_up
deferred          | operator_denied                                        | denied
deferred          | stale                                                  | lapsed
unknown           | repeat / reconcile_did_not / operator_did_not_again    | ready
unknown           | shown_by_status / reconcile_happened                   | succeeded
unknown           | operator_happened                                      | succeeded
unknown           | reconcile_cannot_tell                                  | unknown
unknown           | operator_did_not / refusal_stands                      | refused
lapsed            | landed_late                                            | succeeded
denied            | landed_late                                            | succeeded
refused           | landed_late                                            | succeeded
gave_up           | landed_late                                            | succeeded
"""
"""The table, drawn once more."""

RESTORED = {State.AWAITING_APPROVAL, State.READY, State.SENDING, State.DEFERRED}
"""What may have been sent since the back-up that a journal was restored from was made."""

SETTLE = timedelta(minutes=5)
MOMENT = timedelta(microseconds=1)


def drawn() -> dict[tuple[State | None, Cause], State]:
    """Read the table."""
    table = {}
    for line in DRAWN.strip().splitlines():
        before, causes, state = (part.strip() for part in line.split("|"))
        for cause in causes.split(" / "):
            table[None if before == "–" else State(before), Cause(cause)] = State(state)
    return table


EVERY = list(product([None, *State], Cause))


def test_the_table_is_the_drawn_one() -> None:
    restored = {(state, Cause.RESTORED): State.UNKNOWN for state in RESTORED}
    assert dict(TRANSITIONS) == {**drawn(), **restored}


@pytest.mark.parametrize(("state", "cause"), [pair for pair in EVERY if pair not in TRANSITIONS])
def test_every_other_transition_is_impossible(state: State | None, cause: Cause) -> None:
    with pytest.raises(ImpossibleTransition):
        transition(state, cause)


@pytest.mark.parametrize(("state", "cause"), list(TRANSITIONS))
def test_every_transition_of_the_table_is_possible(state: State | None, cause: Cause) -> None:
    assert transition(state, cause) is TRANSITIONS[state, cause]


def test_an_impossible_transition_says_what_cannot_be() -> None:
    with pytest.raises(ImpossibleTransition, match="an intent that is refused cannot meet claimed"):
        transition(State.REFUSED, Cause.CLAIMED)


def test_a_step_leads_where_the_table_says() -> None:
    taken = step(intent(State.READY), Cause.HELD_BACK, "held back: budget", after(5))
    assert (taken.cause, taken.state, taken.reason, taken.due_at) == (
        Cause.HELD_BACK, State.LAPSED, "held back: budget", after(5),
    )  # fmt: skip


def test_a_step_that_the_table_has_not_is_impossible() -> None:
    with pytest.raises(ImpossibleTransition):
        step(intent(State.UNKNOWN), Cause.CLAIMED, "")


def test_every_cause_has_words_of_its_own() -> None:
    assert len({cause.words for cause in Cause}) == len(Cause)


def test_every_cause_leads_somewhere() -> None:
    assert {cause for _, cause in TRANSITIONS} == set(Cause)


def test_codes_of_causes_are_identifiers() -> None:
    assert all(cause.value.isidentifier() for cause in Cause)


def test_what_is_unknown_is_never_let_go_by_time_or_by_a_guard() -> None:
    ends = {cause for (state, cause), after_ in TRANSITIONS.items() if state is State.UNKNOWN and after_ not in OPEN}
    assert ends == {Cause.SHOWN, Cause.HAPPENED, Cause.PERSON_HAPPENED, Cause.PERSON_DID_NOT, Cause.NO_STANDS}


def test_what_has_ended_stays_ended() -> None:
    """Only what ended in doubt may turn out to have happened."""
    leads_on = {(state, cause) for state, cause in TRANSITIONS if state is not None and state not in OPEN}
    assert {cause for _, cause in leads_on} == {Cause.LANDED}
    assert State.SUCCEEDED not in {state for state, _ in leads_on}


def test_only_ready_leads_to_sending() -> None:
    assert [state for (state, _), end in TRANSITIONS.items() if end is State.SENDING] == [State.READY]


def intent(state: State = State.SENDING, **more: object) -> Intent:
    """Return an intent."""
    given_: dict[str, object] = {
        "id": IntentId(1), "account": PANEL, "action": "payout", "subject": SubjectRef("balance", "balance"),
        "params": {}, "state": state, "created_at": T0, "ready_at": T0, "attempts": 1, "sent_at": T0,
    }  # fmt: skip
    return Intent(**{**given_, **more})  # type: ignore[arg-type]


def tried(outcome: object, lost_reply: LostReply = LostReply.RECONCILABLE, now: datetime = T0, **more: object):
    """Return what an outcome leads to."""
    return next_step(intent(**more), outcome, lost_reply, SETTLE, now)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "cause", "state"),
    [
        (Succeeded("9"), Cause.YES, State.SUCCEEDED),
        (Refused("no"), Cause.NO, State.REFUSED),
        (Refused("no", never=True), Cause.NO, State.REFUSED),
        (Later("not now"), Cause.LATER, State.DEFERRED),
        (NotSent("dns"), Cause.NOT_SENT, State.DEFERRED),
        (Lost("HTML"), Cause.LOST, State.UNKNOWN),
    ],
)
def test_each_outcome_has_its_step(outcome: object, cause: Cause, state: State) -> None:
    taken = tried(outcome)
    assert (taken.cause, taken.state) == (cause, state)


@pytest.mark.parametrize("outcome", [Refused("no money"), Later("no money"), NotSent("no money"), Lost("no money")])
def test_a_step_keeps_the_outcomes_reason(outcome: object) -> None:
    assert tried(outcome).reason == "no money"


@pytest.mark.parametrize("outcome", [Succeeded(), Refused("no")])
def test_what_ends_is_not_due(outcome: object) -> None:
    assert tried(outcome).due_at is None


@pytest.mark.parametrize("kind", [Later, NotSent])
def test_what_is_deferred_is_due_when_the_provider_says(kind: type[Later | NotSent]) -> None:
    assert tried(kind("later", timedelta(hours=5))).due_at == T0 + timedelta(hours=5)


def test_what_is_deferred_without_a_time_backs_off() -> None:
    assert tried(Later("later"), attempts=3).due_at == T0 + RETRIES.pause(3)


def test_a_provider_cannot_put_off_for_ever() -> None:
    assert tried(Later("later", timedelta.max)).due_at == T0 + RETRIES.longest_asked


@pytest.mark.parametrize("asked", [timedelta(-1), timedelta(seconds=1)])
def test_a_provider_cannot_hurry_the_next_attempt(asked: timedelta) -> None:
    assert tried(Later("later", asked)).due_at == T0 + RETRIES.pause(1)


def test_a_lost_repeatable_one_is_asked_again_after_its_back_off() -> None:
    assert tried(Lost("?"), LostReply.REPEATABLE, attempts=3).due_at == T0 + RETRIES.pause(3)


@pytest.mark.parametrize("lost_reply", [LostReply.RECONCILABLE, LostReply.NEITHER])
def test_a_lost_one_is_looked_for_soon(lost_reply: LostReply) -> None:
    assert tried(Lost("?"), lost_reply).due_at == after(1)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SENDING])
@pytest.mark.parametrize("outcome", [Succeeded(), Refused("no"), Later("later"), NotSent("dns"), Lost("?")])
def test_an_outcome_of_what_is_not_being_sent_is_impossible(state: State, outcome: object) -> None:
    with pytest.raises(ImpossibleTransition):
        tried(outcome, state=state)


@pytest.mark.parametrize("attempts", [1, MAX_ATTEMPTS, 10**6])
def test_retries_are_between_half_a_minute_and_an_hour_apart(attempts: int) -> None:
    assert timedelta(seconds=30) <= RETRIES.pause(attempts) <= timedelta(hours=1)


def due(now: datetime, state: State, lost_reply: LostReply = LostReply.RECONCILABLE, **more: object):
    """Return what time alone leads to by now."""
    return when_due(intent(state, **more), lost_reply, now)


def test_what_was_ready_for_an_hour_lapses() -> None:
    assert due(T0 + LAPSE_AFTER, State.READY).state is State.LAPSED


def test_what_was_ready_for_less_stays() -> None:
    assert due(T0 + LAPSE_AFTER - MOMENT, State.READY) is None


def test_the_hour_counts_from_when_it_last_became_ready() -> None:
    assert due(T0 + LAPSE_AFTER, State.READY, ready_at=after(30)) is None


def test_what_was_not_sent_in_time_has_its_match_asked_once_more() -> None:
    assert due(T0 + LAPSE_AFTER, State.READY).again is True


def test_a_lost_one_that_can_be_looked_for_is_not_let_go_by_time_alone() -> None:
    assert due(after(10**6), State.READY, lost=True) is None


@pytest.mark.parametrize("lost_reply", [LostReply.REPEATABLE, LostReply.NEITHER])
def test_a_lost_one_that_cannot_be_looked_for_lapses_as_others(lost_reply: LostReply) -> None:
    assert due(T0 + LAPSE_AFTER, State.READY, lost_reply, lost=True).state is State.LAPSED


def test_a_lost_one_is_too_old_after_the_same_hour() -> None:
    lost = intent(State.READY, lost=True)
    assert (too_old(lost, T0 + LAPSE_AFTER - MOMENT), too_old(lost, T0 + LAPSE_AFTER).state) == (None, State.LAPSED)


def test_silence_means_no() -> None:
    early, late = (due(now, State.AWAITING_APPROVAL, due_at=after(10)) for now in (after(10) - MOMENT, after(10)))
    assert (early, late.state, late.cause) == (None, State.LAPSED, Cause.UNANSWERED)


def test_silence_has_nothing_asked_again() -> None:
    assert due(after(10), State.AWAITING_APPROVAL, due_at=after(10)).again is False


def test_what_was_deferred_is_ready_when_it_is_due() -> None:
    early, late = (due(now, State.DEFERRED, due_at=after(10)) for now in (after(10) - MOMENT, after(10)))
    assert (early, late.state) == (None, State.READY)


def test_what_was_deferred_too_often_is_given_up() -> None:
    assert due(after(10), State.DEFERRED, due_at=after(10), attempts=MAX_ATTEMPTS).state is State.GAVE_UP


def test_what_was_deferred_once_less_is_not_given_up() -> None:
    assert due(after(10), State.DEFERRED, due_at=after(10), attempts=MAX_ATTEMPTS - 1).state is State.READY


def test_giving_up_says_what_was_last_said() -> None:
    given_up = due(after(10), State.DEFERRED, due_at=after(10), attempts=MAX_ATTEMPTS, reason="rate limit")
    assert "rate limit" in given_up.reason


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, *sorted(set(State) - OPEN)])
def test_time_alone_does_nothing_to_the_others(state: State) -> None:
    assert due(after(10**6), state, due_at=T0) is None


def test_a_repeatable_unknown_one_is_asked_again() -> None:
    assert repeat(intent(State.UNKNOWN)).state is State.READY


def test_a_repeatable_unknown_one_is_not_asked_for_ever() -> None:
    assert repeat(intent(State.UNKNOWN, attempts=MAX_ATTEMPTS)) is None


def settled(
    finding: object,
    minutes: float,
    looked_at: datetime | None = None,
    settle: timedelta = SETTLE,
    quiet_since: datetime = T0,
    decided: float = 0,
    **more: object,
):
    """Return what a look leads to that was asked for so many minutes after the request ended."""
    unknown = intent(State.UNKNOWN, looked_at=looked_at, **more)
    now = after(minutes + decided)
    return settle_with(unknown, finding, settle, quiet_since, after(minutes), now)  # type: ignore[arg-type]


def test_positive_evidence_settles_at_once() -> None:
    assert settled(Happened(Succeeded("9")), 0.1).state is State.SUCCEEDED


def test_before_it_has_settled_an_absence_says_nothing() -> None:
    taken = settled(DidNot(), 4.9)
    assert (taken.state, taken.looked_at) == (State.UNKNOWN, None)


def test_a_look_counts_from_when_it_was_asked_for() -> None:
    assert settled(DidNot(), 4.9, decided=2).looked_at is None


def test_it_is_looked_at_again_no_later_than_when_it_has_settled() -> None:
    assert settled(DidNot(), 4.5).due_at == after(5)


def test_long_before_it_has_settled_it_is_looked_at_every_minute() -> None:
    assert settled(DidNot(), 1).due_at == after(2)


def test_the_first_absence_after_settling_is_noted() -> None:
    taken = settled(DidNot(), 5)
    assert (taken.state, taken.looked_at, taken.due_at) == (State.UNKNOWN, after(5), after(6))


def test_a_second_absence_too_soon_does_not_count() -> None:
    taken = settled(DidNot(), 5.9, looked_at=after(5))
    assert (taken.state, taken.looked_at, taken.due_at) == (State.UNKNOWN, after(5), after(6))


def test_two_absences_a_minute_apart_say_that_it_did_not_happen() -> None:
    assert settled(DidNot(), 6, looked_at=after(5)).state is State.READY


def test_a_look_before_a_restart_does_not_count_after_it() -> None:
    taken = settled(DidNot(), 15, looked_at=after(6), quiet_since=after(10))
    assert (taken.state, taken.looked_at) == (State.UNKNOWN, after(15))


def test_after_a_restart_it_settles_anew() -> None:
    taken = settled(DidNot(), 14.9, looked_at=after(6), quiet_since=after(10))
    assert (taken.state, taken.looked_at, taken.due_at) == (State.UNKNOWN, None, after(15))


def test_a_short_settle_needs_looks_that_short_apart() -> None:
    brief = timedelta(seconds=10)
    assert settled(DidNot(), 0.5, looked_at=after(0.5) - brief, settle=brief).state is State.READY


def test_a_look_that_cannot_tell_starts_anew() -> None:
    taken = settled(CannotTell("503"), 6, looked_at=after(5))
    assert (taken.state, taken.looked_at, taken.due_at) == (State.UNKNOWN, None, after(11))


def test_what_was_lost_too_often_is_a_persons() -> None:
    taken = settled(DidNot(), 6, looked_at=after(5), attempts=MAX_ATTEMPTS)
    assert (taken.state, taken.cause, "a person decides" in taken.reason) == (State.UNKNOWN, Cause.CANNOT_TELL, True)


@pytest.mark.parametrize("finding", [Happened(Succeeded()), DidNot()])
def test_a_finding_about_what_has_ended_is_impossible(finding: object) -> None:
    ended = intent(State.REFUSED, looked_at=after(5))
    with pytest.raises(ImpossibleTransition):
        settle_with(ended, finding, SETTLE, T0, after(30), after(30))  # type: ignore[arg-type]


SAID = st.sampled_from(["did not", "cannot tell"])
LOOKS = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 40), SAID), max_size=12)


@given(LOOKS, st.integers(1, 600))
def test_nothing_but_two_absences_far_enough_apart_frees_an_unknown_one(
    looks: list[tuple[int, int, str]], settle_s: int
) -> None:
    settle = timedelta(seconds=settle_s)
    unknown, asked_at, absences = intent(State.UNKNOWN), T0, []
    for pause_s, answered_s, said in looks:
        asked_at += timedelta(seconds=pause_s)
        now = asked_at + timedelta(seconds=answered_s)
        taken = settle_with(unknown, DidNot() if said == "did not" else CannotTell(), settle, T0, asked_at, now)
        absences = [*absences, asked_at] if said == "did not" and asked_at >= T0 + settle else []
        if taken.state is State.READY:
            assert absences[-1] - absences[0] >= min(settle, timedelta(seconds=60))
            break
        unknown = replace(unknown, looked_at=taken.looked_at)


@given(LOOKS, st.integers(1, 600))
def test_an_unknown_one_is_looked_at_again_in_time(looks: list[tuple[int, int, str]], settle_s: int) -> None:
    settle = timedelta(seconds=settle_s)
    unknown, asked_at = intent(State.UNKNOWN), T0
    for pause_s, answered_s, said in looks:
        asked_at += timedelta(seconds=pause_s)
        now = asked_at + timedelta(seconds=answered_s)
        taken = settle_with(unknown, DidNot() if said == "did not" else CannotTell(), settle, T0, asked_at, now)
        if taken.state is State.UNKNOWN:
            assert taken.due_at is not None
            assert taken.due_at <= now + max(settle, timedelta(seconds=60))
            unknown = replace(unknown, looked_at=taken.looked_at)
