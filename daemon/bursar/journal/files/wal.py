"""Whether a write-ahead log that was left behind belongs to the main file beside it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bursar.journal.errors import JournalDamaged
from bursar.journal.files.connection import connect
from bursar.journal.files.place import Looks, noted_of

LAST_STEPS = (
    "SELECT intent_id, what FROM audit WHERE seq IN (SELECT max(seq) FROM (SELECT seq, intent_id, what, at FROM audit ORDER BY seq "
    "DESC LIMIT 1000) WHERE what LIKE 'intent.%' AND what NOT IN ('intent.question', 'intent.retry') AND at > (SELECT max(at) FROM "
    "audit) - 2592000000000 GROUP BY intent_id)"
)
"""Where the audit trail's last entries, of the last 30 days, say that intents stand."""


def check_log(path: Path, lock: int) -> None:
    """Check that a write-ahead log that was left behind belongs to the main file beside it.

    Raises:
        JournalDamaged: the main file was put there while the log is of another one, or the two do not fit together.
    """
    log = path.with_name(path.name + "-wal")
    if not log.exists() or not log.stat().st_size or not path.exists():
        return
    noted, found = noted_of(lock).split(), Looks.of(path)
    # SQLite would play the newer log into the older file: pages of two journals, and payouts that it knows half.
    if noted and noted[0] != str(found.inode):
        raise JournalDamaged(
            f"{path}: was put there while {log.name} beside it belongs to the journal before it; restore with "
            f"`bursar restore`, or remove {log.name} and its -shm first"
        )
    if noted != [str(found.inode), str(found.size), str(found.mtime_ns)]:
        with closing(connect(path, read_only=True)) as reader:
            fits = _fits_its_trail(reader)
        if not fits:
            raise JournalDamaged(f"{path}: does not fit {log.name} beside it; restore a backup with `bursar restore`")


def _fits_its_trail(reader: sqlite3.Connection) -> bool:
    """Return whether the pages are whole, the audit trail ends where it should, and intents stand where it says."""
    if reader.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
        return False
    head = reader.execute("SELECT value FROM meta WHERE key = 'audit_head'").fetchone()
    last = reader.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    if last is not None and head is not None and head[0] != f"{last[0]} {last[1]}":
        return False
    astray = f"SELECT count(*) FROM ({LAST_STEPS}) a JOIN intents i ON i.id = a.intent_id WHERE 'intent.' || i.state <> a.what"
    missing = f"SELECT count(*) FROM ({LAST_STEPS}) a LEFT JOIN ledger l ON l.id = a.intent_id WHERE l.id IS NULL"
    has_ledger = reader.execute("PRAGMA user_version").fetchone()[0] > 1
    return not any(reader.execute(sql).fetchone()[0] for sql in ((astray, missing) if has_ledger else (astray,)))
