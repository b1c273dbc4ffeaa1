"""The demo's last word: per rule what was seen, decided and done; per effect what the journal and the sandbox say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from bursar.cli.show import show_rows
from bursar.cli.stage.story import Story

if TYPE_CHECKING:
    from bursar.domain.rule import Rule

RULE_COLUMNS = {"rule": "RULE", "seen": "SEEN", "decided": "DECIDED", "done": "DONE"}
EFFECT_COLUMNS = {
    "provider": "PROVIDER", "effect": "EFFECT", "journal": "THE JOURNAL SAYS", "sandbox": "THE SANDBOX COUNTED",
}


@dataclass(frozen=True, slots=True)
class Count:
    """One kind of effect, as both sides count it."""

    provider: str
    effect: str
    journal: int
    sandbox: int

    def row(self) -> dict[str, str]:
        return {
            "provider": self.provider, "effect": self.effect, "journal": str(self.journal), "sandbox": str(self.sandbox)
        }


def show_summary(story: Story, watched: Mapping[str, int], counts: list[Count]) -> None:
    """Print both tables.

    Args:
        story: What happened.
        watched: How many subjects each state rule looked at, by its name.
        counts: What `compare` gave.
    """
    show_rows([_rule_row(story, rule, watched) for rule in story.rules], RULE_COLUMNS, empty="there are no rules")
    click.echo()
    show_rows([count.row() for count in counts], EFFECT_COLUMNS, empty="the sandbox counted no effect")


def compare(
    story: Story, provider_of: Mapping[str, str], effects: Mapping[str, Mapping[str, int]]
) -> list[Count]:
    """Put the journal's successes beside the sandbox's own count.

    Args:
        story: What happened.
        provider_of: The provider of each account.
        effects: The sandbox's counts by provider and effect; an effect is named after the API's method, so
            `add_payout` counts the action `payout`.
    """
    done = Counter(
        (provider_of.get(str(row["account"]), "?"), str(row["action"]))
        for row in story.actions.values() if row.get("state") == "succeeded"
    )
    return [
        Count(provider, effect, sum(n for (where, act), n in done.items() if where == provider and _is(act, effect)), n)
        for provider, counted in effects.items() for effect, n in counted.items()
    ]


def _is(action: str, effect: str) -> bool:
    return effect == action or effect.endswith(f"_{action}")


def _rule_row(story: Story, rule: Rule, watched: Mapping[str, int]) -> dict[str, str]:
    seen = f"{watched.get(rule.name, 0)} subjects" if rule.watches else f"{story.seen(rule)} events"
    decided = len(story.decided(rule)) if rule.acts() else story.receiver.told_by(rule.name)
    return {"rule": rule.name, "seen": seen, "decided": str(decided), "done": str(story.done(rule))}
