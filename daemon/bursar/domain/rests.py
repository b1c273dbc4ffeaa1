"""How long a rule asks for nothing after a no: the provider's, or a person's."""

from __future__ import annotations

from datetime import timedelta

from bursar.domain.action import ActionType
from bursar.domain.rule import Rule

REFUSED_PAUSE = timedelta(hours=1)
REFUSED_MONEY_PAUSE = timedelta(hours=24)
DENIED_PAUSE = timedelta(hours=24)
BUDGET_REST = timedelta(minutes=15)
"""So long a budget is not asked again where no window's end, but something else, may make it allow."""
BUDGET_REST_LOOKED = timedelta(hours=1)
"""The same, where a request was spent to learn that."""


def rest_after_refusal(rule: Rule | None, action: ActionType | None) -> timedelta:
    """Return how long nothing is asked for after a refusal: the rule's cooldown, else a day for money, else an hour."""
    if rule is not None and rule.cooldown is not None:
        return rule.cooldown
    return REFUSED_MONEY_PAUSE if action is None or action.money else REFUSED_PAUSE


def rest_after_no(rule: Rule | None) -> timedelta:
    """Return how long nothing is asked for after a person's no, or silence: the rule's cooldown, else a day."""
    return rule.cooldown if rule is not None and rule.cooldown is not None else DENIED_PAUSE
