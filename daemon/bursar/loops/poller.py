"""The polling loop of one account: what is due is asked for, and what was seen is committed.

A failed poll teaches nothing but that it failed: its subjects are put off, the account is left alone for a while that
doubles. Holds that fell due, held-back matches and intents whose facts are stale have their subjects looked at early.
An answer is as old as its question: what was asked for before an effect ended says nothing about what that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bursar.api.errors import ProviderError, RateLimited, Rejected, Unreachable
from bursar.api.exchange import Exchange, watched
from bursar.api.provider import Adapter, PollRequest
from bursar.domain.ids import SubjectRef
from bursar.domain.observation import Observation
from bursar.domain.poll_intervals import absence
from bursar.domain.subject import Coverage, SubjectType
from bursar.journal import accounts, events, held, intents, matches, streams, subjects, verdicts
from bursar.journal.errors import JournalError
from bursar.journal.streams import StreamRow
from bursar.journal.subjects import Watched
from bursar.journal.writer import Tx
from bursar.loops.demanded import demanded_streams
from bursar.loops.effect_times import Valid
from bursar.loops.poll_queue import Due, Polled, Schedule
from bursar.loops.rate_limit import RateLimiter
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.startup import vouch
from bursar.loops.wakeup import Wakeup
from bursar.pipeline.config_snapshot import AccountSpec
from bursar.pipeline.ingest import Ingested, Poll, ingest
from bursar.pipeline.poll_failures import record_failure, record_rejection
from bursar.pipeline.unit_of_work import UnitOfWork

REFRESH_S = 1.0
MIN_WAIT_S = 0.01
MAX_WAIT_S = 5.0
DAILY = timedelta(days=1)
STALE_S = 300.0
"""What a ready intent stands on is looked at so often at least, however slow the stream: it lapses in an hour."""
OVERLAP = timedelta(minutes=5)
MARGIN = timedelta(seconds=5)
"""What was decided at an instant may be committed a little later."""
log = structlog.get_logger("bursar")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one poll saw.

    Attributes:
        observation: What the adapter made of it.
        asked_at: The instant before its first request left.
        digests: What its raw answers looked like.
    """

    observation: Observation
    asked_at: datetime
    digests: dict[str, int]


class Poller:
    """Polls one account.

    Args:
        context: What the loops share.
        spec: The account.
        adapter: The account's adapter.
        limiter: The key's rate limit.
        polls: The interval of each stream that is polled.
    """

    def __init__(
        self,
        context: RuntimeContext,
        spec: AccountSpec,
        adapter: Adapter,
        limiter: RateLimiter,
        polls: dict[str, timedelta],
    ) -> None:
        self._context = context
        self._spec = spec
        self._adapter = adapter
        self._limiter = limiter
        self.schedule = Schedule(spec, polls, self._now_s())
        self.wakeup = Wakeup()
        self._refreshed_s = float("-inf")
        self._refreshed_at: datetime | None = None
        self._bound_at: datetime | None = None
        self._parked = False
        self._parked_before = False

    @property
    def streams(self) -> dict[str, Polled]:
        """The streams, by name."""
        return self.schedule.streams

    async def load(self) -> None:
        """Read from the journal what is under watch and where streams go on from."""
        row = await self._context.journal.read(lambda tx: accounts.load(tx, self._spec.name))
        self._bound_at = row.bound_at if row is not None else None
        doubted = await self._context.journal.read(lambda tx: {one.stream for one in held.held(tx, self._spec.name)})
        for name, polled in self.streams.items():
            stored, under_watch = await self._context.journal.read(self._stored(name, polled))
            polled.cursor, polled.failures = stored.cursor, stored.failures
            polled.doubted = name in doubted
            for one in under_watch:
                self.schedule.put(name, one, self._now_s(), spread=True)

    async def turn(self) -> None:
        """Do one poll that is due, or wait until one is."""
        self._context.liveness.tick(f"polling {self._spec.name}")
        await self._refresh()
        left_alone = self._parked or self._limiter.paused_s() > 0
        due = None if left_alone else self.schedule.pick(self._now_s())
        if due is None:
            await self._wait()
            return
        self._context.liveness.tick(f"polling {self._spec.name}", getattr(self._adapter, "limit_s", 0.0))
        await self.poll(due)

    async def poll(self, due: Due) -> Ingested | None:
        """Do one poll and commit what it saw; None when it failed, or was outdated before it was there."""
        due.polled.busy += 1
        try:
            seen = await self._observe(due)
            return None if seen is None else await self._commit(due, seen)
        except BaseException:  # the journal is full, or the loop ends: nothing was learned, and nothing is forgotten
            self.schedule.put_off(due, self._now_s() + REFRESH_S)
            raise
        finally:
            due.polled.busy -= 1

    async def look_now(self, stream: str) -> None:
        """Look at a whole stream at once, because somebody waits for what it shows."""
        while self.streams[stream].busy:
            await self._context.clock.sleep(MIN_WAIT_S)
        await self.poll(Due(self.streams[stream], (), frozenset()))

    async def close(self) -> None:
        """Let the adapter go."""
        await self._adapter.close()

    async def _observe(self, due: Due) -> Seen | None:
        """Ask; a failure is written down."""
        digests: dict[str, int] = {}
        polled, exchange = due.polled, Exchange()
        began_s = self._context.clock.monotonic()
        try:
            known = await self._known(polled.kind, due.ids) if polled.stream.needs_known else {}
            look = PollRequest(polled.stream.name, due.ids, polled.cursor, polled.same(digests), known)
            with watched(exchange):
                observation = await self._adapter.observe(look)
        except Rejected as rejected:
            await self._rejected(due, rejected)
            return None
        except ProviderError as error:
            await self._failed(due, error)
            return None
        finally:
            # Also of an answer that could not be read: a 429 in HTML is a rate limit all the same.
            self._leave_alone(exchange)
        if not self._context.vouched and (date := exchange.date) is not None:
            since = timedelta(seconds=self._context.clock.monotonic() - exchange.date_s)
            await vouch(self._context, date + since)
        # Noted by the way to the wire, not by the plugin: an answer must not be younger than its question.
        asked_s = exchange.first_asked_s
        return Seen(observation, self._context.at(began_s if asked_s is None else asked_s), digests)

    def _leave_alone(self, exchange: Exchange) -> None:
        """The provider limits the rate: leave the key alone, if it says for how long."""
        if exchange.limited and exchange.retry_after is not None:
            self._limiter.pause_for(exchange.retry_after)

    async def _commit(self, due: Due, seen: Seen) -> Ingested | None:
        polled = due.polled
        first = polled.first if polled.watch is None else not polled.watch.all_seen(due.ids)
        recovering = polled.failures > 0 or self._parked_before or polled.doubted
        # Of a walk that a restart cut short it is not known which page the cursor stands for.
        goes_on = polled.walking or (polled.first and polled.cursor is not None)
        poll = Poll(seen.asked_at, due.asked, first=first, recovering=recovering, goes_on=goes_on)

        def take_in(uow: UnitOfWork) -> tuple[Valid, Ingested] | None:
            # In the writer's turn, not before: an effect may end while this waits for the disk.
            valid = self._context.effects.still_true(self._spec, seen.observation, seen.asked_at)
            return None if valid is None else (valid, ingest(uow, self._spec, valid.observation, poll))

        try:
            taken = await self._context.commit(take_in)
        except JournalError:
            raise
        except Exception as error:  # a plugin's own function (an event's `raised`) failed
            log.exception("poll.ingest_failed", account=self._spec.name, stream=polled.stream.name)
            await self._failed(due, ProviderError(f"the plugin failed ({type(error).__name__})", kind="plugin"))
            return None
        if taken is None:
            self.schedule.look_again(due, due.ids, self._now_s())
            return None
        valid, ingested = taken
        # After the commit: a digest that is remembered of an answer that was not written would hide it for good.
        await self._remember(due, valid, ingested, seen.digests)
        return ingested

    async def _remember(self, due: Due, valid: Valid, ingested: Ingested, digests: dict[str, int]) -> None:
        """Note in memory what was committed; what is finished for good is watched no more."""
        polled, observation, now_s = due.polled, valid.observation, self._now_s()
        polled.failures, self._parked_before = 0, False
        polled.doubted = ingested.doubted
        # A cursor that went on past a held page would never show again what stood on it.
        if not ingested.held:
            polled.cursor = polled.cursor if observation.cursor is None else observation.cursor
            polled.walking = observation.more
        # "Nothing new since" is said of an answer that may be from before what is looked for now.
        if ingested.waits and not observation.more and polled.stream.coverage is Coverage.LISTING:
            polled.cursor = None
        if ingested.held and observation.more:  # its next page is asked for from where it began
            observation = replace(observation, more=False)
        if polled.watch is None:
            again = None if ingested.held or ingested.absent else {} if ingested.waits else digests
            self.schedule.listed(due, observation, again, now_s)
            return
        # What was not believed is decoded anew next time, though its bytes are the same.
        believed = {} if ingested.held else _of_seen(digests, observation)
        looked_at = [id_ for id_ in due.ids if id_ not in valid.outdated] if valid.outdated else due.ids
        finished = self.schedule.looked_at(due, looked_at, ingested.changed, believed, now_s)
        if valid.outdated:
            self.schedule.look_again(due, [id_ for id_ in due.ids if id_ in valid.outdated], now_s)
        if finished:
            name, kind = self._spec.name, polled.kind
            await self._context.commit(lambda uow: subjects.finish(uow.tx, name, kind, finished, uow.now))

    async def _failed(self, due: Due, error: ProviderError) -> None:
        polled, now_s = due.polled, self._now_s()
        polled.failures += 1
        pause = absence(polled.failures, timedelta(seconds=polled.interval_s), error.retry_after)
        until_s = now_s + pause.total_seconds()
        self.schedule.put_off(due, until_s)
        if isinstance(error, RateLimited):
            self._limiter.pause_for(pause)
        if isinstance(error, (Unreachable, RateLimited)):
            # the other streams wait for a poll's time, not for the doubled one: one of them may be well
            self.schedule.away_s = max(self.schedule.away_s, min(until_s, now_s + self.schedule.shortest_s()))
        name, stream = self._spec.name, polled.stream.name
        log.warning("poll.failed", account=name, stream=stream, kind=error.kind, reason=error.reason)
        await self._context.commit(lambda uow: record_failure(uow, self._spec, stream, error.kind, error.reason))

    async def _rejected(self, due: Due, error: Rejected) -> None:
        # One wrong key is enough: panels ban the address that goes on asking with it.
        self._parked = True
        due.polled.failures += 1
        self.schedule.put_off(due, self._now_s())
        name, stream = self._spec.name, due.polled.stream.name
        log.error("account.rejected", account=name, stream=stream, reason=error.reason)
        await self._context.commit(lambda uow: record_rejection(uow, self._spec, stream, error.reason))

    async def _wait(self) -> None:
        rest_s = MAX_WAIT_S if self._parked else self.schedule.next_s() - self._now_s()
        rest_s = min(max(rest_s, self._limiter.paused_s(), MIN_WAIT_S), REFRESH_S)
        if await self.wakeup.wait(self._context.clock, rest_s):
            self._refreshed_s = float("-inf")

    async def _refresh(self) -> None:
        """Look into the journal, once a second: what was put under watch, and which subjects somebody waits for."""
        clock = self._context.clock
        if clock.monotonic() - self._refreshed_s < REFRESH_S:
            return
        self._refreshed_s = clock.monotonic()
        now = self._context.now()
        fresh_since = self._context.fresh_since(now)
        since = self._refreshed_at or now - OVERLAP
        wishes = await self._context.journal.read(lambda tx: self._wishes(tx, now, since, fresh_since))
        self._refreshed_at = now - MARGIN
        # The name means another account since: what this memory holds is of the old one.
        if wishes.bound_at != self._bound_at:
            self.schedule.begin_anew()
            await self.load()
        self._park(wishes.parked_at, wishes.looked_at, now)
        for stream, rows in wishes.watched.items():
            for one in rows:
                self.schedule.put(stream, one, now.timestamp())
        self.schedule.want(wishes.wanted, now.timestamp())
        # However slow the stream: with a look every six hours, a second yes would lapse before its facts are fresh.
        self.schedule.want(wishes.stale, now.timestamp(), STALE_S)
        self.schedule.demand(wishes.demanded)

    def _wishes(self, tx: Tx, now: datetime, since: datetime, fresh_since: datetime) -> _Wishes:
        name = self._spec.name
        row = accounts.load(tx, name)
        wanted = {*verdicts.due_subjects(tx, name, now), *matches.due_subjects(tx, name, now)}
        wanted.update(events.rearmed_subjects(tx, name, now))
        stale = set(intents.stale_subjects(tx, name, fresh_since))
        watching = {stream: polled for stream, polled in self.streams.items() if polled.watch is not None}
        under_watch = {stream: subjects.newly_watched(tx, name, one.kind, since) for stream, one in watching.items()}
        demanded = demanded_streams(tx, self._spec, now)
        if accounts.in_quarantine(tx, name):  # nothing that is waited for would be believed
            wanted, stale, demanded = set(), set(), set()
        if row is None:
            return _Wishes(under_watch, wanted, stale, demanded, None, None, None)
        return _Wishes(under_watch, wanted, stale, demanded, row.bound_at, row.parked_at, row.looked_at)

    def _park(self, parked_at: datetime | None, looked_at: datetime | None, now: datetime) -> None:
        """A parked account is not asked, but once a day."""
        was = self._parked
        self._parked = parked_at is not None and looked_at is not None and now - looked_at < DAILY
        self._parked_before = self._parked_before or parked_at is not None
        if was and not self._parked:
            self.schedule.go_on(now.timestamp())

    def _stored(self, stream: str, polled: Polled) -> Callable[[Tx], tuple[StreamRow, list[Watched]]]:
        def read(tx: Tx) -> tuple[StreamRow, list[Watched]]:
            name = self._spec.name
            under_watch = subjects.watched(tx, name, polled.kind) if polled.watch is not None else []
            return streams.load(tx, name, stream), under_watch

        return read

    async def _known(self, kind: SubjectType, ids: Sequence[str]) -> dict[str, dict[str, object]]:
        found = await self._context.journal.read(lambda tx: subjects.load(tx, self._spec.name, kind, list(ids)))
        return {id_: dict(snapshot.fields) for id_, snapshot in found.items()}

    def _now_s(self) -> float:
        return self._context.now().timestamp()


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What the journal wants of polling."""

    watched: dict[str, list[Watched]]
    wanted: set[SubjectRef]
    stale: set[SubjectRef]
    demanded: set[str]
    bound_at: datetime | None
    parked_at: datetime | None
    looked_at: datetime | None


def _of_seen(digests: dict[str, int], observation: Observation) -> dict[str, int]:
    """Return the digests of the subjects that the observation spoke of: the others are looked at anew."""
    if not digests:
        return digests
    seen = {one.ref.id for one in observation.subjects} | set(observation.unchanged)
    # An id that the plugin passed over in silence: its bytes must not count as seen, or it is never looked at again.
    return {id_: digest for id_, digest in digests.items() if id_ in seen}
