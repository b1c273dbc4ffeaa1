"""`python -m benchmarks [--json] [--quick]`: measure, and print a table, or one JSON object.

The bare loop and the daemon take turns, so that what else the machine does slows both; each number is the median of the
rounds. `details` in the object holds what the five numbers were made of.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bare, memory, script, verdicts
from benchmarks.daemon import Bench, configure, opened
from benchmarks.server import Panel, pin


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        orders: Under watch, and asked for in every pass.
        passes: Through all orders, in a round.
        rounds: Of each measurement.
        script: Orders that the script asks for in a round.
        events: In one commit, for the cost of an event.
        held: Orders under watch, for the memory.
    """

    orders: int = 20_000
    passes: int = 3
    rounds: int = 7
    script: int = 400
    events: int = 2000
    held: int = 100_000


QUICK = Sizes(orders=10_000, passes=2, rounds=3, script=200, events=1000, held=100_000)
TARGETS = {
    "watch_unchanged": ("at least", 0.3, "orders/s when nothing changed, of the bare loop's"),
    "watch_1pct": ("at least", 0.2, "orders/s when 1 % changed per pass, of the bare loop's"),
    "vs_script": ("at least", 50, "times the orders/s of a script that asks for one at a time, when 1 % changed"),
    "verdicts_flat": ("at most", 1.5, "times the cost of an event at 10 rules, at 1,000"),
    "memory": ("at most", 600, "resident bytes per order under watch"),
}
Result = dict[str, object]


async def measure(sizes: Sizes) -> Result:
    """Measure everything; give the five numbers, rounded, and the details."""
    with tempfile.TemporaryDirectory(prefix="bursar-bench-") as name:
        folder = Path(name)
        (folder / "watch").mkdir()
        with Panel(sizes.orders) as panel:
            async with opened(configure(folder / "watch", panel.url)) as bench:
                speeds = await _speeds(sizes, panel, bench)
        flat, costs = await verdicts.growth(folder, sizes.events, sizes.rounds)
        with Panel(sizes.held) as panel:
            each = await memory.bytes_each(folder, panel.url, sizes.held)
    middle = {name: statistics.median(found) for name, found in speeds.items()}
    return {
        "watch_unchanged": _against_bare(speeds, "unchanged"),
        "watch_1pct": _against_bare(speeds, "1pct"),
        "vs_script": round(middle["1pct"] / middle["script"], 1),
        "verdicts_flat": round(flat, 2),
        "memory": round(each),
        "details": {
            "orders_per_s": {name: round(speed) for name, speed in middle.items()},
            "event_us": {str(count): round(cost * 1e6, 1) for count, cost in costs.items()},
            "orders": sizes.orders,
            "orders_in_memory": sizes.held,
            "rounds": sizes.rounds,
        },
    }


def _against_bare(speeds: dict[str, list[float]], name: str) -> float:
    return round(statistics.median(a / b for a, b in zip(speeds[name], speeds["bare"], strict=True)), 3)


async def _speeds(sizes: Sizes, panel: Panel, bench: Bench) -> dict[str, list[float]]:
    """Return the orders a second of every round: of the bare loop, the daemon (nothing, 1 % changed) and the script."""
    await bench.watch(sizes.orders)
    await bench.load()
    for _ in range(2):
        await bench.pass_once()
    await bare.orders_per_s(panel.url, sizes.orders, 1)
    speeds: dict[str, list[float]] = {"bare": [], "unchanged": [], "1pct": [], "script": []}
    for _ in range(sizes.rounds):
        speeds["bare"].append(await bare.orders_per_s(panel.url, sizes.orders, sizes.passes))
        took = [await bench.pass_once() for _ in range(sizes.passes)]
        speeds["unchanged"].append(sizes.orders * sizes.passes / sum(took))
        took = [await _changed_pass(panel, bench) for _ in range(sizes.passes)]
        speeds["1pct"].append(sizes.orders * sizes.passes / sum(took))
        speeds["script"].append(script.orders_per_s(panel.url, sizes.script))
    await bench.check_events(sizes.rounds * sizes.passes * sizes.orders // 100)
    return speeds


async def _changed_pass(panel: Panel, bench: Bench) -> float:
    await panel.change()
    return await bench.pass_once()


def table(result: Result) -> str:
    """Write the numbers for people."""
    lines = [
        f"{name:16} {result[name]!s:>8}   ({how} {target:g})  {what}" for name, (how, target, what) in TARGETS.items()
    ]
    return "\n".join([*lines, f"details: {json.dumps(result['details'])}"])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    given = parser.parse_args()
    pin(0)
    result = asyncio.run(measure(QUICK if given.quick else Sizes()))
    print(json.dumps(result) if given.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
