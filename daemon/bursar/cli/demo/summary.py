"""The demo's last word: per rule what was seen, decided and done; per effect what the journal and the sandbox say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from bursar.cli.demo.progress import Progress, Row
from bursar.cli.output import show_rows
from bursar.cli.terminal_text import counted

if TYPE_CHECKING:
    from bursar.domain.rule import Rule

RULE_COLUMNS = {"rule": "RULE", "seen": "SEEN", "decided": "DECIDED", "done": "DONE"}
EFFECT_COLUMNS = {
    "provider": "PROVIDER",
    "effect": "EFFECT",
    "journal": "THE JOURNAL SAYS",
    "sandbox": "THE SANDBOX COUNTED",
}


@dataclass(frozen=True, slots=True)
class Count:
    """One kind of effect, as both sides count it; `subject` where the sandbox counts one subject's apart."""

    provider: str
    effect: str
    journal: int
    sandbox: int
    subject: str | None = None

    def row(self) -> dict[str, str]:
        return {
            "provider": self.provider,
            "effect": self.effect,
            "journal": str(self.journal),
            "sandbox": str(self.sandbox),
        }

    def __str__(self) -> str:
        of = f" of {self.subject}" if self.subject is not None else ""
        return f"the sandbox counted {self.sandbox} {self.effect}{of}, and the journal says {self.journal}"


def show_summary(progress: Progress, watched: Mapping[str, int], counts: list[Count]) -> None:
    """Print both tables.

    Args:
        progress: What happened.
        watched: How many subjects each state rule looked at, by its name.
        counts: What `compare` gave.
    """
    show_rows([_rule_row(progress, rule, watched) for rule in progress.rules], RULE_COLUMNS, empty="there are no rules")
    click.echo()
    effects = [count.row() for count in counts if count.subject is None]
    show_rows(effects, EFFECT_COLUMNS, empty="the sandbox counted no effect")


def compare(
    progress: Progress, provider_of: Mapping[str, str], effects: Mapping[str, Mapping[str, int]]
) -> list[Count]:
    """Put the journal's successes beside the sandbox's own count.

    Args:
        progress: What happened.
        provider_of: The provider of each account.
        effects: The sandbox's counts by provider and effect. An effect is named after the API's method, so
            `add_payout` counts the action `payout`; `refill:101` counts those of one subject.
    """
    succeeded = [row for row in progress.actions.values() if row.get("state") == "succeeded"]
    counts = []
    for provider, of_provider in effects.items():
        rows = [row for row in succeeded if provider_of.get(str(row["account"])) == provider]
        for name, sandbox in of_provider.items():
            effect, _, subject = name.partition(":")
            journal = sum(1 for row in rows if _is(row, effect, subject or None))
            counts.append(Count(provider, effect, journal, sandbox, subject or None))
    return counts


def _is(row: Row, effect: str, subject: str | None) -> bool:
    """Return whether an action of the journal is that effect."""
    action = str(row["action"])
    if effect != action and not effect.endswith(f"_{action}"):
        return False
    return subject is None or subject in {str(row.get("subject")).rpartition("/")[2], str(row.get("reference"))}


def _rule_row(progress: Progress, rule: Rule, watched: Mapping[str, int]) -> dict[str, str]:
    seen = counted(watched.get(rule.name, 0), "subject") if rule.watches else counted(progress.seen(rule), "event")
    decided = len(progress.decided(rule)) if rule.acts() else progress.receiver.told_by(rule.name)
    return {"rule": rule.name, "seen": seen, "decided": str(decided), "done": str(progress.done(rule))}
