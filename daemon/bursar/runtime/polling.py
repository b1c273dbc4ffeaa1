"""The polling loop of one account: what is due is asked for, and what was seen is committed.

A failed poll teaches nothing but that it failed: its subjects are put off, the account is left alone for a while that
doubles. Holds that fell due, held-back matches and intents whose facts are stale have their subjects looked at early.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from bursar.api.errors import ProviderError, RateLimited, Rejected, Unreachable
from bursar.api.provider import Adapter, Look
from bursar.domain.cadence import absence, pause_s
from bursar.domain.ids import SubjectRef
from bursar.domain.observation import Observation
from bursar.domain.subject import Coverage, Stream, SubjectType
from bursar.domain.values import Json
from bursar.journal import accounts, intents, matches, streams, subjects, verdicts
from bursar.journal.subjects import Watched
from bursar.journal.writer import Tx
from bursar.runtime.office import Office
from bursar.runtime.pulse import Bell
from bursar.runtime.recording import Recorded, record, record_failure, record_rejection
from bursar.runtime.terms import AccountTerms
from bursar.runtime.turns import Turns
from bursar.runtime.watch import Watch

REFRESH_S = 1.0
LONGEST_WAIT_S = 5.0
DAILY = timedelta(days=1)
log = structlog.get_logger("bursar")


@dataclass(slots=True)
class Polled:
    """How one stream stands in memory; all of it can be made again from the journal.

    Attributes:
        due_s: When a listing is due.
        away_s: Before this it is left alone.
        failures: How many polls failed in a row.
        watch: What is under watch, for a tracked stream.
        bodies: Digests of a listing's raw answers.
        cursor: Where the next poll goes on from.
        wanted: Subjects that somebody waits for.
    """

    stream: Stream
    kind: SubjectType
    interval_s: float
    due_s: float
    away_s: float = 0.0
    failures: int = 0
    busy: int = 0
    first: bool = True
    watch: Watch | None = None
    bodies: dict[str, int] = field(default_factory=dict)
    cursor: Json = None
    wanted: set[SubjectRef] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Due:
    """One poll to be done."""

    polled: Polled
    ids: Sequence[str]
    asked: frozenset[SubjectRef]


class Poller:
    """Polls one account.

    Args:
        office: What the loops share.
        terms: The account's terms.
        adapter: The account's adapter.
        turns: The key's rate limit.
        polls: The interval of each stream that is polled.
    """

    def __init__(
        self, office: Office, terms: AccountTerms, adapter: Adapter, turns: Turns, polls: dict[str, timedelta]
    ) -> None:
        self._office = office
        self._terms = terms
        self._adapter = adapter
        self._turns = turns
        self._streams = {name: self._polled(terms.streams[name], interval) for name, interval in polls.items()}
        self._bell = Bell()
        self._refreshed_s = float("-inf")
        self._refreshed_at: datetime | None = None
        self._hurried: dict[SubjectRef, float] = {}
        self._away_s = 0.0
        self._parked = False
        self._parked_before = False

    @property
    def streams(self) -> dict[str, Polled]:
        return self._streams

    async def load(self) -> None:
        """Read from the journal what is under watch and where streams go on from."""
        now_s = self._now_s()
        name = self._terms.name
        for polled in self._streams.values():
            kind = polled.kind
            row = await self._office.journal.read(lambda tx, p=polled: streams.load(tx, name, p.stream.name))  # type: ignore[misc]
            polled.cursor, polled.failures = row.cursor, row.failures
            if polled.watch is not None:
                for one in await self._office.journal.read(lambda tx, k=kind: subjects.watched(tx, name, k)):  # type: ignore[misc]
                    self._put(polled, one, now_s, spread=True)

    async def turn(self) -> None:
        """Do one poll that is due, or wait until one is."""
        self._office.pulse.beat(f"polling {self._terms.name}")
        await self._refresh()
        due = self._pick()
        if due is None:
            await self._wait()
            return
        due.polled.busy += 1
        try:
            await self.poll(due)
        finally:
            due.polled.busy -= 1

    async def poll(self, due: Due) -> Recorded | None:
        """Do one poll and commit what it saw; None when it failed."""
        digests: dict[str, int] = {}
        try:
            observation = await self._adapter.observe(await self._look(due, digests))
        except Rejected as rejected:
            await self._rejected(due, rejected)
            return None
        except ProviderError as error:
            await self._failed(due, error)
            return None
        polled = due.polled
        first = polled.first if polled.watch is None else any(polled.watch.digest(id_) == 0 for id_ in due.ids)
        recovering = polled.failures > 0 or self._parked_before
        recorded = await self._office.commit(
            lambda c: record(c, self._terms, observation, due.asked, first=first, recovering=recovering)
        )
        self._seen(due, observation, recorded, digests)
        await self._finish(due)
        return recorded

    def look_anew(self) -> None:
        """Have every subject looked at as if for the first time in this run: the rules changed."""
        for polled in self._streams.values():
            polled.first = True
            polled.bodies.clear()
            if polled.watch is not None:
                polled.watch.forget_digests()

    async def close(self) -> None:
        await self._adapter.close()

    def _polled(self, stream: Stream, interval: timedelta) -> Polled:
        kinds = list(self._terms.kinds_of(stream.name).values())
        interval_s = interval.total_seconds()
        tracked = stream.coverage is Coverage.TRACKED
        watch = Watch(interval_s, kinds[0].watch_for.total_seconds()) if tracked else None
        return Polled(stream, kinds[0], interval_s, due_s=self._now_s(), watch=watch)

    def _now_s(self) -> float:
        return self._office.clock.now().timestamp()

    def _pick(self) -> Due | None:
        """Choose the poll that has been due longest."""
        now_s = self._now_s()
        if self._parked or self._away_s > now_s:
            return None
        ready = [polled for polled in self._streams.values() if polled.away_s <= now_s and self._due_s(polled) <= now_s]
        if not ready:
            return None
        polled = min(ready, key=self._due_s)
        asked = frozenset(polled.wanted)
        polled.wanted.clear()
        if polled.watch is None:
            polled.due_s = now_s + polled.interval_s
            return Due(polled, (), asked)
        ids = polled.watch.take(now_s, polled.stream.batch, [ref.id for ref in asked])
        polled.wanted.update(ref for ref in asked if ref.id not in ids and ref.id in polled.watch)
        return Due(polled, ids, frozenset(ref for ref in asked if ref.id in ids)) if ids else None

    def _due_s(self, polled: Polled) -> float:
        if polled.wanted and not (polled.watch is None and polled.busy):
            return 0.0
        if polled.watch is not None:
            return polled.watch.next_due_s() or float("inf")
        return float("inf") if polled.busy else polled.due_s

    async def _wait(self) -> None:
        now_s = self._now_s()
        dues = [max(self._due_s(p), p.away_s, self._away_s) for p in self._streams.values()]
        rest = min([*dues, now_s + REFRESH_S]) - now_s if not self._parked else LONGEST_WAIT_S
        await self._bell.wait(self._office.clock, min(max(rest, 0.01), LONGEST_WAIT_S))

    async def _look(self, due: Due, digests: dict[str, int]) -> Look:
        polled = due.polled
        digest_of = polled.watch.digest if polled.watch is not None else self._body_digest(polled)

        def same(id_: str, raw: bytes | memoryview) -> bool:
            digest = digests[id_] = hash(raw) or 1
            return digest_of(id_) == digest

        known = await self._known(polled, due.ids) if polled.stream.needs_known else {}
        return Look(polled.stream.name, due.ids, polled.cursor, same, known)

    async def _known(self, polled: Polled, ids: Sequence[str]) -> dict[str, dict[str, object]]:
        name, kind = self._terms.name, polled.kind
        found = await self._office.journal.read(lambda tx: subjects.load(tx, name, kind, list(ids)))
        return {id_: dict(snapshot.fields) for id_, snapshot in found.items()}

    @staticmethod
    def _body_digest(polled: Polled) -> _BodyDigest:
        return _BodyDigest(polled.bodies)

    def _seen(self, due: Due, observation: Observation, recorded: Recorded, digests: dict[str, int]) -> None:
        """Note in memory what was committed."""
        polled, now_s = due.polled, self._now_s()
        polled.failures, self._parked_before = 0, False
        if observation.cursor is not None and not recorded.held:
            polled.cursor = observation.cursor
        if polled.watch is None:
            self._listed(polled, observation, recorded, digests, now_s)
            return
        if recorded.held:
            polled.watch.looked_at(due.ids, now_s)
            return
        seen = observation.unchanged if len(observation.unchanged) == len(due.ids) else _seen_ids(observation)
        polled.watch.remember(digests if len(seen) == len(due.ids) else {i: d for i, d in digests.items() if i in seen})
        for id_, snapshot in recorded.changed.items():
            if snapshot.changed_at is not None and snapshot.ref.type == polled.kind.name:
                terminal = snapshot.state in polled.kind.terminal
                polled.watch.changed(id_, changed_s=snapshot.changed_at.timestamp(), terminal=terminal)

    def _listed(
        self, polled: Polled, observation: Observation, recorded: Recorded, digests: dict[str, int], now_s: float
    ) -> None:
        polled.first = False
        if not recorded.held:
            polled.bodies = digests
        jitter = 1.0 + random.uniform(0.0, 0.05)
        polled.due_s = now_s if observation.more else now_s + polled.interval_s * jitter

    async def _finish(self, due: Due) -> None:
        """Schedule what was looked at; what is finished for good is watched no more."""
        watch = due.polled.watch
        if watch is None:
            return
        finished = watch.looked_at(due.ids, self._now_s())
        if finished:
            name, kind = self._terms.name, due.polled.kind
            await self._office.commit(lambda c: subjects.finish(c.tx, name, kind, finished))

    async def _failed(self, due: Due, error: ProviderError) -> None:
        polled = due.polled
        polled.failures += 1
        pause = absence(polled.failures, timedelta(seconds=polled.interval_s), error.retry_after)
        until_s = self._now_s() + pause.total_seconds()
        self._put_off(due, until_s)
        if isinstance(error, RateLimited):
            self._turns.stay_away(pause)
        if isinstance(error, (Unreachable, RateLimited)):
            self._away_s = max(self._away_s, min(until_s, self._now_s() + self._shortest_s()))
        stream, name = polled.stream.name, self._terms.name
        log.warning("a poll failed", account=name, stream=stream, kind=error.kind, reason=error.reason)
        await self._office.commit(lambda c: record_failure(c, name, stream, error.kind, error.reason))

    def _shortest_s(self) -> float:
        """While one stream cannot reach the provider, the others wait for a poll's time, not for the doubled one."""
        return min(polled.interval_s for polled in self._streams.values())

    async def _rejected(self, due: Due, error: Rejected) -> None:
        self._parked = True
        due.polled.failures += 1
        self._put_off(due, self._now_s())
        stream, name = due.polled.stream.name, self._terms.name
        log.error("the provider rejects the account; it is parked", account=name, stream=stream, reason=error.reason)
        await self._office.commit(lambda c: record_rejection(c, name, stream, error.reason))

    def _put_off(self, due: Due, until_s: float) -> None:
        due.polled.away_s = until_s
        due.polled.wanted.update(due.asked)
        if due.polled.watch is not None:
            due.polled.watch.put_off(due.ids, until_s)
        else:
            due.polled.due_s = until_s

    async def _refresh(self) -> None:
        """Look into the journal, once a second: what was put under watch, and which subjects somebody waits for."""
        clock = self._office.clock
        if clock.monotonic() - self._refreshed_s < REFRESH_S:
            return
        self._refreshed_s = clock.monotonic()
        now, fresh_since = clock.now(), self._office.fresh_since()
        since = self._refreshed_at or now - timedelta(minutes=5)
        state = await self._office.journal.read(lambda tx: self._read_state(tx, now, since, fresh_since))
        self._refreshed_at = now
        await self._park(state.parked, state.looked_at, now)
        for stream, rows in state.watched.items():
            for one in rows:
                self._put(self._streams[stream], one, now.timestamp())
        self._want(state.wanted, now.timestamp())

    def _read_state(self, tx: Tx, now: datetime, since: datetime, fresh_since: datetime) -> _JournalState:
        name = self._terms.name
        row = accounts.load(tx, name)
        wanted = {*verdicts.due_subjects(tx, name, now), *matches.due_subjects(tx, name, now)}
        wanted.update(intents.stale_subjects(tx, name, fresh_since))
        rows = {
            polled.stream.name: subjects.newly_watched(tx, name, polled.kind, since)
            for polled in self._streams.values()
            if polled.watch is not None
        }
        parked = row.parked_at if row is not None else None
        return _JournalState(rows, wanted, parked, row.looked_at if row is not None else None)

    async def _park(self, parked_at: datetime | None, looked_at: datetime | None, now: datetime) -> None:
        """A parked account is not asked, but once a day."""
        was = self._parked
        self._parked = parked_at is not None and looked_at is not None and now - looked_at < DAILY
        self._parked_before = self._parked_before or parked_at is not None
        if was and not self._parked:
            for polled in self._streams.values():
                polled.away_s = 0.0
                polled.due_s = min(polled.due_s, now.timestamp())

    def _want(self, refs: Collection[SubjectRef], now_s: float) -> None:
        """Have subjects looked at early, each at most once in its stream's interval."""
        for ref in refs:
            kind = self._terms.kinds.get(ref.type)
            polled = self._streams.get(kind.stream) if kind is not None else None
            if polled is None or self._hurried.get(ref, 0.0) > now_s - polled.interval_s:
                continue
            self._hurried[ref] = now_s
            polled.wanted.add(ref)
        if len(self._hurried) > 10_000:
            self._hurried = {ref: at for ref, at in self._hurried.items() if at > now_s - 3600}

    def _put(self, polled: Polled, one: Watched, now_s: float, *, spread: bool = False) -> None:
        watch = polled.watch
        if watch is None:
            return
        if not one.on:
            watch.remove(one.id)
            return
        terminal, changed_s = one.state in polled.kind.terminal, one.changed_at.timestamp()
        acted_s = one.acted_at.timestamp() if one.acted_at is not None else None
        known = one.id in watch
        due_s = now_s
        if spread:
            acted = acted_s is not None and now_s - acted_s < 86400
            pause = pause_s(
                polled.interval_s, now_s - changed_s, terminal, acted, polled.kind.watch_for.total_seconds()
            )
            due_s = now_s + (pause or 0.0) * random.random() if (pause or 0.0) > polled.interval_s else now_s
        if not known or acted_s is not None:
            watch.put(one.id, changed_s=changed_s, acted_s=acted_s, terminal=terminal, due_s=due_s)


@dataclass(frozen=True, slots=True)
class _JournalState:
    watched: dict[str, list[Watched]]
    wanted: set[SubjectRef]
    parked: datetime | None
    looked_at: datetime | None


class _BodyDigest:
    """Looks up what a listing's raw answer looked like last time."""

    def __init__(self, bodies: dict[str, int]) -> None:
        self._bodies = bodies

    def __call__(self, id_: str) -> int:
        return self._bodies.get(id_, 0)


def _seen_ids(observation: Observation) -> set[str]:
    return {one.ref.id for one in observation.subjects} | set(observation.unchanged)
