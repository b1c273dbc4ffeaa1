"""How long to wait before something that failed is tried again: one formula for every loop.

Pure. The first pause doubles with each failure up to the longest; what the other side asks for (`Retry-After`) counts
where it is longer, and never for more than a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """One schedule of pauses.

    Attributes:
        first: The pause after the first failure.
        longest: No pause of our own is longer.
        longest_asked: No pause that the other side asks for is longer.
    """

    first: timedelta
    longest: timedelta
    longest_asked: timedelta = timedelta(days=1)

    def pause(self, failures: int, asked: timedelta | None = None) -> timedelta:
        """Return the pause after so many failures in a row.

        Args:
            failures: How many there were; at least 1.
            asked: What the other side asks for, if it does; a negative one is none.
        """
        doublings = 1 << max(0, min(failures - 1, MAX_DOUBLINGS))
        # Compared by division: a long first pause times 2**30 overflows
        # a timedelta, and the loop would fail instead of waiting.
        ours = self.first * doublings if self.first <= self.longest / doublings else self.longest
        # `Retry-After: 9999999` must not keep a payout waiting in silence for months.
        wanted = min(max(asked or timedelta(0), timedelta(0)), self.longest_asked)
        return max(ours, wanted)
