"""What a cell means: what is asked of the sandbox, of the crash injector and of the person, so that it comes about."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import Any

from bursar_prove import world
from bursar_prove.crash_injector import Sabotage
from bursar_prove.matrix import ACTIONS, AT_THE_POINT, COMMIT_POINTS, Cell
from bursar_prove.strike import FIRST_S, FROZEN_S, KILL, Kind, Strike
from bursar_prove.witness import EFFECTS

IN_THE_DAEMON = {*COMMIT_POINTS, "before-request", "after-reply"}
AT_THE_SANDBOX = {"before-effect", "after-effect"}
MAX_MISREADINGS = 4
"""So often in a row reads may be wrong: at the polls' pace that ends before `settle` does."""
READS = (("smm", "status"), ("smm", "balance"), ("premium_exchanger", "get_payouts"), ("premium_exchanger", "get_info"))
SOONEST_LATE_S = 5.0
MAX_NTH = {"poll": 3, "delivery": 4}
NEEDS = {"look": "add", "time": "cancel", "sending": "add", "outcome": "add", "person": "add"}
"""The action that brings a commit about."""
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


def provider_of(action: str) -> str:
    """Name the provider whose action it is."""
    return next(name for name, actions in EFFECTS.items() if action in actions)


def method_of(action: str) -> str:
    """Name the API method that does an action."""
    return EFFECTS[provider_of(action)][action]


def action_of(cell: Cell, dice: random.Random) -> str:
    """Return to which action a cell's fault is done: its own, or any."""
    return cell.at if cell.at in ACTIONS else NEEDS.get(cell.at) or dice.choice(ACTIONS)


def strike_of(cell: Cell, dice: random.Random) -> Strike:
    """Return what happens at a cell's point: a kill, if its fault is not one that takes its place."""
    if cell.fault not in AT_THE_POINT:
        return KILL
    kind = Kind(cell.fault)
    seconds = {Kind.IDLE: IDLE_S, Kind.FREEZE: FROZEN_S, Kind.JUMP: dice.choice(JUMPS_S)}.get(kind, 0.0)
    return Strike(kind, seconds, dice.randint(1, MAX_FULL) if kind is Kind.DISK else 0)


def fault_of(cell: Cell, dice: random.Random) -> list[Saying]:
    """Return what goes wrong at the effect."""
    action = action_of(cell, dice)
    provider, method = provider_of(action), method_of(action)
    if cell.fault == "late":
        return [Saying("late", {"provider": provider, "method": method, "delay_s": lateness(dice)})]
    fault = {
        "lost": dice.choice(("timeout-after", "reset-after")),
        "5xx": "500-after",
        "duplicated": "duplicate",
    }.get(cell.fault)
    if fault is None and cell.at in ("look", "time"):
        fault = "reset-after"
    return [] if fault is None else [_fault(provider, method, fault)]


def misreading_of(cell: Cell, dice: random.Random) -> list[Saying]:
    """Return what goes wrong at the reads: some of them, some times."""
    fault = {"duplicated": "duplicate", "stale": "stale"}.get(cell.fault)
    if fault is None:
        return []
    often = [(read, dice.randint(0, MAX_MISREADINGS)) for read in READS]
    return [_fault(provider, method, fault, times) for (provider, method), times in often if times]


def change_of(cell: Cell, dice: random.Random) -> list[Saying]:
    """Return what changes while the daemon is busy: the balance, or the order in which answers come."""
    if cell.fault == "grow":
        steps = [dice.choice((0.0, dice.uniform(*GROWTH))) * world.ENOUGH_S for _ in range(dice.randint(*LOOKS))]
        return [Saying("grow", {"provider": "premium_exchanger", "seconds": steps})]
    if cell.fault == "late-answer":
        return [
            Saying("hold", {"provider": provider, "method": method, "delays_s": _delays(dice)})
            for provider, method in READS
        ]
    return []


def _delays(dice: random.Random) -> list[float]:
    return [dice.choice((0.0, dice.uniform(SOONEST_LATE_S, MAX_HELD_S))) for _ in range(HELD)]


def aim_of(cell: Cell, pid: int, strike: Strike, dice: random.Random) -> Saying:
    """Return for which request the sandbox's interceptor is set, if it is the sandbox that strikes."""
    slow_s = MAX_HELD_S if cell.fault in STANDS_STILL else 0.0  # after a sleep the network takes a while
    aim: dict[str, Any] = {"pid": pid, "strike": asdict(strike), "slow_s": slow_s}
    if cell.point not in AT_THE_SANDBOX:
        return Saying("aim", aim)
    after = cell.point == "after-effect"
    trap = {"provider": provider_of(cell.at), "method": method_of(cell.at), "after": after}
    return Saying("aim", {**aim, **trap, "late_s": None if after else _late_s(cell, dice)})


def _late_s(cell: Cell, dice: random.Random) -> float | None:
    """Return how late the effect comes, where it has not come at the point; None: never."""
    if cell.fault == "late":
        return lateness(dice)
    if cell.fault in AT_THE_POINT and dice.random() < 0.5:
        return dice.uniform(SOONEST_LATE_S, min(FIRST_S - SOONEST_LATE_S, world.LATEST_S))
    return None


def sabotage_of(cell: Cell, strike: Strike, dice: random.Random) -> Sabotage:
    """Return where something happens to the daemon in its own process, if it does."""
    if cell.point not in IN_THE_DAEMON:
        return Sabotage()
    return Sabotage(cell.point, cell.at, dice.randint(1, MAX_NTH.get(cell.at, 1)), strike)


def leap_before(cell: Cell) -> list[Saying]:
    """Return how far the panel's world leaps ahead while no daemon looks: so that orders move on, or are partial.

    It must not leap while a request is under way there: no panel does an hour's work in a second.
    """
    ahead_s = {"add": world.STARTED_S, "refill": world.CANCELED_S}.get(cell.at)
    return [] if ahead_s is None else [Saying("leap", {"provider": "smm", "seconds": ahead_s})]


def leap_during(cell: Cell) -> list[Saying]:
    """Return how far the site's world leaps ahead, so that its balance is due."""
    if cell.at != "payout" and cell.fault not in ABOUT_MONEY:
        return []
    ahead_s = world.ENOUGH_S * (MUCH if cell.fault == "foreign" else 1)
    return [Saying("leap", {"provider": "premium_exchanger", "seconds": ahead_s})]


def orders_by_hand(cell: Cell) -> bool:
    """Return whether a person asks for an order."""
    return cell.at == "add" or NEEDS.get(cell.at) == "add"


def lateness(dice: random.Random) -> float:
    """Draw how late an effect comes: after the client has gone, and before `settle` is over."""
    return dice.uniform(SOONEST_LATE_S, world.LATEST_S)


def _fault(provider: str, method: str, fault: str, times: int = 1) -> Saying:
    return Saying("fault", {"provider": provider, "method": method, "fault": fault, "times": times})
