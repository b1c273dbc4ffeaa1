"""The ledger of effects: an entry for everything that was decided to be done, and what became of it.

Only ever added to: an entry is written when its intent is planned (its id is the intent's, and is never used again),
and what becomes of it is posted. What is read here is folded by `domain.ledger`. It is under no retention but its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from bursar.domain.ids import UNNAMED, AccountName, IntentId, MatchId, RuleName, SubjectRef, microseconds
from bursar.domain.intent import PlannedIntent
from bursar.domain.ledger import Entry, No, Post, Posting, fold
from bursar.domain.lineage import Lineage
from bursar.journal.codec import at, decimal
from bursar.journal.schema import OPEN_INTENTS
from bursar.journal.writer import Row, Tx

KEPT = timedelta(days=400)
CHUNK = 500
EVER = 2**62
_ENTRY = "id, account, action, subject_type, subject_id, rule, meaning, match_id, act, asked_type, asked_id, amount, currency, planned_at"
_ANSWERED = (
    "EXISTS (SELECT 1 FROM postings p WHERE p.entry = ledger.id AND p.what IN ('accepted', 'succeeded', 'refused'))"
)

_NEWS = (
    "(EXISTS (SELECT 1 FROM postings p WHERE p.entry = ledger.id AND p.at > ?) OR EXISTS (SELECT 1 FROM intents i WHERE "
    f"i.id = ledger.id AND i.{OPEN_INTENTS}))"
)
"""Something became of an entry since an instant, or it is open."""


def open_entry(tx: Tx, planned: PlannedIntent, now: datetime) -> IntentId:
    """Write the entry of a planned intent; return its id, which is the intent's."""
    # A payout that goes on from a match that an edit ended has the same line: what any match of it has done is done.
    id_ = tx.insert(
        "INSERT INTO ledger (account, action, subject_type, subject_id, rule, meaning, match_id, act, asked_type, asked_id, "
        "amount, currency, planned_at) VALUES (?,?,?,?,?,?,coalesce((SELECT first_id FROM matches WHERE id = ?), ?),?,?,?,?,?,?)",
        planned.account,
        planned.action,
        planned.subject.type,
        planned.subject.id,
        planned.rule,
        planned.meaning,
        planned.match,
        planned.match,
        planned.act,
        planned.asked.type if planned.asked is not None else None,
        planned.asked.id if planned.asked is not None else None,
        None if planned.cost is None else str(planned.cost),
        planned.currency,
        microseconds(now),
    )
    if planned.rule is not None and planned.meaning:
        tx.run("INSERT OR IGNORE INTO meanings (meaning, rule) VALUES (?, ?)", planned.meaning, planned.rule)
    post(tx, IntentId(id_), Post.PLANNED, now, planned.cost)
    return IntentId(id_)


def post(
    tx: Tx, entry: IntentId, what: Post, now: datetime, amount: Decimal | None = None, currency: str | None = None
) -> None:
    """Post what became of an entry; an amount that was judged anew says of which currency it is."""
    # So that a commit that plans many actions reads anew only what it has changed, and counts all of it.
    tx.posted.append(entry)
    tx.run(
        "INSERT INTO postings (entry, what, at, amount, currency) VALUES (?,?,?,?,?)",
        entry,
        what,
        microseconds(now),
        None if amount is None else str(amount),
        currency,
    )


def of_subject(tx: Tx, account: AccountName, subject: SubjectRef, limit: int) -> list[Entry]:
    """Return the newest entries on a subject, newest first."""
    return _of_subject(tx, account, subject, "1 = 1", limit)


def answered(tx: Tx, account: AccountName, subject: SubjectRef, action: str, limit: int) -> list[Entry]:
    """Return the newest entries of an action on a subject to which the provider said yes or no, newest first."""
    return _of_subject(tx, account, subject, f"action = ? AND {_ANSWERED}", limit, action)


def answered_for(
    tx: Tx, rule: Lineage, account: AccountName, asked: SubjectRef | None, action: str, limit: int
) -> list[Entry]:
    """Return the same of an action that makes its subject: those that a rule caused for what it was asked about.

    What was to be made and got no name counts as one, whatever it was to be: else a rule that answers to the refusal of
    its own `add` would be asked about another subject each time, for ever.
    """
    return _of_rule(tx, rule, account, asked, f"action = ? AND {_ANSWERED}", limit, action, alike=True)


def _of_subject(
    tx: Tx, account: AccountName, subject: SubjectRef, where: str, limit: int, *params: object
) -> list[Entry]:
    rows = tx.all(
        f"SELECT {_ENTRY} FROM ledger WHERE account = ? AND subject_type = ? AND subject_id = ? AND {where} "
        f"ORDER BY id DESC LIMIT {int(limit)}",
        account,
        subject.type,
        subject.id,
        *params,
    )
    return _folded(tx, rows)


def of_rule_on(tx: Tx, rule: Lineage, account: AccountName, subject: SubjectRef, since: datetime) -> list[Entry]:
    """Return what a rule did to a subject of which something became since an instant, or that is open, newest first."""
    names, named = _names(rule, account)
    return _of_subject(tx, account, subject, f"{names} AND {_NEWS}", -1, *named, microseconds(since))


def of_rule(tx: Tx, rule: Lineage, account: AccountName, asked: SubjectRef | None, since: datetime) -> list[Entry]:
    """Return the same of what a rule caused for a subject that it was asked about."""
    return _of_rule(tx, rule, account, asked, _NEWS, -1, microseconds(since))


def _of_rule(
    tx: Tx,
    rule: Lineage,
    account: AccountName,
    asked: SubjectRef | None,
    where: str,
    limit: int,
    *params: object,
    alike: bool = False,
) -> list[Entry]:
    names, named = _names(rule, account)
    about, about_what = _about(asked, alike=alike)
    rows = tx.all(
        f"SELECT {_ENTRY} FROM ledger INDEXED BY ledger_by_rule WHERE {names} AND account = ? AND {about} AND {where} "
        f"ORDER BY id DESC LIMIT {int(limit)}",
        *named,
        account,
        *about_what,
        *params,
    )
    return _folded(tx, rows)


def _names(rule: Lineage, account: AccountName) -> tuple[str, list[object]]:
    """Return the condition that names whose entries count as a rule's own at an account, and its parameters."""
    formers = rule.formers_at(account)
    if not formers and not rule.was:
        return "rule = ?", [rule.rule]
    ways, named = ["rule = ?"], list[object]([*rule.names, rule.rule])
    for name, last in rule.was:
        ways.append("(rule = ? AND id <= ?)")
        named += [name, last]
    if formers:
        since = rule.since.get(account)
        ways.append(f"(meaning = ? AND planned_at < ? AND rule IN ({','.join('?' * len(formers))}))")
        named += [rule.meaning, EVER if since is None else microseconds(since), *formers]
    return f"rule IN ({','.join('?' * len(rule.names))}) AND ({' OR '.join(ways)})", named


def _about(asked: SubjectRef | None, *, alike: bool = False) -> tuple[str, list[str]]:
    """Return the condition that names what a rule was asked about, and its parameters.

    Args:
        asked: The subject that it was asked about.
        alike: Whatever was to be made, and got no name, counts as one.
    """
    if asked is None:
        return "asked_type IS NULL", []
    if alike and asked.unnamed:
        return f"asked_type = ? AND asked_id >= '{UNNAMED}' AND asked_id < '{chr(ord(UNNAMED) + 1)}'", [asked.type]
    return "asked_type = ? AND asked_id = ?", [asked.type, asked.id]


def of_match(tx: Tx, match: MatchId) -> list[Entry]:
    """Return what the matches of a line have caused, by the first of them, oldest first."""
    return _folded(
        tx, tx.all(f"SELECT {_ENTRY} FROM ledger INDEXED BY ledger_by_match WHERE match_id = ? ORDER BY id", match)
    )


def lost_since(tx: Tx, account: AccountName, action: str, since: datetime) -> list[Entry]:
    """Return the entries of an action of which an attempt was lost since an instant."""
    rows = tx.all(
        "SELECT DISTINCT p.entry FROM postings p INDEXED BY postings_by_time JOIN ledger l ON l.id = p.entry WHERE p.at > ? AND "
        "p.what = 'lost' AND l.account = ? AND l.action = ?",
        microseconds(since),
        account,
        action,
    )
    return of_ids(tx, [id_ for (id_,) in rows])


def last_no(tx: Tx, rule: Lineage | None, account: AccountName, asked: SubjectRef | None) -> No | None:
    """Return the last answer to what a rule asked for a subject, if a person gave it and has not had it tried again.

    The last by its time, whichever was planned first; one that lapsed had no answer.
    """
    if rule is None:
        return None
    names, named = _names(rule, account)
    about, about_what = _about(asked)
    row = tx.one(
        f"SELECT p.what, p.at FROM ledger INDEXED BY ledger_by_rule JOIN postings p ON p.entry = ledger.id WHERE {names} AND "
        f"account = ? AND {about} AND p.what IN ('denied', 'accepted', 'succeeded', 'refused', 'did_not', 'forgiven') "
        # By the time of the answer, not by the id: a newer action that had ended before the no must not hide it.
        "ORDER BY p.at DESC, p.seq DESC LIMIT 1",
        *named,
        account,
        *about_what,
    )
    what, at_us = row if row is not None else (None, None)
    return No(what == Post.DENIED, cast(datetime, at(at_us))) if what in (Post.DENIED, Post.DID_NOT) else None


def counting(
    tx: Tx,
    since: datetime,
    account: AccountName | None = None,
    rule: Lineage | None = None,
    action: str | None = None,
    accounts: Iterable[AccountName] | None = None,
) -> list[Entry]:
    """Return the entries that something became of since an instant, and those that are open, oldest first."""
    where, params = ["1 = 1"], list[object]()
    for column, value in (("account", account), ("action", action)):
        if value is not None:
            where.append(f"{column} = ?")
            params.append(value)
    if rule is not None:
        where.append(f"rule IN ({','.join('?' * len(rule.names))})")
        params += rule.names
    if accounts is not None:
        names = list(accounts)
        where.append(f"account IN ({','.join('?' * len(names))})")
        params += names
    rows = tx.all(
        f"SELECT {_ENTRY} FROM ledger NOT INDEXED WHERE {' AND '.join(where)} AND id IN (SELECT entry FROM postings INDEXED BY "
        "postings_by_time WHERE at > ? UNION SELECT id FROM intents INDEXED BY intents_by_state WHERE "
        f"{OPEN_INTENTS}) ORDER BY id",
        *params,
        microseconds(since),
    )
    # The names in the query are more than what counts: which of their entries do, the lineage knows.
    return [entry for entry in _folded(tx, rows) if rule is None or rule.covers(entry)]


def of_ids(tx: Tx, ids: Iterable[int]) -> list[Entry]:
    """Return entries by their ids, as far as they are there."""
    wanted = list(ids)
    if not wanted:
        return []
    marks = ",".join("?" * len(wanted))
    return _folded(tx, tx.all(f"SELECT {_ENTRY} FROM ledger WHERE id IN ({marks})", *wanted))


def never_shown(tx: Tx, account: AccountName, subject: SubjectRef, action: str) -> list[Entry]:
    """Return what was accepted, and told as never shown, and is neither shown nor undone since, newest first."""
    told = "EXISTS (SELECT 1 FROM postings p WHERE p.entry = ledger.id AND p.what = 'unconfirmed')"
    found = _of_subject(tx, account, subject, f"action = ? AND {told}", -1, action)
    return [one for one in found if one.unshown and not one.busy]


def load(tx: Tx, id_: IntentId) -> Entry | None:
    """Return one entry."""
    found = _folded(tx, tx.all(f"SELECT {_ENTRY} FROM ledger WHERE id = ?", id_))
    return found[0] if found else None


def knows(tx: Tx, account: AccountName) -> bool:
    """Return whether anything of an account was ever decided that is still kept."""
    return tx.one("SELECT 1 FROM ledger WHERE account = ? LIMIT 1", account) is not None


def first_at(tx: Tx) -> datetime | None:
    """Return when the first entry that is kept was planned: a window that reaches before it may miss something."""
    row = tx.one("SELECT planned_at FROM ledger ORDER BY id LIMIT 1")
    return at(row[0]) if row else None


def forget(tx: Tx, before: datetime, limit: int) -> int:
    """Let go of entries of which nothing became for so long; return how many."""
    rows = tx.all(
        # Never what is open, or what a person may still have tried again: its number is named in what waits for it.
        f"SELECT id FROM (SELECT id, planned_at FROM ledger ORDER BY id LIMIT {2 * int(limit)}) l WHERE planned_at < ? AND NOT "
        "EXISTS (SELECT 1 FROM postings p WHERE p.entry = l.id AND p.at >= ?) AND NOT EXISTS (SELECT 1 FROM intents i WHERE "
        f"i.id = l.id AND i.{OPEN_INTENTS}) AND l.id NOT IN (SELECT waits_for FROM matches WHERE state = 'held' AND waits_for IS "
        f"NOT NULL) LIMIT {int(limit)}",
        microseconds(before),
        microseconds(before),
    )
    tx.many("DELETE FROM postings WHERE entry = ?", rows)
    tx.many("DELETE FROM ledger WHERE id = ?", rows)
    return len(rows)


def _folded(tx: Tx, rows: Sequence[Row]) -> list[Entry]:
    postings: dict[int, list[Posting]] = {}
    ids = [row[0] for row in rows]
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        marks = ",".join("?" * len(chunk))
        for entry, what, us, amount, currency in tx.all(
            f"SELECT entry, what, at, amount, currency FROM postings WHERE entry IN ({marks}) ORDER BY entry, seq",
            *chunk,
        ):
            postings.setdefault(entry, []).append(
                Posting(Post(what), cast(datetime, at(us)), decimal(amount), currency)
            )
    return [fold(_blank(row), postings.get(row[0], ())) for row in rows]


def _blank(row: Row) -> Entry:
    id_, account, action, type_, subject, rule, meaning, match, act, asked_type, asked_id, amount, currency, planned = (
        row
    )
    return Entry(
        IntentId(id_),
        AccountName(account),
        action,
        SubjectRef(type_, subject),
        cast(datetime, at(planned)),
        Post.PLANNED,
        None if rule is None else RuleName(rule),
        meaning,
        None if not asked_type else SubjectRef(asked_type, asked_id),
        currency,
        decimal(amount),
        match=None if match is None else MatchId(match),
        act=act,
    )
