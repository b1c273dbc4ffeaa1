"""A run: sandbox and daemon as processes of their own, one kill after the other, a rest, and the comparison.

Each round plays one cell: the fault is asked for, a daemon is started with its saboteur, or the sandbox's gate is set;
something is done so that the cell's action comes about; and when the daemon is dead, the next round begins. A daemon
that the cell's point was not reached in within its patience is killed then and there: that round counts as one of any
moment. In the end a daemon that nobody kills runs until nothing moves any more.
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bursar.app import serve
from bursar.domain.ids import microseconds
from bursar.host.registry import Registry
from bursar.journal.claims import Questions
from bursar.loops.clock import RealClock
from bursar.settings.read import read_configuration
from bursar.testing.prove import plot, world
from bursar.testing.prove.cells import ANYWHERE, Cell
from bursar.testing.prove.children import Child, Children, rest
from bursar.testing.prove.conductor import Line, ask
from bursar.testing.prove.flaws import FLAWS
from bursar.testing.prove.pace import Pace
from bursar.testing.prove.person import Person
from bursar.testing.prove.plot import Saying
from bursar.testing.prove.saboteur import Sabotage, install
from bursar.testing.prove.sandbox import serve_sandbox
from bursar.testing.prove.world import PROVIDERS, Stage

PATIENCE_S = 4.0
PATIENT_POLLS = 12
STILL_S = (world.HOLD_S + 4 * world.INTERVAL_S) / world.SPEED
STILL_POLLS = 8
"""Patience is over, and a rest is one, after so many seconds in which both polled providers were asked so often. The
seconds alone would say how busy the machine is: under load, a daemon comes to nothing in four of them."""
HANGS_S = 120.0
"""A process that does not come up, go down or get somewhere within this, hangs."""
RESTLESS_S = 1200.0
"""What has not come to rest within this never does."""
PROVOKE_EVERY_S = 0.8
LOOK_EVERY_S = 0.02
DELIVERY = re.compile(r'"sink":"book","delivery":"(dl_[0-9a-f]+)"')
Tell = Callable[[int, Cell], None]


class Stuck(Exception):
    """The run cannot go on; one sentence, and the end of the log that tells why."""


@dataclass(frozen=True, slots=True)
class Played:
    """One round that was played: its cell, and when it began."""

    cell: Cell
    began_us: int


class Patience:
    """Is over after a while in which the daemon got somewhere, however slow the machine is; or when it hangs.

    Args:
        line: The line to the sandbox; it knows how often each provider was asked.
        least_s: Not before so many seconds.
        polls: Not before both polled providers were asked so often.
    """

    def __init__(self, line: Line, least_s: float, polls: int) -> None:
        self._line, self._least_s, self._polls = line, least_s, polls
        self._began_s, self._before = RealClock().monotonic(), dict(line.asked)

    def over(self) -> bool:
        """Say whether it is."""
        passed_s = RealClock().monotonic() - self._began_s
        asked = (self._line.asked.get(name, 0) - self._before.get(name, 0) for name in world.POLLED)
        return passed_s > HANGS_S or (passed_s > self._least_s and min(asked) >= self._polls)


@dataclass
class Run:
    """One run.

    Attributes:
        folder: Everything that it writes.
        registry: What plugins brought; the providers named in `PROVIDERS` are used.
        seed: The worlds', and of everything that is drawn.
        flaw: A daemon that is broken on purpose: one of `FLAWS`.
    """

    folder: Path
    registry: Registry
    seed: int
    flaw: str | None = None
    clock: Pace = field(default_factory=lambda: Pace(world.SPEED))
    children: Children = field(default_factory=Children)
    played: list[Played] = field(default_factory=list)
    line: Line = field(init=False)
    stage: Stage = field(init=False)
    person: Person = field(init=False)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"

    def taken(self) -> frozenset[str]:
        """Give the ids of all deliveries that the sink saw; it writes them into the log."""
        with self.log.open(encoding="utf-8", errors="replace") as lines:
            return frozenset(found[1] for line in lines if (found := DELIVERY.search(line)))

    def play(self, cells: Sequence[Cell], tell: Tell) -> Person:
        """Play every round, and the rest at the end; give the person, who knows where to look.

        The sandbox still runs then: `children` is the context in which to call this.

        Raises:
            Stuck: a process did not come up, or did not go down.
        """
        self._open()
        self._first()
        for number, cell in enumerate(cells, 1):
            self._round(cell)
            tell(number, cell)
        self._rest()
        return self.person

    def _open(self) -> None:
        """Start the sandbox, and write the configuration that leads there."""
        ours, theirs = socket.socketpair()
        chosen = {name: self.registry.providers[name] for name in PROVIDERS}
        self.children.start(
            lambda: serve_sandbox(chosen, self.seed, self.clock, world.IN_TIME_S, theirs), self.folder / "sandbox.log"
        )
        theirs.close()
        self.line = Line(ours)
        self.stage = Stage(self.folder, self.line.say("where"))
        self.stage.write()
        read_configuration([self.stage.configuration], self.registry, environ=self.stage.environ())  # warms the forks
        self.person = Person(self.stage, self.line, self.clock, self.dice)

    def _first(self) -> None:
        """Have orders put under watch, in a run that nobody kills."""
        daemon = self._start(Sabotage())
        self._await_up(daemon)
        self.person.watch(list(self.stage.where["smm"]["track"])[: world.TRACKED])
        rest(0.3)
        self._stop(daemon)

    def _round(self, cell: Cell) -> None:
        if cell.fault == "restart":
            self._restart()
        misreading, before = plot.misreading_of(cell, self.dice), self.dice.random() < 0.5
        self._say(*plot.fault_of(cell, self.dice), *(misreading if before else ()))
        if not self.line.owed:
            self._say(*plot.leap_before(cell))
        began_us = microseconds(self.clock.now())
        daemon = self._start(plot.sabotage_of(cell, self.dice))
        self._say(plot.aim_of(cell, daemon.pid, self.dice))
        if self._await_up(daemon) and cell.fault == "reload":
            daemon.signal(signal.SIGHUP)
        reached = self._await_end(cell, daemon)
        daemon.kill()
        self.line.look()
        self._say(*(() if before else misreading))
        self.played.append(Played(cell if reached else Cell(ANYWHERE, "clock", cell.fault), began_us))

    def _say(self, *sayings: Saying) -> None:
        for saying in sayings:
            self.line.say(saying.verb, **saying.params)

    def _provoke(self, cell: Cell) -> None:
        """Have something done at which the daemon can be killed."""
        self._say(*plot.leap_during(cell))
        if plot.orders_by_hand(cell):
            self.person.order()

    def _await_end(self, cell: Cell, daemon: Child) -> bool:
        """Have done what the cell is about until the daemon is dead; say whether it died where it should."""
        patience = Patience(self.line, PATIENCE_S, PATIENT_POLLS)
        while not daemon.ended() and not patience.over():
            self.person.answer()
            self._provoke(cell)
            if cell.point == ANYWHERE:
                daemon.ended(self.dice.uniform(0.0, PROVOKE_EVERY_S))
                return True
            daemon.ended(PROVOKE_EVERY_S)
        return daemon.code == -signal.SIGKILL

    def _restart(self) -> None:
        daemon = self._start(Sabotage())
        if self._await_up(daemon):
            daemon.ended(self.dice.uniform(0.0, 0.3))
        self._stop(daemon)

    def _rest(self) -> None:
        """Let nothing go wrong and nothing new happen any more, until all that was begun has come to its end."""
        self.line.say("calm")
        daemon = self._start(Sabotage())
        if not self._await_up(daemon):
            raise self._stuck("the daemon did not come up for the rest at the end")
        self.line.say("stop")
        ends_s = RealClock().monotonic() + RESTLESS_S
        still, last = Patience(self.line, STILL_S, STILL_POLLS), (-1, -1)
        while RealClock().monotonic() < ends_s and not still.over():
            daemon.ended(0.2)
            asked = self.person.questions()
            self.line.look()
            for id_ in asked.held:
                ask(self.stage.socket, "accept", id=str(id_))
            if _moves(asked) or self.line.owed or asked.last != last:
                still, last = Patience(self.line, STILL_S, STILL_POLLS), asked.last
        self._stop(daemon)

    def _start(self, sabotage: Sabotage) -> Child:
        stage, clock, flaw = self.stage, self.clock, self.flaw

        def play() -> int:
            install(sabotage, clock)
            if flaw is not None:
                FLAWS[flaw].install()
            return asyncio.run(serve([stage.configuration], stage.environ(), clock))

        return self.children.start(play, self.log)

    def _await_up(self, daemon: Child) -> bool:
        """Wait until the daemon answers; False when it ended before."""
        ends_s = RealClock().monotonic() + HANGS_S
        while RealClock().monotonic() < ends_s:
            if daemon.ended(LOOK_EVERY_S):
                if daemon.code != -signal.SIGKILL:
                    raise self._stuck(f"the daemon ended by itself, with {daemon.code}")
                return False
            if self.stage.socket.exists() and ask(self.stage.socket, "held") is not None:
                return True
        raise self._stuck("the daemon did not come up")

    def _stop(self, daemon: Child) -> None:
        daemon.signal(signal.SIGTERM)
        if not daemon.ended(HANGS_S):
            raise self._stuck("the daemon did not stop at SIGTERM")
        if daemon.code not in (0, -signal.SIGTERM):
            raise self._stuck(f"the daemon stopped with {daemon.code}")

    def _stuck(self, words: str) -> Stuck:
        return Stuck(f"{words}\n{self.log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _moves(asked: Questions) -> bool:
    """Say whether something is to come soon, without a person: a lost `add`, and what it blocks, waits for one."""
    lost = {intent.action for intent in asked.unknown}
    blocked = lost & {"add"}
    return bool(asked.due or lost - blocked or set(asked.moving) - blocked)
