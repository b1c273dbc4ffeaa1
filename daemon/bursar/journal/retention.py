"""Letting go of what is finished and old. What is open or unknown is kept whatever its age."""

from __future__ import annotations

from datetime import datetime, timedelta

from bursar.domain.ids import microseconds
from bursar.journal.writer import Tx

AT_ONCE = 5000
NOTHING = timedelta(0)
_OPEN = "('awaiting_approval', 'ready', 'sending', 'deferred', 'unknown')"


def clean(
    tx: Tx, events: timedelta, matches: timedelta, deliveries: timedelta, now: datetime, *, counted: timedelta = NOTHING
) -> int:
    """Remove finished rows past their time, at most `AT_ONCE` of each kind; give how many went.

    An event that a held-back match answers to, or that an undelivered message carries, stays; so does a match that an
    open intent comes from, and one that is younger than `counted`, the longest cooldown or limit of any rule.
    """
    gone = tx.run(
        f"DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE created_at < ? AND state <> 'due' LIMIT {AT_ONCE})",
        microseconds(now - deliveries),
    )
    gone += tx.run(
        f"DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE at < ? AND id NOT IN (SELECT event_id FROM matches WHERE "
        f"state IN ('held', 'new') AND event_id IS NOT NULL) AND id NOT IN (SELECT m.event_id FROM matches m JOIN intents i ON "
        f"i.match_id = m.id WHERE i.state IN {_OPEN} AND m.event_id IS NOT NULL) LIMIT {AT_ONCE})",
        microseconds(now - events),
    )
    gone += tx.run(
        f"DELETE FROM matches WHERE id IN (SELECT id FROM matches WHERE at < ? AND state NOT IN ('held', 'new') AND id NOT IN "
        f"(SELECT match_id FROM intents WHERE state IN {_OPEN} AND match_id IS NOT NULL) LIMIT {AT_ONCE})",
        microseconds(now - max(matches, counted)),
    )
    return gone
