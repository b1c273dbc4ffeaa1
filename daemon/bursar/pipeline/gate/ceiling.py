"""How much an account has caused within the ceiling's window."""

from __future__ import annotations

from bursar.domain.ids import IntentId
from bursar.domain.intent import State
from bursar.domain.permission import CEILING_WINDOW
from bursar.journal import intents
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.unit_of_work import Counting, ReadView, UnitOfWork

UNDER_WAY = (State.READY, State.SENDING, State.DEFERRED)


def effects_of(view: ReadView, candidate: Candidate, own: IntentId | None) -> int:
    """Count the effects of the account within the ceiling's window: those that left, and those that are about to.

    Just before one is sent, only what left counts: what is about to leave is asked the same question in its turn.
    """
    planning = candidate.intent is None
    if planning and isinstance(view, UnitOfWork) and candidate.account in view.effects:
        return view.effects[candidate.account]
    since = view.measured.before(view.now, CEILING_WINDOW)
    found = view.counting(since, Counting(candidate.account))
    # By its sending, not its end: answers that come late are no effects of just now.
    left = {one.id for one in found if one.sent_at is not None and one.sent_at > since}
    if planning:
        # A poll that plans a thousand cancels has sent none yet;
        # without these the ceiling would let all of them through.
        left |= {one.id for one in intents.in_state(view.tx, UNDER_WAY, candidate.account)}
    left -= {own}
    if planning and isinstance(view, UnitOfWork):
        view.effects[candidate.account] = len(left)
    return len(left)
