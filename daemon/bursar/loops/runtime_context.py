"""What the loops of one run share: the journal, the configuration, the clocks, the wakeups. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from bursar.api.clock import Clock
from bursar.domain.ids import IntentId
from bursar.domain.intent import Outcome
from bursar.domain.timeline import JUMP, Timeline
from bursar.domain.values import Json
from bursar.journal.writer import Journal, Tx
from bursar.loops.effect_times import EffectTimes
from bursar.loops.liveness import Liveness
from bursar.loops.machine import Machine
from bursar.loops.wakeup import Wakeup
from bursar.pipeline.commit import decide_all
from bursar.pipeline.config_snapshot import ConfigSnapshot
from bursar.pipeline.unit_of_work import ReadView, UnitOfWork

T = TypeVar("T")
V = TypeVar("V", bound=ReadView)
log = structlog.get_logger("bursar")
FRESH = timedelta(seconds=60)
"""Facts that are older than this are looked at again before anything is sent on them."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended that is not written down yet."""

    fence: int
    outcome: Outcome
    at: datetime


@dataclass(slots=True)
class RuntimeContext:
    """The shared things of one run of the daemon. Instants lie on the journal's timeline.

    Attributes:
        journal: The journal.
        config: What is configured now; a reload puts a new one here.
        clock: The one clock.
        machine: Which boot it runs in.
        liveness: Where loops say that they make progress.
        timeline: Physical time, on which every duration is measured.
        ahead: By how much the wall clock is ahead of the timeline.
        started_at: When this run began.
        started_wall: What the wall clock said then.
        fresh_from: Older facts are not fresh: the start of the run, or the last jump of the wall clock.
        unsteady_since: When the wall clock jumped, as long as it has not been steady for a minute since.
        vouched: Somebody vouched for the wall clock in this run: the kernel, or a provider's `Date`.
        secret_params: Secret parameters that a person gave in this run, by intent.
        effects: When effects ended.
        ended: How attempts ended, until that is written down: a reload or a full disk loses none.
        displaced: Why nothing may be sent any more: the journal's files are not where they were.
        called_off: When (in monotonic seconds) and why what had not left yet was kept back, by a person or a reload: at
            one account, or (None) at all.
        changing: Why nothing leaves at all for now: a reload was answered, and is not done yet.
        wakeups: Wake the loops.
    """

    journal: Journal
    config: ConfigSnapshot
    clock: Clock
    machine: Machine
    liveness: Liveness
    timeline: Timeline
    ahead: timedelta
    started_at: datetime
    started_wall: datetime
    fresh_from: datetime
    unsteady_since: datetime | None = None
    vouched: bool = False
    secret_params: dict[int, dict[str, Json]] = field(default_factory=dict)
    effects: EffectTimes = field(default_factory=EffectTimes)
    ended: dict[IntentId, Ended] = field(default_factory=dict)
    displaced: str | None = None
    called_off: dict[str | None, tuple[float, str]] = field(default_factory=dict)
    changing: str | None = None
    wakeups: dict[str, Wakeup] = field(
        default_factory=lambda: {name: Wakeup() for name in ("polling", "timing", "executing", "delivering")}
    )

    def boot(self) -> timedelta:
        """Return the reading of the boot clock."""
        return timedelta(seconds=self.clock.monotonic())

    def now(self) -> datetime:
        """Return the instant on the journal's timeline."""
        return self.timeline.now(self.boot())

    def at(self, monotonic_s: float) -> datetime:
        """Return the instant of a reading of the clock's monotonic seconds."""
        return self.timeline.now(timedelta(seconds=monotonic_s))

    def drift(self, now: datetime | None = None) -> timedelta:
        """Return by how much the wall clock was set since it was last believed."""
        return self.clock.now() - (now or self.now()) - self.ahead

    def clock_steady(self, now: datetime | None = None) -> bool:
        """Return whether the wall clock can be believed: it did not jump, noticed or not."""
        return self.unsteady_since is None and abs(self.drift(now)) <= JUMP

    def check_files(self) -> None:
        """Look whether the journal's files are where they were; if they are not, nothing is sent any more."""
        before, self.displaced = self.displaced, self.journal.displaced()
        if self.displaced is not None and self.displaced != before:
            log.error("journal.displaced", reason=self.displaced)

    def call_off(self, account: str | None, reason: str) -> None:
        """Keep what was claimed and has not left yet from leaving, at one account or at all, by any loop."""
        # Here and not in an executor: what a reload has handed over
        # sends under its old one, and a pause must reach it, too.
        self.called_off[account] = self.clock.monotonic(), reason

    def change_over(self, reason: str) -> None:
        """Keep everything that has not left yet from leaving, and claim nothing, until `changing` is None again."""
        self.call_off(None, reason)  # stands however the change ends
        self.changing = reason

    def objection(self, account: str, claimed_s: float) -> str | None:
        """Return what stands against a request that is about to leave: a moved journal, a person, or a reload.

        Args:
            account: Whose.
            claimed_s: From when on it was claimed; what was said before is known to the gate.
        """
        # The last moment before the first byte: between the commit and
        # this the request may have hung in its connection for a minute.
        self.check_files()
        said = (self.called_off.get(key) for key in (None, account))
        return (
            self.displaced
            or self.changing
            # Only what was said since the claim: an older pause has ended, or the gate would not have let it through.
            or next((why for at_s, why in filter(None, said) if at_s >= claimed_s), None)
        )

    def fresh_since(self, now: datetime | None = None) -> datetime:
        """Return since when facts are fresh enough to act on."""
        # Never from before this run: what the last one saw may be hours old, whatever its rows say.
        return max(self.fresh_from, (now or self.now()) - FRESH)

    def view(self, tx: Tx) -> ReadView:
        """Return what a reading transaction may look at."""
        return self._open(ReadView, tx)

    def _open(self, kind: type[V], tx: Tx) -> V:
        # One instant for all that is decided in a commit: a cooldown
        # must not be over for one guard and not for the next.
        now = self.now()
        return kind(
            tx,
            self.config,
            now,
            self.ahead,
            self.clock_steady(now),
            self.fresh_since(now),
            self.fresh_from,
            self.displaced,
            self.secret_params,
        )

    async def commit(self, decide: Callable[[UnitOfWork], T]) -> T:
        """Decide and write in one transaction; wake the loops that have something to do then.

        What is decided is judged when its turn comes, not when it was queued: a slow disk makes no fact younger.

        Raises:
            JournalError: nothing of it happened.
        """

        def work(tx: Tx) -> tuple[T, set[str]]:
            uow = self._open(UnitOfWork, tx)
            return decide_all(uow, decide), uow.wake

        result, wake = await self.journal.write(work)
        for name in wake:
            self.wakeups[name].set()
        return result
