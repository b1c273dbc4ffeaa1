"""Under which names an `on` and `do` has acted, and which names a rule had before."""

from __future__ import annotations

from bursar.domain.ids import IntentId, RuleName
from bursar.journal.writer import Tx

SUCCEED = (
    "INSERT INTO successions (rule, former, last) VALUES (?, ?, ?) ON CONFLICT (rule, former) DO UPDATE SET last = "
    "max(last, excluded.last)"
)


def doers_of(tx: Tx, meaning: str) -> list[RuleName]:
    """Return the rules that have acted with an `on` and `do`, whatever they stand for now."""
    return [RuleName(name) for (name,) in tx.all("SELECT rule FROM meanings WHERE meaning = ?", meaning)]


def take_over(tx: Tx, old: str, new: str) -> None:
    """Have a rule take over what another has caused so far: its cooldowns, limits and budgets go on."""
    (last,) = tx.one("SELECT max(id) FROM ledger WHERE rule = ?", old) or (None,)
    if last is not None:
        # No entry is rewritten: of two rules that come of one, both remember what it did.
        tx.run(SUCCEED, new, old, last)
    rows = tx.all("SELECT former, last FROM successions WHERE rule = ?", old)
    tx.many(SUCCEED, [(new, *row) for row in rows])


def taken_over(tx: Tx, rule: str) -> list[tuple[RuleName, IntentId]]:
    """Return the names that a rule had before, each with the last entry that it took over."""
    rows = tx.all("SELECT former, last FROM successions WHERE rule = ? ORDER BY former", rule)
    return [(RuleName(former), IntentId(last)) for former, last in rows if former != rule]


def nameless(tx: Tx) -> list[tuple[RuleName, str]]:
    """Return the rules, each with an action, of which an older journal does not say what their `on` and `do` were."""
    rows = tx.all("SELECT DISTINCT rule, action FROM ledger WHERE meaning = '' AND rule IS NOT NULL")
    return [(RuleName(rule), action) for rule, action in rows]


def set_meaning(tx: Tx, rule: str, meaning: str) -> None:
    """Set what stands for a rule's `on` and `do` in the entries of an older journal."""
    tx.run("UPDATE ledger SET meaning = ? WHERE rule = ? AND meaning = ''", meaning, rule)
    if tx.one("SELECT 1 FROM ledger WHERE rule = ? LIMIT 1", rule) is not None:
        tx.run("INSERT OR IGNORE INTO meanings (meaning, rule) VALUES (?, ?)", meaning, rule)
