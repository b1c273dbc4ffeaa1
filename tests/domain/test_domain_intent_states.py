from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product

import pytest
from domain_world import PANEL, T0, after
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
    LONGEST_BACKOFF,
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    TRANSITIONS,
    Cause,
    ImpossibleTransition,
    backoff,
    move,
    next_step,
    repeat,
    settle_with,
    when_due,
)

DRAWN = """
–                 | planned; a guard asks a person                                        | awaiting_approval
–                 | planned                                                               | ready
awaiting_approval | a person says yes / a person says no / nobody in time                 | ready / denied / lapsed
ready             | facts fresh, `when` still true, not paused: commit fence and evidence | sending
ready             | no longer true, or an hour old                                        | lapsed
sending           | the provider's own decoded answer says yes                            | succeeded
sending           | the provider's own decoded answer says no                             | refused
sending           | the provider's own decoded answer says later                          | deferred
sending           | failed before the first byte was written                              | deferred
sending           | anything else, or the process died                                    | unknown
deferred          | due again / attempts used up                                          | ready / gave_up
unknown           | repeatable: after back-off                                            | ready
unknown           | reconcile says happened / reconcile says did not                      | succeeded / ready
unknown           | reconcile cannot tell                                                 | unknown
unknown           | a person: happened / a person: did not / a person: did not, again     | succeeded / refused / ready
"""
"""The table of the design, a row for a row; a reply that says later and one that was never sent are two rows."""

RESTORED = {State.READY, State.SENDING, State.DEFERRED}
"""What may have been sent since the back-up that a journal was restored from was made."""

SETTLE = timedelta(minutes=5)
MOMENT = timedelta(microseconds=1)


def drawn() -> dict[tuple[State | None, Cause], State]:
    """Read the table."""
    table = {}
    for line in DRAWN.strip().splitlines():
        before, causes, states = (part.strip() for part in line.split("|"))
        for cause, state in zip(re.split(" / ", causes), re.split(" / ", states), strict=True):
            table[None if before == "–" else State(before), Cause(cause)] = State(state)
    return table


EVERY = list(product([None, *State], Cause))


def test_the_table_is_the_drawn_one() -> None:
    restored = {(state, Cause.RESTORED): State.UNKNOWN for state in RESTORED}
    assert dict(TRANSITIONS) == {**drawn(), **restored}


@pytest.mark.parametrize(("state", "cause"), [pair for pair in EVERY if pair not in TRANSITIONS])
def test_every_other_transition_is_impossible(state: State | None, cause: Cause) -> None:
    with pytest.raises(ImpossibleTransition):
        move(state, cause)


@pytest.mark.parametrize(("state", "cause"), list(TRANSITIONS))
def test_every_transition_of_the_table_is_possible(state: State | None, cause: Cause) -> None:
    assert move(state, cause) is TRANSITIONS[state, cause]


def test_what_has_ended_stays_ended() -> None:
    assert {state for state, _ in TRANSITIONS if state is not None} == OPEN


def test_only_ready_leads_to_sending() -> None:
    assert [state for (state, _), end in TRANSITIONS.items() if end is State.SENDING] == [State.READY]


def intent(state: State = State.SENDING, **more: object) -> Intent:
    """Give an intent."""
    given_: dict[str, object] = {
        "id": IntentId(1), "account": PANEL, "action": "payout", "subject": SubjectRef("balance", "balance"),
        "params": {}, "state": state, "created_at": T0, "ready_at": T0, "attempts": 1, "sent_at": T0,
    }  # fmt: skip
    return Intent(**{**given_, **more})  # type: ignore[arg-type]


def step(outcome: object, lost_reply: LostReply = LostReply.RECONCILABLE, now: datetime = T0, **more: object):
    """Say what an outcome leads to."""
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
    taken = step(outcome)
    assert (taken.cause, taken.state) == (cause, state)


@pytest.mark.parametrize("outcome", [Refused("no money"), Later("no money"), NotSent("no money"), Lost("no money")])
def test_a_step_keeps_the_outcomes_reason(outcome: object) -> None:
    assert step(outcome).reason == "no money"


@pytest.mark.parametrize("outcome", [Succeeded(), Refused("no")])
def test_what_ends_is_not_due(outcome: object) -> None:
    assert step(outcome).due_at is None


@pytest.mark.parametrize("kind", [Later, NotSent])
def test_what_is_deferred_is_due_when_the_provider_says(kind: type[Later | NotSent]) -> None:
    assert step(kind("later", timedelta(hours=5))).due_at == T0 + timedelta(hours=5)


def test_what_is_deferred_without_a_time_backs_off() -> None:
    assert step(Later("later"), attempts=3).due_at == T0 + backoff(3)


def test_a_provider_cannot_put_off_for_ever() -> None:
    assert step(Later("later", timedelta.max)).due_at == T0 + LONGEST_WAIT


def test_a_provider_cannot_hurry_into_the_past() -> None:
    assert step(Later("later", timedelta(-1))).due_at == T0


def test_a_lost_repeatable_one_is_asked_again_after_its_back_off() -> None:
    assert step(Lost("?"), LostReply.REPEATABLE, attempts=3).due_at == T0 + backoff(3)


@pytest.mark.parametrize("lost_reply", [LostReply.RECONCILABLE, LostReply.NEITHER])
def test_a_lost_one_is_looked_for_soon(lost_reply: LostReply) -> None:
    assert step(Lost("?"), lost_reply).due_at == after(1)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SENDING])
@pytest.mark.parametrize("outcome", [Succeeded(), Refused("no"), Later("later"), NotSent("dns"), Lost("?")])
def test_an_outcome_of_what_is_not_being_sent_is_impossible(state: State, outcome: object) -> None:
    with pytest.raises(ImpossibleTransition):
        step(outcome, state=state)


def test_backing_off_doubles_from_half_a_minute() -> None:
    assert [backoff(n).total_seconds() for n in (0, 1, 2, 3)] == [30, 30, 60, 120]


@given(st.integers(0, 10**6))
def test_backing_off_has_an_end(attempts: int) -> None:
    assert timedelta(seconds=30) <= backoff(attempts) <= LONGEST_BACKOFF


def test_what_was_ready_for_an_hour_lapses() -> None:
    assert when_due(intent(State.READY), T0 + LAPSE_AFTER).state is State.LAPSED


def test_what_was_ready_for_less_stays() -> None:
    assert when_due(intent(State.READY), T0 + LAPSE_AFTER - MOMENT) is None


def test_the_hour_counts_from_when_it_last_became_ready() -> None:
    assert when_due(intent(State.READY, ready_at=after(30)), T0 + LAPSE_AFTER) is None


def test_silence_means_no() -> None:
    asked = intent(State.AWAITING_APPROVAL, due_at=after(10))
    assert (when_due(asked, after(10) - MOMENT), when_due(asked, after(10)).state) == (None, State.LAPSED)


def test_what_was_deferred_is_ready_when_it_is_due() -> None:
    deferred = intent(State.DEFERRED, due_at=after(10))
    assert (when_due(deferred, after(10) - MOMENT), when_due(deferred, after(10)).state) == (None, State.READY)


def test_what_was_deferred_too_often_is_given_up() -> None:
    deferred = intent(State.DEFERRED, due_at=after(10), attempts=MAX_ATTEMPTS, reason="rate limit")
    assert when_due(deferred, after(10)).state is State.GAVE_UP


def test_giving_up_says_what_was_last_said() -> None:
    deferred = intent(State.DEFERRED, due_at=after(10), attempts=MAX_ATTEMPTS, reason="rate limit")
    assert "rate limit" in when_due(deferred, after(10)).reason


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, *sorted(set(State) - OPEN)])
def test_time_alone_does_nothing_to_the_others(state: State) -> None:
    assert when_due(intent(state, due_at=T0), after(10**6)) is None


def test_a_repeatable_unknown_one_is_asked_again() -> None:
    assert repeat(intent(State.UNKNOWN)).state is State.READY


def test_a_repeatable_unknown_one_is_not_asked_for_ever() -> None:
    assert repeat(intent(State.UNKNOWN, attempts=MAX_ATTEMPTS)) is None


def settled(finding: object, minutes: float, looked_at: datetime | None = None, settle: timedelta = SETTLE):
    """Say what a look, so many minutes after sending, leads to."""
    unknown = intent(State.UNKNOWN, looked_at=looked_at)
    return settle_with(unknown, finding, settle, after(minutes))  # type: ignore[arg-type]


def test_positive_evidence_settles_at_once() -> None:
    assert settled(Happened(Succeeded("9")), 0.1).state is State.SUCCEEDED


def test_before_it_has_settled_an_absence_says_nothing() -> None:
    taken = settled(DidNot(), 4.9)
    assert (taken.state, taken.looked_at) == (State.UNKNOWN, None)


def test_it_is_looked_at_again_no_later_than_when_it_has_settled() -> None:
    assert settled(DidNot(), 4.5).due_at == after(5)


def test_the_first_absence_after_settling_is_noted() -> None:
    taken = settled(DidNot(), 5)
    assert (taken.state, taken.looked_at, taken.due_at) == (State.UNKNOWN, after(5), after(6))


def test_a_second_absence_too_soon_does_not_count() -> None:
    taken = settled(DidNot(), 5.9, looked_at=after(5))
    assert (taken.state, taken.looked_at, taken.due_at) == (State.UNKNOWN, after(5), after(6))


def test_two_absences_a_minute_apart_say_that_it_did_not_happen() -> None:
    assert settled(DidNot(), 6, looked_at=after(5)).state is State.READY


def test_a_short_settle_needs_looks_that_short_apart() -> None:
    brief = timedelta(seconds=10)
    assert settled(DidNot(), 0.5, looked_at=after(0.5) - brief, settle=brief).state is State.READY


def test_a_look_that_cannot_tell_starts_anew() -> None:
    taken = settled(CannotTell("503"), 6, looked_at=after(5))
    assert (taken.state, taken.looked_at, taken.due_at) == (State.UNKNOWN, None, after(11))


@pytest.mark.parametrize("finding", [Happened(Succeeded()), DidNot()])
def test_a_finding_about_what_is_not_unknown_is_impossible(finding: object) -> None:
    ready = intent(State.READY, looked_at=after(5))
    with pytest.raises(ImpossibleTransition):
        settle_with(ready, finding, SETTLE, after(30))  # type: ignore[arg-type]


LOOKS = st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["did not", "cannot tell"])), max_size=12)


@given(LOOKS, st.integers(1, 600))
def test_nothing_but_two_absences_far_enough_apart_frees_an_unknown_one(
    looks: list[tuple[int, str]], settle_s: int
) -> None:
    settle = timedelta(seconds=settle_s)
    unknown, now, absences = intent(State.UNKNOWN), T0, []
    for pause_s, said in looks:
        now += timedelta(seconds=pause_s)
        taken = settle_with(unknown, DidNot() if said == "did not" else CannotTell(), settle, now)
        absences = [*absences, now] if said == "did not" and now >= T0 + settle else []
        if taken.state is State.READY:
            assert absences[-1] - absences[0] >= min(settle, timedelta(seconds=60))
            break
        unknown = replace(unknown, looked_at=taken.looked_at)
