"""What the one gate is asked with: facts to which chosen guards object, and what came of asking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bursar.domain.action import ActionType
from bursar.domain.guard_facts import Cost, GuardFacts
from bursar.domain.intent import LostReply
from bursar.domain.permission import Phase, permit
from bursar.domain.verdict import ALLOW, HoldBack
from support.domain import T0, rule

PLAN, OPERATOR, CLAIM, RESEND = Phase
PAYOUT = ActionType("payout", "balance", LostReply.RECONCILABLE, money=True, takes_balance=True)
TEN = Cost(Decimal(10), "USD")


@dataclass(frozen=True)
class Objection:
    """What makes one guard object, and no other: facts, and properties of the rule."""

    facts: Mapping[str, object] = field(default_factory=dict)
    rule: Mapping[str, object] = field(default_factory=dict)

    def __or__(self, other: Objection) -> Objection:
        return Objection({**other.facts, **self.facts}, {**other.rule, **self.rule})


def facts_of(*objections: Objection, **more: object) -> GuardFacts:
    """Return facts to which just these object; those of an earlier one come before those of a later one."""
    joined = Objection()
    for objection in objections:
        joined |= objection
    facts: dict[str, object] = {"rule": rule(**joined.rule), "action": PAYOUT, "cost": TEN, **joined.facts, **more}
    return GuardFacts(**facts)  # type: ignore[arg-type]


def held_back(facts: GuardFacts, phase: Phase = PLAN, now: datetime = T0) -> HoldBack:
    """Ask, and expect to be held back."""
    verdict = permit(phase, facts, now)
    assert isinstance(verdict, HoldBack)
    return verdict


def allowed(facts: GuardFacts, phase: Phase = PLAN, now: datetime = T0) -> bool:
    """Ask."""
    return permit(phase, facts, now) == ALLOW
