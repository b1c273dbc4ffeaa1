"""Intents and their entries in a real journal beside a plain model of them, through restarts, through writes that fail
halfway, and through letting go of what has ended."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import invariant

from bursar.domain.ids import IntentId
from bursar.domain.intent import OPEN, State
from bursar.domain.intent_states import TRANSITIONS, Cause, Step
from bursar.domain.timeline import Measured
from bursar.journal import audit, intents, ledger, meta, retention
from bursar.journal.errors import JournalError
from bursar.journal.retention import Keeping
from bursar.journal.writer import Journal, Tx
from support import properties
from support.domain import PANEL, T0
from support.journal import planned, ref
from support.properties import Steps, examples

T = TypeVar("T")
SUBJECTS = st.sampled_from(["1", "2", "3"])
ACTIONS = st.sampled_from(["refill", "payout"])
PICK = st.integers(0, 10**6)


@dataclass(frozen=True)
class Known:
    """What the model knows of an intent."""

    subject: str
    action: str
    state: State
    fence: int = 0


class Journaled(Steps):
    """Plans, sends and steps; now and then a write fails, old rows go, or the journal is closed and opened again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="bursar-machine-"))
        self.runner = asyncio.Runner()
        self.journal = Journal.open(self.folder / "journal.db")
        self.known: dict[int, Known] = {}
        self.sent = 0
        self.entries = 0
        self.last = 0
        self.now: datetime = T0

    def teardown(self) -> None:
        self.journal.close()
        self.runner.close()
        shutil.rmtree(self.folder)

    def write(self, function: Callable[[Tx], T]) -> T:
        """Write, with an entry in the audit trail."""
        self.now += timedelta(seconds=1)

        def work(tx: Tx) -> T:
            audit.add(tx, "bursar", "step", None, {}, self.now)
            return function(tx)

        result = self.runner.run(self.journal.write(work))
        self.entries += 1
        return result

    def read(self, function: Callable[[Tx], T]) -> T:
        return self.runner.run(self.journal.read(function))

    def open_on(self, subject: str) -> int | None:
        """Return the open intent of a subject, as the model knows it."""
        return next((id_ for id_, one in self.known.items() if one.subject == subject and one.state in OPEN), None)

    def pick(self, number: int, *states: State) -> int:
        """Choose one of the intents in these states."""
        found = [id_ for id_, one in self.known.items() if one.state in states]
        return found[number % len(found)]

    def any_in(self, *states: State) -> bool:
        return any(one.state in states for one in self.known.values())

    @properties.step(subject=SUBJECTS, action=ACTIONS, asks=st.booleans())
    def plan(self, subject: str, action: str, asks: bool) -> None:
        state = State.AWAITING_APPROVAL if asks else State.READY
        try:
            intent = self.write(lambda tx: intents.add(tx, planned(subject, action), state, None, None, self.now))
        except JournalError:
            assert self.open_on(subject) is not None, "refused, though nothing was open"
            return
        assert self.open_on(subject) is None, "two open intents on one subject"
        assert intent.id > self.last, "an id was used again"
        self.last = intent.id
        self.known[intent.id] = Known(subject, action, state)

    @properties.step(when=lambda self: self.any_in(State.READY), number=PICK)
    def send(self, number: int) -> None:
        id_ = self.pick(number, State.READY)

        def work(tx: Tx) -> int:
            intent = intents.load(tx, IntentId(id_))
            assert intent is not None
            meta.count_sending(tx)
            return intents.send(tx, intent, {"evidence": id_}, None, self.now).fence

        self.known[id_] = replace(self.known[id_], state=State.SENDING, fence=self.write(work))
        self.sent += 1

    @properties.step(when=lambda self: self.any_in(*OPEN), number=PICK, which=PICK)
    def step(self, number: int, which: int) -> None:
        id_ = self.pick(number, *OPEN)
        known = self.known[id_].state
        causes = [cause for state, cause in TRANSITIONS if state is known and cause is not Cause.CLAIMED]
        cause = causes[which % len(causes)]
        after = TRANSITIONS[known, cause]

        def work(tx: Tx) -> None:
            intent = intents.load(tx, IntentId(id_))
            assert intent is not None
            intents.take_step(tx, intent, Step(cause, after, "so"), self.now)

        self.write(work)
        self.known[id_] = replace(self.known[id_], state=after)

    @properties.step(when=lambda self: self.any_in(State.READY), number=PICK)
    def fail_halfway(self, number: int) -> None:
        id_ = self.pick(number, State.READY)

        def work(tx: Tx) -> None:
            intent = intents.load(tx, IntentId(id_))
            assert intent is not None
            meta.count_sending(tx)
            intents.send(tx, intent, None, None, self.now)
            raise ValueError("the plugin failed")

        try:
            self.write(work)
        except ValueError:
            return
        raise AssertionError("what failed was taken for done")

    @properties.step()
    def let_go(self) -> None:
        """Let go of what has ended, with its entries."""
        later = self.now + timedelta(days=1000)
        keeping = Keeping(events=timedelta(0), matches=timedelta(0), deliveries=timedelta(0))
        self.write(lambda tx: retention.clean(tx, keeping, later, Measured()))
        self.known = {id_: one for id_, one in self.known.items() if one.state in OPEN}

    @properties.step()
    def restart(self) -> None:
        self.journal.close()
        self.journal = Journal.open(self.folder / "journal.db")

    @invariant()
    def every_intent_is_what_the_model_says(self) -> None:
        rows = self.read(lambda tx: tx.all("SELECT id, subject_id, action, state, fence FROM intents ORDER BY id"))
        assert {row[0]: Known(row[1], row[2], State(row[3]), row[4]) for row in rows} == self.known

    @invariant()
    def open_intents_are_found(self) -> None:
        found = self.read(lambda tx: {subject: intents.open_on(tx, PANEL, ref(subject)) for subject in "123"})
        known = {subject: self.open_on(subject) for subject in "123"}
        assert {subject: one.id if one else None for subject, one in found.items()} == known

    @invariant()
    def every_entry_is_as_open_as_its_intent(self) -> None:
        found = self.read(lambda tx: ledger.counting(tx, T0 - timedelta(days=1)))
        assert {one.id: one.open for one in found} == {id_: one.state in OPEN for id_, one in self.known.items()}

    @invariant()
    def what_is_open_counts_whatever_its_age(self) -> None:
        found = self.read(lambda tx: ledger.counting(tx, self.now + timedelta(days=1000)))
        assert [one.id for one in found] == sorted(id_ for id_, one in self.known.items() if one.state in OPEN)

    @invariant()
    def what_blocks_is_found(self) -> None:
        blocking = self.read(lambda tx: intents.unknown_of(tx, PANEL, "payout"))
        states = (State.SENDING, State.UNKNOWN)
        expected = [id_ for id_, one in self.known.items() if one.action == "payout" and one.state in states]
        assert (blocking.id if blocking else None) == min(expected, default=None)

    @invariant()
    def every_sending_is_counted_and_has_its_attempt(self) -> None:
        counted, tried = self.read(lambda tx: (meta.send_count(tx).sent, tx.one("SELECT count(*) FROM attempts")))
        assert (counted, tried) == (self.sent, (sum(one.fence for one in self.known.values()),))

    @invariant()
    def the_trail_is_whole(self) -> None:
        assert self.read(audit.verify) == (self.entries, None)


TestJournaled = Journaled.TestCase
TestJournaled.settings = examples(25, steps=40)
