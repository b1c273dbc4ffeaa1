"""The configuration, read and checked: frozen values that the daemon is built from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from bursar.api.provider import AccountSettings, Provider
from bursar.api.secret import Secret
from bursar.api.sink import SinkSettings, SinkType
from bursar.diagnostics.problem import Problem
from bursar.domain.ids import AccountName, SinkName
from bursar.domain.rule import AccountFacts, Budget, Mode, Rule

DAY = timedelta(days=1)


class ConfigurationError(Exception):
    """The configuration cannot be used; carries every problem that was found, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Retention:
    """How long finished rows are kept. What is open or unknown is kept whatever its age."""

    events: timedelta = 90 * DAY
    matches: timedelta = 30 * DAY
    deliveries: timedelta = 30 * DAY


@dataclass(frozen=True, slots=True)
class Listening:
    """The `settings.http`: where people's approvals come in.

    Attributes:
        host: Where to listen.
        port: Where to listen.
        token: Signs the links.
        url: How people reach it, without a slash at the end.
    """

    host: str
    port: int
    token: Secret
    url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The `settings:` of the configuration.

    Attributes:
        state: The journal's file.
        socket: The control socket.
        mode: `live` or `shadow`.
        heartbeat: Asked every minute while all loops turn.
        retention: How long finished rows are kept.
        baseline_events: First sight of what accounts list raises events.
        ceiling: How many effects an account may cause in ten minutes before a person is asked.
        http: Where approvals come in; None: nowhere.
        budgets: Those over all accounts of a currency.
    """

    state: Path
    socket: Path
    mode: Mode = Mode.LIVE
    heartbeat: str | None = None
    retention: Retention = Retention()
    baseline_events: bool = False
    ceiling: int = 100
    http: Listening | None = None
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Attributes:
        settings: What its adapter gets.
        provider: Its kind.
        polls: The interval of each stream of the provider; None: `off`.
        rate: Requests and period, per key.
        budgets: The account-wide budgets.
    """

    settings: AccountSettings
    provider: Provider
    polls: Mapping[str, timedelta | None]
    rate: tuple[int, timedelta]
    budgets: tuple[Budget, ...] = ()

    @property
    def name(self) -> AccountName:
        return AccountName(self.settings.name)

    @property
    def facts(self) -> AccountFacts:
        return AccountFacts(self.name, self.provider.name, self.settings.labels, self.settings.currency)


@dataclass(frozen=True, slots=True)
class ConfiguredSink:
    """One sink, and the globs of the events that it gets unasked."""

    name: SinkName
    type: SinkType
    settings: SinkSettings
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """All of it.

    Attributes:
        secrets: Every secret's text: what logs and errors must never show.
        warnings: What is legal and unwise.
    """

    settings: Settings
    accounts: Mapping[AccountName, Account]
    sinks: Mapping[SinkName, ConfiguredSink]
    rules: tuple[Rule, ...]
    secrets: frozenset[str] = frozenset()
    warnings: tuple[Problem, ...] = field(default=())
