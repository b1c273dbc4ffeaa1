"""The world of a run: one account at each provider's sandbox, and the rules of their scenarios."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

from bursar_prove.scenarios import Scenarios

SPEED = 60.0
"""How many seconds of the daemon's time pass in one of ours."""
TIMEOUT_S = 1
"""The shortest that there is; of the machine's own seconds, since the network knows no other."""
SETTLE_S = 150.0
IN_TIME_S = SETTLE_S - 30.0
LATEST_S = SETTLE_S - 40.0
LAST_LOOK_S = 300.0
"""Instead of the executor's five: in the run's time they pass in less than a tenth of one of ours."""
HOLD_S = 30.0
INTERVAL_S = 15.0
"""The longest `for` of a rule, and the usual interval of a stream, in a scenario."""
CEILING = 1_000_000
"""Ten minutes of the run's time pass in seconds: no person is asked about how many effects there are in them."""
KEPT = {"events": "365d", "matches": "365d", "deliveries": "365d"}
SINK = "book"
"""Where everything is told; it writes into the log."""


class Debit(Enum):
    """When what takes a balance leaves it, at the sites of a run; where a site can do it in one way only, in that."""

    WHEN_DONE = auto()
    AT_ONCE = auto()
    AT_ONCE_AS_TOLD = auto()
    """The account says so: `debits_at_once`."""

    @classmethod
    def of(cls, seed: int) -> Debit:
        """Take them in turn, seed by seed."""
        return tuple(cls)[seed % len(cls)]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a run takes place.

    Attributes:
        folder: Everything that it writes.
        scenarios: What is played.
        where: By provider: `url`, `settings` and `track`, as the sandbox told.
        debit: How the sites debit.
    """

    folder: Path
    scenarios: Scenarios
    where: Mapping[str, Mapping[str, Any]]
    debit: Debit = Debit.AT_ONCE

    def debits_when_done(self, provider: str) -> bool:
        """Return whether what waits at a provider is still in the balance that it shows."""
        return self.debit is Debit.WHEN_DONE and self.scenarios.all[provider].debits_when_done is not None

    @property
    def configuration(self) -> Path:
        return self.folder / "bursar.yaml"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    @property
    def socket(self) -> Path:
        return self.folder / "control.sock"

    @property
    def variants(self) -> Sequence[Sequence[Mapping[str, Any]]]:
        """What the edited rule can be; the last: it is not there."""
        editable = self.scenarios.editable
        if editable is None:
            return [[]]
        return [*([{**rule, "accounts": [editable.account]}] for rule in editable.edited), []]

    def environ(self) -> dict[str, str]:
        """Return the daemon's variables: its secrets."""
        keys = {_variable(name): str(self.where[name]["settings"]["key"]) for name in self.scenarios.all}
        named = {name: value for one in self.scenarios.all.values() for name, value in one.variables.items()}
        return {"HOME": str(self.folder), **named, **keys}

    def write(self, variant: int = 0) -> None:
        """Write the configuration, with this one of `variants`. JSON is YAML."""
        fresh = self.configuration.with_suffix(".new")
        fresh.write_text(json.dumps(self._document(variant), indent=1), encoding="utf-8")
        fresh.replace(self.configuration)

    def _document(self, variant: int) -> dict[str, Any]:
        return {
            "settings": {"state": str(self.journal), "ceiling": CEILING, "retention": KEPT},
            "accounts": {one.account: self._account(name, one.poll) for name, one in self.scenarios.all.items()},
            "sinks": {SINK: {"type": "log", "events": ["*"]}},
            "rules": [*self._rules(), *self.variants[variant]],
        }

    def _rules(self) -> Sequence[Mapping[str, Any]]:
        """Return every rule, for the account of its own scenario."""
        return [{**each.rule, "accounts": [one.account]} for one in self.scenarios.all.values() for each in one.rules]

    def _account(self, provider: str, poll: Mapping[str, str]) -> dict[str, Any]:
        told = {name: value for name, value in self.where[provider]["settings"].items() if name != "key"}
        if self.debit is Debit.AT_ONCE_AS_TOLD and self.scenarios.all[provider].debits_when_done is not None:
            told["debits_at_once"] = True
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


def _variable(provider: str) -> str:
    return f"KEY_OF_{provider.upper()}"
