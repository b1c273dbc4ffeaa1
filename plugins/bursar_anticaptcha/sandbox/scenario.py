"""The coupon shop's scenario for `bursar prove`: each activation of a coupon is told."""

from __future__ import annotations

from bursar.api.scenario import Scenario, ScenarioRule

SCENARIO = Scenario(
    account="shop",
    poll={"coupons": "60s"},
    rules=(
        ScenarioRule(
            {"name": "tell", "on": "coupon.activated", "do": [{"notify": {"sink": "book", "text": "{{ coupon.id }}"}}]},
            answers="coupon.activated",
        ),
    ),
)
