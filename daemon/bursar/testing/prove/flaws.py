"""Daemons that are broken on purpose: what the proof must find, or it proves nothing.

Each wraps one function of the runtime, in the daemon's process alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bursar.domain.ids import IntentId
from bursar.domain.intent import Intent, Lost, NotSent, Outcome, State, Succeeded
from bursar.journal import intents
from bursar.runtime import executing, moving
from bursar.runtime.telling import Commit


@dataclass(frozen=True, slots=True)
class Flaw:
    """One way to be broken."""

    description: str
    install: Callable[[], None]


def _send_first() -> None:
    """Let the request leave before `sending` is committed."""
    start = executing.Executor._execute  # noqa: SLF001 - the point of it

    async def execute(self: Any, ready: Any) -> None:
        evidence = await self._prepare(ready)
        outcomes = await self._perform([_unsealed(self, intent) for intent in ready])
        office, since = self._office, self._office.fresh_since()
        sending = await office.commit(lambda c: moving.start_sending(c, [one.id for one in ready], evidence, since))
        await office.commit(
            lambda c: [moving.record_outcome(c, one.id, one.fence, outcomes[one.id]) for one in sending.intents]
        )

    assert start is not None
    executing.Executor._execute = execute  # type: ignore[method-assign]  # noqa: SLF001 - the same


def _unsealed(executor: Any, intent: Intent) -> Intent:
    return intent


def _believe_lost() -> None:
    """Take a lost reply for a request that never left."""
    record = moving.record_outcome

    def believing(c: Commit, id_: IntentId, fence: int, outcome: Outcome) -> Intent | None:
        return record(c, id_, fence, NotSent(outcome.reason) if isinstance(outcome, Lost) else outcome)

    executing.record_outcome = believing


def _forget_sending() -> None:
    """At the start, take what was being sent for something that was not."""
    in_state = intents.in_state

    def forgetting(c: Commit, *, restored: bool) -> None:
        for intent in in_state(c.tx, (State.SENDING,)):
            c.tx.run("UPDATE intents SET state = 'ready', facts_at = NULL WHERE id = ?", intent.id)

    from bursar.runtime import binding  # noqa: PLC0415

    binding.wake_up = forgetting
