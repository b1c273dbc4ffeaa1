"""The maintenance loop: finished rows that are older than the retention are let go, a bounded number at a time."""

from __future__ import annotations

from datetime import timedelta

from bursar.domain.ids import IntentId
from bursar.domain.intent import OPEN
from bursar.journal import intents, meta, retention
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.startup import JUMPED_AT, SETTLES_AFTER
from bursar.pipeline.match_facts import LEFT_TO_A_PERSON
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.model import Retention

EVERY = timedelta(seconds=60)
SOON = timedelta(seconds=2)
IDLE_S = 5.0


class Maintenance:
    """Lets go of what is old.

    Args:
        context: What the loops share.
        kept: How long finished rows are kept.
    """

    def __init__(self, context: RuntimeContext, kept: Retention) -> None:
        self._context = context
        self.kept = kept
        self._due_at = context.now() + EVERY

    async def turn(self) -> None:
        """Clean up if it is time, or wait a little."""
        if self._context.now() >= self._due_at:
            await self.clean()
        else:
            await self._context.clock.sleep(IDLE_S)

    async def clean(self) -> None:
        """Clean up once, unless the wall clock jumped within a day; sooner again if there is more."""
        await self._context.commit(self._forget_secrets)
        # A clock that is set 400 days ahead makes everything old; what guards count would be gone when it is set right.
        removed = await self._context.commit(self._let_go) if self._context.clock_steady() else 0
        self._due_at = self._context.now() + (SOON if removed >= retention.AT_ONCE else EVERY)

    def _forget_secrets(self, uow: UnitOfWork) -> None:
        """Let go of the secret parameters that a person gave for what has ended."""
        given = self._context.secret_params
        for id_ in list(given):
            intent = intents.load(uow.tx, IntentId(id_))
            # A wallet stays in memory as long as it may be needed to look for a lost payout, and no longer.
            if intent is None or intent.state not in OPEN:
                given.pop(id_, None)

    def _let_go(self, uow: UnitOfWork) -> int:
        jumped_at = meta.instant_of(uow.tx, JUMPED_AT)
        if jumped_at is not None and uow.now - jumped_at < SETTLES_AFTER:
            return 0
        kept = self.kept
        kinds = [kind for account in uow.config.accounts.values() for kind in account.kinds.values()]
        last_of = sorted({event.name for kind in kinds for event in kind.events if event.rearmed_by})
        keeping = retention.Keeping(
            kept.events, kept.matches, kept.deliveries, uow.config.text_window(), last_of, LEFT_TO_A_PERSON
        )
        removed = retention.clean(uow.tx, keeping, uow.now, uow.measured)
        for name, account in uow.config.accounts.items():
            types = [(kind.name, account.streams[kind.stream].coverage) for kind in account.kinds.values()]
            removed = max(removed, retention.forget(uow.tx, name, types, kept.events, uow.now, uow.measured))
        return removed
