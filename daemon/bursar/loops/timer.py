"""The timing loop: what time alone does. Approvals and ready intents lapse, deferred ones are ready again, accepted
actions that showed no effect are told, old rows are let go; and the wall clock is watched for jumps."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bursar.domain.guard import Obstacle
from bursar.domain.ids import AccountName
from bursar.journal import matches, meta, retention
from bursar.loops.runtime_context import JUMP_S, RuntimeContext
from bursar.pipeline.intent_transitions import pass_time
from bursar.pipeline.unit_of_work import UnitOfWork, emit_core
from bursar.settings.model import Retention

TURN_S = 1.0
STEADY_AFTER_S = 60.0
CLEAN_EVERY_S = 60.0
NOBODY = AccountName("")
log = structlog.get_logger("bursar")


class Timer:
    """Watches time for the whole daemon."""

    def __init__(self, context: RuntimeContext, kept: Retention) -> None:
        self._context = context
        self.kept = kept
        self._steady_s = context.clock.monotonic()
        self._cleaned_s = context.clock.monotonic()

    async def turn(self) -> None:
        """Do what is due, then wait a second."""
        await self._watch_clock()
        await self._context.commit(pass_time)
        if self._context.may_act() and self._context.clock.monotonic() - self._cleaned_s >= CLEAN_EVERY_S:
            self._cleaned_s = self._context.clock.monotonic()
            await self._clean()
        await self._context.wakeups["timing"].wait(self._context.clock, TURN_S)

    async def _watch_clock(self) -> None:
        """The wall clock jumped against the monotonic one: watch only, until it has been steady for a minute."""
        clock = self._context.clock
        if (last_at := self._context.unsteady_since) is not None:
            self._context.steady, self._context.unsteady_since = False, None
            await self.unsteady(f"the clock is before the last commit, of {last_at:%Y-%m-%d %H:%M:%S}Z")
        jumped_s = self._context.ahead_s() - self._context.offset_s
        if abs(jumped_s) > JUMP_S:
            self._context.steady = False
            self._context.offset_s += jumped_s
            self._context.started_at += timedelta(seconds=jumped_s)
            await self.unsteady(f"the wall clock jumped by {jumped_s:+.0f} s")
        elif not self._context.steady and clock.monotonic() - self._steady_s >= STEADY_AFTER_S:
            self._context.steady = True
            await self._context.commit(lambda uow: matches.release(uow.tx, Obstacle.CLOCK, uow.now))

    async def unsteady(self, reason: str) -> None:
        """Stop acting, and say why."""
        self._context.steady = False
        self._steady_s = self._context.clock.monotonic()
        log.error("the wall clock cannot be believed; watching only", reason=reason)

        def say(uow: UnitOfWork) -> None:
            meta.put_instant(uow.tx, "started_at", self._context.started_at)
            emit_core(uow, "clock.jumped", NOBODY, {"reason": reason})

        await self._context.commit(say)

    async def _clean(self) -> None:
        """Let go of finished rows that are older than the retention, a bounded number at a time."""
        removed = await self._context.commit(self._let_go)
        if removed >= retention.AT_ONCE:
            self._cleaned_s -= CLEAN_EVERY_S - timedelta(seconds=2).total_seconds()

    def _let_go(self, uow: UnitOfWork) -> int:
        kept, terms = self.kept, uow.config
        undoing = {
            event for a in terms.accounts.values() for action in a.actions.values() for event in action.undone_by
        }
        keeping = retention.Keeping(kept.events, kept.matches, kept.deliveries, terms.counted(), tuple(sorted(undoing)))
        removed = retention.clean(uow.tx, keeping, uow.now)
        for name, account in terms.accounts.items():
            types = [(kind.name, account.streams[kind.stream].coverage) for kind in account.kinds.values()]
            removed = max(removed, retention.forget(uow.tx, name, types, kept.events, uow.now))
        return removed
