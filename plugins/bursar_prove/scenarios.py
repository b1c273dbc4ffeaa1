"""The scenarios of a run, put together: what each provider that declares one allows and demands.

Comes in: the providers that plugins brought. Goes out: rules, actions and accounts, found by their names. No file of
this package names a provider, an action or a rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bursar.api import LostReply, Provider
from bursar.api.scenario import EDITED, EffectMethod, Scenario, ScenarioRule
from bursar.sandbox.scenario_check import problems_of_scenario


@dataclass(frozen=True)
class Target:
    """An action at one provider, and how it looks on the wire."""

    provider: str
    action: str
    effect: EffectMethod


@dataclass(frozen=True)
class Scenarios:
    """All of them.

    Attributes:
        providers: By name, each with a server and a scenario.
    """

    providers: Mapping[str, Provider]

    @classmethod
    def of(cls, providers: Mapping[str, Provider]) -> Scenarios:
        """Take the providers that have a scenario.

        Raises:
            ValueError: there is none, one is not sound, or two of them have an account or a rule of one name.
        """
        if problems := [problem for one in providers.values() for problem in problems_of_scenario(one)]:
            raise ValueError(problems[0])
        found = cls({name: one for name, one in sorted(providers.items()) if one.wire and one.scenario})
        if not found.providers:
            raise ValueError("no provider that is installed declares a scenario: install one, such as bursar's own")
        for what, names in (("account", [*found.accounts.values()]), ("rule", [one.name for one in found.all_rules])):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"two scenarios have {what} {twice[0]!r}: one plugin has to rename its own")
        return found

    @cached_property
    def all(self) -> Mapping[str, Scenario]:
        """Each scenario by its provider's name."""
        return {name: one.scenario for name, one in self.providers.items() if one.scenario is not None}

    @cached_property
    def accounts(self) -> Mapping[str, str]:
        """The account of each provider."""
        return {name: one.account for name, one in self.all.items()}

    @cached_property
    def by_account(self) -> Mapping[str, Scenario]:
        """Each scenario by its account."""
        return {one.account: one for one in self.all.values()}

    @cached_property
    def all_rules(self) -> Sequence[ScenarioRule]:
        """Every rule, but the edited one."""
        return [rule for one in self.all.values() for rule in one.rules]

    @cached_property
    def rules(self) -> Mapping[str, ScenarioRule]:
        """Every rule by its name; the edited one only as far as the states go in which it may act."""
        edited = (
            ScenarioRule({"name": EDITED, "do": [{}]}, states=self.editable.edited_states) if self.editable else None
        )
        return {one.name: one for one in (*self.all_rules, *((edited,) if edited else ()))}

    @cached_property
    def editable(self) -> Scenario | None:
        """The scenario whose rule is edited: the first that has one."""
        return next((one for one in self.all.values() if one.edited), None)

    @cached_property
    def targets(self) -> Sequence[Target]:
        """Every action of every provider."""
        return [
            Target(name, action, effect) for name, one in self.all.items() for action, effect in one.effects.items()
        ]

    @cached_property
    def actions(self) -> Sequence[str]:
        """The name of each action, once."""
        return sorted({one.action for one in self.targets})

    @cached_property
    def reads(self) -> Sequence[tuple[str, str]]:
        """Each method that only reads, with its provider."""
        return [(name, method) for name, one in self.all.items() for method in one.reads]

    @cached_property
    def with_balance(self) -> Mapping[str, Scenario]:
        """The scenarios with a balance that comes to be due."""
        return {name: one for name, one in self.all.items() if one.enough_s}

    @cached_property
    def polled(self) -> Sequence[str]:
        """The providers at which something can be done: they are polled often."""
        return [name for name, one in self.all.items() if one.effects]

    def effect(self, account: str, action: str) -> EffectMethod:
        """Return how an account's action looks on the wire."""
        return self.by_account[account].effects[action]

    def lost_reply(self, account: str, action: str) -> LostReply:
        """Return what it means when the reply to an account's action is lost."""
        provider = next(name for name, of in self.accounts.items() if of == account)
        return next(one.lost_reply for one in self.providers[provider].actions if one.name == action)

    def repeatable(self, account: str, action: str) -> bool:
        """Return whether an account's action may be asked for twice."""
        return self.lost_reply(account, action) is LostReply.REPEATABLE

    def takes_balance(self, action: str) -> bool:
        """Return whether an action takes the balance, at any provider."""
        return any(one.effect.takes_balance for one in self.targets if one.action == action)

    def tells(self, rule: str) -> bool:
        """Return whether all that a rule does is to tell."""
        known = self.rules.get(rule)
        return known is not None and known.tells

    def answering(self, account: str, event: str) -> Sequence[ScenarioRule]:
        """Return the rules that must match each event of a type."""
        return self._answering.get((account, event), ())

    @cached_property
    def _answering(self) -> Mapping[tuple[str, str], Sequence[ScenarioRule]]:
        found: dict[tuple[str, str], list[ScenarioRule]] = {}
        for account, one in self.by_account.items():
            for rule in one.rules:
                if rule.answers is not None:
                    found.setdefault((account, rule.answers), []).append(rule)
        return found

    @cached_property
    def states(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """By account and type of subject: every state that there is, which are event types, too."""
        return {
            (self.accounts[name], subject.name): subject.states
            for name, one in self.providers.items()
            for subject in one.subjects
        }

    @cached_property
    def balances(self) -> Mapping[tuple[str, str], str]:
        """Return the account and the subject of each balance that an action takes, with that action."""
        return {
            (self.accounts[name], f"{action.subject}/{action.subject_id}"): action.name
            for name, one in self.providers.items()
            for action in one.actions
            if name in self.with_balance and self.takes_balance(action.name)
        }
