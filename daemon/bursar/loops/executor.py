"""The executing loop of one account: ready intents are sent, one attempt each, and lost ones are looked for first.

The order is everything: the turn of the rate limit is taken, evidence is read, the gate is asked and `sending` is
committed, the counter beside the journal is raised, the request leaves (within its deadline), the outcome is committed.
A crash between any two leaves what the table of an intent's life knows how to go on from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import cast

import structlog

from bursar.api.errors import NeverSent, ProviderError, RateLimited
from bursar.api.exchange import Exchange, watched
from bursar.api.provider import Adapter, BatchAdapter
from bursar.domain.action import ActionType
from bursar.domain.ids import IntentId
from bursar.domain.intent import (
    CannotTell,
    DidNot,
    Happened,
    Intent,
    Lost,
    LostReply,
    NotSent,
    Outcome,
    State,
)
from bursar.domain.intent_states import UNREADABLE
from bursar.domain.plan import SecretChanged
from bursar.domain.rule import TemplateFailed
from bursar.domain.values import Json
from bursar.domain.verdict import BlockReason, HoldBack, Lapse
from bursar.journal import accounts, intents
from bursar.journal.writer import Tx
from bursar.loops import liveness
from bursar.loops.lost_attempts import CALLS, LostAttempts
from bursar.loops.outcome_writer import OutcomeWriter
from bursar.loops.rate_limit import Priority, RateLimiter
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.wakeup import Wakeup
from bursar.loops.work import Work
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.dispatch import Claimed, claim, review
from bursar.pipeline.gate import gate
from bursar.pipeline.gate.just_over import Looks
from bursar.pipeline.match_facts import PARAM_CHANGED
from bursar.pipeline.revealed import revealed
from bursar.pipeline.unit_of_work import ReadView

IDLE_S = 1.0
PREPARE_PAUSE_S = 15.0
MAX_REST = timedelta(minutes=15)
"""A look that decides about money is tried again so soon, unless the provider says that the rate is limited."""
LEAVES_WITHIN_S = 60.0
"""A request leaves so soon after its `sending` commit, or not at all."""
LAST_LOOK_S = 5.0
"""One that takes the whole balance leaves so soon after the last look at it."""
EVERYTHING = frozenset({BlockReason.CLOCK, BlockReason.JOURNAL, BlockReason.PAUSED, BlockReason.QUARANTINED})
"""What holds every action of the account back."""
log = structlog.get_logger("bursar")


class Executor:
    """Sends the intents of one account.

    Args:
        context: What the loops share.
        spec: The account.
        adapter: The account's adapter.
        limiter: The key's rate limit: the turn is taken before the evidence is read.
        before: What still sends at this account under the configuration before; it goes first.
    """

    def __init__(
        self,
        context: RuntimeContext,
        spec: AccountSpec,
        adapter: Adapter,
        limiter: RateLimiter,
        before: Collection[asyncio.Task[None]] = (),
    ) -> None:
        self._context = context
        self._spec = spec
        self._adapter = adapter
        self._limiter = limiter
        self.wakeup = Wakeup()
        self.stopping = asyncio.Event()
        self.sending = False
        self._before = before
        self._began_s = context.clock.monotonic()
        self._rest_until_s: dict[IntentId, float] = {}
        self._looks = Looks()
        self._lost = LostAttempts(context, spec, adapter)
        self._outcomes = OutcomeWriter(context, spec.name)

    def stop(self) -> None:
        """End after the turn that is under way."""
        self.stopping.set()
        self.wakeup.set()

    async def turn(self) -> None:
        """Look for a lost attempt, or send what is ready, or wait."""
        self._context.liveness.tick(f"executing {self._spec.name}")
        # A request of the configuration before may be out: beside it,
        # the next one's evidence could not tell the two apart.
        if not self._is_first():
            await self.wakeup.wait(self._context.clock, IDLE_S)
            return
        work = await self._context.journal.read(self._find)
        if work.orphans:
            await self._outcomes.record_orphans(work.orphans)
        elif self._limiter.paused_s() > 0 or work.nothing or self._context.changing is not None:
            # A key that is to be left alone answers no look; and while a reload changes over, nothing is claimed.
            await self.wakeup.wait(self._context.clock, IDLE_S)
        else:
            limit_s = getattr(self._adapter, "limit_s", 0.0) * CALLS
            self._context.liveness.tick(f"executing {self._spec.name}", limit_s)
            await self._do(work)

    def _is_first(self) -> bool:
        """Return whether no earlier loop sends here any more; one that does for too long is told to the watchdog."""
        done = all(task.done() for task in self._before)
        limit_s = getattr(self._adapter, "limit_s", 0.0) * CALLS + liveness.STILL_S
        waits = self._context.journal.broken is not None  # with an outcome, which a restart would lose
        too_long = not done and not waits and self._context.clock.monotonic() - self._began_s > limit_s
        self._context.liveness.stick(f"executing {self._spec.name}", stuck=too_long)
        return done

    async def _do(self, work: Work) -> None:
        if work.lost and work.lost[0].state is State.UNKNOWN:
            await self._lost.look_for(work.lost[0])
        elif work.lost:
            await self._still_missing(work.lost[0])
        elif work.ended is not None:
            await self._end(work.ended)
        else:
            await self._execute(work.ready)

    def _find(self, tx: Tx) -> Work:
        """Find what there is to do."""
        opened = intents.in_state(tx, (State.SENDING, State.READY, State.UNKNOWN), self._spec.name)
        orphans = [intent for intent in opened if intent.state is State.SENDING]
        # Orphans first: no loop sends them, and until they are made unknown nothing looks for them.
        if not opened or orphans or self._away(tx):
            return Work(orphans)
        lost = [intent for intent in opened if self._lost.due(intent)]
        return Work(lost=lost) if lost else self._ready(self._context.view(tx), opened)

    def _away(self, tx: Tx) -> bool:
        """An account in quarantine may be another world, where nothing can be found out; a parked one is left alone."""
        row = accounts.load(tx, self._spec.name)
        return row is None or row.quarantine_digest is not None or row.parked_at is not None

    def _ready(self, view: ReadView, opened: Sequence[Intent]) -> Work:
        """Ask the gate which ready intents may be sent, oldest first; a request is not begun in vain."""
        chosen: list[Intent] = []
        everything_waits = False
        for intent in opened:
            if intent.state is not State.READY or self._rests(intent):
                continue
            if everything_waits and not self._lost.due_though_held(intent):
                continue
            verdict, _, candidate = gate.ask_about(view, intent)
            if candidate is None or candidate.action is None:
                continue
            if isinstance(verdict, HoldBack) and verdict.brief:
                everything_waits = everything_waits or verdict.block in EVERYTHING
                # A pause must not hide that a lost payout has landed: it is looked for even while it may not be sent.
                if self._lost.due_though_held(intent):
                    return Work(lost=[intent])
                continue
            if isinstance(verdict, (HoldBack, Lapse)):
                # No evidence is read for what would not be sent: a look costs a request of the key's rate.
                return Work(ended=intent)
            if not chosen or (intent.action == chosen[0].action and len(chosen) < self._batch(candidate.action)):
                chosen.append(intent)
        return Work(ready=chosen)

    def _batch(self, action: ActionType) -> int:
        """Return how many go in one request: what is looked for by evidence of its own goes alone."""
        # Two payouts in one request would have one evidence, and a lost reply could not be told apart.
        many = getattr(self._adapter, "performs_many", False) and action.lost_reply is LostReply.REPEATABLE
        return action.batch if many else 1

    async def _end(self, intent: Intent) -> None:
        """A ready intent that the gate does not let through ends; a lost one is looked for once more before."""
        if await self._still_missing(intent):
            await self._context.commit(lambda uow: review(uow, intent.id))

    async def _execute(self, ready: Sequence[Intent]) -> None:
        """Send ready intents of one action in one request."""
        try:
            # The turn first, the evidence after it: at 30 requests a minute
            # a look that waits for its turn is too old when it leaves.
            await self._limiter.acquire(Priority.EFFECT)
        except RateLimited:
            return
        # The wait may have been long: a lost one may have landed meanwhile, or a reload wants this loop to end.
        if self.stopping.is_set() or not await self._still_missing(ready[0]):
            return
        before: object = None
        if await self._lost.doubts(ready[0]):  # may take long: what lands meanwhile must not pass for something old
            before = await self._prepare(ready, Exchange(strict=True))
            if before is FAILED or not await self._none_landed(ready[0]):
                return
        # Strict: a list that says two things under one key must not be the evidence that lets a payout go.
        look = Exchange(strict=True)
        began_s = self._context.clock.monotonic()
        evidence = await self._prepare(ready, look, before)
        # The last point at which nothing is committed: from here on the turn goes to its written outcome.
        if evidence is FAILED or self.stopping.is_set() or self._context.changing is not None:
            return
        self.sending = True  # from here to the written outcome this turn must not be ended
        try:
            await self._claim_and_send(ready, cast(Json, evidence), look, began_s)
        finally:
            self.sending = False

    async def _claim_and_send(self, ready: Sequence[Intent], evidence: Json, look: Exchange, began_s: float) -> None:
        """Commit the `sending` of what the gate lets through, and make the attempt within its deadline."""
        # Before the commit: a pause that is written while the claim
        # waits for the disk is later than this, and keeps it back.
        claimed_s = self._context.clock.monotonic()
        claimed = await self._context.commit(lambda uow: claim(uow, [one.id for one in ready], evidence, self._looks))
        self._rest(claimed.waiting, PREPARE_PAUSE_S)
        if not claimed.intents:
            return
        # from before the commit on: it may take long, and the evidence grows old meanwhile
        not_after_s = (look.ended_s or began_s) + LEAVES_WITHIN_S
        if self._spec.actions[ready[0].action].takes_balance:
            # From the question, not the answer. What comes in after these
            # seconds would be paid, too, without having been judged.
            not_after_s = min(not_after_s, (look.last_asked_s or began_s) + LAST_LOOK_S)
        await self._send(claimed, Exchange(not_after_s, partial(self._context.objection, self._spec.name, claimed_s)))

    async def _prepare(self, ready: Sequence[Intent], look: Exchange, before: object = None) -> object:
        """Read the evidence; an intent whose evidence cannot be read stays ready, and is tried again a little later.

        Args:
            ready: The intents.
            look: Notes when it is asked for.
            before: The evidence that was read a moment ago: what is new since then may be another one that was lost.
        """
        try:
            intent = await self._context.journal.read(lambda tx: revealed(self._context.view(tx), ready[0]))
            if before is not None:
                intent = replace(intent, lost=True, evidence=cast(Json, before))
            with watched(look):
                read = await self._adapter.prepare(intent)
                if before is not None and isinstance(read, (Happened, CannotTell)):
                    self._rest([intent.id], PREPARE_PAUSE_S)  # the lost ones are looked for once more
                    return FAILED
                if isinstance(read, CannotTell) and await self._lost.note(intent, read):  # a person has told
                    read = await self._lost.read_between(intent, read)
        except TemplateFailed as failed:
            reason = PARAM_CHANGED if isinstance(failed, SecretChanged) else str(failed)
            for one in ready:
                await self._context.commit(lambda uow, id_=one.id: review(uow, id_, reason))  # type: ignore[misc]
            return FAILED
        except ProviderError as error:
            await self._cannot_look(ready, error)
            return FAILED
        # A finding in place of evidence: the adapter will not have it
        # sent, and asked at once again it would go round without a pause.
        if isinstance(read, (Happened, DidNot, CannotTell)):
            self._rest([intent.id], PREPARE_PAUSE_S)
            if not isinstance(read, CannotTell):
                await self._lost.note(intent, read)
            return FAILED
        return read

    async def _still_missing(self, intent: Intent) -> bool:
        try:
            return await self._lost.still_missing(intent)
        except ProviderError as error:
            await self._cannot_look([intent], error)
            return False

    async def _none_landed(self, intent: Intent) -> bool:
        try:
            return await self._lost.none_landed(intent)
        except ProviderError as error:
            await self._cannot_look([intent], error)
            return False

    async def _cannot_look(self, ready: Sequence[Intent], error: ProviderError) -> None:
        ids, why = [intent.id for intent in ready], {"kind": error.kind, "reason": error.reason}
        log.warning("intent.evidence_unreadable", account=self._spec.name, intent=ids[0], **why)
        asked = error.retry_after if error.retry_after is not None else timedelta(seconds=PREPARE_PAUSE_S)
        # Not for as long as the site likes: `Retry-After` of 115 days would keep a payout ready and silent.
        self._rest(ids, min(asked, MAX_REST).total_seconds())
        reason = f"{UNREADABLE}: {error.reason}"
        if any(intent.reason != reason for intent in ready):  # not once a minute, while it stays so
            await self._context.commit(lambda uow: intents.cannot_be_sent(uow.tx, ids, reason))
        if isinstance(error, RateLimited) and error.retry_after is not None:
            self._limiter.pause_for(error.retry_after)

    def _rests(self, intent: Intent) -> bool:
        return self._rest_until_s.get(intent.id, 0.0) > self._context.clock.monotonic()

    def _rest(self, ids: Sequence[IntentId], seconds: float) -> None:
        now_s = self._context.clock.monotonic()
        self._rest_until_s = {id_: at_s for id_, at_s in self._rest_until_s.items() if at_s > now_s}
        self._rest_until_s.update(dict.fromkeys(ids, now_s + seconds))

    async def _send(self, claimed: Claimed, exchange: Exchange) -> None:
        """Make the attempt, and write how it ended, whatever happens meanwhile."""
        outcomes: Mapping[IntentId, Outcome] = {}
        try:
            outcomes = await self._attempt(claimed, exchange)
        finally:
            now_s = self._context.clock.monotonic()
            # Also where the task is canceled: how far it came is noted
            # before anything else, or `settle` would count from too early.
            ended_at = self._context.at(exchange.ended_s if exchange.ended_s is not None else now_s)
            self._outcomes.note(claimed.intents, outcomes, ended_at)
        if exchange.limited and exchange.retry_after is not None:
            self._limiter.pause_for(exchange.retry_after)
        await self._outcomes.record(claimed.intents)
        for intent in claimed.intents:
            self._log(intent, outcomes[intent.id])

    async def _attempt(self, claimed: Claimed, exchange: Exchange) -> Mapping[IntentId, Outcome]:
        """Raise the counter beside the journal, then make the attempt; without the counter nothing is sent."""
        ids = [intent.id for intent in claimed.intents]
        # The `sending` that was just committed may lie in a file that
        # was moved away: then no start would know of this request.
        self._context.check_files()
        if self._context.displaced is not None:
            return dict.fromkeys(ids, NotSent(self._context.displaced))
        try:
            if claimed.count is not None:
                # On disk before the first byte: a journal restored from before it is known by this file alone.
                self._context.journal.send_counter.raise_to(claimed.count)
        except OSError as error:
            log.exception("intent.not_counted", account=self._spec.name)
            reason = f"the counter beside the journal cannot be written ({type(error).__name__})"
            return dict.fromkeys(ids, NotSent(reason))
        with watched(exchange):
            return await self._perform(claimed.intents)

    async def _perform(self, sending: Sequence[Intent]) -> Mapping[IntentId, Outcome]:
        """Make the one attempt. Whatever is raised is an outcome, too."""
        try:
            if len(sending) == 1:
                return {sending[0].id: await self._adapter.perform(sending[0])}
            many = await cast(BatchAdapter, self._adapter).perform_many(sending)
            # Left out is no no: the panel may have canceled the order and only not said so.
            return {intent.id: many.get(intent.id, Lost("the answer does not speak of it")) for intent in sending}
        except NeverSent as error:
            outcome: Outcome = NotSent(error.reason, error.retry_after)
        except ProviderError as error:
            # Whatever is not plainly "never sent" may have arrived: a time-out, a reset, HTML of a gateway.
            outcome = Lost(error.reason)
        return dict.fromkeys((intent.id for intent in sending), outcome)

    def _log(self, intent: Intent, outcome: Outcome) -> None:
        log.info(
            "intent.sent",
            account=intent.account,
            rule=intent.rule,
            intent=intent.id,
            action=intent.action,
            subject=str(intent.subject),
            outcome=type(outcome).__name__.lower(),
        )


FAILED = object()
"""In place of evidence: there is none, and nothing is sent."""
