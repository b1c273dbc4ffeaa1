"""The life of an intent against a provider that really moves money, whatever is lost on the way.

The provider knows whether an attempt took effect, and when it lands; answers are lost, processes die, looks fail or
come too early, people answer. The model counts what was really moved. It must never be moved twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from domain_world import PANEL, T0
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bursar.domain.ids import IntentId, SubjectRef
from bursar.domain.intent import (
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
from bursar.domain.life import Cause, Step, move, next_step, settle_with, when_due

SETTLE = timedelta(minutes=5)
ENDED_WITHOUT = {State.REFUSED, State.DENIED, State.LAPSED, State.GAVE_UP}


class Life(RuleBasedStateMachine):
    """One payout, from its plan to its end."""

    now: datetime = T0
    moved = 0
    lands_at: datetime | None = None
    intent: Intent

    @initialize(asks=st.booleans())
    def plan(self, asks: bool) -> None:
        state = move(None, Cause.GUARDED if asks else Cause.PLANNED)
        self.intent = Intent(
            IntentId(1), PANEL, "payout", SubjectRef("balance", "balance"), {}, state, T0, T0,
            due_at=T0 + timedelta(hours=12) if asks else None,
        )  # fmt: skip

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

    @rule(minutes=st.sampled_from([0.1, 0.5, 1, 3, 5, 45]))
    def time_passes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)
        if self.lands_at is not None and self.lands_at <= self.now:
            self.moved, self.lands_at = self.moved + 1, None
        if (step := when_due(self.intent, self.now)) is not None:
            self.take(step)

    @precondition(lambda self: self.is_(State.AWAITING_APPROVAL))
    @rule(yes=st.booleans())
    def a_person_is_asked(self, yes: bool) -> None:
        self.cause(Cause.APPROVED if yes else Cause.DENIED)

    @precondition(lambda self: self.is_(State.READY))
    @rule()
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

    @precondition(lambda self: self.is_(State.SENDING))
    @rule()
    def the_provider_says_yes(self) -> None:
        self.moved += 1
        self.end(Succeeded("9"))

    @precondition(lambda self: self.is_(State.SENDING))
    @rule(outcome=st.sampled_from([Refused("no"), Later("later"), Later("later", timedelta(0)), NotSent("dns")]))
    def nothing_moves(self, outcome: Outcome) -> None:
        self.end(outcome)

    @precondition(lambda self: self.is_(State.SENDING))
    @rule(lands_after_s=st.none() | st.integers(0, 299), died=st.booleans())
    def the_answer_is_lost(self, lands_after_s: int | None, died: bool) -> None:
        if lands_after_s == 0:
            self.moved += 1
        elif lands_after_s is not None:
            self.lands_at = self.now + timedelta(seconds=lands_after_s)
        if died:
            self.take(Step(Cause.LOST, move(self.intent.state, Cause.LOST), "died", self.now + timedelta(minutes=1)))
        else:
            self.end(Lost("HTML"))

    def found(self) -> Finding:
        return Happened(Succeeded("9")) if self.moved else DidNot()

    @precondition(lambda self: self.is_(State.UNKNOWN))
    @rule(fails=st.booleans())
    def it_is_looked_for(self, fails: bool) -> None:
        finding = CannotTell("503") if fails else self.found()
        self.take(settle_with(self.intent, finding, SETTLE, self.now))

    @precondition(lambda self: self.is_(State.UNKNOWN) and self.settled_by_now())
    @rule(again=st.booleans())
    def a_person_looks(self, again: bool) -> None:
        if self.moved:
            self.cause(Cause.PERSON_HAPPENED)
        else:
            self.cause(Cause.PERSON_AGAIN if again else Cause.PERSON_DID_NOT)

    @precondition(lambda self: self.is_(State.READY))
    @rule()
    def the_facts_change(self) -> None:
        self.cause(Cause.STALE)

    @precondition(lambda self: self.intent.state in {State.READY, State.SENDING, State.DEFERRED})
    @rule()
    def the_journal_is_restored(self) -> None:
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
