"""The world of a run: three accounts at the sandbox, and rules that keep one another busy.

What is canceled is ordered anew, what waits is canceled, what is partial is refilled, and what is in progress waits
again; a balance that passed the minimum is paid out, and falls. So that every action is asked for again and again, by
rules, and `add` by a person too. One rule is fickle: it is changed, removed and put back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPEED = 60.0
"""How many seconds of the daemon's time pass in one of ours."""
TIMEOUT_S = 1
"""The shortest that there is; of the machine's own seconds, since the network knows no other."""
SETTLE_S = 150.0
IN_TIME_S = SETTLE_S - 30.0
LATEST_S = SETTLE_S - 40.0
LAST_LOOK_S = 300.0
"""Instead of the executor's five: in the run's time they pass in less than a tenth of one of ours."""
COOLDOWN_S = 120.0
BUDGET, BUDGET_S = 1200, 600.0
REFILLS = 4
"""So many of one order, ever."""
ABOVE = 250
"""Above this a person is asked about a payout."""
HOLD_S = 30.0
INTERVAL_S = 15.0
PROVIDERS = ("anticaptcha", "premium_exchanger", "smm")
POLLED = ("premium_exchanger", "smm")
"""Those that are asked at every `INTERVAL_S`."""
ACCOUNTS = {"smm": "panel", "premium_exchanger": "site", "anticaptcha": "shop"}
WALLET = "TProofProofProofProofProofProof1"
TRACKED = 14
CEILING = 1_000_000
"""Ten minutes of the run's time pass in seconds: nobody is asked about how many effects there are in them."""
KEPT = {"events": "365d", "matches": "365d", "deliveries": "365d"}
ENOUGH_S = 200.0
"""In so many seconds of its world the site's balance passes the minimum."""
CANCELED_S = 60.0
"""So long after it was accepted a cancel takes effect."""
STARTED_S = 1800.0
"""So long after it was added an order is being delivered; canceled then, it is partial."""


def _fickle(alone: bool) -> dict[str, Any]:
    """A rule whose action waits for a person, so that something waits when the rule is changed."""
    when = {} if alone else {"when": "order.remains >= 0"}
    return {"name": "fickle", "on": "order.completed", **when, "do": ["refill"], "approve": {"within": "6h"}}


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run takes place.

    Attributes:
        folder: Everything that it writes.
        where: By provider: `url`, `settings` and `track`, as the sandbox told.
    """

    folder: Path
    where: Mapping[str, Mapping[str, Any]]

    @property
    def configuration(self) -> Path:
        return self.folder / "bursar.yaml"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    @property
    def socket(self) -> Path:
        return self.folder / "control.sock"

    def environ(self) -> dict[str, str]:
        """Return the daemon's variables: its secrets."""
        keys = {_variable(name): str(self._key(name)) for name in PROVIDERS}
        return {"HOME": str(self.folder), "WALLET": WALLET, **keys}

    def write(self, fickle: str = "first") -> None:
        """Write the configuration, with the fickle rule as it is called. JSON is YAML."""
        fresh = self.configuration.with_suffix(".new")
        fresh.write_text(json.dumps(self._document(fickle), indent=1), encoding="utf-8")
        fresh.replace(self.configuration)

    def _key(self, provider: str) -> Any:
        return self.where[provider]["settings"]["key"]

    def _document(self, fickle: str) -> dict[str, Any]:
        polls = {
            "smm": {"orders": f"{INTERVAL_S:.0f}s", "refills": "120s", "balance": "60s", "services": "off"},
            "premium_exchanger": {"info": "15s", "payouts": "15s", "visits": "off", "exchanges": "off"},
            "anticaptcha": {"coupons": "60s"},
        }
        return {
            "settings": {"state": str(self.journal), "ceiling": CEILING, "retention": KEPT},
            "accounts": {ACCOUNTS[name]: self._account(name, polls[name]) for name in PROVIDERS},
            "sinks": {"book": {"type": "log", "events": ["*"]}},
            "rules": [*_rules(), *FICKLE[fickle]],
        }

    def _account(self, provider: str, poll: Mapping[str, str]) -> dict[str, Any]:
        told = {name: value for name, value in self.where[provider]["settings"].items() if name != "key"}
        return {
            "provider": provider,
            "url": self.where[provider]["url"],
            "key": {"env": _variable(provider)},
            "poll": dict(poll),
            "rate": "100/s",
            "timeout": f"{TIMEOUT_S}s",
            "settle": f"{SETTLE_S:.0f}s",
            **told,
        }


FICKLE: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "first": [_fickle(True)],
    "other": [_fickle(False)],
    "none": [],
}
"""What the fickle rule can be."""


def _variable(provider: str) -> str:
    return f"KEY_OF_{provider.upper()}"


def _rules() -> list[dict[str, Any]]:
    again = {"service": "1", "link": "https://social.example/again/{{ order.id }}", "quantity": 10}
    return [
        {
            "name": "refill",
            "on": "order.partial",
            "when": "order.remains > 0",
            "do": ["refill"],
            "limit": {"per": "order", "max": REFILLS, "every": "365d"},
        },
        {
            "name": "cancel",
            "on": "order",
            "when": 'order.state in ["pending", "in_progress"]',
            "for": f"{HOLD_S:.0f}s",
            "do": ["cancel"],
        },
        {"name": "order-anew", "on": "order.canceled", "do": [{"add": again}]},
        {
            "name": "pay-out",
            "on": "balance.passed_min_payout",
            "when": "balance.amount >= balance.min_payout",
            "do": [{"payout": {"method": "7", "account": {"env": "WALLET"}}}],
            "cooldown": f"{COOLDOWN_S:.0f}s",
            "approve": {"above": ABOVE, "within": "6h"},
            "budget": {"payout": {"max": BUDGET, "every": f"{BUDGET_S:.0f}s"}},
        },
        {"name": "tell", "on": "coupon.activated", "do": [{"notify": {"sink": "book", "text": "{{ coupon.id }}"}}]},
    ]
