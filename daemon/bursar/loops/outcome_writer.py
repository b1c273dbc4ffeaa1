"""How attempts ended is written down, whatever happens meanwhile: a full disk, a reload, an answer of a plugin that no
journal can take. Until then it is kept, and an attempt whose end is not known becomes unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import Intent, Lost, NotSent, Outcome
from bursar.journal.errors import JournalError
from bursar.loops.runtime_context import Ended, RuntimeContext
from bursar.pipeline.outcomes import record_outcome

MAX_PAUSE_S = 30.0
log = structlog.get_logger("bursar")


class OutcomeWriter:
    """Writes the outcomes of one account's attempts.

    Args:
        context: What the loops share; the outcomes that are not written yet are kept there.
        account: The account's name.
    """

    def __init__(self, context: RuntimeContext, account: AccountName) -> None:
        self._context = context
        self._account = account

    def note(self, sent: Sequence[Intent], outcomes: Mapping[IntentId, Outcome], ended_at: datetime) -> None:
        """Keep how attempts ended; one without an outcome was given up in the middle.

        Args:
            sent: What was sent.
            outcomes: How it ended.
            ended_at: The last moment of the request on the wire.
        """
        for intent in sent:
            # Never "not sent" by default: the request may have been on the wire when the task was canceled.
            outcome = outcomes.get(intent.id, Lost("the daemon was told to stop while it was sent"))
            self._context.ended[intent.id] = Ended(intent.fence, outcome, ended_at)
            # A refusal, too: a provider that says no may have done it, and polls from before it show nothing of that.
            if not isinstance(outcome, NotSent):
                self._context.effects.note(intent.account, intent.subject, ended_at)

    async def record_orphans(self, orphans: Sequence[Intent]) -> None:
        """Write how attempts ended that another executor of the account was stopped at."""
        for intent in orphans:
            found = self._context.ended.get(intent.id)
            # An outcome of an earlier attempt says nothing of this one.
            if found is None or found.fence != intent.fence:
                lost = Lost("how its attempt ended is not known")
                self._context.ended[intent.id] = Ended(intent.fence, lost, self._context.now())
        await self.record(orphans)

    async def record(self, sent: Sequence[Intent]) -> None:
        """Commit how attempts ended. While the journal cannot be written, that is kept and tried again."""
        pause_s = 1.0
        while True:
            try:
                await self._write_outcomes([intent.id for intent in sent])
                return
            # Kept and tried until the disk takes it: dropped, the intent
            # would be unknown though the provider has said yes.
            except JournalError as error:
                log.error("intent.outcome_unwritten", account=self._account, reason=str(error))
                self._context.liveness.tick(f"executing {self._account}")
                await self._context.clock.sleep(pause_s)
                pause_s = min(pause_s * 2, MAX_PAUSE_S)

    async def _write_outcomes(self, ids: Sequence[IntentId]) -> None:
        ended = {id_: self._context.ended[id_] for id_ in ids if id_ in self._context.ended}
        try:
            await self._commit(ended)
        except JournalError:
            raise
        except Exception:  # noqa: BLE001 - one brings what cannot be written, which must not cost the others theirs
            for id_, one in ended.items():
                await self._write_alone(id_, one)
        for id_ in ended:
            # Only now, after the commit: a reload in between finds it here, and writes it.
            self._context.ended.pop(id_, None)

    async def _write_alone(self, id_: IntentId, one: Ended) -> None:
        """Write one outcome; if what it brings cannot be written, it is lost, and a person is asked."""
        try:
            await self._commit({id_: one})
        except JournalError:
            raise
        except Exception as error:
            log.exception("intent.outcome_unusable", account=self._account, intent=id_)
            lost = replace(one, outcome=Lost(f"its answer could not be written down ({type(error).__name__})"))
            await self._commit({id_: lost})

    async def _commit(self, ended: Mapping[IntentId, Ended]) -> None:
        await self._context.commit(
            lambda uow: [record_outcome(uow, id_, one.fence, one.outcome, one.at) for id_, one in ended.items()]
        )
