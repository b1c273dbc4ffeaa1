"""How often to look: new and moving subjects at the stream's interval, quiet ones at multiples of it, finished ones
daily while a refill may still reopen them; and how long to stay away from an account that fails."""

from __future__ import annotations

from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST_ABSENCE = timedelta(minutes=30)


def interval_for(
    interval: timedelta, terminal: bool, changed_at: datetime, acted_at: datetime | None, watch_for: timedelta, now: datetime
) -> timedelta | None:
    """Give the pause until a tracked subject is looked at again; None: it is finished, and watched no more.

    Args:
        interval: The stream's interval.
        terminal: Its state is a finished one.
        changed_at: When it last changed, or was put under watch.
        acted_at: When an action was last done to it; for a day that makes it a moving one.
        watch_for: How long a finished subject is looked at.
        now: The instant of asking.
    """
    quiet = now - changed_at
    if acted_at is not None and now - acted_at < DAY:
        return interval * (1 if quiet < HOUR else 3)
    if terminal:
        if quiet >= watch_for:
            return None
        return min(interval * 10, DAY) if quiet < HOUR else DAY
    if quiet < HOUR:
        return interval
    return min(interval * (3 if quiet < DAY else 12), max(interval, HOUR))


def absence(failures: int, interval: timedelta, retry_after: timedelta | None) -> timedelta:
    """Give the pause after so many failed polls in a row: doubling, at most half an hour, or what the provider asks.

    A `Retry-After` is obeyed up to a day.
    """
    doubled: int = 2 ** max(0, min(failures - 1, 12))
    pause = min(max(interval, timedelta(seconds=1)) * doubled, max(LONGEST_ABSENCE, interval))
    return max(pause, min(retry_after, DAY)) if retry_after is not None else pause
