"""Short ways to write what journals hold."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from bursar.domain.event import Event
from bursar.domain.ids import RuleName, SubjectRef
from bursar.domain.intent import Intent, PlannedIntent, State
from bursar.domain.intent_states import Cause, Step, transition
from bursar.domain.lineage import Lineage
from bursar.domain.values import Json
from bursar.journal import intents, meta
from bursar.journal.writer import Tx
from support.domain import ORDER, PANEL, T0

KINDS = {"order": ORDER}


def ref(id_: str = "1") -> SubjectRef:
    """Name an order."""
    return SubjectRef("order", id_)


def event(type_: str = "order.partial", id_: str = "1", at: datetime = T0, **more: Any) -> Event:
    """Return an event of an order."""
    return Event(type_, PANEL, at, ref(id_), **more)


def by_rule(name: str = "r") -> Lineage:
    """Name what a rule did, and no other."""
    return Lineage(RuleName(name))


def planned(id_: str = "1", action: str = "refill", **more: Any) -> PlannedIntent:
    """Return what was planned for an order."""
    plain = {"account": PANEL, "action": action, "subject": ref(id_), "params": {}, "rule": RuleName("r")}
    return PlannedIntent(**{**plain, **more})


def plan(tx: Tx, id_: str = "1", action: str = "refill", at: datetime = T0, **more: Any) -> Intent:
    """Write a ready intent."""
    return intents.add(tx, planned(id_, action, **more), State.READY, None, at, at)


def send(tx: Tx, intent: Intent, at: datetime = T0, evidence: Json = None) -> Intent:
    """Send a ready intent at what it was planned to cost."""
    return intents.send(tx, intent, evidence, intent.cost, at)


def take(tx: Tx, intent: Intent, cause: Cause, at: datetime = T0, reason: str = "so", **more: Any) -> Intent:
    """Take the step that a cause leads to; `amount` and `accepted` are of the step's writing."""
    writing = {name: more.pop(name) for name in ("amount", "accepted") if name in more}
    step = Step(cause, transition(intent.state, cause), reason, **more)
    return intents.take_step(tx, intent, step, at, **writing)


def end(tx: Tx, intent: Intent, cause: Cause, at: datetime = T0, reason: str = "", **more: Any) -> Intent:
    """Send a ready intent and have it end."""
    return take(tx, send(tx, intent, at), cause, at, reason, **more)


def put(tx: Tx, value: str) -> None:
    """Write something small."""
    meta.put(tx, "note", value)


def get(tx: Tx) -> str | None:
    """Read it."""
    return meta.get(tx, "note")


def count(tx: Tx, table: str) -> int:
    """Count the rows of a table."""
    row = tx.one(f"SELECT count(*) FROM {table}")
    return row[0] if row else 0


def look_inside(path: Path, sql: str) -> list[Any]:
    """Ask the file itself, past the journal."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def change_inside(path: Path, *statements: str) -> None:
    """Change the file itself, past the journal."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()
