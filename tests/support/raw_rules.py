"""The four rules that bursar was made for, as YAML gives them, and short ways to read one with a change."""

from __future__ import annotations

from support.rules import read

REFILL = {
    "name": "refill-partial-orders",
    "on": "order.partial",
    "when": 'order.remains > 0 and order.age < t"P30D" and not order.cancel_requested',
    "do": ["refill"],
    "limit": {"per": "order", "max": 3, "every": "24h"},
}
CANCEL = {
    "name": "cancel-stuck-orders",
    "on": "order",
    "when": 'order.state in ["pending", "in_progress"]',
    "for": "48h",
    "do": ["cancel"],
}
PAYOUT = {
    "name": "payout-when-due",
    "on": "balance.passed_min_payout",
    "accounts": ["exchange"],
    "do": [{"payout": {"method": "7", "account": {"env": "USDT_WALLET"}}}],
    "cooldown": "24h",
    "approve": {"above": 500, "within": "12h"},
}
COUPON = {
    "name": "coupon-activated",
    "on": "coupon.activated",
    "do": [{"notify": {"sink": "ops", "text": "Coupon {{ coupon.id }} worth {{ coupon.amount }} was activated"}}],
}


def one(**changes):
    """Read the first rule of the design with some keys changed; None leaves a key out."""
    raw = {key: value for key, value in {**REFILL, **changes}.items() if value is not None}
    return read(raw)


def only_problem(**changes):
    reading = one(**changes)
    assert len(reading.problems) == 1, reading.problems
    assert reading.rules == ()
    return reading.problems[0]
