"""The life of an intent against a provider that really moves money, whatever is lost on the way.

The provider knows whether an attempt took effect, and when it lands (within `settle` of the request's end); answers are
lost, processes die, journals are restored, looks fail, come too early or are answered late, people answer. The model
counts what was really moved: never twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from bursar.domain.ids import IntentId, SubjectRef
from bursar.domain.intent import (
    OPEN,
    CannotTell,
    DidNot,
    Finding,
    Happened,
    Intent,
    Later,
    Lost,
    LostReply,
    NotSent,
    Outcome,
    Refused,
    State,
    Succeeded,
)
from bursar.domain.intent_states import Cause, Step, next_step, settle_with, step, too_old, transition, when_due
from support import properties
from support.domain import PANEL, T0
from support.properties import Steps, examples

SETTLE = timedelta(minutes=5)
MOSTLY = st.sampled_from([True, True, True, False])
LANDS = st.sampled_from([0, 30, 90, 200, 299, None])
LOOKS = st.tuples(st.sampled_from([0, 0.5, 1, 2, 5]), MOSTLY, st.sampled_from([0, 0, 25]))
"""So many minutes later it is looked for, an answer comes or none, and it takes so many seconds."""
DIED, RESTORED, LOST = "died", "restored", Lost("HTML")
OUTCOMES = st.sampled_from(
    [LOST, LOST, LOST, DIED, DIED, RESTORED, Succeeded("9"), Later("later"), Later("later", timedelta(0)),
     NotSent("dns"), Refused("no")]
)  # fmt: skip
"""What becomes of an attempt."""
ENDED_WITHOUT = {State.REFUSED, State.DENIED, State.LAPSED, State.GAVE_UP}


class Life(Steps):
    """One payout after the other, from plan to end."""

    now: datetime = T0
    moved = 0
    lands_at: datetime | None = None
    quiet_since: datetime = T0
    intent: Intent

    @initialize(asks=st.booleans())
    def plan_the_first(self, asks: bool) -> None:
        self.plan(asks)

    @properties.step(when=lambda self: self.intent.state not in OPEN)
    def plan_another(self) -> None:
        self.moved = 0
        self.plan(False)

    def plan(self, asks: bool) -> None:
        state = transition(None, Cause.GUARDED if asks else Cause.PLANNED)
        self.intent = Intent(
            IntentId(1), PANEL, "payout", SubjectRef("balance", "balance"), {}, state, self.now, self.now,
            due_at=self.now + timedelta(hours=12) if asks else None,
        )  # fmt: skip

    def land(self) -> None:
        if self.lands_at is not None and self.lands_at <= self.now:
            self.moved, self.lands_at = self.moved + 1, None

    def is_(self, *states: State) -> bool:
        return self.intent.state in states

    def take(self, taken: Step) -> None:
        """Write a step as the journal does."""
        ready, ended = taken.state is State.READY, taken.state not in OPEN
        self.intent = replace(
            self.intent, state=taken.state, reason=taken.reason, due_at=taken.due_at, looked_at=taken.looked_at,
            ready_at=self.now if ready else self.intent.ready_at,
            lost=not ended and (self.intent.lost or taken.state is State.UNKNOWN),
        )  # fmt: skip

    def cause(self, cause: Cause) -> None:
        self.take(step(self.intent, cause, ""))

    def settled_by_now(self) -> bool:
        """Return whether the last attempt has taken effect, or never will."""
        return self.lands_at is None or self.lands_at <= self.now

    def leave_behind(self, lands_after_s: int | None) -> None:
        """End the request, as something that takes effect so long after it, or never."""
        self.quiet_since = self.now
        if lands_after_s is not None:
            self.lands_at = self.now + timedelta(seconds=lands_after_s)
            self.land()

    @properties.step(minutes=st.sampled_from([0.1, 0.5, 1, 3, 5, 45]))
    def nothing_happens(self, minutes: float) -> None:
        self.time_passes(minutes)

    def time_passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)
        self.land()
        if (taken := when_due(self.intent, LostReply.RECONCILABLE, self.now)) is not None:
            self.take(taken)

    @properties.step(when=lambda self: self.is_(State.AWAITING_APPROVAL), yes=MOSTLY)
    def a_person_is_asked(self, yes: bool) -> None:
        self.cause(Cause.APPROVED if yes else Cause.DENIED)

    @properties.step(
        when=lambda self: self.is_(State.READY),
        answers=MOSTLY,
        becomes=OUTCOMES,
        on_the_wire_s=st.sampled_from([0, 20, 59]),
        lands_after_s=LANDS,
    )
    def send(self, answers: bool, becomes: object, on_the_wire_s: int, lands_after_s: int | None) -> None:
        """Send it; before one that was lost goes out again, the provider is looked at once more."""
        if self.intent.lost and not self.shows_nothing(answers):
            return
        assert self.moved == 0, "sent again after the money had moved"
        assert self.lands_at is None, "sent again while an attempt was under way"
        attempts = self.intent.attempts + 1
        self.intent = replace(
            self.intent, state=transition(self.intent.state, Cause.CLAIMED), attempts=attempts, fence=attempts,
            sent_at=self.now, looked_at=None, due_at=None,
        )  # fmt: skip
        self.now += timedelta(seconds=on_the_wire_s)
        if isinstance(becomes, Succeeded):
            self.moved += 1
        elif becomes in (DIED, LOST, RESTORED):
            self.leave_behind(lands_after_s)
        if becomes in (DIED, RESTORED):
            cause = Cause.LOST if becomes == DIED else Cause.RESTORED
            self.take(step(self.intent, cause, "", self.now + timedelta(minutes=1)))
        else:
            outcome = cast(Outcome, becomes)
            self.take(next_step(self.intent, outcome, LostReply.RECONCILABLE, SETTLE, self.now))

    def shows_nothing(self, answers: bool) -> bool:
        if not answers:
            self.cause(Cause.CANNOT_TELL)
        elif self.moved:
            self.cause(Cause.HAPPENED)
        elif (taken := too_old(self.intent, self.now)) is not None:
            self.take(taken)
        return self.is_(State.READY)

    def found(self) -> Finding:
        return Happened(Succeeded("9")) if self.moved else DidNot()

    @properties.step(when=lambda self: self.is_(State.UNKNOWN), looks=st.lists(LOOKS, min_size=1, max_size=5))
    def it_is_looked_for(self, looks: list[tuple[float, bool, int]]) -> None:
        for minutes, answers, answered_after_s in looks:
            self.time_passes(minutes)
            finding, asked_at = self.found() if answers else CannotTell("503"), self.now
            self.time_passes(answered_after_s / 60)
            if self.is_(State.UNKNOWN):
                self.take(settle_with(self.intent, finding, SETTLE, self.quiet_since, asked_at, self.now))

    @properties.step(when=lambda self: self.is_(State.UNKNOWN) and self.settled_by_now(), again=st.booleans())
    def a_person_looks(self, again: bool) -> None:
        if self.moved:
            self.cause(Cause.PERSON_HAPPENED)
        else:
            self.cause(Cause.PERSON_AGAIN if again else Cause.PERSON_DID_NOT)

    @properties.step(
        when=lambda self: self.is_(State.READY, State.DEFERRED),
        cause=st.sampled_from([None] * 9 + [Cause.STALE, Cause.DENIED]),
    )
    def somebody_ends_it(self, cause: Cause | None) -> None:
        if cause is not None:
            self.cause(cause)

    @properties.step(
        when=lambda self: self.is_(State.READY), cause=st.sampled_from([None] * 9 + [Cause.HELD_BACK, Cause.GREW])
    )
    def the_gate_objects(self, cause: Cause | None) -> None:
        if cause is not None:
            self.cause(cause)

    @properties.step(
        when=lambda self: self.intent.state in OPEN,
        what=st.sampled_from([None] * 9 + ["restarted", "restored"]),
        lands_after_s=LANDS,
    )
    def the_process_starts(self, what: str | None, lands_after_s: int | None) -> None:
        """Nobody measured the time away: `settle` starts anew. In a restored journal it may have been sent since."""
        if what == "restored" and not self.is_(State.UNKNOWN):
            assert self.moved == 0, "what has moved money is still to be sent"
            self.leave_behind(lands_after_s)
            self.take(step(self.intent, Cause.RESTORED, "", self.now))
        elif what is not None:
            self.quiet_since = self.now

    @invariant()
    def money_moves_at_most_once(self) -> None:
        assert self.moved + (self.lands_at is not None) <= 1

    @invariant()
    def a_success_moved_money(self) -> None:
        assert not self.is_(State.SUCCEEDED) or self.moved == 1

    @invariant()
    def any_other_end_moved_none(self) -> None:
        assert self.intent.state not in ENDED_WITHOUT or (self.moved == 0 and self.lands_at is None)


TestLife = Life.TestCase
TestLife.settings = examples(300)
