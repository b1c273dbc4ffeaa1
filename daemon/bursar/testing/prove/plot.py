"""What a cell means: what is asked of the sandbox, of the saboteur and of the person, so that it comes about."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from bursar.testing.prove import world
from bursar.testing.prove.cells import ACTIONS, COMMIT_POINTS, Cell
from bursar.testing.prove.gate import EFFECTS
from bursar.testing.prove.saboteur import Sabotage

IN_THE_DAEMON = {*COMMIT_POINTS, "before-request", "after-reply"}
AT_THE_SANDBOX = {"before-effect", "after-effect"}
MOST_MISREADINGS = 4
"""So often in a row reads may be wrong: at the polls' pace that ends before `settle` does."""
READS = (("smm", "status"), ("smm", "balance"), ("premium_exchanger", "get_payouts"), ("premium_exchanger", "get_info"))
SOONEST_LATE_S = 5.0
MOST_NTH = {"poll": 3, "delivery": 4}
NEEDS = {"look": "add", "time": "cancel", "sending": "add", "outcome": "add", "person": "add"}
"""The action that brings a commit about."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing to say to the sandbox."""

    verb: str
    params: dict[str, Any]


def provider_of(action: str) -> str:
    """Name the provider whose action it is."""
    return next(name for name, actions in EFFECTS.items() if action in actions)


def method_of(action: str) -> str:
    """Name the API method that does an action."""
    return EFFECTS[provider_of(action)][action]


def action_of(cell: Cell, dice: random.Random) -> str:
    """Say to which action a cell's fault is done: its own, or any."""
    return cell.at if cell.at in ACTIONS else NEEDS.get(cell.at) or dice.choice(ACTIONS)


def fault_of(cell: Cell, dice: random.Random) -> list[Saying]:
    """Say what goes wrong at the effect."""
    action = action_of(cell, dice)
    provider, method = provider_of(action), method_of(action)
    if cell.fault == "late":
        return [Saying("late", {"provider": provider, "method": method, "delay_s": lateness(dice)})]
    fault = {
        "lost": dice.choice(("timeout-after", "reset-after")), "5xx": "500-after", "duplicated": "duplicate",
    }.get(cell.fault)
    if fault is None and cell.at in ("look", "time"):
        fault = "reset-after"
    return [] if fault is None else [_fault(provider, method, fault)]


def misreading_of(cell: Cell, dice: random.Random) -> list[Saying]:
    """Say what goes wrong at the reads: some of them, some times."""
    fault = {"duplicated": "duplicate", "stale": "stale"}.get(cell.fault)
    if fault is None:
        return []
    often = [(read, dice.randint(0, MOST_MISREADINGS)) for read in READS]
    return [_fault(provider, method, fault, times) for (provider, method), times in often if times]


def aim_of(cell: Cell, pid: int, dice: random.Random) -> Saying:
    """Say for which request the sandbox's gate is set, if it is the sandbox that kills."""
    if cell.point not in AT_THE_SANDBOX:
        return Saying("aim", {"pid": pid})
    late = lateness(dice) if cell.fault == "late" and cell.point == "before-effect" else None
    after = cell.point == "after-effect"
    trap = {"provider": provider_of(cell.at), "method": method_of(cell.at), "after": after, "late_s": late}
    return Saying("aim", {"pid": pid, **trap})


def sabotage_of(cell: Cell, dice: random.Random) -> Sabotage:
    """Say where the daemon ends itself, if it does."""
    if cell.point not in IN_THE_DAEMON:
        return Sabotage()
    return Sabotage(cell.point, cell.at, dice.randint(1, MOST_NTH.get(cell.at, 1)))


def leap_before(cell: Cell) -> list[Saying]:
    """Say how far the panel's world leaps ahead while no daemon looks: so that orders are being delivered, or partial.

    It must not leap while a request is under way there: no panel does an hour's work in a second.
    """
    ahead_s = {"add": world.STARTED_S, "refill": world.CANCELED_S}.get(cell.at)
    return [] if ahead_s is None else [Saying("leap", {"provider": "smm", "seconds": ahead_s})]


def leap_during(cell: Cell) -> list[Saying]:
    """Say how far the site's world leaps ahead, so that its balance is due."""
    if cell.at != "payout":
        return []
    return [Saying("leap", {"provider": "premium_exchanger", "seconds": world.ENOUGH_S})]


def orders_by_hand(cell: Cell) -> bool:
    """Say whether a person asks for an order."""
    return cell.at == "add" or NEEDS.get(cell.at) == "add"


def lateness(dice: random.Random) -> float:
    """Draw how late an effect comes: after the client has gone, and before `settle` is over."""
    return dice.uniform(SOONEST_LATE_S, world.LATEST_S)


def _fault(provider: str, method: str, fault: str, times: int = 1) -> Saying:
    return Saying("fault", {"provider": provider, "method": method, "fault": fault, "times": times})
