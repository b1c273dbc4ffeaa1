"""Does an event cost more when there are more rules? A hundred accounts; ten rules for one of them, or for each.

As in real sets of rules, each rule is for one account and one type of event, so the same one rule answers to the events
that are measured, whether ten are configured or a thousand. The whole way of an event is measured: its row, the index,
the condition, the verdict's row.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from benchmarks.daemon import SECRETS, Bench, opened
from benchmarks.orders import known
from bursar.cli.demo.config import as_yaml
from bursar.domain.event import Event
from bursar.domain.ids import AccountName
from bursar.host.plugins import load_plugins
from bursar.pipeline.events import emit
from bursar.pipeline.rule_evaluation import process_events
from bursar.pipeline.unit_of_work import UnitOfWork
from bursar.settings.read import read_configuration

ACCOUNTS = 100
TYPES = (
    "order.partial",
    "order.canceled",
    "order.completed",
    "order.failed",
    "order.unknown",
    "order.changed",
    "refill.rejected",
    "refill.*",
    "balance.fell",
    "service.rate_changed",
)
BUSY = AccountName("panel-0")


def rules(accounts: int) -> list[dict[str, Any]]:
    """Write ten rules for each of so many accounts."""
    return [
        {
            "name": f"{type_.replace('.*', '-any').replace('.', '-')}-of-{account}",
            "on": type_,
            "accounts": [f"panel-{account}"],
            "do": [{"notify": {"sink": "book", "text": "{{ event.type }}"}}],
            **({"when": "order.remains > 500000 and not order.cancel_requested"} if type_.startswith("order") else {}),
        }
        for account in range(accounts)
        for type_ in TYPES
    ]


def configure(folder: Path, ruled: int) -> Path:
    """Write a configuration of a hundred accounts, and ten rules for each of so many."""
    folder.mkdir()
    document = {
        "settings": {"state": str(folder / "journal.db")},
        "accounts": {
            f"panel-{number}": {"provider": "smm", "url": "http://127.0.0.1:9/", "key": f"key-{number}"}
            for number in range(ACCOUNTS)
        },
        "sinks": {"book": {"type": "log"}},
        "rules": rules(ruled),
    }
    path = folder / "rules.yaml"
    path.write_text(as_yaml(document), "utf-8")
    return path


async def seconds_each(bench: Bench, events: int) -> float:
    """Put so many events to the rules, in one commit; give the seconds that one took."""

    def happen(uow: UnitOfWork) -> float:
        orders = known(BUSY, range(events), uow.now)
        began = time.perf_counter()
        for order in orders:
            emit(uow, Event("order.partial", BUSY, uow.now, order.ref, {"id": order.ref.id}), order)
        process_events(uow)
        return (time.perf_counter() - began) / events

    return await bench.context.commit(happen)


async def growth(folder: Path, events: int, rounds: int) -> tuple[float, dict[int, float]]:
    """Return the cost of an event at a thousand rules over that at ten, and both, in seconds."""
    async with AsyncExitStack() as stack:
        benches = {}
        for ruled in (1, ACCOUNTS):
            path = configure(folder / f"rules-{ruled}", ruled)
            read = await asyncio.to_thread(read_configuration, [path], load_plugins(), environ=SECRETS)
            benches[len(TYPES) * ruled] = await stack.enter_async_context(opened(read))
        taken: dict[int, list[float]] = {count: [] for count in benches}
        for number in range(rounds + 1):
            for count, bench in benches.items():
                took = await seconds_each(bench, events)
                if number:
                    taken[count].append(took)
    cost = {count: statistics.median(each) for count, each in taken.items()}
    return cost[len(TYPES) * ACCOUNTS] / cost[len(TYPES)], cost
