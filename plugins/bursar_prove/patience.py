"""When a run has waited long enough: by what the daemon did meanwhile, not by the seconds alone."""

from __future__ import annotations

from bursar.loops.clock import RealClock
from bursar_prove.clients import Line

HANGS_S = 120.0
"""A process that does not come up, go down or get somewhere within this, hangs."""


class Patience:
    """Is over after a while in which the daemon got somewhere, however slow the machine is; or when it hangs.

    Args:
        line: The line to the sandbox; it knows how often each provider was asked.
        least_s: Not before so many seconds.
        polls: Not before every polled provider was asked so often: under load, a daemon comes to nothing in seconds.
    """

    def __init__(self, line: Line, least_s: float, polls: int) -> None:
        self._line, self._least_s, self._polls = line, least_s, polls
        self._began_s, self._before = RealClock().monotonic(), dict(line.asked)

    def over(self) -> bool:
        """Return whether it is."""
        passed_s = RealClock().monotonic() - self._began_s
        asked = (self._line.asked.get(name, 0) - self._before.get(name, 0) for name in self._line.polled)
        return passed_s > HANGS_S or (passed_s > self._least_s and min(asked) >= self._polls)
