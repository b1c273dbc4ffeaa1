"""The timing loop: what time alone does. Approvals and ready intents lapse, deferred ones are ready again, accepted
actions that showed no effect are told, old rows are let go; and the wall clock is watched for jumps."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bursar.domain.guard import Obstacle
from bursar.domain.ids import AccountName
from bursar.journal import ledger, matches, retention
from bursar.runtime.moving import pass_time
from bursar.runtime.office import JUMP_S, Office
from bursar.runtime.telling import Commit, tell_core
from bursar.settings.model import Retention

TURN_S = 1.0
STEADY_AFTER_S = 60.0
CLEAN_EVERY_S = 60.0
NOBODY = AccountName("")
log = structlog.get_logger("bursar")


class Timer:
    """Watches time for the whole daemon."""

    def __init__(self, office: Office, kept: Retention) -> None:
        self._office = office
        self.kept = kept
        self._steady_s = office.clock.monotonic()
        self._cleaned_s = office.clock.monotonic()

    async def turn(self) -> None:
        """Do what is due, then wait a second."""
        await self._watch_clock()
        await self._office.commit(pass_time)
        if self._office.may_act() and self._office.clock.monotonic() - self._cleaned_s >= CLEAN_EVERY_S:
            self._cleaned_s = self._office.clock.monotonic()
            await self._clean()
        await self._office.bells["timing"].wait(self._office.clock, TURN_S)

    async def _watch_clock(self) -> None:
        """The wall clock jumped against the monotonic one: watch only, until it has been steady for a minute."""
        clock = self._office.clock
        if (last_at := self._office.unsteady_since) is not None:
            self._office.steady, self._office.unsteady_since = False, None
            await self.unsteady(f"the clock is before the last commit, of {last_at:%Y-%m-%d %H:%M:%S}Z")
        jumped_s = self._office.ahead_s() - self._office.offset_s
        if abs(jumped_s) > JUMP_S:
            self._office.steady = False
            self._office.offset_s += jumped_s
            self._office.started_at += timedelta(seconds=jumped_s)
            await self.unsteady(f"the wall clock jumped by {jumped_s:+.0f} s")
        elif not self._office.steady and clock.monotonic() - self._steady_s >= STEADY_AFTER_S:
            self._office.steady = True
            await self._office.commit(lambda c: matches.release(c.tx, Obstacle.CLOCK, c.now))

    async def unsteady(self, reason: str) -> None:
        """Stop acting, and say why."""
        self._office.steady = False
        self._steady_s = self._office.clock.monotonic()
        log.error("the wall clock cannot be believed; watching only", reason=reason)

        def say(c: Commit) -> None:
            ledger.put_instant(c.tx, "started_at", self._office.started_at)
            tell_core(c, "clock.jumped", NOBODY, {"reason": reason})

        await self._office.commit(say)

    async def _clean(self) -> None:
        """Let go of finished rows that are older than the retention, a bounded number at a time."""
        removed = await self._office.commit(self._let_go)
        if removed >= retention.AT_ONCE:
            self._cleaned_s -= CLEAN_EVERY_S - timedelta(seconds=2).total_seconds()

    def _let_go(self, c: Commit) -> int:
        kept, terms = self.kept, c.terms
        undoing = {
            event for a in terms.accounts.values() for action in a.actions.values() for event in action.undone_by
        }
        keeping = retention.Keeping(kept.events, kept.matches, kept.deliveries, terms.counted(), tuple(sorted(undoing)))
        removed = retention.clean(c.tx, keeping, c.now)
        for name, account in terms.accounts.items():
            types = [(kind.name, account.streams[kind.stream].coverage) for kind in account.kinds.values()]
            removed = max(removed, retention.forget(c.tx, name, types, kept.events, c.now))
        return removed
