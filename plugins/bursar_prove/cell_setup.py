"""What a cell means: what is asked of the sandbox, of the crash injector and of the person, so that it comes about."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bursar_prove import world
from bursar_prove.crash_injector import Sabotage
from bursar_prove.matrix import AT_THE_POINT, COMMIT_POINTS, Cell
from bursar_prove.scenarios import Scenarios, Target
from bursar_prove.strike import FIRST_S, FROZEN_S, KILL, Kind, Strike

IN_THE_DAEMON = {*COMMIT_POINTS, "before-request", "after-reply"}
AT_THE_SANDBOX = {"before-effect", "after-effect"}
MAX_MISREADINGS = 4
"""So often in a row reads may be wrong: at the polls' pace that ends before `settle` does."""
SOONEST_LATE_S = 5.0
MAX_NTH = {"poll": 3, "delivery": 4}
HOUR_S, DAY_S = 3600.0, 86_400.0
IDLE_S = HOUR_S
JUMPS_S = (HOUR_S, 13 * HOUR_S, 3 * DAY_S, 400 * DAY_S, -HOUR_S, -13 * HOUR_S, -3 * DAY_S, 0.0)
MAX_FULL = 12
MUCH = 4
"""So many times enough is often more than may be paid out without a yes."""
GROWTH, LOOKS = (0.02, 0.3), (4, 16)
"""By so much of what is enough the balance grows at every other look, for so many looks: then a yes is enough."""
HELD = 20
"""So many answers of a kind may be held back in a round, every other one of them."""
MAX_HELD_S = 45.0
"""An answer that is held back for longer meets the client's time-out."""
STANDS_STILL = frozenset({"idle", "freeze"})
ABOUT_MONEY = frozenset({"grow", "foreign"})


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing to say to the sandbox."""

    verb: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CellSetup:
    """Sets a cell up.

    Attributes:
        scenarios: What the providers allow.
        dice: For every choice.
    """

    scenarios: Scenarios
    dice: random.Random

    def target(self, cell: Cell) -> Target:
        """Return to which action a cell's fault is done: its own, one that brings its commit about, or any."""
        targets = self.scenarios.targets
        named = [one for one in targets if one.action == cell.at]
        needed = [one for one in targets if cell.at in one.effect.for_commits]
        return self.dice.choice(named or needed or targets)

    def strike(self, cell: Cell) -> Strike:
        """Return what happens at a cell's point: a kill, if its fault is not one that takes its place."""
        if cell.fault not in AT_THE_POINT:
            return KILL
        kind = Kind(cell.fault)
        seconds = {Kind.IDLE: IDLE_S, Kind.FREEZE: FROZEN_S, Kind.JUMP: self.dice.choice(JUMPS_S)}.get(kind, 0.0)
        return Strike(kind, seconds, self.dice.randint(1, MAX_FULL) if kind is Kind.DISK else 0)

    def fault(self, cell: Cell) -> list[Saying]:
        """Return what goes wrong at the effect."""
        at = self.target(cell)
        where = {"provider": at.provider, "method": at.effect.method}
        if cell.fault == "late":
            return [Saying("late", {**where, "delay_s": self._lateness()})]
        fault = {
            "lost": self.dice.choice(("timeout-after", "reset-after")),
            "5xx": "500-after",
            "duplicated": "duplicate",
        }.get(cell.fault)
        if fault is None and cell.at in ("look", "time"):
            fault = "reset-after"
        return [] if fault is None else [Saying("fault", {**where, "fault": fault, "times": 1})]

    def misreading(self, cell: Cell) -> list[Saying]:
        """Return what goes wrong at the reads: some of them, some times."""
        fault = {"duplicated": "duplicate", "stale": "stale"}.get(cell.fault)
        if fault is None:
            return []
        often = [(read, self.dice.randint(0, MAX_MISREADINGS)) for read in self.scenarios.reads]
        return [
            Saying("fault", {"provider": provider, "method": method, "fault": fault, "times": times})
            for (provider, method), times in often
            if times
        ]

    def change(self, cell: Cell) -> list[Saying]:
        """Return what changes while the daemon is busy: balances, or the order in which answers come."""
        if cell.fault == "grow":
            return [
                Saying("grow", {"provider": name, "seconds": self._growth(one.enough_s)})
                for name, one in self.scenarios.with_balance.items()
            ]
        if cell.fault == "late-answer":
            return [
                Saying("hold", {"provider": provider, "method": method, "delays_s": self._delays()})
                for provider, method in self.scenarios.reads
            ]
        return []

    def aim(self, cell: Cell, pid: int, strike: Strike) -> Saying:
        """Return for which request the sandbox's interceptor is set, if it is the sandbox that strikes."""
        slow_s = MAX_HELD_S if cell.fault in STANDS_STILL else 0.0  # after a sleep the network takes a while
        aim: dict[str, Any] = {"pid": pid, "strike": asdict(strike), "slow_s": slow_s}
        if cell.point not in AT_THE_SANDBOX:
            return Saying("aim", aim)
        at, after = self.target(cell), cell.point == "after-effect"
        trap = {"provider": at.provider, "method": at.effect.method, "after": after}
        return Saying("aim", {**aim, **trap, "late_s": None if after else self._late_s(cell)})

    def sabotage(self, cell: Cell, strike: Strike) -> Sabotage:
        """Return where something happens to the daemon in its own process, if it does."""
        if cell.point not in IN_THE_DAEMON:
            return Sabotage()
        return Sabotage(cell.point, cell.at, self.dice.randint(1, MAX_NTH.get(cell.at, 1)), strike)

    def leaps_before(self, cell: Cell) -> list[Saying]:
        """Return how far worlds leap ahead while no daemon looks, so that the cell's action is asked for.

        They must not leap while a request is under way there: no provider does an hour's work in a second.
        """
        return [
            Saying("leap", {"provider": one.provider, "seconds": one.effect.made_due_s})
            for one in self.scenarios.targets
            if one.action == cell.at and one.effect.made_due_s
        ]

    def leaps_within(self, cell: Cell) -> list[Saying]:
        """Return how far worlds with a balance leap ahead, so that it is due."""
        if not self.scenarios.takes_balance(cell.at) and cell.fault not in ABOUT_MONEY:
            return []
        times = MUCH if cell.fault == "foreign" else 1
        return [
            Saying("leap", {"provider": name, "seconds": times * one.enough_s})
            for name, one in self.scenarios.with_balance.items()
        ]

    def by_hand(self, cell: Cell) -> Sequence[Target]:
        """Return what a person asks for."""
        return [
            one
            for one in self.scenarios.targets
            if one.effect.by_hand is not None and (one.action == cell.at or cell.at in one.effect.for_commits)
        ]

    def _growth(self, enough_s: float) -> list[float]:
        looks = self.dice.randint(*LOOKS)
        return [self.dice.choice((0.0, self.dice.uniform(*GROWTH))) * enough_s for _ in range(looks)]

    def _delays(self) -> list[float]:
        return [self.dice.choice((0.0, self.dice.uniform(SOONEST_LATE_S, MAX_HELD_S))) for _ in range(HELD)]

    def _late_s(self, cell: Cell) -> float | None:
        """Return how late the effect comes, where it has not come at the point; None: never."""
        if cell.fault == "late":
            return self._lateness()
        if cell.fault in AT_THE_POINT and self.dice.random() < 0.5:
            return self.dice.uniform(SOONEST_LATE_S, min(FIRST_S - SOONEST_LATE_S, world.LATEST_S))
        return None

    def _lateness(self) -> float:
        """Draw how late an effect comes: after the client has gone, and before `settle` is over."""
        return self.dice.uniform(SOONEST_LATE_S, world.LATEST_S)
