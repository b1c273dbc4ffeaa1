"""The timing loop: what time alone does, and the watch over the clocks.

Approvals and ready intents lapse, deferred ones are ready again, accepted actions that showed no effect are told. Every
minute it is written down where the timeline stands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import structlog

from bursar.domain.ids import MICROSECOND
from bursar.domain.timeline import JUMP, NOTICED, STEADY_AFTER
from bursar.domain.verdict import BlockReason
from bursar.journal import clock as timekeeping
from bursar.journal import matches
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.startup import anchor, note_jump, vouch
from bursar.pipeline.intent_transitions import pass_time
from bursar.pipeline.rule_evaluation import retry_unobserved
from bursar.pipeline.unit_of_work import UnitOfWork

TURN_S = 1.0
ANCHOR_EVERY = timedelta(seconds=60)
log = structlog.get_logger("bursar")


class Timer:
    """Watches time for the whole daemon."""

    def __init__(self, context: RuntimeContext) -> None:
        self._context = context
        self._anchored_at = context.now() - ANCHOR_EVERY

    async def turn(self) -> None:
        """Do what is due, then wait a second."""
        # First: what time does below must not go by a clock that was set a moment ago.
        await self._watch_clock()
        self._context.check_files()
        await self._context.commit(_pass)
        await self._note_time()
        await self._context.wakeups["timing"].wait(self._context.clock, TURN_S)

    async def _watch_clock(self) -> None:
        """Where the wall clock jumped against the timeline, only watch until it was steady for a minute."""
        context, drift, now = self._context, self._context.drift(), self._context.now()
        if abs(drift) > JUMP:
            # In memory at once, also where it cannot be written down: nothing may be sent by this clock.
            context.unsteady_since, context.fresh_from, context.vouched = now, now, False
            reason = f"the wall clock was set by {drift.total_seconds():+.0f} s"
            log.error("clock.jumped", reason=reason)
            await self._move(drift, lambda uow: self._jumped(uow, reason))
        elif abs(drift) >= NOTICED:
            await self._move(drift, lambda uow: timekeeping.put_offset(uow.tx, uow.now, context.ahead // MICROSECOND))
        elif context.unsteady_since is not None and now - context.unsteady_since >= STEADY_AFTER:
            context.unsteady_since = None
            await context.commit(lambda uow: matches.release(uow.tx, BlockReason.CLOCK, uow.now))

    async def _move(self, drift: timedelta, note: Callable[[UnitOfWork], None]) -> None:
        """Go by the wall clock as it is now. What cannot be written down is noticed, and told, at the next turn."""
        before, self._context.ahead = self._context.ahead, self._context.ahead + drift
        try:
            await self._context.commit(note)
        except BaseException:
            self._context.ahead = before
            raise

    def _jumped(self, uow: UnitOfWork, reason: str) -> None:
        note_jump(uow, self._context, reason)
        anchor(uow, self._context)  # what the clock says now is not vouched for

    async def _note_time(self) -> None:
        """Write down, once a minute, where the timeline stands; ask the kernel whether its clock is synchronised."""
        context = self._context
        if context.now() - self._anchored_at < ANCHOR_EVERY:
            return
        self._anchored_at = context.now()
        if not context.vouched and context.machine.synchronised():
            await vouch(context, context.clock.now())
        await context.commit(lambda uow: anchor(uow, context))


def _pass(uow: UnitOfWork) -> None:
    pass_time(uow)
    retry_unobserved(uow)
