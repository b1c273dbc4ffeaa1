"""A run: sandbox and daemon as processes of their own, one kill after the other, a rest, and the comparison.

Each round plays one cell: the fault is asked for, a daemon is started with its crash injector, or the sandbox's
interceptor is set; something is done so that the cell's action comes about; at the point the daemon is killed, or
something else happens and it is killed soon after; then the next round begins. A daemon that the cell's point was not
reached in within its patience is killed then and there: that round counts as one of any moment. How a run comes to its
end is in `ending`.
"""

from __future__ import annotations

import asyncio
import random
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bursar.api.scenario import EDITED
from bursar.app import serve
from bursar.domain.ids import microseconds
from bursar.host.registry import Registry
from bursar.journal.dump import read_sending
from bursar.journal.writer import read_once
from bursar.loops.clock import RealClock
from bursar.settings.read import read_configuration
from bursar_prove import world
from bursar_prove.cell_setup import JUMPS_S, CellSetup, Saying
from bursar_prove.children import Child, Children, rest
from bursar_prove.clients import Line, ask
from bursar_prove.crash_injector import Sabotage, install
from bursar_prove.editor import Editor
from bursar_prove.findings import LOST, Finding
from bursar_prove.matrix import ANYWHERE, Cell
from bursar_prove.mutants import FLAWS
from bursar_prove.operator import Operator
from bursar_prove.patience import HANGS_S, Patience
from bursar_prove.sandbox import serve_sandbox
from bursar_prove.scaled_clock import Pace, SetClock
from bursar_prove.scenarios import Scenarios
from bursar_prove.world import Stage

GRACE_S = 4.0
PATIENT_POLLS = 12
TAKES_LONGER = 2
"""What comes only after what was lost before has been looked for takes so many times as long."""
PROVOKE_EVERY_S = 0.8
MAX_AFTER_S = 1.2
"""So long at most the daemon lives on after what happened instead of a kill."""
LOOK_EVERY_S = 0.02
FULL_AT_START = 1
"""With this a daemon ends that finds the disk full at its start."""
Tell = Callable[[int, Cell], None]


class Stuck(Exception):
    """The run cannot go on; one sentence, and the end of the log that tells why."""


@dataclass(frozen=True, slots=True)
class Played:
    """One round that was played: its cell, and when it began."""

    cell: Cell
    began_us: int


@dataclass
class Run:
    """One run.

    Attributes:
        folder: Everything that it writes.
        registry: What plugins brought.
        scenarios: What is played.
        seed: The worlds', and of everything that is drawn.
        flaw: A daemon that is broken on purpose: one of `FLAWS`.
        found: What was found while it was played.
    """

    folder: Path
    registry: Registry
    scenarios: Scenarios
    seed: int
    flaw: str | None = None
    clock: Pace = field(default_factory=lambda: Pace(world.SPEED))
    children: Children = field(default_factory=Children)
    played: list[Played] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    line: Line = field(init=False)
    stage: Stage = field(init=False)
    person: Operator = field(init=False)
    editor: Editor = field(init=False)
    dice: random.Random = field(init=False)
    setup: CellSetup = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.setup = CellSetup(self.scenarios, self.dice)

    @property
    def log(self) -> Path:
        return self.folder / "daemon.log"

    def play(self, cells: Sequence[Cell], tell: Tell) -> None:
        """Play every round. `children` is the context in which to call this.

        Raises:
            Stuck: a process did not come up, or did not go down.
        """
        self._open()
        self._first()
        for number, cell in enumerate(cells, 1):
            self._round(cell)
            tell(number, cell)

    def _open(self) -> None:
        """Start the sandbox, and write the configuration that leads there."""
        ours, theirs = socket.socketpair()
        self.children.start(
            lambda: serve_sandbox(self.scenarios.providers, self.seed, self.clock, world.IN_TIME_S, theirs),
            self.folder / "sandbox.log",
        )
        theirs.close()
        self.line = Line(ours, self.scenarios.polled)
        self.stage = Stage(self.folder, self.scenarios, self.line.say("where"), world.Debit.of(self.seed))
        self.stage.write()
        self.person = Operator(self.stage, self.line, self.clock, self.dice)
        self.editor = Editor(self.stage, self.clock, self.dice, self._fingerprint)
        self._fingerprint()  # reading it once warms the forks

    def _fingerprint(self) -> str | None:
        """Read the edited rule's fingerprint, as a daemon would."""
        read = read_configuration([self.stage.configuration], self.registry, environ=self.stage.environ())
        return next((rule.fingerprint for rule in read.rules if rule.name == EDITED), None)

    def _first(self) -> None:
        """Have subjects put under watch, in a run that nobody kills."""
        daemon = self.start(Sabotage())
        self.await_up(daemon)
        for name, one in self.scenarios.all.items():
            if one.tracked:
                self.person.watch(one.account, self.stage.where[name]["track"][: one.tracked])
        rest(0.3)
        self.stop(daemon)

    def _round(self, cell: Cell) -> None:
        if cell.fault == "restart":
            self._restart()
        strike = self.setup.strike(cell)
        misreading, before = self.setup.misreading(cell), self.dice.random() < 0.5
        self._say(*self.setup.fault(cell), *self.setup.change(cell), *(misreading if before else ()))
        if not self.line.owed:
            self._say(*self.setup.leaps_before(cell))
        if before:
            self._change_between(cell)
        began_us = microseconds(self.clock.now())
        self.clock.shared.struck = False
        daemon = self.start(self.setup.sabotage(cell, strike))
        self._say(self.setup.aim(cell, daemon.pid, strike))
        if self.await_up(daemon, full=cell.fault == "disk"):
            self._change_within(cell, daemon, changed=before)
        reached = self._await_end(cell, daemon)
        daemon.kill()
        self.line.look()
        self._leave(cell)
        self._say(*(() if before else misreading))
        self.played.append(Played(cell if reached else Cell(ANYWHERE, "clock", cell.fault), began_us))

    def _say(self, *sayings: Saying) -> None:
        for saying in sayings:
            self.line.say(saying.verb, **saying.params)

    def _change_between(self, cell: Cell) -> None:
        """Set the clock, or edit the rule, while no daemon runs."""
        if cell.fault == "jump":
            self.clock.shared.wall_s = self.dice.choice(JUMPS_S)
        if cell.fault == "edit":
            self.editor.edit()

    def _change_within(self, cell: Cell, daemon: Child, *, changed: bool) -> None:
        """Reload, with the same configuration or another."""
        if cell.fault == "edit" and not changed:
            self.editor.edit()
        if cell.fault == "reload" or (cell.fault == "edit" and not changed):
            daemon.signal(signal.SIGHUP)

    def _leave(self, cell: Cell) -> None:
        """Let what did not go wrong in a round not go wrong in the next."""
        self.line.say("calm")
        self.clock.shared.full = 0
        if cell.fault == "jump" and self.dice.random() < 0.5:
            self.clock.shared.wall_s = 0.0

    def _provoke(self, cell: Cell) -> None:
        """Have something done at which something can happen to the daemon."""
        if not self.person.paying:  # a yes to what grows at once is never enough
            self._say(*self.setup.leaps_within(cell))
        for target in self.setup.by_hand(cell):
            self.person.ask_for(target)
        if cell.fault == "foreign":
            self.person.act_at_the_sites()

    def _await_end(self, cell: Cell, daemon: Child) -> bool:
        """Have done what the cell is about until the daemon is dead; say whether its point was reached."""
        takes = self.scenarios.takes_balance(cell.at)
        longer = TAKES_LONGER if takes or cell.at == "look" else 1
        patience = Patience(self.line, longer * GRACE_S, longer * PATIENT_POLLS)
        while not daemon.ended() and not patience.over() and not self.clock.shared.struck:
            how = {"foreign": cell.fault == "foreign", "eager": takes, "tells": cell.at != "look"}
            self.person.answer(grown=self._growth(cell), **how)
            self._provoke(cell)
            if cell.point == ANYWHERE:
                self._wait(daemon, self.dice.uniform(0.0, PROVOKE_EVERY_S))
                self.editor.look()
                return True
            self._wait(daemon, PROVOKE_EVERY_S)
            self.editor.look()
        if self.clock.shared.struck:
            self._live_on(daemon)
            return True
        return daemon.code == -signal.SIGKILL

    def _growth(self, cell: Cell) -> float:
        return self.dice.choice((0.0, 0.0, 0.0, 1.0)) if cell.fault == "grow" else 0.0

    def _wait(self, daemon: Child, seconds: float) -> None:
        """Wait so long, or until the daemon has ended, or something happened to it."""
        ends_s = RealClock().monotonic() + seconds
        while not self.clock.shared.struck and (left_s := ends_s - RealClock().monotonic()) > 0:
            if daemon.ended(min(left_s, LOOK_EVERY_S)):
                return

    def _live_on(self, daemon: Child) -> None:
        """Let the daemon go on for a while, and until what it was sending has come to its end."""
        ends_s = RealClock().monotonic() + self.dice.uniform(0.0, MAX_AFTER_S)
        while not daemon.ended(LOOK_EVERY_S) and RealClock().monotonic() < ends_s:
            self.person.answer()
        if daemon.ended() or self.dice.random() < 0.5:
            return
        patience, began_us = Patience(self.line, GRACE_S, PATIENT_POLLS), microseconds(self.clock.now())
        stuck = self._sending()
        while stuck and not patience.over() and not daemon.ended(LOOK_EVERY_S):
            self.line.look()
            stuck &= self._sending()
        if stuck and not daemon.ended():
            words = f"intents {sorted(id_ for id_, _ in stuck)} stay sending, and no loop sends them"
            self.found.append(Finding(LOST, words, began_us))

    def _sending(self) -> frozenset[tuple[int, int]]:
        return read_once(self.stage.journal, read_sending)

    def _restart(self) -> None:
        daemon = self.start(Sabotage())
        if self.await_up(daemon):
            daemon.ended(self.dice.uniform(0.0, 0.3))
        self.stop(daemon)

    def start(self, sabotage: Sabotage) -> Child:
        """Start a daemon."""
        stage, pace, flaw = self.stage, self.clock, self.flaw

        def play() -> int:
            install(sabotage, pace)
            if flaw is not None:
                FLAWS[flaw].install()
            return asyncio.run(serve([stage.configuration], stage.environ(), SetClock(pace)))

        return self.children.start(play, self.log)

    def await_up(self, daemon: Child, *, full: bool = False) -> bool:
        """Wait until the daemon answers; False when it ended before.

        Raises:
            Stuck: it ended by itself, and not because the disk was `full`; or it does not come up.
        """
        ends_s = RealClock().monotonic() + HANGS_S
        while RealClock().monotonic() < ends_s:
            if daemon.ended(LOOK_EVERY_S):
                if daemon.code != -signal.SIGKILL and not (full and daemon.code == FULL_AT_START):
                    raise self.stuck(f"the daemon ended by itself, with {daemon.code}")
                return False
            if self.stage.socket.exists() and ask(self.stage.socket, "observations") is not None:
                self.editor.started()
                return True
        raise self.stuck("the daemon did not come up")

    def stop(self, daemon: Child) -> None:
        """Stop a daemon.

        Raises:
            Stuck: it does not go down, or not well.
        """
        daemon.signal(signal.SIGTERM)
        if not daemon.ended(HANGS_S):
            raise self.stuck("the daemon did not stop at SIGTERM")
        if daemon.code not in (0, -signal.SIGTERM):
            raise self.stuck(f"the daemon stopped with {daemon.code}")

    def stuck(self, words: str) -> Stuck:
        """Return the error that ends a run, with the end of the log."""
        return Stuck(f"{words}\n{self.log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
