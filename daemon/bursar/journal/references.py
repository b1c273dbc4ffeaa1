"""What providers call what they made for intents: one name stands for one effect."""

from __future__ import annotations

from datetime import datetime

from bursar.domain.ids import AccountName, IntentId, microseconds
from bursar.domain.intent import Intent
from bursar.journal.codec import us
from bursar.journal.writer import Tx


def refer(tx: Tx, id_: IntentId, reference: str | None, confirm_by: datetime | None) -> None:
    """Note what the provider calls what was made, and by when its effect must show."""
    tx.run("UPDATE intents SET reference = ?, confirm_by = ? WHERE id = ?", reference, us(confirm_by), id_)


def looked(tx: Tx, id_: IntentId, at: datetime | None) -> None:
    """Note when a look just after the yes showed the effect, if it did; one look alone may be a slip."""
    tx.run("UPDATE intents SET looked_at = ? WHERE id = ?", us(at), id_)


def to_confirm(tx: Tx, account: AccountName, action: str) -> list[IntentId]:
    """Return the accepted intents of an action whose effect has yet to show."""
    sql = "SELECT id FROM intents INDEXED BY intents_to_confirm WHERE account = ? AND action = ? AND confirm_by IS NOT NULL"
    return [IntentId(id_) for (id_,) in tx.all(sql, account, action)]


def made_for(tx: Tx, intent: Intent, reference: str) -> IntentId | None:
    """Return the other intent of the same action for which the provider made something of this name."""
    row = tx.one(
        "SELECT id FROM intents WHERE account = ? AND action = ? AND id <> ? AND reference = ? LIMIT 1",
        intent.account,
        intent.action,
        intent.id,
        reference,
    )
    return None if row is None else IntentId(row[0])


def references_of_others(tx: Tx, intent: Intent, since: datetime) -> frozenset[str]:
    """Return what the provider calls what it made for other intents of the same action, known since an instant.

    What was known before stands in the evidence, if it is still there: its name on something new is another thing, as
    where a site was set up anew and counts from 1.
    """
    rows = tx.all(
        "SELECT reference FROM intents WHERE account = ? AND action = ? AND reference IS NOT NULL AND id <> ? AND "
        "(ended_at IS NULL OR ended_at >= ?)",
        intent.account,
        intent.action,
        intent.id,
        microseconds(since),
    )
    return frozenset(reference for (reference,) in rows)


def by_reference(tx: Tx, account: AccountName, action: str, reference: str) -> IntentId | None:
    """Return the intent for which the provider made something of this name."""
    row = tx.one(
        "SELECT id FROM intents WHERE account = ? AND action = ? AND reference = ? AND state = 'succeeded' ORDER BY id DESC LIMIT 1",
        account,
        action,
        reference,
    )
    return None if row is None else IntentId(row[0])


def last_without_reference(tx: Tx, account: AccountName, action: str) -> IntentId | None:
    """Return the newest success of an action of which it is not known what the provider calls it."""
    row = tx.one(
        "SELECT i.id FROM intents i WHERE i.account = ? AND i.action = ? AND i.state = 'succeeded' AND i.reference IS NULL ORDER BY "
        "i.id DESC LIMIT 1",
        account,
        action,
    )
    return None if row is None else IntentId(row[0])
