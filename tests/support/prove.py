"""What the tests of the proof are made of: intents, effects and facts with the least that a test cares about; and the
command."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

from bursar.host.plugins import load_plugins
from bursar.journal.dump import AttemptRecord, DeliveryRecord, EventRecord, IntentRecord, JournalDump, MatchRecord
from bursar_prove.scenarios import Scenarios
from bursar_prove.witness import Effect

SECOND = 1_000_000
BEGIN = 1_000 * SECOND
SCENARIOS = Scenarios.of(load_plugins().providers)
"""Those of the providers that bursar brings."""


def us(second: float) -> int:
    """Return an instant of a test: so many seconds after its beginning."""
    return BEGIN + int(second * SECOND)


def attempt(second: float, outcome: str | None = "succeeded", fence: int = 1) -> AttemptRecord:
    return AttemptRecord(fence, us(second), outcome)


def payout(
    id_: int, state: str = "succeeded", reference: str | None = None, *attempts: AttemptRecord, **more: Any
) -> IntentRecord:
    return IntentRecord(
        id_, 1, "pay-out", "site", "payout", "balance/balance", state, reference, us(0), attempts, **more
    )


def refill(id_: int, state: str = "succeeded", *attempts: AttemptRecord, order: str = "7", **more: Any) -> IntentRecord:
    return IntentRecord(id_, 1, "refill", "panel", "refill", f"order/{order}", state, None, us(0), attempts, **more)


def paid(second: float, reference: str | None) -> Effect:
    return Effect("premium_exchanger", "payout", "balance", reference, us(second))


def refilled(second: float, order: str = "7") -> Effect:
    return Effect("smm", "refill", order, None, us(second))


def fact(type_: str, subject: str, second: float = 0, *, id_: str | None = None, **more: Any) -> EventRecord:
    account = "site" if subject.startswith(("balance", "payout")) else "panel"
    return EventRecord(id_ or f"{type_}{subject}{second}", type_, account, subject, us(second), **more)


def yes(id_: int, rule: str, of: EventRecord | None = None, *, subject: str = "", state: str = "fired") -> MatchRecord:
    about = subject or (of.subject if of is not None else "")
    return MatchRecord(id_, rule, "panel", about, of.id if of is not None else None, state, None, "")


def unknown(intent: int) -> EventRecord:
    return fact("action.unknown", "", id_=f"asked-{intent}", intent=intent)


def claims(
    *intents: IntentRecord,
    facts: tuple[EventRecord, ...] = (),
    matches: tuple[MatchRecord, ...] = (),
    owed: tuple[DeliveryRecord, ...] | None = None,
    **more: Any,
) -> JournalDump:
    """Put claims together; each fact is delivered once, and the trail agrees, unless a test says otherwise."""
    parts: dict[str, Any] = {
        "held": (), "trail": {intent.id: intent.state for intent in intents}, "broken": None, "states": {}, **more,
    }  # fmt: skip
    delivered = tuple(DeliveryRecord(f"dl_{one.id}", "book", one.id, "delivered") for one in facts)
    return JournalDump(intents, facts, matches, owed=delivered if owed is None else owed, **parts)


def prove(folder: Path, *words: str) -> CompletedProcess[str]:
    """Run `bursar prove` as a person does."""
    command = [sys.executable, "-m", "bursar", "prove", *words]
    return run(command, capture_output=True, encoding="utf-8", env={**os.environ, "TMPDIR": str(folder)}, check=False)
