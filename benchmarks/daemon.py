"""The daemon's own path, as `bursar run` builds it: the example's rules, a real journal, the smm plugin behind its
guard, a poller with its lanes. Only the clock is moved on between two passes, so that all orders are due again at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.orders import known
from bursar.cli.demo.config import as_yaml, merge, read_example
from bursar.domain.ids import AccountName
from bursar.host.plugins import load_plugins
from bursar.journal import subjects, views
from bursar.journal.writer import Journal
from bursar.logs import Redactor
from bursar.loops.clock import RealClock
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.startup import open_context
from bursar.loops.supervisor import LANES, Supervisor
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.model import Configuration
from bursar.settings.read import read_configuration

AT_ONCE = 5000
EXAMPLE = Path(__file__).parents[1] / "rules.example.yaml"
PANEL = AccountName("main-panel")
POLL = {"orders": "1s", "refills": "off", "balance": "off", "services": "off"}
SECRETS = {
    "PANEL_KEY": "bench",
    "PX_KEY": "bench",
    "USDT_WALLET": "T",
    "HOOK_SECRET": "whsec_YmVuY2hiZW5jaGJlbmNoYmVuY2g=",
}


def configure(folder: Path, url: str) -> Configuration:
    """Read the example's configuration, with its panel on this server and a rate that never waits."""
    overlay: dict[str, Any] = {
        "settings": {"state": str(folder / "journal.db")},
        "accounts": {
            PANEL: {"url": url, "rate": "1000000/s", "poll": POLL},
            "shop": {"key": "bench"},
        },
    }
    path = folder / "bench.yaml"
    path.write_text(as_yaml(merge(read_example(EXAMPLE.read_text("utf-8")), overlay)), "utf-8")
    return read_configuration([path], load_plugins(), environ=SECRETS)


class Hurried(RealClock):
    """The machine's clocks, moved on by hand together; a sleep on it only lets the other tasks have their turn."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def hurry(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return super().now() + self._ahead

    def monotonic(self) -> float:
        return super().monotonic() + self._ahead.total_seconds()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Bench:
    """A daemon whose one panel is polled on demand."""

    def __init__(self, context: RuntimeContext, supervisor: Supervisor, clock: Hurried) -> None:
        self.context = context
        self.supervisor = supervisor
        self._clock = clock

    async def watch(self, count: int) -> None:
        """Put so many orders into the journal, seen and under watch for a minute, and load them."""
        now = self.context.now()
        kind = self.context.config.accounts[PANEL].kinds["order"]

        def put(uow: UnitOfWork, start: int) -> None:
            orders = known(PANEL, range(start, min(start + AT_ONCE, count)), now - timedelta(minutes=1))
            subjects.track(uow.tx, PANEL, kind, [(one.ref.id, {}, one.created_at) for one in orders], now)
            subjects.save(uow.tx, orders)

        for start in range(0, count, AT_ONCE):
            await self.context.commit(lambda uow, start=start: put(uow, start))  # type: ignore[misc]

    async def load(self) -> None:
        """Take what the journal has under watch, as a daemon does when it starts."""
        await self.supervisor.pollers[PANEL].load()

    async def pass_once(self) -> float:
        """Poll every order once; give how many seconds that took."""
        poller = self.supervisor.pollers[PANEL]
        watch = poller.streams["orders"].watch
        assert watch is not None
        self._clock.hurry(3.0)
        now_s = self.context.now().timestamp()

        async def lane() -> None:
            while (due_s := watch.next_due_s()) is not None and due_s <= now_s:
                await poller.turn()

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(lane())
        return time.perf_counter() - began

    async def check_events(self, least: int) -> None:
        """Make sure that what the panel changed was seen and committed.

        Raises:
            RuntimeError: fewer events are in the journal than there must be: what was measured means nothing.
        """
        counted = await self.context.journal.read(views.counts)
        if int(str(counted["events"])) < least:
            raise RuntimeError(f"{counted['events']} events are in the journal, and {least} orders were changed")


@asynccontextmanager
async def opened(configuration: Configuration) -> AsyncIterator[Bench]:
    """Open a daemon; nothing in it turns by itself."""
    clock = Hurried()
    journal = await asyncio.to_thread(Journal.open, configuration.settings.state)
    try:
        context = await open_context(configuration, journal, clock)
        supervisor = Supervisor(context, configuration, Redactor())
        yield Bench(context, supervisor, clock)
        await supervisor.shutdown(1.0)
    finally:
        await asyncio.to_thread(journal.close)
