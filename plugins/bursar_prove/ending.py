"""The end of a run: nothing goes wrong any more, and a daemon that is not killed runs until nothing moves; then all
that is to be compared is written down, and a person ends what is still open."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from bursar.domain.ids import MICROSECOND
from bursar.journal.clock import anchor
from bursar.journal.dump import JournalDump, Questions, read_dump
from bursar.journal.writer import Tx, read_once
from bursar.loops.clock import RealClock
from bursar_prove import world
from bursar_prove.children import rest
from bursar_prove.clients import ask
from bursar_prove.crash_injector import Sabotage
from bursar_prove.findings import LOST, Finding
from bursar_prove.invariants import AtRest
from bursar_prove.operator import Operator
from bursar_prove.patience import Patience
from bursar_prove.runner import Run
from bursar_prove.scaled_clock import BEGIN
from bursar_prove.scenarios import Scenarios
from bursar_prove.witness import Effect, Sent

STILL_S = (world.HOLD_S + 4 * world.INTERVAL_S) / world.SPEED
STILL_POLLS = 8
"""A rest is one after so many seconds in which every polled provider was asked so often."""
RESTLESS_S = 1200.0
"""What has not come to rest within this never does."""
CLOSE_S = 20.0
A = TypeVar("A")
B = TypeVar("B")
DELIVERY = re.compile(r'"sink":"book","delivery":"(dl_[0-9a-f]+)"')


@dataclass(frozen=True, slots=True)
class Ended:
    """What there is to compare.

    Attributes:
        claims: What the journal says.
        effects: What the providers did.
        sent: What they were asked to do.
        shown: By provider and id: the states that were answered.
        rest: How the worlds stand.
        taken: The deliveries that the sink saw.
        found: What a person could not end, or never came to rest.
    """

    claims: JournalDump
    effects: Sequence[Effect]
    sent: Sequence[Sent]
    shown: Mapping[str, Mapping[str, Sequence[str]]]
    rest: AtRest
    taken: frozenset[str]
    found: Sequence[Finding]


def end(run: Run) -> Ended:
    """Bring a run to its end."""
    run.line.say("calm")
    run.clock.shared.wall_s = 0.0
    daemon = run.start(Sabotage())
    if not run.await_up(daemon):
        raise run.stuck("the daemon did not come up for the rest at the end")
    run.line.say("stop")
    found = _await_rest(run)
    claims, seen = at_one_instant(lambda: read_once(run.stage.journal, read_dump), run.line.look)
    ahead = read_once(run.stage.journal, _ahead)
    effects = [replace(one, at_us=one.at_us + ahead // MICROSECOND) for one in seen]
    sent = [replace(one, left_s=one.left_s + ahead.total_seconds()) for one in run.line.requests()]
    found += _dead_ends(run)
    run.stop(daemon)
    stands = run.person.look_around([*claims.states])
    shown = {name: run.line.say("states", provider=name) for name, one in run.scenarios.all.items() if one.subject}
    run.line.plug.close()
    return Ended(claims, effects, sent, shown, stands, _taken(run), found)


def at_one_instant(read: Callable[[], A], look: Callable[[], B]) -> tuple[A, B]:
    """Read one thing and look at another until nothing happened in between: a rest of a day may end just then."""
    while True:
        before, found = look(), read()
        if look() == before:
            return found, before


def _ahead(tx: Tx) -> timedelta:
    """Return by how much the journal's timeline is ahead of the run's clock: it began a moment after both were read."""
    stood = anchor(tx)
    return timedelta(0) if stood is None else stood.at - (BEGIN + stood.boot)


def _await_rest(run: Run) -> list[Finding]:
    """Wait until nothing moves; a person goes on looking at what is held."""
    ends_s = RealClock().monotonic() + RESTLESS_S
    still, last = Patience(run.line, STILL_S, STILL_POLLS), (-1, -1)
    while RealClock().monotonic() < ends_s:
        if still.over():
            return []
        rest(0.2)
        asked = run.person.questions()
        run.line.look()
        for id_ in asked.held:
            ask(run.stage.socket, "accept", id=str(id_))
        if _moves(asked, run.person, run.scenarios) or run.line.owed or asked.last != last:
            still, last = Patience(run.line, STILL_S, STILL_POLLS), asked.last
    return [Finding(LOST, f"no rest: {', '.join(run.person.questions().moving) or 'something'} goes on for ever", 0)]


def _moves(asked: Questions, person: Operator, scenarios: Scenarios) -> bool:
    """Return whether something is to come soon, without a person: what only one can tell, and what it blocks, waits."""
    waiting = {
        intent.action
        for intent in asked.unknown
        if person.is_asked(intent) and not scenarios.repeatable(intent.account, intent.action)
    }
    lost = {intent.action for intent in asked.unknown if not person.is_asked(intent)}
    return bool(asked.due or lost or set(asked.moving) - waiting)


def _dead_ends(run: Run) -> list[Finding]:
    """Find what a person cannot end."""
    ends_s = RealClock().monotonic() + CLOSE_S
    left = run.person.end_all()
    while left and RealClock().monotonic() < ends_s:
        rest(0.2)
        left = run.person.end_all()
    words = "intent {0.id} is {0.state}, and a person cannot end it"
    return [Finding(LOST, words.format(one), one.created_us) for one in left]


def _taken(run: Run) -> frozenset[str]:
    """Return the ids of all deliveries that the sink saw; it writes them into the log."""
    with run.log.open(encoding="utf-8", errors="replace") as lines:
        return frozenset(found[1] for line in lines if (found := DELIVERY.search(line)))
