"""The site's numbers for what became of a payout, as states (docs/providers.md). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bursar.api import number
from bursar_premium_exchanger.answers import Row

PAYOUT_STATES: Mapping[Decimal, str] = {
    Decimal(0): "waiting",
    Decimal(1): "done",
    Decimal(2): "canceled",
    Decimal(3): "canceled_by_user",
}
PAYOUT_OVER = frozenset({"done", "canceled", "canceled_by_user"})
"""The states in which nothing more becomes of a payout."""


def payout_state(row: Row) -> str | None:
    """Name a payout's state; an unknown status is no information."""
    status = number(row.get("status"))
    # An unknown status must not read as canceled, which frees a budget.
    return PAYOUT_STATES.get(status) if status is not None else None
