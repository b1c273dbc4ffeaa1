"""The executing loop of one account: ready intents are sent, one attempt each, and lost ones are looked for.

The order is everything: evidence is read, `sending` is committed, the sidecar is raised, then the request leaves, then
the outcome is committed. A crash between any two leaves what the table of an intent's life knows how to go on from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

import structlog

from bursar.api.errors import NeverSent, ProviderError
from bursar.api.provider import Adapter, PerformsMany
from bursar.domain.action import ActionType
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import CannotTell, Finding, Intent, Lost, LostReply, NotSent, Outcome, State
from bursar.domain.rule import TemplateFailed
from bursar.domain.values import Json
from bursar.journal import accounts, intents, streams
from bursar.journal.errors import JournalError
from bursar.journal.writer import Tx
from bursar.loops.liveness import Wakeup
from bursar.loops.rate_limit import RateLimiter
from bursar.loops.runtime_context import RuntimeContext
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.dispatch import Sending, revealed, start_sending
from bursar.pipeline.intent_transitions import record_finding, record_outcome
from bursar.pipeline.rule_evaluation import blocks
from bursar.pipeline.unit_of_work import UnitOfWork

IDLE_S = 1.0
PREPARE_PAUSE_S = 15.0
CALLS = 3
"""How many limits of one call a turn may last: the evidence, the turn of the rate limit, the attempt."""
LONGEST_PAUSE_S = 30.0
log = structlog.get_logger("bursar")


class Executor:
    """Sends the intents of one account.

    Args:
        context: What the loops share.
        terms: The account's terms.
        adapter: The account's adapter.
        limiter: The key's rate limit: the turn is taken before `sending` is committed.
    """

    def __init__(self, context: RuntimeContext, terms: AccountSpec, adapter: Adapter, limiter: RateLimiter) -> None:
        self._context = context
        self._terms = terms
        self._adapter = adapter
        self._limiter = limiter
        self.wakeup = Wakeup()
        self.stopping = asyncio.Event()
        self._rest_until: dict[IntentId, float] = {}

    def stop(self) -> None:
        """End after the turn that is under way."""
        self.stopping.set()
        self.wakeup.set()

    async def turn(self) -> None:
        """Look for a lost attempt, or send what is ready, or wait."""
        self._context.liveness.tick(f"executing {self._terms.name}")
        lost, ready = await self._context.journal.read(self._find)
        if lost or ready:
            self._context.liveness.tick(f"executing {self._terms.name}", getattr(self._adapter, "limit_s", 0.0) * CALLS)
        if lost:
            await self._reconcile(lost[0])
        elif ready:
            await self._execute(ready)
        else:
            await self.wakeup.wait(self._context.clock, IDLE_S)

    def _find(self, tx: Tx) -> tuple[list[Intent], list[Intent]]:
        """Give the lost intents to look for, and the next ready ones of one action that may go in one request."""
        name, now = self._terms.name, self._context.clock.now()
        opened = intents.in_state(tx, (State.READY, State.UNKNOWN), name)
        if not opened:
            return [], []
        if self._away(tx):
            return [], []
        lost = [i for i in opened if i.state is State.UNKNOWN and self._due(i, now) and self._looks(i)]
        return lost, [] if lost else self._ready(tx, opened)

    def _ready(self, tx: Tx, opened: Sequence[Intent]) -> list[Intent]:
        if not self._may_act(tx):
            return []
        fresh_since, clock_s = self._context.fresh_since(), self._context.clock.monotonic()
        chosen: list[Intent] = []
        for intent in opened:
            action = self._terms.actions.get(intent.action)
            if intent.state is not State.READY or action is None or self._rest_until.get(intent.id, 0.0) > clock_s:
                continue
            if intent.match is not None and (intent.facts_at is None or intent.facts_at < fresh_since):
                continue
            if self._blocked(tx, intent, action) or not self._stream_well(tx, intent):
                continue
            if not chosen or (intent.action == chosen[0].action and len(chosen) < self._batch(action)):
                chosen.append(intent)
        return chosen

    def _away(self, tx: Tx) -> bool:
        """A frozen account may be another world, where nothing can be found out; a parked one is left alone."""
        row = accounts.load(tx, self._terms.name)
        return row is None or row.frozen_digest is not None or row.parked_at is not None

    def _may_act(self, tx: Tx) -> bool:
        return self._context.may_act() and accounts.paused(tx, self._terms.name) is None

    def _blocked(self, tx: Tx, intent: Intent, action: ActionType) -> bool:
        return blocks(self._reading(tx), intent.account, action, but=intent.id) is not None

    def _reading(self, tx: Tx) -> UnitOfWork:
        return UnitOfWork(tx, self._context.config, self._context.clock.now(), kept=self._context.kept)

    def _stream_well(self, tx: Tx, intent: Intent) -> bool:
        """An intent of a rule waits while the stream that its facts come from fails."""
        kind = self._terms.kinds.get(intent.subject.type)
        return intent.match is None or kind is None or streams.load(tx, intent.account, kind.stream).failures == 0

    def _batch(self, action: ActionType) -> int:
        return action.batch if getattr(self._adapter, "performs_many", False) else 1

    def _due(self, intent: Intent, now: datetime) -> bool:
        return intent.due_at is not None and intent.due_at <= now

    def _looks(self, intent: Intent) -> bool:
        """A repeatable intent is asked again (timing does that), not looked for, until its tries are used up."""
        action = self._terms.actions.get(intent.action)
        return action is not None and action.lost_reply is not LostReply.REPEATABLE

    async def _execute(self, ready: Sequence[Intent]) -> None:
        evidence = await self._prepare(ready)
        if evidence is _FAILED:
            return
        await self._limiter.wait_first()
        if self.stopping.is_set():
            return
        ids, fresh_since = [intent.id for intent in ready], self._context.fresh_since()
        sending: Sending = await self._context.commit(
            lambda uow: start_sending(uow, ids, cast(Json, evidence), fresh_since)
        )
        if not sending.intents:
            self._rest([intent.id for intent in ready], IDLE_S)
            return
        outcomes = await self._attempt(sending)
        await self._record(sending, outcomes)
        for intent in sending.intents:
            self._log(intent, outcomes[intent.id])

    async def _prepare(self, ready: Sequence[Intent]) -> object:
        """Read the evidence; an intent whose evidence cannot be read stays ready, and is tried again a little later."""
        try:
            intent = await self._context.journal.read(lambda tx: revealed(self._reading(tx), ready[0]))
            return await self._adapter.prepare(intent)
        except TemplateFailed:
            return None  # `start_sending` finds the same, and lets it lapse
        except ProviderError as error:
            log.warning(
                "the evidence before sending cannot be read",
                account=self._terms.name,
                kind=error.kind,
                intent=ready[0].id,
                reason=error.reason,
            )
            pause = error.retry_after.total_seconds() if error.retry_after is not None else PREPARE_PAUSE_S
            self._rest([intent.id for intent in ready], pause)
            return _FAILED

    def _rest(self, ids: Sequence[IntentId], seconds: float) -> None:
        until = self._context.clock.monotonic() + seconds
        self._rest_until = {id_: at for id_, at in self._rest_until.items() if at > self._context.clock.monotonic()}
        self._rest_until.update(dict.fromkeys(ids, until))

    async def _attempt(self, sending: Sending) -> Mapping[IntentId, Outcome]:
        """Raise the counter beside the journal, then make the attempt; without the counter nothing is sent."""
        try:
            if sending.mark is not None:
                self._context.journal.send_counter.raise_to(sending.mark)
        except OSError as error:
            log.exception("the counter beside the journal cannot be written; nothing is sent", account=self._terms.name)
            not_sent = NotSent(f"the counter beside the journal cannot be written ({type(error).__name__})")
            return dict.fromkeys((intent.id for intent in sending.intents), not_sent)
        return await self._perform(sending.intents)

    async def _record(self, sending: Sending, outcomes: Mapping[IntentId, Outcome]) -> None:
        """Commit how the attempts ended. While the journal cannot be written, that is kept and tried again."""
        pause_s = 1.0
        while True:
            try:
                await self._context.commit(
                    lambda uow: [record_outcome(uow, i.id, i.fence, outcomes[i.id]) for i in sending.intents]
                )
                return
            except JournalError as error:
                log.error("how an action ended cannot be written yet", account=self._terms.name, reason=str(error))
                self._context.liveness.tick(f"executing {self._terms.name}")
                await self._context.clock.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _perform(self, sending: Sequence[Intent]) -> Mapping[IntentId, Outcome]:
        """Make the one attempt. Whatever is raised is an outcome, too."""
        try:
            if len(sending) == 1:
                return {sending[0].id: await self._adapter.perform(sending[0])}
            many = await cast(PerformsMany, self._adapter).perform_many(sending)
            return {intent.id: many.get(intent.id, Lost("the answer does not speak of it")) for intent in sending}
        except NeverSent as error:
            outcome: Outcome = NotSent(error.reason, error.retry_after)
        except ProviderError as error:
            outcome = Lost(error.reason)
        return dict.fromkeys((intent.id for intent in sending), outcome)

    async def _reconcile(self, intent: Intent) -> None:
        asked_at = self._context.clock.now()
        try:
            whole = await self._context.journal.read(lambda tx: revealed(self._reading(tx), intent))
            finding: Finding = await self._adapter.reconcile(whole, intent.evidence)
        except TemplateFailed as failed:
            finding = CannotTell(f"it cannot be looked for: {failed}")
        except ProviderError as error:
            finding = CannotTell(f"it could not be looked for: {error.reason}")
        await self._context.commit(lambda uow: record_finding(uow, intent.id, intent.fence, finding, asked_at))
        log.info(
            "looked for a lost action",
            account=self._terms.name,
            intent=intent.id,
            action=intent.action,
            finding=type(finding).__name__,
            reason=finding.reason,
        )

    def _log(self, intent: Intent, outcome: Outcome) -> None:
        log.info(
            "an action was sent",
            account=AccountName(intent.account),
            rule=intent.rule,
            intent=intent.id,
            action=intent.action,
            subject=str(intent.subject),
            outcome=type(outcome).__name__.lower(),
        )


_FAILED = object()
