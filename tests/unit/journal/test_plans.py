"""What a poll and the loops ask again and again is found by index: its cost does not grow with the journal."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bursar.domain.evaluate import HoldState, Match, NoMatch
from bursar.domain.guard_facts import Consent
from bursar.domain.ids import SinkName
from bursar.domain.intent import State
from bursar.domain.intent_states import Cause, Step
from bursar.domain.ledger import Post
from bursar.domain.verdict import BlockReason, HoldBack
from bursar.journal import (
    accounts,
    audit,
    clock,
    deliveries,
    events,
    held,
    intents,
    ledger,
    matches,
    meta,
    questions,
    references,
    streams,
    subjects,
    texts,
    verdicts,
)
from bursar.journal.files.connection import connect
from bursar.journal.files.opening import prepare_file
from bursar.journal.files.send_counter import SendCounter
from bursar.journal.writer import Tx
from support.domain import ORDER, PANEL, T0, order, rule, state_rule
from support.journal import by_rule, event, plan, ref, send

LARGE = (
    "subjects", "events", "verdicts", "matches", "intents", "attempts", "questions", "ledger", "postings", "deliveries",
    "audit",
)  # fmt: skip
"""Tables that grow; the others have a row for each account, stream or rule."""
SMALL = ("subjects_new", "intents_by_state", "events_by_type")
"""Indexes that hold only what is waiting to be seen or done; and events of one type, which is asked for rare ones."""
QUESTIONS = {"SELECT", "UPDATE", "DELETE", "INSERT"}
WIDE = re.compile(rf"(SCAN|SEARCH) ({'|'.join(LARGE)}|[a-z])\b(?!.*\((?!account=\?\)|account=\? AND type=\?\)))")
"""A step without conditions, or with none but the account and the type."""


@pytest.fixture
def watched(path: Path) -> Iterator[tuple[Tx, list[str]]]:
    """Return a transaction, and the statements that it runs."""
    sidecar = SendCounter(path.with_name("fence"))
    prepare_file(path, sidecar, {}, create=True)
    connection = connect(path)
    said: list[str] = []
    connection.set_trace_callback(said.append)
    yield Tx(connection), said
    connection.close()
    sidecar.close()


def scans(path: Path, statements: list[str]) -> list[str]:
    """Return the steps of statements that go through all rows of a large table, or through all of an account's."""
    connection = sqlite3.connect(path)
    asked = [said for said in statements if said.split()[0] in QUESTIONS and not said.endswith("DESC LIMIT 1")]
    steps = [row[3] for said in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {said}")]
    connection.close()
    return [step for step in steps if WIDE.match(step) and not any(index in step for index in SMALL)]


INTENT = 1
EVERYDAY: dict[str, Callable[[Tx], object]] = {
    "load snapshots": lambda tx: subjects.load(tx, PANEL, ORDER, ["1", "2", "3"]),
    "save snapshots": lambda tx: subjects.save(tx, [order("partial")]),
    "what is newly watched": lambda tx: subjects.newly_watched(tx, PANEL, ORDER, T0),
    "set facts": lambda tx: subjects.set_facts(tx, PANEL, ORDER, "1", {"cancel_requested": True}, T0),
    "set a problem": lambda tx: subjects.set_problem(tx, PANEL, ORDER, "1", "gone"),
    "tick": lambda tx: streams.tick(tx, PANEL, "orders", T0),
    "fail": lambda tx: streams.fail(tx, PANEL, "orders", "html", "HTML", T0),
    "write an event": lambda tx: events.add(tx, event()),
    "read an event": lambda tx: events.load(tx, {}, "ev_1"),
    "the last match of a rule on a subject": lambda tx: matches.last_of(tx, "r", PANEL, ref(), T0),
    "what is rearmed": lambda tx: events.rearmed(tx, PANEL, ["order"], T0),
    "note a verdict": lambda tx: verdicts.note(tx, rule(), PANEL, ref(), Match("so"), event(), T0),
    "a standing": lambda tx: verdicts.standing(tx, rule(), PANEL, ref()),
    "keep a standing": lambda tx: verdicts.stand(
        tx, state_rule(lambda scope: True), PANEL, ref(), T0, HoldState(True, T0, False, T0), NoMatch("waits")
    ),
    "due holds": lambda tx: verdicts.due_subjects(tx, PANEL, T0),
    "write a match": lambda tx: matches.add(tx, rule(), PANEL, ref(), event(), "so", T0),
    "due matches": lambda tx: matches.due_subjects(tx, PANEL, T0),
    "due matches that no poll shows": lambda tx: matches.due_unwatched(tx, PANEL, "order", T0),
    "due matches of a subject": lambda tx: matches.held_of(tx, PANEL, ref(), T0),
    "what waited for an intent": lambda tx: matches.release_waiting(tx, INTENT, T0),
    "when it last told": lambda tx: texts.last_told(tx, rule(), PANEL, ref(), but=1),  # type: ignore[arg-type]
    "when it told of a subject": lambda tx: texts.told_times(tx, rule(), T0, account=PANEL, subject=ref()),
    "what is blocked": lambda tx: matches.blocked(tx, PANEL, BlockReason.CLOCK),
    "hold back": lambda tx: matches.hold_back_if_alone(
        tx, matches.add(tx, rule(), PANEL, ref(), event(), "so", T0), HoldBack(BlockReason.PAUSED, "paused"), 0
    ),
    "plan an intent": plan,
    "intents of an account": lambda tx: intents.in_state(tx, (State.READY, State.UNKNOWN), PANEL),
    "all open intents": lambda tx: intents.in_state(tx, (State.READY, State.AWAITING_APPROVAL, State.DEFERRED)),
    "send and step": lambda tx: intents.take_step(tx, send(tx, plan(tx)), Step(Cause.LOST, State.UNKNOWN, "?"), T0),
    "ask a person": lambda tx: questions.ask(tx, plan(tx), "so", T0, past_ceiling=False, now=T0),
    "what a person was asked": lambda tx: questions.of_intent(tx, 1),  # type: ignore[arg-type]
    "a person's yes": lambda tx: questions.consent(tx, 1, Consent(True)),  # type: ignore[arg-type]
    "end an attempt": lambda tx: intents.end_attempt(tx, 1, 1, "lost", "", T0),  # type: ignore[arg-type]
    "nothing to confirm": lambda tx: intents.nothing_to_confirm(tx, 1),  # type: ignore[arg-type]
    "what showed no effect": lambda tx: intents.unconfirmed(tx, T0),
    "what has yet to show": lambda tx: intents.yet_to_show(tx, PANEL),
    "the open intent of a subject": lambda tx: intents.open_on(tx, PANEL, ref()),
    "whether an action waits": lambda tx: intents.any_waiting(tx, PANEL, "add", (State.READY, State.DEFERRED)),
    "what blocks an action": lambda tx: intents.unknown_of(tx, PANEL, "payout"),
    "what was made for another": lambda tx: references.made_for(tx, plan(tx), "23501"),
    "what a reference was made for": lambda tx: references.by_reference(tx, PANEL, "payout", "23501"),
    "what is not this one's": lambda tx: references.references_of_others(tx, plan(tx), T0),
    "an entry": lambda tx: ledger.load(tx, 1),  # type: ignore[arg-type]
    "entries on a subject": lambda tx: ledger.of_subject(tx, PANEL, ref(), 9),
    "entries of an action on a subject": lambda tx: ledger.answered(tx, PANEL, ref(), "refill", 9),
    "entries of a rule": lambda tx: ledger.of_rule(tx, by_rule("r"), PANEL, ref(), T0),
    "entries of a rule on a subject": lambda tx: ledger.of_rule_on(tx, by_rule("r"), PANEL, ref(), T0),
    "entries of a rule about nothing": lambda tx: ledger.of_rule(tx, by_rule("r"), PANEL, None, T0),
    "what was lost lately": lambda tx: ledger.lost_since(tx, PANEL, "payout", T0),
    "the last no of a person": lambda tx: ledger.last_no(tx, by_rule("r"), PANEL, ref()),
    "post": lambda tx: ledger.post(tx, 1, Post.SETTLED, T0),  # type: ignore[arg-type]
    "the timeline": lambda tx: (clock.anchor(tx), clock.offsets(tx), clock.measured(tx)),
    "facts seen": lambda tx: intents.facts_seen(tx, PANEL, ref(), T0),
    "stale subjects": lambda tx: intents.stale_subjects(tx, PANEL, T0),
    "owe": lambda tx: deliveries.add(tx, []),
    "due deliveries": lambda tx: deliveries.due(tx, SinkName("ops"), T0, 20),
    "the next due delivery": lambda tx: deliveries.next_due(tx, SinkName("ops")),
    "delivered": lambda tx: deliveries.delivered(tx, ["dl_1"], T0),
    "audit": lambda tx: audit.add(tx, "bursar", "x", None, {}, T0),
    "count a sending": meta.count_sending,
    "what is held": lambda tx: held.held(tx, PANEL),
    "an account": lambda tx: (accounts.load(tx, PANEL), accounts.paused(tx, PANEL)),
}


@pytest.mark.parametrize("question", EVERYDAY)
def test_an_everyday_question_is_answered_by_index(watched: tuple[Tx, list[str]], path: Path, question: str) -> None:
    tx, said = watched
    EVERYDAY[question](tx)
    assert scans(path, said) == []


COUNTED: dict[str, Callable[[Tx], object]] = {
    "for a limit per rule": lambda tx: ledger.counting(tx, T0, rule=by_rule("r")),
    "for a limit per account": lambda tx: ledger.counting(tx, T0, account=PANEL, rule=by_rule("r")),
    "for a rule's budget": lambda tx: ledger.counting(tx, T0, action="payout", rule=by_rule("r")),
    "for an account's budget": lambda tx: ledger.counting(tx, T0, action="payout", accounts=[PANEL]),
    "for the ceiling": lambda tx: ledger.counting(tx, T0, account=PANEL),
}


def entries_by(path: Path, statements: list[str]) -> list[str]:
    """Return by what the statements find entries of the ledger."""
    connection = sqlite3.connect(path)
    steps = [row[3] for said in statements for row in connection.execute(f"EXPLAIN QUERY PLAN {said}")]
    connection.close()
    return [step.removeprefix("SEARCH ledger USING ") for step in steps if "ledger" in step]


@pytest.mark.parametrize("what", COUNTED)
def test_what_counts_is_found_by_when_something_became_of_it(
    watched: tuple[Tx, list[str]], path: Path, what: str
) -> None:
    tx, said = watched
    COUNTED[what](tx)
    assert entries_by(path, said) == ["INTEGER PRIMARY KEY (rowid=?)"]
