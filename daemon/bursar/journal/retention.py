"""Letting go of what is finished and old. What is open or unknown is kept whatever its age. What guards count is in the
ledger, which is kept for 400 days whatever the retention of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bursar.domain.ids import AccountName, microseconds
from bursar.domain.subject import Coverage
from bursar.domain.timeline import Measured
from bursar.journal import ledger
from bursar.journal.writer import Tx

AT_ONCE = 5000
NOTHING = timedelta(0)
SUBJECTS_FOR = timedelta(days=180)
"""How long the least a finished or vanished subject is remembered: longer than any provider lists it."""
_OPEN = "('awaiting_approval', 'ready', 'sending', 'deferred', 'unknown')"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long finished rows are kept.

    Attributes:
        events: Events, ended intents, and the entries of closed audit segments (their heads stay).
        matches: Matches.
        deliveries: Deliveries.
        texts: The longest cooldown or limit of a rule that only tells: it counts matches.
        last_of: Event types of which the last one in an account is kept: they do not come anew by themselves.
        left_to_a_person: What the reason says of what ended with what only a person can say.
    """

    events: timedelta
    matches: timedelta
    deliveries: timedelta
    texts: timedelta = NOTHING
    last_of: Sequence[str] = ()
    left_to_a_person: Sequence[str] = ()


def clean(tx: Tx, keeping: Keeping, now: datetime, measured: Measured) -> int:
    """Remove finished rows past their time, at most `AT_ONCE` of each kind; return the most that went of one kind.

    Time that was not measured makes nothing old: a clock that was wrong at the start of the machine has nothing forgotten.
    """
    events = microseconds(measured.before(now, keeping.events))
    # Evidence of what may land yet is under no shorter retention: `events: 7d` would make the next payout the second.
    longest = microseconds(measured.before(now, max(keeping.events, ledger.KEPT)))
    gone = [
        _deliveries(tx, microseconds(measured.before(now, keeping.deliveries))),
        _events(tx, events, keeping.last_of),
        _matches(
            tx,
            microseconds(measured.before(now, max(keeping.matches, keeping.texts))),
            longest,
            keeping.left_to_a_person,
        ),
        _intents(tx, events, longest, keeping.left_to_a_person),
        _audit(tx, events),
        _held(tx, events),
        ledger.forget(tx, measured.before(now, ledger.KEPT), AT_ONCE),
    ]
    return max(gone)


def forget(
    tx: Tx,
    account: AccountName,
    types: Iterable[tuple[str, Coverage]],
    events: timedelta,
    now: datetime,
    measured: Measured,
) -> int:
    """Forget finished, vanished and bygone subjects of an account, with the verdicts on them; return how many went."""
    gone, before = 0, microseconds(measured.before(now, max(events, SUBJECTS_FOR)))
    for type_, coverage in types:
        over = {
            Coverage.TRACKED: "watched = 0",
            Coverage.LISTING: "vanished_at IS NOT NULL",
            Coverage.WINDOW: "1 = 1",
        }[coverage]
        rows = tx.all(
            f"SELECT id FROM subjects s WHERE account = ? AND type = ? AND changed_at < ? AND created_at < ? AND {over} AND NOT "
            f"EXISTS (SELECT 1 FROM intents i WHERE i.account = s.account AND i.subject_type = s.type AND i.subject_id = s.id "
            f"AND i.state IN {_OPEN}) AND id NOT IN (SELECT subject_id FROM matches WHERE state = 'held' AND account = ? AND "
            f"subject_type = ?) LIMIT {AT_ONCE}",
            account, type_, before, before, account, type_,
        )  # fmt: skip
        for (id_,) in rows:
            tx.run("DELETE FROM subjects WHERE account = ? AND type = ? AND id = ?", account, type_, id_)
            tx.run(
                "DELETE FROM verdicts WHERE account = ? AND subject_type = ? AND subject_id = ?", account, type_, id_
            )
        gone += len(rows)
    return gone


def _deliveries(tx: Tx, before: int) -> int:
    return tx.run(
        f"DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE created_at < ? AND state <> 'due' LIMIT {AT_ONCE})",
        before,
    )


def _held(tx: Tx, before: int) -> int:
    """Observations that were accepted or dropped long ago."""
    return tx.run("DELETE FROM held_observations WHERE state <> 'held' AND ended_at < ?", before)


def _events(tx: Tx, before: int, last_of: Sequence[str]) -> int:
    """An event that a held-back match, or one with an open intent, answers to stays; and so does the last one of a type
    that does not come anew: a rule that was away is asked about a balance that has not changed for months."""
    newer = "SELECT 1 FROM events n WHERE n.account = e.account AND n.type = e.type AND n.at >= e.at AND n.seq > e.seq"
    return tx.run(
        f"DELETE FROM events WHERE seq IN (SELECT seq FROM events e WHERE at < ? AND (e.type NOT IN ({','.join('?' * len(last_of))}) "
        f"OR EXISTS ({newer})) AND id NOT IN (SELECT event_id FROM matches WHERE "
        f"state IN ('held', 'new') AND event_id IS NOT NULL) AND id NOT IN (SELECT m.event_id FROM matches m JOIN intents i ON "
        f"i.match_id = m.id WHERE i.state IN {_OPEN} AND m.event_id IS NOT NULL) LIMIT {AT_ONCE})",
        before,
        *last_of,
    )


def _matches(tx: Tx, before: int, before_kept: int, lasting: Sequence[str]) -> int:
    """A match that is held back, or that an open intent comes from, stays; the others count from their end.

    One that ended with what only a person can say stays as long as the ledger: forgotten sooner, the next edit of its rule
    would pay to the wallet that a slip has left.
    """
    return tx.run(
        f"DELETE FROM matches WHERE id IN (SELECT id FROM matches WHERE ended_at < ? AND state NOT IN ('held', 'new') AND "
        f"(ended_at < ? OR NOT (state = 'dropped' AND {_says(lasting)})) AND id NOT IN "
        f"(SELECT match_id FROM intents WHERE state IN {_OPEN} AND match_id IS NOT NULL) LIMIT {AT_ONCE})",
        before,
        before_kept,
        *lasting,
    )


def _says(words: Sequence[str]) -> str:
    """Return the SQL that says whether a reason has one of these words."""
    return f"({' OR '.join('instr(reason, ?) > 0' for _ in words) or '0'})"


def _intents(tx: Tx, before: int, before_kept: int, lasting: Sequence[str]) -> int:
    """Ended intents go with their attempts; the audit trail has their story, and the ledger what guards count of them.

    Those that a person may have tried again, also those left to him, stay as long as the ledger counts them, and longer
    while something waits for that; and so do those that made something with a price, by which the provider may yet say
    what it cost, or undo it; and those that were sent, and of which nothing is known to have come: what they asked for may land yet. What was told as
    never shown stays until the ledger lets it go: a person is asked about it by its number. What a match that
    is held back has done stays, too: it says what comes next.
    """
    rows = tx.all(
        "SELECT id FROM intents WHERE ended_at < CASE WHEN state IN ('refused', 'gave_up') OR (reference IS NOT NULL AND cost IS "
        f"NOT NULL) OR (state <> 'succeeded' AND sent_at IS NOT NULL) OR (state = 'lapsed' AND {_says(lasting)}) OR "
        "(cost IS NOT NULL AND EXISTS (SELECT 1 FROM postings p "
        f"WHERE p.entry = intents.id AND p.what = 'unconfirmed')) THEN ? ELSE ? END AND state NOT IN {_OPEN} AND confirm_by IS NULL AND id NOT IN (SELECT waits_for FROM matches "
        "WHERE state = 'held' AND waits_for IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM matches m WHERE m.id = intents.match_id "
        f"AND m.state = 'held') LIMIT {AT_ONCE}",
        *lasting,
        before_kept,
        before,
    )
    tx.many("DELETE FROM attempts WHERE intent_id = ?", rows)
    tx.many("DELETE FROM questions WHERE intent_id = ?", rows)
    tx.many("DELETE FROM intents WHERE id = ?", rows)
    return len(rows)


def _audit(tx: Tx, before: int) -> int:
    """Entries of closed segments go; the heads of the segments stay, and anchor what is left."""
    row = tx.one(
        "SELECT s.segment FROM audit_segments s WHERE s.closed_at < ? AND EXISTS (SELECT 1 FROM audit a WHERE a.segment = "
        "s.segment) ORDER BY s.segment LIMIT 1",
        before,
    )
    return 0 if row is None else tx.run("DELETE FROM audit WHERE segment = ?", row[0])
