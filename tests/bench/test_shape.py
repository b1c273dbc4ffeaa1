"""The measurements run to their end and give their five numbers. What the numbers are is no test's concern."""

from __future__ import annotations

from benchmarks.__main__ import TARGETS, Sizes, measure, table

TINY = Sizes(orders=300, passes=1, rounds=1, script=3, events=20, held=300)


async def test_a_run_gives_every_number() -> None:
    result = await measure(TINY)
    assert all(isinstance(result[name], (int, float)) for name in TARGETS)
    assert all(name in table(result) for name in TARGETS)
