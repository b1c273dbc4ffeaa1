"""The result of a run in one phrase, for the last line of `make test`: how many tests, and what was skipped and why.

Loaded by `conftest.py`, as a plugin of pytest; writes into the file that BURSAR_RESULT names, if it names one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest


def reasons(skipped: Iterable[pytest.TestReport]) -> Counter[str]:
    """Count the reasons for which tests were skipped."""
    told = (report.longrepr[-1] if isinstance(report.longrepr, tuple) else "no reason given" for report in skipped)
    return Counter(str(text).removeprefix("Skipped: ") for text in told)


def phrase(stats: Mapping[str, Sequence[Any]]) -> str:
    """Return what came of a run.

    Args:
        stats: What pytest's terminal reporter counted, by outcome.
    """
    told = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
    count = {outcome: len(stats.get(outcome, ())) for outcome in told}
    run = count["passed"] + count["failed"] + count["xfailed"] + count["xpassed"]
    if count["failed"] or count["error"]:
        broken = f" and {count['error']} could not be set up" if count["error"] else ""
        return f"{count['failed']} of {run} tests failed{broken}"
    if not run and not count["skipped"]:
        return "no test was run"
    why = "; ".join(reasons(stats.get("skipped", ())))
    expected = f"{count['xfailed']} failed, as expected; " if count["xfailed"] else ""
    return f"{run} tests; {expected}" + (
        f"{count['skipped']} skipped ({why})" if count["skipped"] else "nothing skipped"
    )


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the phrase down."""
    if path := os.environ.get("BURSAR_RESULT"):
        Path(path).write_text(phrase(terminalreporter.stats), encoding="utf-8")
