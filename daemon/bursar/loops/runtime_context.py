"""What the loops share: the journal, the configuration, the clock, the wakeups. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bursar.api.clock import Clock
from bursar.domain.values import Json
from bursar.journal.writer import Journal, Tx
from bursar.loops.liveness import Liveness, Wakeup
from bursar.pipeline.config_snapshot import ConfigSnapshot
from bursar.pipeline.rule_evaluation import process_events
from bursar.pipeline.unit_of_work import UnitOfWork

T = TypeVar("T")
JUMP_S = 60.0
"""A wall clock that moves by more than this against the monotonic one has jumped."""
FRESH = timedelta(seconds=60)
"""Facts that are older than this are looked at again before anything is sent on them."""


@dataclass(slots=True)
class RuntimeContext:
    """The shared things of one run of the daemon.

    Attributes:
        journal: The journal.
        config: What is configured now; a reload puts new ones here.
        clock: The one clock.
        liveness: Where loops say that they turn.
        started_at: When this run began: older facts are not fresh.
        steady: The wall clock can be believed.
        unsteady_since: The last commit, when this run's clock began before it.
        wakeups: Wake the loops.
        kept: Secret parameters that a person gave in this run, by intent.
        offset_s: By how much the wall clock was ahead of the monotonic one when it could last be believed.
    """

    journal: Journal
    config: ConfigSnapshot
    clock: Clock
    liveness: Liveness
    started_at: datetime
    steady: bool = True
    unsteady_since: datetime | None = None
    kept: dict[int, dict[str, Json]] = field(default_factory=dict)
    wakeups: dict[str, Wakeup] = field(
        default_factory=lambda: {name: Wakeup() for name in ("polling", "timing", "executing", "delivering")}
    )

    offset_s: float = field(init=False)

    def __post_init__(self) -> None:
        self.offset_s = self.ahead_s()

    def ahead_s(self) -> float:
        """Say how far the wall clock is ahead of the monotonic one; it changes only when somebody sets the clock."""
        return self.clock.now().timestamp() - self.clock.monotonic()

    def may_act(self) -> bool:
        """Say whether the wall clock can be believed right now, whether or not a jump was noticed already."""
        return self.steady and self.unsteady_since is None and abs(self.ahead_s() - self.offset_s) <= JUMP_S

    async def commit(self, decide: Callable[[UnitOfWork], T]) -> T:
        """Decide and write in one transaction; wake the loops that have something to do then.

        Raises:
            JournalError: nothing of it happened.
        """
        config, now, steady = self.config, self.clock.now(), self.may_act()

        def work(tx: Tx) -> tuple[T, set[str]]:
            uow = UnitOfWork(tx, config, now, steady, kept=self.kept)
            result = decide(uow)
            process_events(uow)
            return result, uow.wake

        result, wake = await self.journal.write(work)
        for name in wake:
            self.wakeups[name].set()
        return result

    def fresh_since(self) -> datetime:
        """Say from when on facts are fresh enough to act on."""
        return max(self.started_at, self.clock.now() - FRESH)
