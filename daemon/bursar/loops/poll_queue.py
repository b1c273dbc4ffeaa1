"""When an account's streams are due, and what their last answers looked like. Memory only; decides nothing else.

Everything in it can be made again from the journal; without it, every subject is simply looked at anew.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bursar.api.provider import UnchangedCheck
from bursar.domain.ids import SubjectRef
from bursar.domain.observation import Observation, Snapshot
from bursar.domain.poll_intervals import DAY_S, HOUR_S, pause_s
from bursar.domain.subject import Coverage, Stream, SubjectType
from bursar.domain.values import Json
from bursar.journal.subjects import Watched
from bursar.loops.watch import Watch
from bursar.pipeline.config_snapshot import AccountSpec

NEVER_S = float("inf")
REMEMBERED = 10_000


@dataclass(slots=True)
class Polled:
    """How one stream stands.

    Attributes:
        due_s: When a listing is due.
        away_s: Before this it is left alone.
        failures: How many polls failed in a row.
        busy: How many polls are under way.
        doubted: Some of its observations are held.
        first: It was not polled in this run, or the rules changed.
        watch: What is under watch, for a tracked stream.
        bodies: Digests of a listing's raw answers.
        cursor: Where the next poll goes on from.
        walking: The next poll is of a later page.
        wanted: Subjects that somebody waits for.
        demanded: The whole stream is waited for.
        on_demand: It is `off`, and only looked at when it is waited for.
    """

    stream: Stream
    kind: SubjectType
    interval_s: float
    due_s: float
    away_s: float = 0.0
    failures: int = 0
    busy: int = 0
    doubted: bool = False
    first: bool = True
    watch: Watch | None = None
    bodies: dict[str, int] = field(default_factory=dict)
    cursor: Json = None
    walking: bool = False
    wanted: set[SubjectRef] = field(default_factory=set)
    demanded: bool = False
    on_demand: bool = False

    def when_s(self) -> float:
        """Return when it is due; 0 when somebody waits."""
        # A listing that is being read shows all there is: a second one beside it could only overtake it.
        if self.watch is None and self.busy:
            return NEVER_S
        if self.wanted or self.demanded:
            return max(0.0, self.away_s)
        due_s = self.due_s if self.watch is None else self.watch.next_due_s()
        return NEVER_S if due_s is None else max(due_s, self.away_s)

    def same(self, digests: dict[str, int]) -> UnchangedCheck:
        """Return what recognizes raw answers; it notes their digests, to be remembered once they are committed."""
        if self.watch is not None:
            return self.watch.recognizer(digests)
        last = self.bodies.get

        def same(id_: str, raw: bytes | memoryview) -> bool:
            digest = digests[id_] = hash(raw) or 1
            return last(id_) == digest

        return same


@dataclass(frozen=True, slots=True)
class Due:
    """One poll to be done: of which stream, for which ids, and for whom somebody waits."""

    polled: Polled
    ids: Sequence[str]
    asked: frozenset[SubjectRef]


class Schedule:
    """The streams of one account.

    Args:
        spec: The account.
        polls: The interval of each stream that is polled.
        now_s: The instant of making it.
    """

    def __init__(self, spec: AccountSpec, polls: Mapping[str, timedelta], now_s: float) -> None:
        self.streams = {name: _polled(spec, spec.streams[name], every, now_s) for name, every in polls.items()}
        for action in spec.actions.values():
            stream = action.cost_stream
            if stream is not None and stream not in self.streams:
                polled = _polled(spec, spec.streams[stream], spec.streams[stream].interval, NEVER_S)
                polled.on_demand = True
                self.streams[stream] = polled
        self._stream_of = {kind.name: kind.stream for kind in spec.kinds.values()}
        self._hurried: dict[SubjectRef, float] = {}
        self.away_s = 0.0

    def pick(self, now_s: float) -> Due | None:
        """Choose the poll that has been due longest."""
        due = [polled for polled in self.streams.values() if polled.when_s() <= now_s]
        if not due or self.away_s > now_s:
            return None
        polled = min(due, key=Polled.when_s)
        asked = frozenset(polled.wanted)
        polled.wanted.clear()
        polled.demanded = False
        if polled.watch is None:
            polled.due_s = NEVER_S if polled.on_demand else now_s + polled.interval_s
            return Due(polled, (), asked)
        ids = polled.watch.take(now_s, polled.stream.batch, [ref.id for ref in asked])
        taken = set(ids)
        # More waited than one request takes: the rest is wanted
        # still, or a hold that fell due would wait for its interval.
        polled.wanted.update(ref for ref in asked if ref.id not in taken and polled.watch.waits(ref.id))
        return Due(polled, ids, frozenset(ref for ref in asked if ref.id in taken)) if ids else None

    def next_s(self) -> float:
        """Return when something is due next."""
        return max(min((polled.when_s() for polled in self.streams.values()), default=NEVER_S), self.away_s)

    def want(self, refs: Collection[SubjectRef], now_s: float, every_s: float = NEVER_S) -> None:
        """Have subjects looked at early, each at most once in its stream's interval, or in `every_s` if less."""
        for ref in refs:
            polled = self.streams.get(self._stream_of.get(ref.type, ""))
            # Once an interval: a thousand held matches on one order must not use up the key's rate.
            if polled is None or self._hurried.get(ref, 0.0) > now_s - min(polled.interval_s, every_s):
                continue
            self._hurried[ref] = now_s
            polled.wanted.add(ref)
        if len(self._hurried) > REMEMBERED:
            self._hurried = {ref: at_s for ref, at_s in self._hurried.items() if at_s > now_s - 3600}

    def demand(self, streams: Collection[str]) -> None:
        """Have whole streams looked at now: somebody waits for them, whatever their interval."""
        for stream in streams:
            polled = self.streams.get(stream)
            if polled is not None and not polled.busy:
                polled.demanded = True

    def put(self, stream: str, one: Watched, now_s: float, *, spread: bool = False) -> None:
        """Put a subject under watch, or take it off. `spread`: quiet ones are not all due at once at the start."""
        polled = self.streams[stream]
        watch = polled.watch
        if watch is None:
            return
        if not one.on:
            watch.remove(one.id)
            return
        acted_s = one.acted_at.timestamp() if one.acted_at is not None else None
        terminal, changed_s = one.state in polled.kind.terminal, one.changed_at.timestamp()
        if one.id in watch and (acted_s is None or acted_s == watch.acted_s(one.id)):
            return
        due_s = now_s
        if spread:
            acted_on = acted_s is not None and now_s - acted_s < DAY_S
            pause = pause_s(
                polled.interval_s, now_s - changed_s, terminal, acted_on, polled.kind.watch_for.total_seconds()
            )
            due_s += (pause or 0.0) * random.random() if (pause or 0.0) > polled.interval_s else 0.0
        watch.put(one.id, changed_s=changed_s, acted_s=acted_s, terminal=terminal, due_s=due_s)

    def begin_anew(self) -> None:
        """The account is another one, or has another past: nothing in memory holds."""
        self._hurried.clear()
        for polled in self.streams.values():
            # State rules are asked of everything again: nothing that is known in memory is of this account.
            polled.first = True
            polled.bodies.clear()
            polled.wanted.clear()
            if polled.watch is not None:
                polled.watch.forget()

    def put_off(self, due: Due, until_s: float) -> None:
        """A poll failed: leave its stream alone for a while; who waits goes on waiting."""
        due.polled.away_s = until_s
        due.polled.wanted.update(due.asked)
        if due.polled.watch is not None:
            due.polled.watch.put_off(due.ids, until_s)
        elif not due.polled.on_demand:
            due.polled.due_s = until_s

    def look_again(self, due: Due, ids: Sequence[str], now_s: float) -> None:
        """Have what an answer said nothing about looked at again soon: it was asked for before something was done."""
        due.polled.wanted.update(ref for ref in due.asked if not due.ids or ref.id in ids)
        if due.polled.watch is not None:
            due.polled.watch.put_off(ids, now_s)
        elif due.polled.on_demand:
            due.polled.demanded = True
        else:
            due.polled.due_s = now_s

    def listed(self, due: Due, observation: Observation, digests: dict[str, int] | None, now_s: float) -> None:
        """Note a committed listing; without digests it is not remembered: it was held, or must be looked at again.

        With none in them what was remembered before is forgotten, too: the next answer is read in full.
        """
        polled = due.polled
        polled.first = False
        if digests is not None:
            polled.bodies = digests
        if observation.more:
            polled.due_s = now_s
        elif not polled.on_demand:
            polled.due_s = now_s + polled.interval_s * (1.0 + random.uniform(0.0, 0.05))

    def looked_at(
        self, due: Due, ids: Sequence[str], changed: Mapping[str, Snapshot], digests: Mapping[str, int], now_s: float
    ) -> list[str]:
        """Note a committed look at tracked subjects; return those that are finished for good."""
        polled, watch = due.polled, due.polled.watch
        if watch is None:
            return []
        watch.remember(digests)
        for id_, snapshot in changed.items():
            if snapshot.changed_at is not None and snapshot.ref.type == polled.kind.name:
                terminal = snapshot.state in polled.kind.terminal
                watch.changed(id_, changed_s=snapshot.changed_at.timestamp(), terminal=terminal)
        return watch.looked_at(ids, now_s)

    def go_on(self, now_s: float) -> None:
        """The account is parked no more: everything is due."""
        self.away_s = 0.0
        for polled in self.streams.values():
            polled.away_s = 0.0
            if not polled.on_demand:
                polled.due_s = min(polled.due_s, now_s)

    def shortest_s(self) -> float:
        """Return the shortest interval of any stream."""
        return min((polled.interval_s for polled in self.streams.values() if not polled.on_demand), default=HOUR_S)


def _polled(spec: AccountSpec, stream: Stream, interval: timedelta, now_s: float) -> Polled:
    kind = next(iter(spec.kinds_of(stream.name).values()))
    interval_s = interval.total_seconds()
    watch = Watch(interval_s, kind.watch_for.total_seconds()) if stream.coverage is Coverage.TRACKED else None
    return Polled(stream, kind, interval_s, due_s=now_s, watch=watch)
