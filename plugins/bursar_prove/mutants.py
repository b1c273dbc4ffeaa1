"""Daemons that are broken on purpose: what the proof must find, or it proves nothing.

Each wraps a function or two of the runtime, in the daemon's own process.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bursar.api import DidNot, Finding, Intent, Lost, NotSent, Observation, Outcome
from bursar.api.exchange import Exchange
from bursar.domain import permission
from bursar.domain.guard_facts import Cost
from bursar.domain.ids import IntentId
from bursar.domain.intent import State
from bursar.domain.intent_states import Cause, Step, settle_with, step
from bursar.domain.permission import Guard, Phase
from bursar.journal import intents, verdicts
from bursar.journal.errors import JournalError
from bursar.loops import executor
from bursar.loops.effect_times import EffectTimes, Valid
from bursar.loops.executor import Executor
from bursar.loops.outcome_writer import OutcomeWriter
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.watch import Watch
from bursar.pipeline import ingest
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.effects import findings
from bursar.pipeline.gate import budget, guard_facts
from bursar.pipeline.gate.candidate import Candidate
from bursar.pipeline.reload import start, takeover
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork
from bursar_prove.crash_injector import put
from bursar_prove.scaled_clock import BEGIN, SetClock


@dataclass(frozen=True, slots=True)
class Flaw:
    """One way to be broken."""

    description: str
    install: Callable[[], None]


def _send_first() -> None:
    prepare, perform = Executor._prepare, Executor._perform  # noqa: SLF001 - the point of it
    early: dict[IntentId, Outcome] = {}

    async def prepare_and_send(
        self: Executor, ready: Sequence[Intent], look: Exchange, before: object = None
    ) -> object:
        evidence = await prepare(self, ready, look, before)
        early.update(await perform(self, ready))
        return evidence

    async def sent_already(self: Executor, sending: Sequence[Intent]) -> Mapping[IntentId, Outcome]:  # noqa: ARG001
        return {intent.id: early.pop(intent.id) for intent in sending}

    put(Executor, "_prepare", prepare_and_send)
    put(Executor, "_perform", sent_already)


def _believe_lost() -> None:
    perform = Executor._perform  # noqa: SLF001 - the point of it

    async def believing(self: Executor, sending: Sequence[Intent]) -> Mapping[IntentId, Outcome]:
        outcomes = await perform(self, sending)
        return {id_: NotSent(one.reason) if isinstance(one, Lost) else one for id_, one in outcomes.items()}

    put(Executor, "_perform", believing)


def _wake_up_to(state: State, cause: Cause) -> Callable[[], None]:
    def install() -> None:
        def waking(uow: UnitOfWork, **_restored: bool) -> None:
            for intent in intents.in_state(uow.tx, (State.SENDING,)):
                intents.take_step(uow.tx, intent, Step(cause, state, "broken on purpose"), uow.now)

        put(start, "wake_up", waking)

    return install


def _trust_old_facts() -> None:
    def since(_self: RuntimeContext, _now: datetime | None = None) -> datetime:
        return BEGIN

    put(RuntimeContext, "fresh_since", since)


def _believe_the_clock() -> None:
    def by_the_wall(self: SetClock) -> float:
        return self.pace.monotonic() + self.pace.shared.wall_s

    put(SetClock, "monotonic", by_the_wall)


def _keep_no_deadline() -> None:
    put(executor, "LEAVES_WITHIN_S", math.inf)
    put(executor, "LAST_LOOK_S", math.inf)


def _pay_as_planned() -> None:
    work_out = budget.work_out_cost

    def planned(view: ReadView, spec: AccountSpec, candidate: Candidate) -> Cost:
        cost, intent = work_out(view, spec, candidate), candidate.intent
        return cost if intent is None or intent.cost is None else replace(cost, amount=intent.cost)

    put(guard_facts, "work_out_cost", planned)


def _keep_changed_rules() -> None:
    def nothing(*_given: object) -> None:
        return None

    put(takeover, "end_what_changed", nothing)
    put(guard_facts, "_rule_changed", nothing)
    put(verdicts, "forget_missing", nothing)


def _ask_though_over() -> None:
    def plan_only(guard: Guard) -> Guard:
        return replace(guard, phases=frozenset({Phase.PLAN})) if guard.name in ("predicate", "when") else guard

    put(permission, "GUARDS", tuple(plan_only(guard) for guard in permission.GUARDS))


def _believe_late() -> None:
    take = Watch.take

    def still_true(_self: EffectTimes, _spec: AccountSpec, observation: Observation, _asked_at: datetime) -> Valid:
        return Valid(observation)

    def asked_again(self: Watch, now_s: float, limit: int, wanted: Sequence[str] = ()) -> list[str]:
        ids = take(self, now_s, limit, wanted)
        for id_ in ids:
            self._schedule(self._index[id_], now_s + self.interval_s)
        return ids

    put(EffectTimes, "still_true", still_true)
    put(Watch, "take", asked_again)
    put(ingest, "_known_newer", lambda *_given: False)


def _drop_unwritten() -> None:
    async def once(self: OutcomeWriter, sent: Sequence[Intent]) -> None:
        with suppress(JournalError):
            await self._write_outcomes([intent.id for intent in sent])

    async def nothing(self: OutcomeWriter, _orphans: Sequence[Intent]) -> None:
        await self._context.clock.sleep(1.0)

    put(OutcomeWriter, "record", once)
    put(OutcomeWriter, "record_orphans", nothing)


def _pay_beside() -> None:
    put(guard_facts, "unfamiliar", lambda *_given: None)


def _look_too_soon() -> None:
    def at_once(intent: Intent, finding: Finding, *given: Any) -> Step:
        return step(intent, Cause.DID_NOT, "") if isinstance(finding, DidNot) else settle_with(intent, finding, *given)

    put(findings, "settle_with", at_once)


FLAWS = {
    "sends-first": Flaw("The request leaves before `sending` is committed.", _send_first),
    "believes-lost": Flaw("A lost reply is taken for a request that never left.", _believe_lost),
    "forgets-sending": Flaw(
        "What was being sent when the process died is sent again.", _wake_up_to(State.READY, Cause.REPEAT)
    ),
    "assumes-done": Flaw(
        "What was being sent when the process died is taken for done.", _wake_up_to(State.SUCCEEDED, Cause.YES)
    ),
    "trusts-old-facts": Flaw("Facts of any age are fresh.", _trust_old_facts),
    "believes-the-clock": Flaw("One wall clock serves for everything.", _believe_the_clock),
    "keeps-no-deadline": Flaw("A request leaves however long ago it was committed.", _keep_no_deadline),
    "pays-as-planned": Flaw("The cost is the one that was planned, whatever the last look shows.", _pay_as_planned),
    "keeps-changed-rules": Flaw("What waits for a rule survives the rule.", _keep_changed_rules),
    "asks-though-over": Flaw("Conditions are asked when an action is planned, and not again.", _ask_though_over),
    "believes-late": Flaw("Ids are asked twice at once, and what is answered last is believed.", _believe_late),
    "drops-unwritten": Flaw("An outcome that cannot be written is dropped.", _drop_unwritten),
    "pays-beside": Flaw("What waits at the site, and the journal does not know, is not asked about.", _pay_beside),
    "looks-too-soon": Flaw("What is not there at the first look was never done.", _look_too_soon),
}
