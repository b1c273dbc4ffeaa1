"""The loops of one configuration: a poller and an executor for each account, a deliverer for each sink, and the timer.

At a reload one supervisor hands over to the next. What is being sent then goes on, however long it takes: the account
it is sent at waits for it, and no other does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection

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
from bursar.settings.model import Account, Configuration, ConfiguredSink

HAND_OVER_S = 1.0
"""How long executors have at a reload to end a turn; what is being sent then goes on under the next supervisor."""
ABANDON_S = 10.0
"""How long a loop has at a reload to end when it is canceled; a plugin may swallow that, and is not waited for."""
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
        self._https: dict[str, Http] = {}
        self._redactor = redactor
        self.timer = Timer(context)
        self.maintenance = Maintenance(context, configuration.settings.retention)
        self.by_key: dict[tuple[str, ...], RateLimiter] = {}
        # Also of keys that a reload took out: put back, they must not forget the `Retry-After` that they were given.
        self._former = former.limiters_until_now() if former is not None else {}
        self._unfinished = former.unfinished() if former is not None else {}
        for account in configuration.accounts.values():
            self._take_on(account)
        for sink in configuration.sinks.values():
            self._take_on_sink(sink)
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._executing: dict[str, asyncio.Task[None]] = {}

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

    def limiters_until_now(self) -> dict[tuple[str, ...], RateLimiter]:
        """Return what limits each key, also of accounts that are configured no more: they may come back."""
        return {**self._former, **self.by_key}

    def unfinished(self) -> dict[str, list[asyncio.Task[None]]]:
        """Return, by account, what goes on sending although its configuration is gone."""
        found = {name: [task for task in tasks if not task.done()] for name, tasks in self._unfinished.items()}
        for name, task in self._executing.items():
            if not task.done():
                found.setdefault(name, []).append(task)
        return {name: tasks for name, tasks in found.items() if tasks}

    async def hand_over(self, group: asyncio.TaskGroup) -> None:
        """Stop every loop, but for what is being sent: it goes on, and its account is let go once it ended."""
        self._stop_turning()
        if self._executing:
            await asyncio.wait(self._executing.values(), timeout=HAND_OVER_S)
        sending = {name for name, task in self._executing.items() if not task.done() and self.executors[name].sending}
        for name, task in self._executing.items():
            if name not in sending:
                task.cancel()
        staying = {self._executing[name] for name in sending}
        if self._tasks - staying:
            # A plugin that swallows its cancellation must not keep every other account from the new configuration.
            _, stubborn = await asyncio.wait(self._tasks - staying, timeout=ABANDON_S)
            for task in stubborn:
                log.error("reload.loop_abandoned", loop=task.get_name(), reason="its plugin did not end when told to")
        for name in sending:
            log.info("reload.still_sending", account=name)
            self._tasks.add(group.create_task(self._let_go_after(name), name=f"letting go {name}"))
        await self._let_go(but=sending)

    async def shutdown(self, patience_s: float) -> None:
        """Stop every loop: at once, but for what is being sent, which has so long to end."""
        self._stop_turning()
        sending = {*self._executing.values(), *(task for tasks in self._unfinished.values() for task in tasks)}
        if sending:
            # So many seconds to end in: given up, its outcome is unknown, and a person may have to look for it.
            await asyncio.wait(sending, timeout=patience_s)
        for task in sending:
            task.cancel()
        if self._tasks | sending:
            await asyncio.wait(self._tasks | sending)
        await self._let_go()

    def _stop_turning(self) -> None:
        self._over.set()
        for task in self._tasks - set(self._executing.values()):
            task.cancel()
        for executor in self.executors.values():
            executor.stop()

    async def _let_go_after(self, name: str) -> None:
        """Let an account go once what is being sent at it has ended."""
        await asyncio.wait([self._executing[name]])
        if name not in self._context.config.accounts:
            self._context.liveness.forget(f"executing {name}")
        await self._let_go_of(name)

    async def _let_go(self, but: Collection[str] = ()) -> None:
        """Close what the loops held, and forget their liveness."""
        for task in self._tasks:
            self._context.liveness.forget(task.get_name().rpartition(" ")[0])
        for name in self.pollers.keys() - set(but):
            await self._let_go_of(name)
        for name, deliverer in self.deliverers.items():
            await deliverer.close()
            await self._https[f"sink {name}"].close()

    async def _let_go_of(self, name: str) -> None:
        """Close what the loops of one account held."""
        await self.pollers[name].close()
        await self._https[f"account {name}"].close()

    async def overdue_s(self) -> float:
        """Return how long the most overdue message has been due without being tried."""
        worst = 0.0
        for deliverer in self.deliverers.values():
            oldest = await self._context.journal.read(lambda tx, n=deliverer.name: deliveries.next_due(tx, n))  # type: ignore[misc]
            worst = max(worst, deliverer.overdue_s(oldest))
        return worst

    def _limiter_of(self, account: Account) -> RateLimiter:
        """Return what limits the requests of a key at one address; what the provider asked for outlives a reload."""
        # With the address: two sites that share a key share no limit, and one must not stop the other.
        key = (account.provider.name, account.settings.url, account.settings.key.reveal())
        if key not in self.by_key:
            former = self._former.get(key)
            after = (
                RateLimiter(self._context.clock, *account.rate) if former is None else former.hand_over(*account.rate)
            )
            self.by_key[key] = after
        return self.by_key[key]

    def _take_on(self, account: Account) -> None:
        limiter = self._limiter_of(account)
        spec = self._context.config.accounts[account.name]
        # An effect does not wait for the limit again: its turn was taken before its evidence was read.
        lent = self._lend(f"account {account.name}", Http(self._context.clock, limiter.acquire, wait_first=_no_wait))
        adapter = _opened(account, lent, self._redactor)
        self.adapters[account.name] = adapter
        self.limiters[account.name] = limiter
        polls = {stream: every for stream, every in account.polls.items() if every is not None}
        self.pollers[account.name] = Poller(self._context, spec, adapter, limiter, polls)
        before = self._unfinished.get(account.name, ())
        self.executors[account.name] = Executor(self._context, spec, adapter, limiter, before)

    def _take_on_sink(self, sink: ConfiguredSink) -> None:
        lent = self._lend(f"sink {sink.name}", Http(self._context.clock, _no_wait))
        self.deliverers[sink.name] = Deliverer(self._context, sink.name, _opened_sink(sink, lent, self._redactor))

    def _lend(self, borrower: str, http: Http) -> AdapterContext:
        self._https[borrower] = http
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
        until = self.executors[name.split(" ", 1)[1]].stopping if sends else self._over
        task = group.create_task(
            run_forever(name, self._context.clock, self._context.liveness, turn, until), name=f"{name} {lane}"
        )
        self._tasks.add(task)
        if sends:
            self._executing[name.split(" ", 1)[1]] = task

    def _ring(self) -> None:
        """Pass the context's wakeups on to every loop of that kind."""
        for kind, wakeups in (
            ("polling", [poller.wakeup for poller in self.pollers.values()]),
            ("executing", [executor.wakeup for executor in self.executors.values()]),
            ("delivering", [deliverer.wakeup for deliverer in self.deliverers.values()]),
        ):
            self._context.wakeups[kind].forward_to(wakeups)


def _opened(account: Account, lent: AdapterContext, redactor: Redactor) -> Adapter:
    """Open an account's adapter; one that cannot be opened fails its own polls, and no other account's."""
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
