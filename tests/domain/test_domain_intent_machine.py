"""The life of an intent against a provider that really moves money, whatever is lost on the way.

The provider knows whether an attempt took effect, and when it lands (within `settle` of sending); answers are lost,
processes die, looks fail or come too early, people answer. The model counts what was really moved: never twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from domain_world import PANEL, T0
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant
from properties import Steps, examples, step

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
from bursar.domain.intent_states import Cause, Step, move, next_step, settle_with, when_due

SETTLE = timedelta(minutes=5)
MOSTLY = st.sampled_from([True, True, True, False])
ENDED_WITHOUT = {State.REFUSED, State.DENIED, State.LAPSED, State.GAVE_UP}


class Life(Steps):
    """One payout after the other, from plan to end."""

    now: datetime = T0
    moved = 0
    lands_at: datetime | None = None
    intent: Intent

    @initialize(asks=st.booleans())
    def plan_the_first(self, asks: bool) -> None:
        self.plan(asks)

    @step(when=lambda self: self.intent.state not in OPEN)
    def plan_another(self) -> None:
        self.moved = 0
        self.plan(False)

    def plan(self, asks: bool) -> None:
        state = move(None, Cause.GUARDED if asks else Cause.PLANNED)
        self.intent = Intent(
            IntentId(1), PANEL, "payout", SubjectRef("balance", "balance"), {}, state, self.now, self.now,
            due_at=self.now + timedelta(hours=12) if asks else None,
        )  # fmt: skip

    def land(self) -> None:
        if self.lands_at is not None and self.lands_at <= self.now:
            self.moved, self.lands_at = self.moved + 1, None

    def is_(self, state: State) -> bool:
        return self.intent.state is state

    def take(self, step: Step) -> None:
        """Write a step as the journal does."""
        ready = step.state is State.READY
        self.intent = replace(
            self.intent, state=step.state, reason=step.reason, due_at=step.due_at, looked_at=step.looked_at,
            ready_at=self.now if ready else self.intent.ready_at,
        )  # fmt: skip

    def cause(self, cause: Cause) -> None:
        self.take(Step(cause, move(self.intent.state, cause), ""))

    def settled_by_now(self) -> bool:
        """The last attempt has taken effect, or never will."""
        return self.lands_at is None or self.lands_at <= self.now

    @step(minutes=st.sampled_from([0.1, 0.5, 1, 3, 5, 45]))
    def nothing_happens(self, minutes: float) -> None:
        self.time_passes(minutes)

    def time_passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)
        self.land()
        if (step := when_due(self.intent, self.now)) is not None:
            self.take(step)

    @step(when=lambda self: self.is_(State.AWAITING_APPROVAL), yes=MOSTLY)
    def a_person_is_asked(self, yes: bool) -> None:
        self.cause(Cause.APPROVED if yes else Cause.DENIED)

    @step(when=lambda self: self.is_(State.READY))
    def send(self) -> None:
        assert self.moved == 0, "sent again after the money had moved"
        assert self.lands_at is None, "sent again while an attempt was under way"
        attempts = self.intent.attempts + 1
        self.intent = replace(
            self.intent, state=move(self.intent.state, Cause.SENT), attempts=attempts, fence=attempts,
            sent_at=self.now, looked_at=None, due_at=None,
        )  # fmt: skip

    def end(self, outcome: Outcome) -> None:
        self.take(next_step(self.intent, outcome, LostReply.RECONCILABLE, SETTLE, self.now))

    @step(when=lambda self: self.is_(State.SENDING))
    def the_provider_says_yes(self) -> None:
        self.moved += 1
        self.end(Succeeded("9"))

    @step(when=lambda self: self.is_(State.SENDING), outcome=st.sampled_from([Later("later"), Later("later", timedelta(0)), NotSent("dns"), Refused("no")]))
    def nothing_moves(self, outcome: Outcome) -> None:
        self.end(outcome)

    @step(when=lambda self: self.is_(State.SENDING), lands_after_s=st.sampled_from([0, 30, 90, 200, 299, None]), died=st.booleans())
    def the_answer_is_lost(self, lands_after_s: int | None, died: bool) -> None:
        if lands_after_s is not None and self.intent.sent_at is not None:
            self.lands_at = self.intent.sent_at + timedelta(seconds=lands_after_s)
            self.land()
        if died:
            self.take(Step(Cause.LOST, move(self.intent.state, Cause.LOST), "died", self.now + timedelta(minutes=1)))
        else:
            self.end(Lost("HTML"))

    def found(self) -> Finding:
        return Happened(Succeeded("9")) if self.moved else DidNot()

    @step(when=lambda self: self.is_(State.UNKNOWN), minutes=st.sampled_from([0, 0.5, 1, 5]), answers=MOSTLY)
    def it_is_looked_for(self, minutes: float, answers: bool) -> None:
        self.time_passes(minutes)
        finding = self.found() if answers else CannotTell("503")
        self.take(settle_with(self.intent, finding, SETTLE, self.now))

    @step(when=lambda self: self.is_(State.UNKNOWN) and self.settled_by_now(), again=st.booleans())
    def a_person_looks(self, again: bool) -> None:
        if self.moved:
            self.cause(Cause.PERSON_HAPPENED)
        else:
            self.cause(Cause.PERSON_AGAIN if again else Cause.PERSON_DID_NOT)

    @step(when=lambda self: self.is_(State.READY), still=MOSTLY)
    def the_facts_are_looked_at(self, still: bool) -> None:
        if not still:
            self.cause(Cause.STALE)

    @step(when=lambda self: self.intent.state in {State.READY, State.SENDING, State.DEFERRED}, not_=MOSTLY)
    def the_journal_is_restored(self, not_: bool) -> None:
        if not not_:
            self.take(Step(Cause.RESTORED, move(self.intent.state, Cause.RESTORED), "", self.now))

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
TestLife.settings = examples(100, steps=100)
