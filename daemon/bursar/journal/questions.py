"""What people were asked about intents, and their yes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import cast

from bursar.domain.guard_facts import VOID, Consent, Cost
from bursar.domain.ids import AccountName, IntentId, SubjectRef, microseconds
from bursar.domain.intent import Intent
from bursar.domain.values import Json
from bursar.journal import intents, meta
from bursar.journal.codec import at, decimal, read_json, read_mapping, us, write_json
from bursar.journal.files.last_ids import FLOOR, QUESTIONS
from bursar.journal.writer import Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a person: its number, what it was about, and when it was asked."""

    number: int
    amount: Decimal | None
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a yes is said beside: what is new at the provider, and may be what a lost request of another intent made.

    Attributes:
        doubt: That other intent; None: none of this journal, but of one before it.
        suspect: What the provider calls it.
    """

    doubt: IntentId | None
    suspect: str


@dataclass(frozen=True, slots=True)
class Beside:
    """A person's yes to what leaves beside something at the provider.

    Attributes:
        question: Of which intent it was asked, under which number.
        ids: What the provider calls that.
        asked_at: When it was shown.
        reason: In which words.
        yes: To how much.
        params: Of the action, with its secrets masked.
        sealed: Digests of those.
    """

    question: tuple[IntentId, int]
    ids: frozenset[str]
    asked_at: datetime
    reason: str
    yes: Consent
    params: Mapping[str, Json]
    sealed: Mapping[str, Json]


def ask(
    tx: Tx,
    intent: Intent,
    reason: str,
    until: datetime,
    *,
    past_ceiling: bool,
    now: datetime,
    about: Suspicion | None = None,
) -> Intent:
    """Write a question to a person, under a new number; no deadline of an earlier one is shortened."""
    number = _next_number(tx, intent)
    tx.run(
        "UPDATE intents SET question = ?, question_until = max(coalesce(question_until, 0), ?), past_ceiling = ?, due_at = "
        "max(coalesce(question_until, 0), ?), reason = ? WHERE id = ?",
        number,
        us(until),
        past_ceiling,
        us(until),
        reason,
        intent.id,
    )
    tx.run(
        "INSERT INTO questions (intent_id, number, amount, reason, at, doubt, suspect) VALUES (?,?,?,?,?,?,?)",
        intent.id,
        number,
        None if intent.cost is None else str(intent.cost),
        reason,
        microseconds(now),
        None if about is None else about.doubt,
        None if about is None else about.suspect,
    )
    return cast(Intent, intents.load(tx, intent.id))


def _next_number(tx: Tx, intent: Intent) -> int:
    """Return the number of the next question: none that an intent of a restored journal may have had is used again."""
    last_id, _, floor = (meta.get(tx, FLOOR) or "0 0").partition(" ")
    # A message about 150 must not be an answer to the question about 400 that a restored journal asks under its number.
    number = max(intent.question, int(floor) if intent.id <= int(last_id) else 0) + 1
    if number > int(meta.get(tx, QUESTIONS) or 0):
        meta.put(tx, QUESTIONS, str(number))
    return number


def of_intent(tx: Tx, id_: IntentId) -> list[Asked]:
    """Return what people were asked about an intent, oldest first."""
    rows = tx.all("SELECT number, amount, reason, at FROM questions WHERE intent_id = ? ORDER BY number", id_)
    return [Asked(number, decimal(amount), reason, cast(datetime, at(at_us))) for number, amount, reason, at_us in rows]


def unanswered(tx: Tx, id_: IntentId) -> list[Asked]:
    """Return what people were asked about an intent since it last was ready or sent, oldest first."""
    row = tx.one("SELECT max(ready_at, coalesce(sent_at, 0)) FROM intents WHERE id = ?", id_)
    since = 0 if row is None else row[0]
    return [one for one in of_intent(tx, id_) if microseconds(one.at) >= since]


def said_yes_to(tx: Tx, about: Suspicion) -> bool:
    """Return whether a person has said yes beside this suspicion, to whatever intent."""
    sql = "SELECT 1 FROM questions INDEXED BY questions_by_doubt WHERE doubt = ? AND suspect = ? AND yes = 1 LIMIT 1"
    return tx.one(sql, about.doubt, about.suspect) is not None


def beside(shown: Sequence[str]) -> Suspicion:
    """Return what a question suspects that shows what waits at the provider, and this journal does not know of."""
    return Suspicion(None, write_json(list(shown)))


def said_yes_beside(tx: Tx, account: AccountName, action: str, subject: SubjectRef) -> list[Beside]:
    """Return everything at the provider beside which a person has said yes to an action on a subject."""
    rows = tx.all(
        "SELECT q.intent_id, q.number, q.doubt, q.suspect, q.at, q.reason, q.amount, i.currency, i.params, i.sealed FROM "
        "questions q INDEXED BY questions_beside "
        "JOIN intents i ON i.id = q.intent_id WHERE q.suspect IS NOT NULL AND q.yes = 1 AND i.account = ? AND i.action = ? AND "
        "i.subject_type = ? AND i.subject_id = ?",
        account,
        action,
        subject.type,
        subject.id,
    )
    return [
        Beside(
            (IntentId(id_), number),
            frozenset(_shown(suspect) if doubt is None else suspect.split(", ")),
            cast(datetime, at(at_us)),
            reason,
            Consent(True, decimal(amount), currency=currency),
            read_mapping(params),
            read_mapping(sealed),
        )
        for id_, number, doubt, suspect, at_us, reason, amount, currency, params, sealed in rows
    ]


def said_yes_unseen(tx: Tx, id_: IntentId, unseen: str) -> bool:
    """Return whether a person has said yes to just this intent where nobody could see what waits at the provider."""
    sql = "SELECT suspect FROM questions WHERE intent_id = ? AND doubt IS NULL AND suspect IS NOT NULL AND yes = 1"
    return any(unseen in _shown(suspect) for (suspect,) in tx.all(sql, id_))


def set_cost(tx: Tx, id_: IntentId, cost: Cost) -> Intent:
    """Write what an intent that was not sent yet would move now; a yes to an amount of another currency is none to it."""
    amount = None if cost.amount is None else str(cost.amount)
    # 400 that were shown in USD would cover 400 BTC, once the account's currency was edited.
    tx.run(
        "UPDATE intents SET cost = ?, consent_amount = CASE WHEN currency <> ? THEN NULL ELSE consent_amount END, currency = "
        "coalesce(?, currency) WHERE id = ?",
        amount,
        cost.currency,
        cost.currency,
        id_,
    )
    return cast(Intent, intents.load(tx, id_))


def asked_beside(tx: Tx, intent: Intent) -> frozenset[str]:
    """Return what waits at the provider by the last question about an intent."""
    row = tx.one(
        "SELECT suspect FROM questions WHERE intent_id = ? AND number = ? AND doubt IS NULL AND suspect IS NOT NULL",
        intent.id,
        intent.question,
    )
    return frozenset() if row is None else frozenset(_shown(row[0]))


def _shown(suspect: str) -> Sequence[str]:
    shown = read_json(suspect)
    return [str(one) for one in shown] if isinstance(shown, list) else ()


def answered_yes(tx: Tx, id_: IntentId, number: int) -> None:
    """Note that a person said yes to just this question."""
    tx.run("UPDATE questions SET yes = 1 WHERE intent_id = ? AND number = ?", id_, number)


def taken_back(tx: Tx, intent: Intent) -> None:
    """Note that a person said no at last: what he had said yes to about it does not stand, for others either, nor what he
    had said before beside the same."""
    tx.run("UPDATE questions SET yes = 0 WHERE intent_id = ?", intent.id)
    shown = asked_beside(tx, intent)
    given = said_yes_beside(tx, intent.account, intent.action, intent.subject) if shown else []
    for id_, number in (one.question for one in given if shown & one.ids):
        tx.run("UPDATE questions SET yes = 0 WHERE intent_id = ? AND number = ?", id_, number)


def last_about(tx: Tx, intent: Intent) -> tuple[Suspicion, str] | None:
    """Return what the last question about an intent suspects, and in which words that was first asked."""
    row = tx.one(
        "SELECT q.doubt, q.suspect, f.reason FROM questions q JOIN questions f ON f.intent_id = q.intent_id AND f.doubt IS q.doubt "
        "AND f.suspect = q.suspect WHERE q.intent_id = ? AND q.number = ? ORDER BY f.number LIMIT 1",
        intent.id,
        intent.question,
    )
    if row is None:
        return None
    doubt, suspect, words = row
    return Suspicion(None if doubt is None else IntentId(doubt), suspect), words


def void_all(tx: Tx) -> None:
    """Take back what people said yes to, of any intent: the journal was restored, and what they said since is not known."""
    # Also of what had ended: a yes beside a payout counts for whatever meets the same one.
    tx.run("UPDATE questions SET yes = 0 WHERE yes <> 0")


def void(tx: Tx, id_: IntentId, *, called: bool) -> None:
    """Take every yes of an intent back: its journal was restored, and what people said since is not known.

    Args:
        tx: The transaction.
        id_: The intent.
        called: A person has called for it, which is a yes in itself: it is left as one that covers nothing.
    """
    tx.run(
        "UPDATE intents SET consented = 0, ceiling_consented = 0, consent_amount = NULL, consent_above = NULL, again = 0 "
        "WHERE id = ?",
        id_,
    )
    if called:
        # A call without any yes would read as one that was given with `--yes`, for whatever is there.
        consent(tx, id_, VOID)


def consent(tx: Tx, id_: IntentId, given: Consent) -> None:
    """Write a person's yes."""
    amount = None if given.amount is None else str(given.amount)
    if given.ceiling:  # of a yes to the action itself the amount stays
        tx.run(
            "UPDATE intents SET ceiling_consented = 1, consent_amount = CASE WHEN consented THEN consent_amount ELSE ? END WHERE id = ?",
            amount,
            id_,
        )
        return
    tx.run(
        "UPDATE intents SET consented = 1, consent_amount = ?, consent_above = ? WHERE id = ?",
        amount,
        None if given.above is None else str(given.above),
        id_,
    )
