"""The loops of one configuration: a poller and an executor for each account, a deliverer for each sink, and the timer.

A reload lets a supervisor finish what it is sending, dismisses it, and takes on a new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bursar.api.errors import ProviderError
from bursar.api.http import Http
from bursar.api.provider import Adapter, AdapterContext
from bursar.api.sink import Sink
from bursar.host.isolation import GRACE, open_adapter, open_sink
from bursar.journal import deliveries
from bursar.logs import Redactor
from bursar.loops.deliverer import Deliverer
from bursar.loops.executor import Executor
from bursar.loops.liveness import run_forever
from bursar.loops.maintenance import Maintenance
from bursar.loops.poller import Poller
from bursar.loops.rate_limit import RateLimiter
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.timer import Timer
from bursar.loops.unavailable import UnavailableAdapter, UnavailableSink
from bursar.loops.wakeup import first_of
from bursar.settings.model import Account, Configuration, ConfiguredSink

HURRIED_S = 3.5
"""How long what is being sent has once the daemon was told to stop."""
LANES = 8
REQUESTS_A_CALL = 10
"""How many turns of the rate limit one call of an adapter may wait for."""
log = structlog.get_logger("bursar")


class Supervisor:
    """The loops of one configuration.

    Args:
        context: What the loops share.
        configuration: What they are for.
        redactor: Keeps secrets out of the logs, and out of what plugins give back.
        former: That of the configuration before.
    """

    def __init__(
        self,
        context: RuntimeContext,
        configuration: Configuration,
        redactor: Redactor,
        former: Supervisor | None = None,
    ) -> None:
        self._context = context
        self.configuration = configuration
        self.pollers: dict[str, Poller] = {}
        self.executors: dict[str, Executor] = {}
        self.adapters: dict[str, Adapter] = {}
        self.deliverers: dict[str, Deliverer] = {}
        self.limiters: dict[str, RateLimiter] = {}
        self._https: list[Http] = []
        self._redactor = redactor
        self.timer = Timer(context)
        self.maintenance = Maintenance(context, configuration.settings.retention)
        self.by_key: dict[tuple[str, ...], RateLimiter] = {}
        self._former = former.by_key if former is not None else {}
        for account in configuration.accounts.values():
            self._take_on(account)
        for sink in configuration.sinks.values():
            self._take_on_sink(sink)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending: set[asyncio.Task[None]] = set()

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Load what is under watch, and set every loop going."""
        for name, poller in self.pollers.items():
            await poller.load()
            for lane in range(LANES):
                self._go(group, f"polling {name}", poller.turn, lane=lane)
        for name in self.executors:
            self.start_executing(group, name)
        for name, deliverer in self.deliverers.items():
            self._go(group, f"delivering {name}", deliverer.turn)
        self._go(group, "timing", self.timer.turn)
        self._go(group, "maintenance", self.maintenance.turn)
        self._ring()

    def start_executing(self, group: asyncio.TaskGroup, name: str) -> None:
        """Set the executor of one account going."""
        self._go(group, f"executing {name}", self.executors[name].turn, sends=True)

    async def shutdown(self, patience_s: float, hurry: asyncio.Event | None = None) -> None:
        """Stop every loop: at once, but for what is being sent, which has so long to end, or less in a hurry."""
        for task in self._tasks - self._sending:
            task.cancel()
        for executor in self.executors.values():
            executor.stop()
        if self._sending and hurry is not None:
            await first_of(asyncio.wait(self._sending, timeout=patience_s), hurry.wait())
            patience_s = min(patience_s, HURRIED_S)
        if self._sending:
            await asyncio.wait(self._sending, timeout=patience_s)
        for task in self._sending:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._let_go()

    async def _let_go(self) -> None:
        """Close what the loops held; nobody misses them."""
        for task in self._tasks:
            self._context.liveness.forget(task.get_name().rpartition(" ")[0])
        for poller in self.pollers.values():
            await poller.close()
        for deliverer in self.deliverers.values():
            await deliverer.close()
        for http in self._https:
            await http.close()

    async def overdue_s(self) -> float:
        """Return how long the most overdue message has been due without being tried."""
        worst = 0.0
        for deliverer in self.deliverers.values():
            oldest = await self._context.journal.read(lambda tx, n=deliverer.name: deliveries.next_due(tx, n))  # type: ignore[misc]
            worst = max(worst, deliverer.overdue_s(oldest))
        return worst

    def _limiter_of(self, account: Account) -> RateLimiter:
        """Return what limits the requests of a key at one address; what the provider asked for outlives a reload."""
        key = (account.provider.name, account.settings.url, account.settings.key.reveal())
        if key not in self.by_key:
            self.by_key[key] = RateLimiter(self._context.clock, *account.rate)
            paused_s = self._former[key].paused_s() if key in self._former else 0.0
            if paused_s > 0:
                self.by_key[key].pause_for(timedelta(seconds=paused_s))
        return self.by_key[key]

    def _take_on(self, account: Account) -> None:
        limiter = self._limiter_of(account)
        spec = self._context.config.accounts[account.name]
        lent = self._lend(Http(self._context.clock, limiter.acquire, wait_first=_no_wait))
        adapter = _opened(account, lent, self._redactor)
        self.adapters[account.name] = adapter
        self.limiters[account.name] = limiter
        polls = {stream: every for stream, every in account.polls.items() if every is not None}
        self.pollers[account.name] = Poller(self._context, spec, adapter, limiter, polls)
        self.executors[account.name] = Executor(self._context, spec, adapter, limiter)

    def _take_on_sink(self, sink: ConfiguredSink) -> None:
        lent = self._lend(Http(self._context.clock, _no_wait))
        self.deliverers[sink.name] = Deliverer(self._context, sink.name, _opened_sink(sink, lent, self._redactor))

    def _lend(self, http: Http) -> AdapterContext:
        self._https.append(http)
        return AdapterContext(http, self._context.clock, self._redactor.add_secret)

    def _go(
        self,
        group: asyncio.TaskGroup,
        name: str,
        turn: Callable[[], Awaitable[None]],
        *,
        lane: int = 0,
        sends: bool = False,
    ) -> None:
        until = self.executors[name.split(" ", 1)[1]].stopping if sends else None
        task = group.create_task(
            run_forever(name, self._context.clock, self._context.liveness, turn, until), name=f"{name} {lane}"
        )
        self._tasks.add(task)
        if sends:
            self._sending.add(task)

    def _ring(self) -> None:
        """Pass the context's wakeups on to every loop of that kind."""
        for kind, wakeups in (
            ("polling", [poller.wakeup for poller in self.pollers.values()]),
            ("executing", [executor.wakeup for executor in self.executors.values()]),
            ("delivering", [deliverer.wakeup for deliverer in self.deliverers.values()]),
        ):
            self._context.wakeups[kind].forward_to(wakeups)


def _opened(account: Account, lent: AdapterContext, redactor: Redactor) -> Adapter:
    """Open an account's adapter; one that cannot be opened fails its polls, and nobody else's."""
    requests, period = account.rate
    grace = max(GRACE, period / requests * REQUESTS_A_CALL)
    try:
        return open_adapter(account.provider, account.settings, lent, grace=grace, redactor=redactor)
    except ProviderError as error:
        log.exception("account.open_failed", account=account.name, reason=error.reason)
        return UnavailableAdapter(error)


def _opened_sink(sink: ConfiguredSink, lent: AdapterContext, redactor: Redactor) -> Sink:
    """Open a sink; one that cannot be opened keeps its messages owed."""
    try:
        return open_sink(sink.type, sink.settings, lent, redactor=redactor)
    except ProviderError as error:
        log.exception("sink.open_failed", sink=sink.name, reason=error.reason)
        return UnavailableSink(error)


async def _no_wait() -> None:
    """Sinks have no rate limit; and an executor has taken its turn before it committed the sending."""
