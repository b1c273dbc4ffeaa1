"""What stands between a match and an intent: the guards, one after the other, each with its reason.

Pure. Comes in: the rule, the action, and the facts that the journal gathered (`History`). Goes out: `Clear`, `Asks`
(a person decides first) or `HeldBack` (a row that is asked again when the obstacle ends; never lost).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from bursar.domain.action import ActionType
from bursar.domain.intent_states import MAX_REFUSALS
from bursar.domain.rule import Budget, Mode, Rule

REFUSED_PAUSE = timedelta(hours=1)
REFUSED_MONEY_PAUSE = timedelta(hours=24)
CEILING_WITHIN = timedelta(hours=24)


class Obstacle(StrEnum):
    """Why a match is held back."""

    SHADOW = "shadow"
    PAUSED = "paused"
    FROZEN = "frozen"
    OPEN_INTENT = "open_intent"
    BLOCKED = "blocked"
    REFUSED = "refused"
    COOLDOWN = "cooldown"
    LIMIT = "limit"
    BUDGET = "budget"
    DENIED = "denied"
    LAPSED = "lapsed"
    CLOCK = "clock"
    GAVE_UP = "gave_up"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class History:
    """What the journal knows that guards need, about one rule, account, subject and action.

    Attributes:
        mode: The daemon's mode.
        paused: Why acting is stopped, if it is.
        frozen: The account is only watched.
        steady: The wall clock can be believed.
        open_intent: The open intent of the subject: its id, and in words.
        blocked_by: An unknown intent that blocks the action on the account: its id, and in words.
        fired_at: When the rule last fired for this subject.
        counted: When the intents that the rule's limit counts were planned, oldest first.
        refusals: How many refusals in a row this subject and action had, and when the last was (or the undoing).
        gave_up: The third refusal was told; a person decides.
        spent: For each budget of the rule and the account: it, what it has reserved and spent in its window, and when
            the oldest of that leaves the window.
        restored: The journal was restored from a back-up, and no person has said since to go on: money asks first.
        caused: How many effects this poll has caused already.
        ceiling: How many one poll may cause.
    """

    mode: Mode = Mode.LIVE
    paused: str | None = None
    frozen: bool = False
    steady: bool = True
    open_intent: tuple[int, str] | None = None
    blocked_by: tuple[int, str] | None = None
    fired_at: datetime | None = None
    counted: Sequence[datetime] = ()
    refusals: int = 0
    refused_at: datetime | None = None
    gave_up: bool = False
    spent: Sequence[tuple[Budget, Decimal, datetime | None]] = ()
    restored: bool = False
    caused: int = 0
    ceiling: int = 100


@dataclass(frozen=True, slots=True)
class Clear:
    """Nothing stands in the way."""


@dataclass(frozen=True, slots=True)
class Asks:
    """A person decides first, in this time; silence means no."""

    reason: str
    within: timedelta
    ceiling: bool = False


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Not now. `retry_at`: when time ends the obstacle; None: something else does (`waits_for`: this intent's end)."""

    obstacle: Obstacle
    reason: str
    retry_at: datetime | None = None
    waits_for: int | None = None


def guard_firing(rule: Rule, history: History, now: datetime, *, acts: bool, goes_on: bool = False) -> Clear | HeldBack:
    """Ask the guards of a firing: mode, pause, freeze, clock, cooldown, limit.

    Args:
        rule: The rule that matched.
        history: What the journal knows.
        now: The instant of the match.
        acts: It changes something at a provider; news alone goes out in a pause too.
        goes_on: It goes on with the later steps of a match that has fired: its cooldown does not stop it.
    """
    if history.mode is Mode.SHADOW or rule.mode is Mode.SHADOW:
        return HeldBack(Obstacle.SHADOW, "shadow mode: journalled, not done")
    if acts and history.paused is not None:
        return HeldBack(Obstacle.PAUSED, history.paused)
    if acts and history.frozen:
        return HeldBack(Obstacle.FROZEN, "the account is frozen: say `bursar accounts same` or `new`")
    if acts and not history.steady:
        return HeldBack(Obstacle.CLOCK, "the wall clock jumped", now + timedelta(minutes=1))
    if rule.cooldown is not None and history.fired_at is not None and not goes_on:
        over = history.fired_at + rule.cooldown
        if now < over:
            return HeldBack(Obstacle.COOLDOWN, f"cooldown until {over:%Y-%m-%d %H:%M:%S}Z", over)
    return _limit(rule, history, now)


def guard_action(
    rule: Rule, action: ActionType, cost: Decimal | None, history: History, now: datetime
) -> Clear | Asks | HeldBack:
    """Ask the guards of one action: open intents, blocks, refusals, budgets, approval, ceiling."""
    if history.open_intent is not None:
        id_, words = history.open_intent
        return HeldBack(Obstacle.OPEN_INTENT, f"waits for {words}", waits_for=id_)
    if history.blocked_by is not None:
        id_, words = history.blocked_by
        return HeldBack(Obstacle.BLOCKED, f"{action.name} is blocked on this account by {words}", waits_for=id_)
    if history.gave_up or history.refusals >= MAX_REFUSALS:
        return HeldBack(Obstacle.GAVE_UP, f"refused {history.refusals} times in a row; a person decides")
    if history.refused_at is not None:
        pause = rule.cooldown or (REFUSED_MONEY_PAUSE if action.money else REFUSED_PAUSE)
        over = history.refused_at + pause
        if now < over:
            return HeldBack(Obstacle.REFUSED, f"refused before; waits until {over:%Y-%m-%d %H:%M:%S}Z", over)
    return guard_budget(action, cost, history.spent, now) or _asks(rule, action, cost, history) or Clear()


def _limit(rule: Rule, history: History, now: datetime) -> Clear | HeldBack:
    if rule.limit is None:
        return Clear()
    counted = [at for at in history.counted if at > now - rule.limit.every]
    if len(counted) < rule.limit.max:
        return Clear()
    over = counted[len(counted) - rule.limit.max] + rule.limit.every if rule.limit.max else None
    return HeldBack(Obstacle.LIMIT, f"{len(counted)} of {rule.limit.max} per {rule.limit.per} used", over)


def guard_budget(
    action: ActionType, cost: Decimal | None, counted: Sequence[tuple[Budget, Decimal, datetime | None]], now: datetime
) -> HeldBack | None:
    """Ask the budgets; a person's own call asks those of the account, too."""
    for budget, spent, frees_at in counted:
        if budget.action != action.name:
            continue
        if cost is None:
            return HeldBack(Obstacle.BUDGET, "its cost is not known, so the budget cannot allow it", now + budget.every)
        if spent + cost > Decimal(str(budget.max)):
            why = f"{spent} of {budget.max} spent or reserved; this would add {cost}"
            return HeldBack(Obstacle.BUDGET, why, frees_at or now + budget.every)
    return None


def _asks(rule: Rule, action: ActionType, cost: Decimal | None, history: History) -> Asks | None:
    if history.restored and action.money:
        reason = "the journal was restored: it may not know what was sent since; `bursar resume` ends this"
        return Asks(reason, CEILING_WITHIN)
    if rule.approve is not None:
        above = rule.approve.above
        if above is None:
            return Asks("the rule asks a person", rule.approve.within)
        if cost is None:
            return Asks(f"its cost is not known; above {above} the rule asks a person", rule.approve.within)
        if cost > Decimal(str(above)):
            return Asks(f"{cost} is above {above}", rule.approve.within)
    if history.caused >= history.ceiling:
        reason = f"this poll has caused as many effects as settings.ceiling allows ({history.ceiling})"
        return Asks(reason, CEILING_WITHIN, ceiling=True)
    return None
