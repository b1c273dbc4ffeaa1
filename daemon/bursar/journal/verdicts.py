"""The latest verdict of each rule on each subject, and how subjects stand with state rules: the holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from bursar.domain.evaluate import HoldState, Match, NoMatch
from bursar.domain.event import Event
from bursar.domain.ids import AccountName, SubjectRef, microseconds
from bursar.domain.rule import Rule
from bursar.journal.codec import at, us
from bursar.journal.writer import Tx

NOTHING = SubjectRef("", "")
AWAY_FOR = timedelta(days=400)
"""So long it is known that a rule was live at an account."""
HAS_ACTED = "SELECT 1 FROM ledger WHERE rule = ? UNION ALL SELECT 1 FROM successions WHERE rule = ? LIMIT 1"


def word(verdict: Match | NoMatch) -> str:
    if isinstance(verdict, Match):
        return "match"
    return "unknown" if verdict.unknown else "no_match"


def note(
    tx: Tx,
    rule: Rule,
    account: AccountName,
    subject: SubjectRef | None,
    verdict: Match | NoMatch,
    event: Event | None,
    now: datetime,
) -> None:
    """Keep the latest verdict of an event rule."""
    ref = subject or NOTHING
    tx.run(
        "INSERT INTO verdicts (rule, account, subject_type, subject_id, fingerprint, verdict, reason, at, event_id) "
        "VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (rule, account, subject_type, subject_id) DO UPDATE SET "
        "fingerprint = excluded.fingerprint, verdict = excluded.verdict, reason = excluded.reason, at = excluded.at, "
        "event_id = excluded.event_id",
        rule.name,
        account,
        ref.type,
        ref.id,
        rule.trigger,
        word(verdict),
        verdict.reason,
        microseconds(now),
        event.id if event is not None else None,
    )


@dataclass(frozen=True, slots=True)
class Held:
    """How a subject stands with a state rule, as the journal has it."""

    standing: HoldState
    verdict: str
    reason: str


def standing(tx: Tx, rule: Rule, account: AccountName, subject: SubjectRef) -> Held | None:
    """Return how a subject stands with a state rule; None when the rule, as it is now, has never seen it."""
    row = tx.one(
        "SELECT fingerprint, inside, since, fired, ask_at, verdict, reason FROM verdicts WHERE rule = ? AND account = ? "
        "AND subject_type = ? AND subject_id = ?",
        rule.name,
        account,
        subject.type,
        subject.id,
    )
    if row is None:
        return None
    trigger, inside, since, fired, ask_at, verdict, reason = row
    if trigger != rule.trigger or inside is None:
        return None
    return Held(HoldState(bool(inside), at(since), bool(fired), at(ask_at)), verdict, reason)


def fired_before(tx: Tx, rule: Rule, account: AccountName, subject: SubjectRef) -> tuple[datetime, datetime] | None:
    """Return since when a subject had been in a state rule's condition that it fired for, and until when that is known,
    where the rule was edited, or away, since."""
    row = tx.one(
        "SELECT since, at FROM verdicts WHERE rule = ? AND account = ? AND subject_type = ? AND subject_id = ? AND fired = 1 "
        "AND (inside IS NULL OR fingerprint <> ?)",
        rule.name,
        account,
        subject.type,
        subject.id,
        rule.trigger,
    )
    if row is None:
        return None
    since, until = map(at, row)
    return None if until is None else (since or until, until)


def stood_outside(tx: Tx, rule: Rule, account: AccountName, subject: SubjectRef) -> bool:
    """Return whether a state rule, as it is or as it was, has seen a subject last outside of its condition."""
    row = tx.one(
        "SELECT 1 FROM verdicts WHERE rule = ? AND account = ? AND subject_type = ? AND subject_id = ? AND inside = 0",
        rule.name,
        account,
        subject.type,
        subject.id,
    )
    return row is not None


def stand(
    tx: Tx,
    rule: Rule,
    account: AccountName,
    subject: SubjectRef,
    now: datetime,
    new: HoldState,
    verdict: Match | NoMatch,
) -> None:
    """Keep how a subject stands with a state rule."""
    tx.run(
        "INSERT INTO verdicts (rule, account, subject_type, subject_id, fingerprint, verdict, reason, at, inside, since, "
        "fired, ask_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (rule, account, subject_type, subject_id) DO UPDATE SET "
        "fingerprint = excluded.fingerprint, verdict = excluded.verdict, reason = excluded.reason, at = excluded.at, "
        "event_id = NULL, inside = excluded.inside, since = excluded.since, fired = excluded.fired, ask_at = excluded.ask_at",
        rule.name,
        account,
        subject.type,
        subject.id,
        rule.trigger,
        word(verdict),
        verdict.reason,
        microseconds(now),
        new.inside,
        us(new.since),
        new.fired,
        us(new.ask_at),
    )


def due_subjects(tx: Tx, account: AccountName, now: datetime) -> list[SubjectRef]:
    """Return the subjects that time alone may have changed a verdict on."""
    rows = tx.all(
        "SELECT DISTINCT subject_type, subject_id FROM verdicts WHERE account = ? AND ask_at <= ?",
        account,
        microseconds(now),
    )
    return [SubjectRef(*row) for row in rows]


def rename_rule(tx: Tx, old: str, new: str) -> None:
    """Have a rule take over how subjects stand with another."""
    tx.run("DELETE FROM verdicts WHERE rule = ?", new)
    tx.run("UPDATE verdicts SET rule = ? WHERE rule = ?", new, old)
    tx.run("DELETE FROM rules WHERE name = ?", new)
    tx.run("UPDATE rules SET name = ? WHERE name = ?", new, old)
    tx.run("DELETE FROM live_rules WHERE rule = ?", new)
    tx.run("UPDATE live_rules SET rule = ? WHERE rule = ?", new, old)


def replace_trigger(tx: Tx, rule: str, before: str, after: str) -> None:
    """Write what stands for a rule's trigger in a new form, so that nothing that holds for it ends."""
    tx.run("UPDATE verdicts SET fingerprint = ? WHERE rule = ? AND fingerprint = ?", after, rule, before)
    tx.run("UPDATE rules SET fingerprint = ? WHERE name = ? AND fingerprint = ?", after, rule, before)


def ask_by_calendar(tx: Tx, now: datetime) -> None:
    """The wall clock was set: whatever waits for a time is asked anew, and scheduled by the clock as it is now."""
    tx.run("UPDATE verdicts SET ask_at = ? WHERE ask_at > ?", microseconds(now), microseconds(now))


def rule_since(tx: Tx, rule: Rule, now: datetime) -> datetime:
    """Return since when the rule, as it is now, has been there; note it when it is new."""
    row = tx.one("SELECT fingerprint, since, meaning FROM rules WHERE name = ?", rule.name)
    trigger, since_us, meaning = row if row is not None else (None, None, None)
    since = (at(since_us) if trigger == rule.trigger else None) or now
    if row is not None and (trigger, meaning) == (rule.trigger, rule.meaning):
        return since
    tx.run(
        "INSERT INTO rules (name, fingerprint, since, meaning) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        "fingerprint = excluded.fingerprint, since = excluded.since, meaning = excluded.meaning",
        rule.name,
        rule.trigger,
        microseconds(since),
        rule.meaning,
    )
    return since


def is_edited(tx: Tx, rule: Rule) -> bool:
    """Return whether a rule's `on`, `when` or actions are others than at the last start or reload."""
    row = tx.one("SELECT fingerprint, meaning FROM rules WHERE name = ?", rule.name)
    # One that was off or gone has none: it is back. An older journal does not say what was done.
    return row is not None and "" not in row and row != (rule.trigger, rule.meaning)


def live_before(tx: Tx, rule: Rule) -> list[AccountName]:
    """Return where a rule is live, as it was last noted, whatever it did."""
    sql = "SELECT account FROM live_rules WHERE rule = ? AND until IS NULL"
    return [account for (account,) in tx.all(sql, rule.name)]


def live_at(tx: Tx, rule: Rule, accounts: Mapping[AccountName, bool], now: datetime) -> list[AccountName]:
    """Note at which accounts a rule is live with the `on` and actions that it has.

    Where it was, it is since then. At an account that is not configured now it is away, and since then still once that
    is back.

    Args:
        tx: The transaction.
        rule: The rule.
        accounts: Every configured account, and whether it is live there.
        now: The instant.

    Returns:
        Where it is back: it was live there before, under this name or one that is away and did the same, and was not
        meanwhile.
    """
    away = "SELECT account FROM live_rules WHERE (meaning = ? OR rule = ?) AND until IS NOT NULL"
    others = tx.all(away, rule.meaning, rule.name)
    tx.run("DELETE FROM live_rules WHERE rule = ? AND meaning <> ?", rule.name, rule.meaning)
    known: dict[str, int | None] = dict(tx.all("SELECT account, until FROM live_rules WHERE rule = ?", rule.name))
    back, stamp = {account for (account,) in others}, microseconds(now)
    for account in known.keys() - accounts.keys():
        tx.run(
            "UPDATE live_rules SET until = ? WHERE rule = ? AND account = ? AND until IS NULL",
            stamp,
            rule.name,
            account,
        )
    for account, live in accounts.items():
        if not live:
            _leave(tx, "rule = ? AND account = ?", rule.name, account, now=now)
        elif account not in known:
            tx.run(
                "INSERT INTO live_rules (rule, account, meaning, since) VALUES (?,?,?,?)",
                rule.name,
                account,
                rule.meaning,
                stamp,
            )
        elif known[account] is not None:
            tx.run(
                "UPDATE live_rules SET since = CASE WHEN since < until THEN since ELSE ? END, until = NULL WHERE rule = ? AND account = ?",
                stamp,
                rule.name,
                account,
            )
    return [name for name, live in accounts.items() if live and name in back and known.get(name, 0) is not None]


def _leave(tx: Tx, where: str, *params: object, now: datetime) -> None:
    """Note that a rule is not live any more: once it is back, it begins anew there."""
    stamp = microseconds(now)
    # Also where its account was taken out before: what a copy did there meanwhile would be the copy's own.
    tx.run(
        f"UPDATE live_rules SET since = coalesce(until, ?), until = coalesce(until, ?) WHERE {where}",
        stamp,
        stamp,
        *params,
    )
    long_ago = microseconds(now - AWAY_FOR)
    tx.run("DELETE FROM live_rules WHERE until < ?", long_ago)


def live_since(tx: Tx, rule: str) -> dict[AccountName, datetime]:
    """Return since when a rule has been live with the `on` and actions that it has now, at each account; at one that is
    not configured now, it was."""
    rows = tx.all("SELECT account, since FROM live_rules WHERE rule = ? AND (until IS NULL OR since < until)", rule)
    return {AccountName(account): cast(datetime, at(since)) for account, since in rows}


def meanings(tx: Tx) -> dict[str, str]:
    """Return what stands for `on` and `do` of each rule that was there at the last start or reload, or has acted."""
    return dict(tx.all("SELECT name, meaning FROM rules"))


def forget_missing(tx: Tx, names: set[str], now: datetime, off: Collection[str] = ()) -> None:
    """End what was waiting for rules that are there no more, or off; they begin anew, under any name.

    Of one that has acted the meaning is kept: under another name it must not forget its cooldowns, limits and budgets,
    however many reloads lie between.
    """
    for (name,) in tx.all("SELECT name FROM rules"):
        if name not in names:
            # Forgotten here, a rule could come back under another name
            # without `was`, and pay again inside its cooldown.
            if name in off or tx.one(HAS_ACTED, name, name) is not None:
                tx.run("UPDATE rules SET fingerprint = '' WHERE name = ?", name)
            else:
                tx.run("DELETE FROM rules WHERE name = ?", name)
            _leave(tx, "rule = ?", name, now=now)
            tx.run("UPDATE verdicts SET ask_at = NULL, inside = NULL WHERE rule = ?", name)
            tx.run(
                "UPDATE matches SET state = 'dropped', reason = 'the rule is gone', ended_at = ? WHERE rule = ? AND state = 'held'",
                microseconds(now),
                name,
            )


def leave_account(tx: Tx, rule: str, account: AccountName) -> None:
    """End what was waiting for a state rule at an account that it is not for any more."""
    tx.run("UPDATE verdicts SET ask_at = NULL, inside = NULL WHERE rule = ? AND account = ?", rule, account)
