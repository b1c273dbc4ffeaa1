"""How often to look: new and moving subjects at the stream's interval, quiet ones at multiples of it, finished ones
daily while a refill may still reopen them; and how long to stay away from an account that fails.

In seconds, as floats: it is asked for every subject of every poll.
"""

from __future__ import annotations

from datetime import timedelta

from bursar.domain.backoff import Backoff

HOUR_S = 3600.0
DAY_S = 86400.0
MAX_ABSENCE = timedelta(minutes=30)


def pause_s(interval_s: float, quiet_s: float, terminal: bool, acted_on: bool, watch_for_s: float) -> float | None:
    """Return the pause until a tracked subject is looked at again; None: it is finished, and watched no more.

    Args:
        interval_s: The stream's interval.
        quiet_s: How long ago it last changed, or was put under watch.
        terminal: Its state is a finished one.
        acted_on: An action was done to it in the last day; that makes it a moving one.
        watch_for_s: How long a finished subject is looked at.
    """
    if quiet_s < HOUR_S:
        return min(interval_s * 10, DAY_S) if terminal and not acted_on else interval_s
    if terminal and not acted_on:
        # Finished is not frozen: a refill reopens an order, so it is looked at daily for a while.
        return DAY_S if quiet_s < watch_for_s else None
    return min(interval_s * (3 if quiet_s < DAY_S else 12), max(interval_s, HOUR_S))


def absence(failures: int, interval: timedelta, retry_after: timedelta | None) -> timedelta:
    """Return the pause after so many failed polls in a row: doubling, at most half an hour, or what the provider asks.

    A `Retry-After` is obeyed up to a day.
    """
    first = max(interval, timedelta(seconds=1))
    return Backoff(first, max(MAX_ABSENCE, first)).pause(failures, retry_after)
