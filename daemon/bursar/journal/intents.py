"""Intents and their attempts: what was decided, what was sent, how it ended.

What limits, cooldowns and budgets count is not read here: that is the `ledger`, to which each step is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import cast

from bursar.domain.ids import AccountName, IntentId, MatchId, RuleName, SubjectRef, microseconds
from bursar.domain.intent import OPEN, Intent, PlannedIntent, State
from bursar.domain.intent_states import Cause, Step
from bursar.domain.ledger import POST_OF, Post
from bursar.domain.values import Json
from bursar.journal import ledger
from bursar.journal.codec import at, decimal, read_json, read_mapping, us, write_json
from bursar.journal.schema import OPEN_INTENTS
from bursar.journal.writer import Row, Tx

_COLUMNS = (
    "id, account, action, subject_type, subject_id, params, state, created_at, ready_at, sealed, cost, currency, rule, fingerprint, "
    "match_id, reason, fence, attempts, evidence, due_at, facts_at, sent_at, request_ended_at, looked_at, reference, lost, again, question, "
    "question_until, consented, consent_amount, consent_above, past_ceiling, ceiling_consented, "
    "instead_of, suspect"
)
SAID_NO = "said_no"
"""The outcome of an attempt that was refused in words that say that it was done."""
_BY_CAUSE = {Cause.PERSON_DID_NOT: Post.DID_NOT}


def add(
    tx: Tx, planned: PlannedIntent, state: State, due_at: datetime | None, facts_at: datetime | None, now: datetime
) -> Intent:
    """Write a planned intent, and its entry in the ledger."""
    us_now = microseconds(now)
    # The entry gives the id: the ledger outlives the intent, and its numbers are never used again.
    id_ = ledger.open_entry(tx, planned, now)
    tx.run(
        "INSERT INTO intents (id, match_id, rule, fingerprint, account, action, subject_type, subject_id, params, sealed, cost, "
        "currency, state, reason, created_at, ready_at, due_at, facts_at, instead_of) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        id_,
        planned.match,
        planned.rule,
        planned.fingerprint,
        planned.account,
        planned.action,
        planned.subject.type,
        planned.subject.id,
        write_json(planned.params),
        write_json(planned.sealed),
        None if planned.cost is None else str(planned.cost),
        planned.currency,
        state,
        planned.reason,
        us_now,
        us_now,
        us(due_at),
        us(facts_at),
        planned.instead_of,
    )
    return cast(Intent, load(tx, id_))


def load(tx: Tx, id_: IntentId) -> Intent | None:
    """Return an intent."""
    row = tx.one(f"SELECT {_COLUMNS} FROM intents WHERE id = ?", id_)
    return None if row is None else _intent(row)


def of_match(tx: Tx, match: MatchId) -> list[Intent]:
    """Return all intents that come from a match, oldest first."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM intents INDEXED BY intents_by_match WHERE match_id = ? ORDER BY id", match)
    return [_intent(row) for row in rows]


def in_state(tx: Tx, states: Iterable[State], account: AccountName | None = None) -> list[Intent]:
    """Return open intents in these states, oldest first."""
    marks = ",".join(f"'{state}'" for state in states)
    sql = f"SELECT {_COLUMNS} FROM intents INDEXED BY intents_by_state WHERE {OPEN_INTENTS} AND state IN ({marks})"
    rows = tx.all(f"{sql} AND account = ? ORDER BY id", account) if account else tx.all(f"{sql} ORDER BY id")
    return [_intent(row) for row in rows]


def any_waiting(tx: Tx, account: AccountName, action: str, states: Iterable[State]) -> bool:
    """Return whether an action has an open intent in one of these states on the account."""
    marks = ",".join(f"'{state}'" for state in states)
    sql = (
        f"SELECT 1 FROM intents INDEXED BY intents_by_state WHERE account = ? AND {OPEN_INTENTS} AND state IN ({marks}) "
        "AND action = ? LIMIT 1"
    )
    return tx.one(sql, account, action) is not None


def take_step(
    tx: Tx, intent: Intent, step: Step, now: datetime, *, amount: Decimal | None = None, accepted: bool = False
) -> Intent:
    """Move an intent to its next state, and post that to the ledger.

    Args:
        tx: The transaction.
        intent: The intent.
        step: The step.
        now: The instant.
        amount: What the provider says was moved, where it says so.
        accepted: Of a success: only a later status shows the effect.
    """
    ended = step.state not in OPEN
    # It stays lost over "later" and over the next attempt: until it ends, what was lost may still land.
    lost = not ended and (intent.lost or step.state is State.UNKNOWN)
    tx.run(
        "UPDATE intents SET state = ?, reason = ?, due_at = ?, looked_at = ?, ready_at = CASE WHEN ? = 'ready' THEN ? ELSE "
        "ready_at END, ended_at = ?, facts_at = CASE WHEN ? = 'ready' THEN NULL ELSE facts_at END, lost = ?, again = ? WHERE id = ?",
        step.state,
        step.reason,
        us(step.due_at),
        us(step.looked_at),
        step.state,
        microseconds(now),
        us(now) if ended else None,
        step.state,
        lost,
        step.cause is Cause.PERSON_AGAIN or (intent.again and not ended and step.state is not State.UNKNOWN),
        intent.id,
    )
    if step.state is not intent.state and step.state in POST_OF:
        # A person's *did not* ends as refused, but is no refusal by
        # the provider, and must not count towards three of them.
        what = _BY_CAUSE.get(step.cause, POST_OF[step.state])
        ledger.post(tx, intent.id, Post.ACCEPTED if what is Post.SUCCEEDED and accepted else what, now, amount)
    return cast(Intent, load(tx, intent.id))


def send(
    tx: Tx, intent: Intent, evidence: Json, cost: Decimal | None, now: datetime, currency: str | None = None
) -> Intent:
    """Commit an intent to `sending`, under a new fence, with the cost that the guards allowed."""
    tx.run(
        # A new fence each time: the late answer of the attempt before must not end this one.
        "UPDATE intents SET state = 'sending', fence = fence + 1, attempts = attempts + 1, evidence = ?, cost = ?, currency = "
        "coalesce(?, currency), sent_at = ?, request_ended_at = NULL, looked_at = NULL, due_at = NULL WHERE id = ?",
        write_json(evidence),
        None if cost is None else str(cost),
        currency,
        microseconds(now),
        intent.id,
    )
    tx.run(
        "INSERT INTO attempts (intent_id, fence, sent_at) VALUES (?,?,?)",
        intent.id,
        intent.fence + 1,
        microseconds(now),
    )
    ledger.post(tx, intent.id, Post.SENT, now, cost, currency)
    return cast(Intent, load(tx, intent.id))


def said_no(tx: Tx, intent: Intent) -> str | None:
    """Return the no, in words, that the last attempt of an intent was answered with, if that could not be believed."""
    row = tx.one("SELECT outcome, reason FROM attempts WHERE intent_id = ? AND fence = ?", intent.id, intent.fence)
    outcome, reason = row or (None, None)
    return reason if outcome == SAID_NO else None


def end_attempt(tx: Tx, id_: IntentId, fence: int, outcome: str, reason: str, ended_at: datetime) -> bool:
    """Note how an attempt ended, and its last moment on the wire; False when it had ended already."""
    tx.run("UPDATE intents SET request_ended_at = ? WHERE id = ? AND fence = ?", microseconds(ended_at), id_, fence)
    return bool(
        tx.run(
            "UPDATE attempts SET ended_at = ?, outcome = ?, reason = ? WHERE intent_id = ? AND fence = ? AND ended_at IS NULL",
            microseconds(ended_at),
            outcome,
            reason,
            id_,
            fence,
        )
    )


def suspected(tx: Tx, id_: IntentId, suspect: str) -> None:
    """Note what new thing at the provider may be what a lost attempt made."""
    tx.run("UPDATE intents SET suspect = ? WHERE id = ?", suspect, id_)


def set_fingerprint(tx: Tx, rule: str, fingerprint: str) -> None:
    """Set the fingerprint of a rule in the open intents of an older journal."""
    tx.run(
        f"UPDATE intents SET fingerprint = ? WHERE rule = ? AND fingerprint = '' AND {OPEN_INTENTS}", fingerprint, rule
    )


def rename_rule(tx: Tx, old: str, new: str) -> None:
    """Have a rule take over the open intents of another."""
    tx.run(f"UPDATE intents SET rule = ? WHERE rule = ? AND {OPEN_INTENTS}", new, old)


def nothing_to_confirm(tx: Tx, id_: IntentId) -> None:
    """Note that the effect of an accepted intent has shown, or never will."""
    tx.run("UPDATE intents SET confirm_by = NULL WHERE id = ?", id_)


def unconfirmed(tx: Tx, now: datetime) -> list[Intent]:
    """Return accepted intents whose time to show an effect is over."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM intents WHERE confirm_by <= ?", microseconds(now))
    return [_intent(row) for row in rows]


def yet_to_show(tx: Tx, account: AccountName) -> list[tuple[IntentId, str, SubjectRef, datetime]]:
    """Return what may have taken effect, or was accepted, and has not shown since: its action, subject and sending."""
    columns = "SELECT id, action, subject_type, subject_id, sent_at FROM intents INDEXED BY"
    rows = tx.all(
        f"{columns} intents_by_state WHERE account = ? AND {OPEN_INTENTS} AND (state = 'sending' OR lost = 1) AND sent_at IS NOT "
        f"NULL UNION ALL {columns} intents_confirm WHERE confirm_by IS NOT NULL AND account = ? AND sent_at IS NOT NULL",
        account,
        account,
    )
    return [
        (IntentId(id_), action, SubjectRef(type_, subject), cast(datetime, at(sent_at)))
        for id_, action, type_, subject, sent_at in rows
    ]


def open_on(tx: Tx, account: AccountName, subject: SubjectRef) -> Intent | None:
    """Return the open intent of a subject."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM intents INDEXED BY intents_open WHERE account = ? AND subject_type = ? AND subject_id = ? "
        f"AND {OPEN_INTENTS}",
        account,
        subject.type,
        subject.id,
    )
    return None if row is None else _intent(row)


def unknown_of(tx: Tx, account: AccountName, action: str, *, but: IntentId | None = None) -> Intent | None:
    """Return an intent of this action whose attempt is under way or unknown on the account."""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM intents INDEXED BY intents_by_state WHERE account = ? AND {OPEN_INTENTS} AND state IN "
        "('sending', 'unknown') AND action = ? AND id IS NOT ? ORDER BY id LIMIT 1",
        account,
        action,
        but,
    )
    return None if row is None else _intent(row)


def cannot_be_sent(tx: Tx, ids: Sequence[IntentId], reason: str) -> None:
    """Note, of intents that are ready, why they are not sent: what is read just before fails."""
    tx.many("UPDATE intents SET reason = ? WHERE id = ? AND state = 'ready'", [(reason, id_) for id_ in ids])


def facts_seen(tx: Tx, account: AccountName, subject: SubjectRef, asked_at: datetime) -> None:
    """The subject was just observed: ready intents about it stand on facts as old as the question."""
    tx.run(
        # `max`: an answer that was asked for earlier, and comes later, makes nothing older.
        f"UPDATE intents INDEXED BY intents_open SET facts_at = max(coalesce(facts_at, 0), ?) WHERE account = ? AND subject_type = ? AND subject_id = ? "
        f"AND {OPEN_INTENTS} AND state = 'ready'",
        microseconds(asked_at),
        account,
        subject.type,
        subject.id,
    )
    tx.run(
        f"UPDATE intents INDEXED BY intents_by_state SET facts_at = max(coalesce(facts_at, 0), ?) WHERE account = ? AND {OPEN_INTENTS} AND state = 'ready' "
        "AND EXISTS (SELECT 1 FROM matches m WHERE m.id = intents.match_id AND m.account = ? AND m.subject_type = ? AND "
        "m.subject_id = ?)",
        microseconds(asked_at),
        account,
        account,
        subject.type,
        subject.id,
    )


def questions_about(tx: Tx, account: AccountName) -> list[tuple[IntentId, SubjectRef]]:
    """Return what of an account waits for a person, each with the subject that its rule was asked about."""
    rows = tx.all(
        "SELECT i.id, m.subject_type, m.subject_id FROM intents i INDEXED BY intents_by_state JOIN matches m ON m.id = i.match_id "
        f"WHERE i.account = ? AND i.{OPEN_INTENTS} AND i.state = 'awaiting_approval' AND m.account = i.account ORDER BY i.id",
        account,
    )
    return [(IntentId(id_), SubjectRef(type_, of)) for id_, type_, of in rows]


def forget_facts(tx: Tx, account: AccountName | None) -> None:
    """Have what ready intents stand on looked at again before they are sent."""
    if account is None:
        tx.run("UPDATE intents SET facts_at = NULL WHERE state = 'ready'")
    else:
        tx.run("UPDATE intents SET facts_at = NULL WHERE state = 'ready' AND account = ?", account)


def stale_subjects(tx: Tx, account: AccountName, fresh_since: datetime) -> list[SubjectRef]:
    """Return the subjects of ready intents of rules whose facts are too old to act on."""
    rows = tx.all(
        "SELECT DISTINCT coalesce(nullif(m.subject_type, ''), i.subject_type), CASE WHEN m.subject_type <> '' THEN m.subject_id "
        "ELSE i.subject_id END FROM intents i INDEXED BY intents_by_state LEFT JOIN matches m ON m.id = i.match_id WHERE "
        f"i.account = ? AND i.{OPEN_INTENTS} AND i.state = 'ready' AND i.rule IS NOT NULL AND (i.facts_at IS NULL OR "
        "i.facts_at < ?)",
        account,
        microseconds(fresh_since),
    )
    return [SubjectRef(*row) for row in rows]


def _intent(row: Row) -> Intent:
    (
        id_, account, action, subject_type, subject_id, params, state, created_at, ready_at, sealed, cost, currency, rule,
        fingerprint, match_id, reason, fence, attempts, evidence, due_at, facts_at, sent_at, request_ended_at, looked_at,
        reference, lost, again, question, question_until, consented, consent_amount, consent_above, past_ceiling, ceiling_consented,
        instead_of, suspect,
    ) = row  # fmt: skip
    return Intent(
        id=IntentId(id_),
        account=AccountName(account),
        action=action,
        subject=SubjectRef(subject_type, subject_id),
        params=read_mapping(params),
        state=State(state),
        created_at=cast(datetime, at(created_at)),
        ready_at=cast(datetime, at(ready_at)),
        sealed={name: str(value) for name, value in read_mapping(sealed).items()},
        cost=decimal(cost),
        currency=currency,
        rule=None if rule is None else RuleName(rule),
        fingerprint=fingerprint,
        match=None if match_id is None else MatchId(match_id),
        reason=reason,
        fence=fence,
        attempts=attempts,
        evidence=None if evidence is None else read_json(evidence),
        due_at=at(due_at),
        facts_at=at(facts_at),
        sent_at=at(sent_at),
        request_ended_at=at(request_ended_at),
        looked_at=at(looked_at),
        reference=reference,
        lost=bool(lost),
        again=bool(again),
        question=question,
        question_until=at(question_until),
        consented=bool(consented),
        consent_amount=decimal(consent_amount),
        consent_above=decimal(consent_above),
        past_ceiling=bool(past_ceiling),
        ceiling_consented=bool(ceiling_consented),
        instead_of=None if instead_of is None else IntentId(instead_of),
        suspect=suspect,
    )
