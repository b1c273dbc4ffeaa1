"""Daemons that are broken on purpose: what the proof must find, or it proves nothing.

Each wraps a function or two of the runtime, in the daemon's own process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bursar.api import Intent, Lost, NotSent, Outcome
from bursar.api.exchange import Exchange
from bursar.domain.ids import IntentId
from bursar.domain.intent import State
from bursar.domain.intent_states import Cause, Step
from bursar.journal import intents
from bursar.loops.executor import Executor
from bursar.pipeline import takeover
from bursar.pipeline.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Flaw:
    """One way to be broken."""

    description: str
    install: Callable[[], None]


def _send_first() -> None:
    prepare, perform = Executor._prepare, Executor._perform  # noqa: SLF001 - the point of it
    early: dict[IntentId, Outcome] = {}

    async def prepare_and_send(self: Executor, ready: Sequence[Intent], look: Exchange) -> object:
        evidence = await prepare(self, ready, look)
        early.update(await perform(self, ready))
        return evidence

    async def sent_already(self: Executor, sending: Sequence[Intent]) -> Mapping[IntentId, Outcome]:  # noqa: ARG001
        return {intent.id: early.pop(intent.id) for intent in sending}

    Executor._prepare = prepare_and_send  # type: ignore[method-assign]  # noqa: SLF001 - the same
    Executor._perform = sent_already  # type: ignore[method-assign]  # noqa: SLF001 - the same


def _believe_lost() -> None:
    perform = Executor._perform  # noqa: SLF001 - the point of it

    async def believing(self: Executor, sending: Sequence[Intent]) -> Mapping[IntentId, Outcome]:
        outcomes = await perform(self, sending)
        return {id_: NotSent(one.reason) if isinstance(one, Lost) else one for id_, one in outcomes.items()}

    Executor._perform = believing  # type: ignore[method-assign]  # noqa: SLF001 - the same


def _wake_up_to(state: State, cause: Cause) -> Callable[[], None]:
    def install() -> None:
        def waking(uow: UnitOfWork, **_restored: bool) -> None:
            for intent in intents.in_state(uow.tx, (State.SENDING,)):
                intents.take_step(uow.tx, intent, Step(cause, state, "broken on purpose"), uow.now)

        assert hasattr(takeover, "wake_up")
        setattr(takeover, "wake_up", waking)  # noqa: B010 - mypy must not see what production code may not do

    return install


FLAWS = {
    "sends-first": Flaw("The request leaves before `sending` is committed.", _send_first),
    "believes-lost": Flaw("A lost reply is taken for a request that never left.", _believe_lost),
    "forgets-sending": Flaw(
        "What was being sent when the process died is sent again.", _wake_up_to(State.READY, Cause.REPEAT)
    ),
    "assumes-done": Flaw(
        "What was being sent when the process died is taken for done.", _wake_up_to(State.SUCCEEDED, Cause.YES)
    ),
}
