"""Looking for attempts whose answer was lost, in one account: did it happen, did it not, or can that not be told?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from bursar.api.errors import ProviderError
from bursar.api.exchange import Exchange, watched
from bursar.api.provider import Adapter
from bursar.domain.ids import IntentId
from bursar.domain.intent import CannotTell, DidNot, Finding, Happened, Intent, LostReply, State
from bursar.domain.rule import TemplateFailed
from bursar.domain.values import Json
from bursar.loops.runtime_context import RuntimeContext
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.effects.findings import Doubt, in_doubt, record_evidence, record_finding, record_landed
from bursar.pipeline.revealed import revealed_beside

NOT_LOOKED_FOR = "?"
"""What stands for whatever may be new at the provider, where it cannot be looked for: a person is asked once."""
CALLS = 4
"""How many limits of one call a turn may last: the rate limit, the look for a lost one, evidence, the attempt."""
log = structlog.get_logger("bursar")


class LostAttempts:
    """Looks for the lost attempts of one account.

    Args:
        context: What the loops share.
        spec: The account.
        adapter: The account's adapter.
    """

    def __init__(self, context: RuntimeContext, spec: AccountSpec, adapter: Adapter) -> None:
        self._context = context
        self._spec = spec
        self._adapter = adapter
        self._looked_at: dict[IntentId, datetime] = {}

    def due(self, intent: Intent) -> bool:
        """Return whether an unknown intent is to be looked for now.

        A repeatable one is asked again (the timer sees to that), not looked for, until its tries are used up.
        """
        if intent.state is not State.UNKNOWN or intent.due_at is None or intent.due_at > self._context.now():
            return False
        action = self._spec.actions.get(intent.action)
        return action is not None and action.lost_reply is not LostReply.REPEATABLE

    def due_though_held(self, intent: Intent) -> bool:
        """Return whether a lost intent that may not be sent now is looked for, in case it lands late."""
        action = self._spec.actions.get(intent.action)
        if not intent.lost or action is None or action.lost_reply is not LostReply.RECONCILABLE:
            return False
        looked_at = max(self._looked_at.get(intent.id, intent.ready_at), intent.ready_at)
        return self._context.now() - looked_at >= self._spec.settle

    async def look_for(self, intent: Intent) -> None:
        """Look for an unknown intent, and write what was found."""
        asked_at, look = self._context.now(), Exchange(strict=True)
        try:
            finding = await self._reconcile(intent, look)
        except ProviderError as error:
            finding = CannotTell(f"it could not be looked for: {error.reason}")
        # As old as its first question: what landed while the list was on its way is not in it.
        if look.first_asked_s is not None:
            asked_at = self._context.at(look.first_asked_s)
        await self._context.commit(lambda uow: record_finding(uow, intent.id, intent.fence, finding, asked_at))
        self._log(intent, finding)

    async def still_missing(self, intent: Intent) -> bool:
        """Return whether an intent may be sent (or end): if it was lost, its old evidence is held against a fresh look.

        One that cannot be looked for is sent again only by a person's word, and one that can be repeated, always.

        Raises:
            ProviderError: it cannot be looked for now.
        """
        action = self._spec.actions[intent.action]
        if action.lost_reply is not LostReply.RECONCILABLE or not intent.lost:
            return True
        self._looked_at = {intent.id: self._context.now()}
        return await self.note(intent, await self._reconcile(intent, Exchange(strict=True)))

    async def none_landed(self, intent: Intent) -> bool:
        """Return whether nothing that ended in doubt turns out to have happened, just before the next one is sent.

        One that was lost, not found, and let go (its hour was over, a guard held it back, a person said no) may have
        landed since, and one that was refused may have been done all the same; the evidence of the next one would take
        either for something old.

        Raises:
            ProviderError: one cannot be looked for now.
        """
        for doubt in await self.doubts(intent):
            self._context.liveness.tick(f"executing {self._spec.name}", getattr(self._adapter, "limit_s", 0.0) * CALLS)
            finding = await self._reconcile(doubt.intent, Exchange(strict=True), beside=intent)
            unknown = isinstance(finding, CannotTell) and finding.suspect == NOT_LOOKED_FOR
            self._log(doubt.intent, finding)
            if isinstance(finding, DidNot) or (unknown and doubt.refused):  # a plain no is no reason to ask a person
                continue
            if await self._note_landed(doubt.intent, finding, intent):
                return False
        return True

    async def doubts(self, intent: Intent) -> list[Doubt]:
        """Return what ended in doubt, and is to be looked for before an intent is sent."""
        if self._spec.actions[intent.action].lost_reply is not LostReply.RECONCILABLE:
            return []
        return await self._context.journal.read(lambda tx: in_doubt(self._context.view(tx), intent))

    async def _note_landed(self, doubt: Intent, finding: Finding, intent: Intent) -> bool:
        return await self._context.commit(lambda uow: record_landed(uow, doubt.id, finding, intent.id))

    async def note(self, intent: Intent, finding: Finding) -> bool:
        """Write what a look showed of a lost attempt before it is made again; return whether it may be."""
        self._log(intent, finding)
        after = await self._context.commit(lambda uow: record_evidence(uow, intent.id, intent.fence, finding))
        # A person who says "did not, again" has looked where no look can
        # tell: a balance that fell must not hold that back for ever.
        missing = isinstance(finding, DidNot) or (intent.again and isinstance(finding, CannotTell))
        return missing and after is not None and after.state is State.READY

    async def read_between(self, intent: Intent, told: CannotTell) -> Json | Finding:
        """Read the evidence of one that a person says did not happen; what lands meanwhile must not pass for old.

        It is read, what was told of is looked for once more, and then it is read again, as fresh as any: what is new in
        between is found. An adapter that can never tell is read a last time, at the person's word.
        """
        first = await self._read(replace(intent, lost=False))
        if isinstance(first, (Happened, DidNot, CannotTell)):
            return first
        since = await self._read(intent)
        if not isinstance(since, CannotTell) or since.suspect != told.suspect:
            return since
        last = await self._read(replace(intent, evidence=first))
        if not isinstance(last, CannotTell) or last.suspect not in (None, told.suspect):
            return last
        return await self._read(replace(intent, lost=False))

    async def _read(self, intent: Intent) -> Json | Finding:
        self._context.liveness.tick(f"executing {self._spec.name}", getattr(self._adapter, "limit_s", 0.0) * CALLS)
        return await self._adapter.prepare(intent)

    async def _reconcile(self, intent: Intent, look: Exchange, beside: Intent | None = None) -> Finding:
        try:
            whole = await self._context.journal.read(
                lambda tx: revealed_beside(self._context.view(tx), intent, beside or intent)
            )
            with watched(look):
                return await self._adapter.reconcile(whole, intent.evidence)
        except TemplateFailed as failed:
            # Its wallet was edited: with another one the look would find nothing, and say *did not*.
            return CannotTell(f"it cannot be looked for: {failed}", suspect=NOT_LOOKED_FOR if beside else None)

    def _log(self, intent: Intent, finding: Finding) -> None:
        log.info(
            "intent.looked_for",
            account=self._spec.name,
            intent=intent.id,
            action=intent.action,
            finding=type(finding).__name__,
            reason=finding.reason,
        )
