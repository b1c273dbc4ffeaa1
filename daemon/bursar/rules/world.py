"""What rules are read against: the accounts that are configured, and what their providers declare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bursar.api.function import Function
from bursar.api.provider import Provider
from bursar.api.secret import Secret
from bursar.diagnostics.problem import KeyPath
from bursar.domain.ids import AccountName
from bursar.domain.rule import AccountFacts
from bursar.domain.subject import SubjectType

ResolveSecret = Callable[[Mapping[str, str], KeyPath], Secret]
"""Returns the secret that `{env: N}`, `{file: p}` or `{credential: N}` names; `ValueError` says why it has none."""


class ConfiguredAccount(Protocol):
    """An account as rules need it."""

    @property
    def facts(self) -> AccountFacts: ...

    @property
    def provider(self) -> Provider: ...


@dataclass(frozen=True, slots=True)
class World:
    """All that rules are checked against.

    Attributes:
        accounts: The configured accounts.
        providers: Every provider that is installed.
        sinks: The names of the configured sinks.
        functions: What plugins let conditions call.
        resolve_secret: Resolves secrets in parameters.
    """

    accounts: Mapping[AccountName, ConfiguredAccount]
    providers: Mapping[str, Provider]
    sinks: Collection[str]
    functions: Mapping[str, Function]
    resolve_secret: ResolveSecret

    def used(self, accounts: Iterable[ConfiguredAccount]) -> tuple[Provider, ...]:
        """Return the providers of some accounts, once each; those that are installed, where there is no account."""
        used = {account.provider.name: account.provider for account in accounts}
        return tuple((used or self.providers).values())


def subjects_of(providers: Iterable[Provider]) -> dict[str, tuple[SubjectType, ...]]:
    """Return all subject types by name; several where providers share a name."""
    found: dict[str, tuple[SubjectType, ...]] = {}
    for provider in providers:
        for kind in provider.subjects:
            found[kind.name] = (*found.get(kind.name, ()), kind)
    return found


def events_of(providers: Iterable[Provider]) -> dict[str, str]:
    """Return the subject type of every event type."""
    return {event: kind.name for provider in providers for kind in provider.subjects for event in kind.event_names()}
