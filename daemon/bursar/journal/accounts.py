"""Accounts: what their names are bound to, and whether they are parked, paused, in quarantine or gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from bursar.domain.ids import AccountName, SubjectRef, microseconds
from bursar.journal import meta
from bursar.journal.codec import at, us
from bursar.journal.writer import Tx


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One account. `quarantine_digest`: what its name means now, while `digest` is what the journal knows it as."""

    name: AccountName
    digest: str
    provider: str
    bound_at: datetime
    quarantine_digest: str | None
    contradicted: int
    parked_at: datetime | None
    parked_reason: str | None
    looked_at: datetime | None
    paused_at: datetime | None
    gone_at: datetime | None


_COLUMNS = (
    "name, digest, provider, bound_at, quarantine_digest, contradicted, parked_at, parked_reason, looked_at, "
    "paused_at, gone_at"
)
_QUARANTINED, _RECOGNIZED = "quarantined:", "recognized:"
MAX_RECOGNIZED = 10
EVERYWHERE = AccountName("*")
"""The row that stands for all accounts: `bursar pause` without a name."""
EVERYTHING_PAUSED = "everything is paused"


def load(tx: Tx, name: AccountName) -> AccountRow | None:
    row = tx.one(f"SELECT {_COLUMNS} FROM accounts WHERE name = ?", name)
    return None if row is None else _row(row)


def load_all(tx: Tx) -> dict[AccountName, AccountRow]:
    return {AccountName(row[0]): _row(row) for row in tx.all(f"SELECT {_COLUMNS} FROM accounts WHERE name <> '*'")}


def bind(tx: Tx, name: AccountName, provider: str, digest: str, now: datetime) -> None:
    """Bind a name to what it means now, and end its quarantine."""
    tx.run(
        "INSERT INTO accounts (name, digest, provider, bound_at) VALUES (?,?,?,?) ON CONFLICT (name) DO UPDATE SET "
        "digest = excluded.digest, provider = excluded.provider, bound_at = excluded.bound_at, quarantine_digest = NULL, "
        "recognized = 0, contradicted = 0, gone_at = NULL, parked_at = NULL, parked_reason = NULL",
        name,
        digest,
        provider,
        microseconds(now),
    )


def quarantine(tx: Tx, name: AccountName, digest: str, now: datetime) -> None:
    """Note that the name means something else now. What it was parked for does not hold any more."""
    meta.put_instant(tx, _QUARANTINED + name, now)
    meta.put(tx, _RECOGNIZED + name, None)
    tx.run(
        "UPDATE accounts SET quarantine_digest = ?, recognized = 0, contradicted = 0, gone_at = NULL, parked_at = NULL, "
        "parked_reason = NULL WHERE name = ?",
        digest,
        name,
    )


def end_quarantine(tx: Tx, name: AccountName) -> None:
    """The name means again what the journal knows it as."""
    tx.run(
        "UPDATE accounts SET quarantine_digest = NULL, recognized = 0, contradicted = 0, gone_at = NULL WHERE name = ?",
        name,
    )


def in_quarantine(tx: Tx, name: AccountName) -> bool:
    """Return whether the name may mean another account than the one that is known."""
    return tx.one("SELECT 1 FROM accounts WHERE name = ? AND quarantine_digest IS NOT NULL", name) is not None


def quarantined_at(tx: Tx, name: AccountName) -> datetime | None:
    """Return when the name was put in quarantine; None: by an older version, which did not say."""
    return meta.instant_of(tx, _QUARANTINED + name)


def recognized(tx: Tx, name: AccountName) -> frozenset[str]:
    """Return the known subjects that reappeared in an account in quarantine."""
    return frozenset((meta.get(tx, _RECOGNIZED + name) or "").split())


def note_recognized(tx: Tx, name: AccountName, refs: Iterable[SubjectRef], contradicted: int) -> frozenset[str]:
    """Note known subjects that reappeared in an account in quarantine, and how many turned out to be others.

    Returns:
        All that have reappeared.
    """
    found = recognized(tx, name) | {str(ref) for ref in refs}
    meta.put(tx, _RECOGNIZED + name, " ".join(sorted(found)[:MAX_RECOGNIZED]) or None)
    tx.run("UPDATE accounts SET contradicted = contradicted + ? WHERE name = ?", contradicted, name)
    return found


def park(tx: Tx, name: AccountName, reason: str, now: datetime) -> None:
    tx.run(
        "UPDATE accounts SET parked_at = coalesce(parked_at, ?), parked_reason = ?, looked_at = ? WHERE name = ?",
        microseconds(now),
        reason,
        microseconds(now),
        name,
    )


def unpark(tx: Tx, name: AccountName) -> bool:
    return bool(
        tx.run(
            "UPDATE accounts SET parked_at = NULL, parked_reason = NULL, looked_at = NULL WHERE name = ? AND parked_at IS NOT NULL",
            name,
        )
    )


def pause(tx: Tx, name: AccountName, now: datetime | None) -> None:
    """Pause (an instant) or resume (None) an account, or all."""
    if name == EVERYWHERE:
        tx.run(
            "INSERT INTO accounts (name, digest, provider, bound_at, paused_at) VALUES ('*', '', '', 0, ?) "
            "ON CONFLICT (name) DO UPDATE SET paused_at = excluded.paused_at",
            us(now),
        )
        return
    tx.run("UPDATE accounts SET paused_at = ? WHERE name = ?", us(now), name)


def paused(tx: Tx, name: AccountName) -> str | None:
    """Return why acting is stopped on an account; None when it is not."""
    # Both count: the end of the pause of everything is not the end of this account's own.
    rows = tx.all("SELECT name FROM accounts WHERE name IN (?, '*') AND paused_at IS NOT NULL", name)
    if not rows:
        return None
    return EVERYTHING_PAUSED if ("*",) in rows else "the account is paused"


def gone(tx: Tx, name: AccountName, now: datetime | None) -> None:
    tx.run("UPDATE accounts SET gone_at = ? WHERE name = ?", us(now), name)


def watches(tx: Tx, name: AccountName) -> bool:
    """Return whether subjects of the account are under watch."""
    return tx.one("SELECT 1 FROM subjects WHERE account = ? AND watched = 1 LIMIT 1", name) is not None


def has_subjects(tx: Tx, name: AccountName) -> bool:
    """Return whether anything was ever seen of the account."""
    return tx.one("SELECT 1 FROM subjects WHERE account = ? LIMIT 1", name) is not None


def rename(tx: Tx, old: AccountName, new: AccountName) -> None:
    """Rename an account, with everything that is known of it. The new name must not be known yet."""
    tx.run("DELETE FROM accounts WHERE name = ?", new)
    tx.run("DELETE FROM live_rules WHERE account = ?", new)
    for table, column in (
        ("accounts", "name"),
        ("streams", "account"),
        ("subjects", "account"),
        ("events", "account"),
        ("rearmed", "account"),
        ("unseen_changes", "account"),
        ("verdicts", "account"),
        ("live_rules", "account"),
        ("matches", "account"),
        ("intents", "account"),
        ("ledger", "account"),
        ("held_observations", "account"),
    ):
        tx.run(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", new, old)


def forget(tx: Tx, name: AccountName, now: datetime) -> None:
    """Drop what was known of the world that the name meant before; events, matches and intents stay as history."""
    for table in ("streams", "subjects", "unseen_changes", "rearmed", "verdicts"):
        tx.run(f"DELETE FROM {table} WHERE account = ?", name)
    tx.run(
        "UPDATE matches SET state = 'dropped', reason = 'the account is another one', ended_at = ? WHERE account = ? AND state = "
        "'held'",
        microseconds(now),
        name,
    )


def is_retired(name: AccountName) -> bool:
    """Return whether what goes under a name was put away there: no configured account's name has an @."""
    return "@" in name


def retire(tx: Tx, row: AccountRow, as_name: AccountName, now: datetime) -> None:
    """Keep what was done at the account that the name meant before under a name of its own, with what it meant.

    So nothing of it counts for the new one: no budget, no refusal, and no reference that both may give; and whatever name
    comes to mean it again is known as it.
    """
    bind(tx, as_name, row.provider, row.digest, row.bound_at)
    gone(tx, as_name, now)
    name = row.name
    for table in ("ledger", "intents", "matches"):
        tx.run(f"UPDATE {table} SET account = ? WHERE account = ?", as_name, name)
    tx.run("UPDATE OR REPLACE live_rules SET account = ? WHERE account = ?", as_name, name)


def _row(row: tuple[object, ...]) -> AccountRow:
    name, digest, provider, bound, quarantined, contradicted, parked, reason, looked, paused_, gone_ = row
    return AccountRow(
        AccountName(str(name)),
        str(digest),
        str(provider),
        cast(datetime, at(cast(int, bound))),
        cast("str | None", quarantined),
        cast(int, contradicted),
        at(cast("int | None", parked)),
        cast("str | None", reason),
        at(cast("int | None", looked)),
        at(cast("int | None", paused_)),
        at(cast("int | None", gone_)),
    )
