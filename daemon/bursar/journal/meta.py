"""Small facts of the journal as a whole: its key, its counter of sendings, when it last committed, how it stopped."""

from __future__ import annotations

from datetime import datetime

from bursar.domain.ids import instant, microseconds
from bursar.journal.files.send_counter import SendCount, was_restored
from bursar.journal.writer import Tx

RESTORED = "restored"
"""Since when the journal knows nothing, in words, as long as no person has confirmed a restore."""

RESTORED_AT = "restored_at"
"""When the first run began on a restored journal, the last time."""
KNOWS_NOTHING_SINCE = "restored_since"
"""Since when that journal knew nothing, in words."""


def get(tx: Tx, key: str) -> str | None:
    row = tx.one("SELECT value FROM meta WHERE key = ?", key)
    return None if row is None else str(row[0])


def put(tx: Tx, key: str, value: str | None) -> None:
    if value is None:
        tx.run("DELETE FROM meta WHERE key = ?", key)
    else:
        tx.run("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", key, value)


def digest_key(tx: Tx) -> bytes:
    """Return the key of this journal's digests."""
    return bytes.fromhex(get(tx, "digest_key") or "")


def send_count(tx: Tx) -> SendCount:
    """Return what the sidecar must say at least."""
    return SendCount(get(tx, "journal_id") or "", int(get(tx, "sent") or 0))


def count_sending(tx: Tx) -> SendCount:
    """Count one more sending, or decision of a person; the sidecar is raised to it, before a request leaves."""
    put(tx, "sent", str(int(get(tx, "sent") or 0) + 1))
    return send_count(tx)


def instant_of(tx: Tx, key: str) -> datetime | None:
    raw = get(tx, key)
    return None if raw is None else instant(int(raw))


def put_instant(tx: Tx, key: str, at: datetime | None) -> None:
    put(tx, key, None if at is None else str(microseconds(at)))


def is_new(tx: Tx) -> bool:
    """Return whether no daemon ever ran on this journal."""
    return get(tx, "started_at") is None


def last_commit(tx: Tx) -> datetime | None:
    """Return when the journal was last written to, as far as its rows tell."""
    row = tx.one(
        "SELECT max(at) FROM (SELECT max(ok_at) AS at FROM streams UNION ALL SELECT max(at) FROM events UNION ALL "
        "SELECT max(created_at) FROM intents)"
    )
    return None if row is None or row[0] is None else instant(row[0])


def restored(tx: Tx, sidecar: SendCount | None) -> bool:
    """Return whether the journal is behind what was sent (`was_restored`)."""
    return was_restored(send_count(tx), sidecar, new=is_new(tx))


def catch_up(tx: Tx, sidecar: SendCount | None) -> None:
    """Count on from what was sent, not from what the restored journal knows; its ids went on when it was opened."""
    own = send_count(tx)
    known = sidecar is not None and sidecar.journal == own.journal
    # One more, so that a journal that is put back once more, from before this start, is recognized, too.
    put(tx, "sent", str(max(own.sent, sidecar.sent if sidecar is not None and known else 0) + 1))
