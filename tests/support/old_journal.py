"""A journal as the first version of bursar left it: its tables, and short ways to fill them with what it wrote."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bursar.domain.ids import IntentId, microseconds
from bursar.domain.ledger import Entry
from bursar.domain.values import Json
from bursar.journal import audit, ledger
from bursar.journal.files.migrate import APPLICATION_ID
from bursar.journal.files.scripts import statements
from bursar.journal.migrations import FIRST
from bursar.journal.writer import Journal, Tx, read_once
from support.domain import after

RULE = "rule:r"
PERSON = "person"
BURSAR = "bursar"
META = {"journal_id": "0123456789abcdef", "digest_key": "ab" * 32, "sent": "7"}


def us(minutes: float | None) -> int | None:
    """Write the instant so many minutes after the beginning."""
    return None if minutes is None else microseconds(after(minutes))


def make_old(path: Path) -> None:
    """Make an empty journal of version 1."""
    with opened(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN")
        for statement in statements(FIRST):
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", META.items())
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA user_version=1")
        connection.execute("COMMIT")
    path.chmod(0o600)
    path.with_name(f"{path.name}.fence").write_text(f"{META['journal_id']} {int(META['sent']):020d}\n", "ascii")


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file as it is."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


class OldJournal:
    """Writes rows as the first version wrote them; minutes count from the beginning."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.tx = Tx(connection)

    def insert(self, table: str, **row: Any) -> int:
        """Write a row."""
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        return self.tx.insert(f"INSERT INTO {table} ({names}) VALUES ({marks})", *row.values())

    def account(self, name: str = "panel", **more: Any) -> None:
        """Write an account."""
        self.insert("accounts", **{"name": name, "digest": "d1", "provider": "toy", "bound_at": us(0), **more})

    def match(self, subject: tuple[str, str] = ("order", "1"), state: str = "fired", at: float = 0, **more: Any) -> int:
        """Write a match; one that fired did so at once."""
        row = {
            "rule": "r", "account": "panel", "subject_type": subject[0], "subject_id": subject[1], "at": us(at),
            "state": state, "reason": "so", "fired_at": us(at) if state == "fired" else None,
        }  # fmt: skip
        return self.insert("matches", **{**row, **more})

    def intent(
        self,
        state: str,
        *,
        id_: int | None = None,
        subject: tuple[str, str] = ("balance", "balance"),
        action: str = "payout",
        cost: str | None = "100",
        at: float = 0,
        sent: float | None = None,
        ended: float | None = None,
        outcome: str | None = None,
        actor: str = BURSAR,
        before: str = "sending",
        **more: Any,
    ) -> int:
        """Write an intent, its attempt, and its steps in the audit trail.

        Args:
            state: Its state.
            id_: Its id.
            subject: What it is done to.
            action: What it does.
            cost: What was planned.
            at: When it was planned.
            sent: When its last attempt was.
            ended: When it came to its state, if that was later than its sending.
            outcome: How that attempt ended.
            actor: Who brought it to its state, from `before`.
            before: From which state it came.
            more: Other columns.
        """
        closed = state in {"succeeded", "refused", "denied", "lapsed", "gave_up"}
        row = {
            "id": id_, "rule": "r", "account": "panel", "action": action, "subject_type": subject[0],
            "subject_id": subject[1], "params": "{}", "sealed": "{}", "cost": cost, "state": state, "reason": "so",
            "fence": int(sent is not None), "attempts": int(sent is not None), "created_at": us(at), "ready_at": us(at),
            "sent_at": us(sent), "ended_at": us(ended) if closed else None,
        }  # fmt: skip
        intent = self.insert("intents", **{**row, **more})
        self.audit("person" if more.get("rule", "r") is None else RULE, "intent.ready", intent, at)
        if sent is not None:
            self.insert(
                "attempts", intent_id=intent, fence=1, sent_at=us(sent), outcome=outcome,
                ended_at=us(ended) if outcome is not None else None,
            )  # fmt: skip
            self.audit(BURSAR, "intent.sending", intent, sent)
        if ended is not None:
            self.audit(actor, f"intent.{state}", intent, ended, before=before)
        return intent

    def audit(self, actor: str, what: str, intent: int, minutes: float, before: str | None = None) -> None:
        """Write an entry of the audit trail: a step of an intent, from one state to another."""
        detail: dict[str, Json] = {} if before is None else {"from": before, "reason": "so", "fence": 1}
        audit.add(self.tx, actor, what, IntentId(intent), detail, after(minutes))

    def subject(self, type_: str, id_: str, fields: dict[str, Any], **more: Any) -> None:
        """Write a snapshot."""
        row = {"account": "panel", "type": type_, "id": id_, "fields": json.dumps(fields), "created_at": us(0)}
        self.insert("subjects", **{**row, **more})


@contextmanager
def filling(path: Path) -> Iterator[OldJournal]:
    """Fill a journal of version 1, in one transaction."""
    with opened(path) as connection:
        connection.execute("BEGIN")
        yield OldJournal(connection)
        connection.execute("COMMIT")


def dump(path: Path) -> tuple[list[Any], dict[str, list[Any]]]:
    """Return all that a file holds: its tables as they are written down, and their rows."""
    with opened(path) as connection:
        shape = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
        tables = [row[1] for row in shape if row[0] == "table"]
        return shape, {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in tables}


Fill = Callable[[OldJournal], object]


def updated(path: Path, fill: Fill | None = None) -> None:
    """Fill an old journal, and bring it up to date."""
    if fill is not None:
        with filling(path) as journal:
            fill(journal)
    Journal.open(path).close()


def entry_after(path: Path, fill: Callable[[OldJournal], int]) -> Entry:
    """Return the entry of the one intent that is written."""
    updated(path, fill)
    found = read_once(path, lambda tx: ledger.counting(tx, after(-(10**6))))
    assert len(found) == 1
    return found[0]


def everything(journal: OldJournal) -> None:
    """Write what a journal holds after some weeks: accounts, matches, and intents in every state."""
    journal.account("panel", paused_at=us(5), resumed_at=us(2))
    journal.account("moved", frozen_digest="d2", recognized=3)
    journal.account("*", digest="", provider="", bound_at=0)
    journal.subject("payout", "23501", {"amount": "98.50", "state": "done"}, state="done")
    journal.subject("order", "1", {"remains": "4"}, state="partial", watched=1)
    for word in ("order.partial", "order.changed"):
        journal.insert(
            "events", id=f"ev_{word}", type=word, account="panel", subject_type="order", subject_id="1", at=us(0),
            data="{}", before="{}",
        )  # fmt: skip
    journal.insert(
        "held_observations", account="panel", stream="orders", at=us(1), reason="too much", digest="x",
        observation="{}", state="held",
    )  # fmt: skip
    journal.insert("rules", name="r", fingerprint="f1", since=us(0))
    match = journal.match(event_id="ev_order.partial", acts_planned=1, intents=1)
    journal.match(("order", "2"), "held", obstacle="frozen")
    journal.match(("order", "3"), "held", obstacle="cooldown", retry_at=us(90))
    journal.match(("order", "4"), "dropped")
    journal.intent("awaiting_approval", subject=("balance", "a"), due_at=us(720), reason="600 is above 500", cost="600")
    journal.intent("awaiting_approval", subject=("balance", "b"), due_at=us(1440), reason=PAST_CEILING)
    journal.intent("ready", subject=("balance", "c"), match_id=match)
    journal.intent("ready", subject=("order", "d"), action="refill", cost=None, sent=1, ended=2, outcome="lost")
    journal.intent("sending", subject=("balance", "e"), sent=1)
    journal.intent("deferred", subject=("balance", "f"), sent=1, ended=2, outcome="later", due_at=us(9))
    journal.intent("unknown", subject=("balance", "g"), sent=1, ended=2, outcome="lost", due_at=us(9), looked_at=us(7))
    journal.intent("succeeded", sent=1, ended=2, outcome="succeeded", reference="23501")
    journal.intent("refused", sent=1, ended=2, outcome="refused")
    journal.intent("refused", sent=1, ended=9, outcome="lost", actor=PERSON)
    journal.intent("denied", ended=4, actor=PERSON)
    journal.intent("lapsed", ended=60)
    journal.intent("gave_up", sent=50, ended=60, outcome="later")
    journal.intent(
        "succeeded", subject=("order", "1"), action="refill", cost=None, sent=1, ended=2, outcome="succeeded",
        confirm_by=us(1442),
    )  # fmt: skip


PAST_CEILING = "this poll has caused as many effects as settings.ceiling allows (100)"


def with_listed_amount(journal: OldJournal) -> int:
    """Write a payout of which the provider lists what was moved."""
    journal.subject("payout", "23501", {"amount": "98.50"}, state="done")
    journal.subject("payout", "23502", {"amount": "7"}, state="done")
    return journal.intent("succeeded", sent=1, ended=2, outcome="succeeded", reference="23501")
