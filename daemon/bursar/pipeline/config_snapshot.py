"""The terms under which every commit decides: accounts with their declarations, rules, sinks, modes. Frozen values,
made from the configuration; a reload makes new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bursar.domain.action import ActionType
from bursar.domain.guard import REFUSED_MONEY_PAUSE
from bursar.domain.ids import AccountName
from bursar.domain.plan import Seal, seal_with
from bursar.domain.route import Subscription
from bursar.domain.rule import AccountFacts, Budget, Mode
from bursar.domain.subject import Coverage, Stream, SubjectType
from bursar.journal.send_counter import SendCount
from bursar.pipeline.approval_links import Links
from bursar.rules.book import Rulebook
from bursar.settings.model import Account, Configuration


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """One account, as deciders need it."""

    facts: AccountFacts
    kinds: Mapping[str, SubjectType]
    streams: Mapping[str, Stream]
    actions: Mapping[str, ActionType]
    settle: timedelta
    polled: frozenset[str] = frozenset()
    budgets: tuple[Budget, ...] = ()
    confirming: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> AccountName:
        return self.facts.name

    def kinds_of(self, stream: str) -> dict[str, SubjectType]:
        """Give the subject types that a stream observes."""
        return {name: kind for name, kind in self.kinds.items() if kind.stream == stream}

    def tracked(self) -> dict[str, SubjectType]:
        """Give the subject types that are under watch by id."""
        return {
            name: kind for name, kind in self.kinds.items() if self.streams[kind.stream].coverage is Coverage.TRACKED
        }


@dataclass(frozen=True, slots=True)
class ConfigSnapshot:
    """All of it.

    Attributes:
        accounts: By name.
        rules: Indexed.
        subscriptions: Which sink wants which events.
        mode: The daemon's mode.
        ceiling: How many effects one poll may cause.
        baseline_events: First sight raises events.
        seal: Stands for secret parameters.
        links: Signs the links of approvals; None: there are none.
    """

    accounts: Mapping[AccountName, AccountSpec]
    rules: Rulebook
    subscriptions: tuple[Subscription, ...]
    mode: Mode
    ceiling: int
    baseline_events: bool
    seal: Seal
    links: Links | None = None

    def counted(self) -> timedelta:
        """Say how far back guards look: the longest cooldown, limit or budget of any rule, and the pause after a no."""
        rules = self.rules.rules
        windows = [REFUSED_MONEY_PAUSE, *(rule.cooldown for rule in rules if rule.cooldown is not None)]
        windows += [rule.limit.every for rule in rules if rule.limit is not None]
        windows += [budget.every for rule in rules for budget in rule.budget]
        windows += [budget.every for account in self.accounts.values() for budget in account.budgets]
        return max(windows)

    def facts(self, name: AccountName) -> AccountFacts:
        """Give what conditions may ask of an account; facts of the daemon itself belong to none."""
        terms = self.accounts.get(name)
        return terms.facts if terms is not None else AccountFacts(name, "")


def snapshot_of(configuration: Configuration, digest_key: bytes, journal: SendCount) -> ConfigSnapshot:
    """Make the terms from the configuration, for one journal."""
    http = configuration.settings.http
    return ConfigSnapshot(
        accounts={name: account_spec(account) for name, account in configuration.accounts.items()},
        rules=Rulebook(configuration.rules),
        subscriptions=tuple(Subscription(sink.name, sink.events) for sink in configuration.sinks.values()),
        mode=configuration.settings.mode,
        ceiling=configuration.settings.ceiling,
        baseline_events=configuration.settings.baseline_events,
        seal=seal_with(digest_key),
        links=None if http is None else Links(http.url, http.token, journal.journal),
    )


def account_spec(account: Account) -> AccountSpec:
    """Gather what a provider declared for one account."""
    provider = account.provider
    return AccountSpec(
        facts=account.facts,
        kinds={kind.name: kind for kind in provider.subjects},
        streams={stream.name: stream for stream in provider.streams},
        actions={action.name: action for action in provider.actions},
        settle=account.settings.settle,
        polled=frozenset(stream for stream, every in account.polls.items() if every is not None),
        budgets=account.budgets,
        confirming=_confirming(provider.actions),
    )


def _confirming(actions: Iterable[ActionType]) -> dict[str, tuple[str, ...]]:
    """Index actions by the events that confirm them."""
    found: dict[str, list[str]] = {}
    for action in actions:
        for event in action.confirmed_by:
            found.setdefault(event, []).append(action.name)
    return {event: tuple(names) for event, names in found.items()}
