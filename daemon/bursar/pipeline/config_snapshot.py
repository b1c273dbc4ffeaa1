"""The configuration as every commit decides by it: accounts with their declarations, rules, sinks, modes. Frozen
values; a reload makes new ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from bursar.domain.action import ActionType
from bursar.domain.ids import AccountName
from bursar.domain.plan import Seal, seal_with
from bursar.domain.route import Subscription
from bursar.domain.rule import AccountFacts, Budget, Mode, Rule
from bursar.domain.subject import Coverage, Stream, SubjectType
from bursar.journal.files.send_counter import SendCount
from bursar.pipeline.approval_links import ApprovalLinks
from bursar.rules.index import Rulebook
from bursar.settings.identity import account_digest
from bursar.settings.model import Account, Configuration

ByEvent = Mapping[str, tuple[str, ...]]
"""The names of actions, by an event type that says something about them."""


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """One account, as deciders need it.

    Attributes:
        settle: How long a lost request may still land; never less than a request may last.
        debits_at_once: What an action takes leaves the balance as it is asked for.
        digest: Of what its name means: provider, address and key.
        polled: The streams that are polled.
        budgets: Those of the account.
        confirming: What shows that an accepted action had its effect.
        disproving: What shows that it had none.
        undoing: What shows that it was undone.
    """

    facts: AccountFacts
    kinds: Mapping[str, SubjectType]
    streams: Mapping[str, Stream]
    actions: Mapping[str, ActionType]
    settle: timedelta
    debits_at_once: bool = False
    digest: str = ""
    polled: frozenset[str] = frozenset()
    budgets: tuple[Budget, ...] = ()
    confirming: ByEvent = field(default_factory=dict)
    disproving: ByEvent = field(default_factory=dict)
    undoing: ByEvent = field(default_factory=dict)

    @property
    def name(self) -> AccountName:
        return self.facts.name

    def looks_at(self, stream: str) -> bool:
        """Return whether a stream is ever polled: by its interval, or where an action's cost asks for it."""
        return stream in self.polled or any(action.cost_stream == stream for action in self.actions.values())

    def kinds_of(self, stream: str) -> dict[str, SubjectType]:
        """Return the subject types that a stream observes."""
        return {name: kind for name, kind in self.kinds.items() if kind.stream == stream}

    def tracked(self) -> dict[str, SubjectType]:
        """Return the subject types that are under watch by id."""
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
        ceiling: How many effects an account may cause in ten minutes before a person is asked.
        baseline_events: First sight raises events.
        seal: Stands for secret parameters.
        links: Signs the links of approvals; None: there are none.
        budgets: Those over all accounts of a currency.
    """

    accounts: Mapping[AccountName, AccountSpec]
    rules: Rulebook
    subscriptions: tuple[Subscription, ...]
    mode: Mode
    ceiling: int
    baseline_events: bool
    seal: Seal
    links: ApprovalLinks | None = None
    budgets: tuple[Budget, ...] = ()

    def means(self, spec: AccountSpec) -> bool:
        """Return whether an account's name still means what it meant to who asked there: a reload may lie between."""
        now = self.accounts.get(spec.name)
        return now is not None and now.digest == spec.digest

    def active_rule(self, name: str | None) -> Rule | None:
        """Return a rule by its name, if it is there and not off."""
        rule = self.rules.get(name or "")
        return None if rule is None or rule.mode is Mode.OFF else rule

    def text_window(self) -> timedelta:
        """Return how far back rules that only tell look: their longest cooldown or limit."""
        telling = [rule for rule in self.rules.rules if not rule.acts()]
        windows = [timedelta(0), *(rule.cooldown for rule in telling if rule.cooldown is not None)]
        return max([*windows, *(rule.limit.every for rule in telling if rule.limit is not None)])

    def facts(self, name: AccountName) -> AccountFacts:
        """Return what conditions may ask of an account; facts of the daemon itself belong to none."""
        spec = self.accounts.get(name)
        return spec.facts if spec is not None else AccountFacts(name, "")


def snapshot_of(configuration: Configuration, digest_key: bytes, journal: SendCount) -> ConfigSnapshot:
    """Make the snapshot of a configuration, for one journal."""
    settings = configuration.settings
    return ConfigSnapshot(
        accounts={
            name: account_spec(one, account_digest(one, digest_key)) for name, one in configuration.accounts.items()
        },
        rules=Rulebook(configuration.rules),
        subscriptions=tuple(Subscription(sink.name, sink.events) for sink in configuration.sinks.values()),
        mode=settings.mode,
        ceiling=settings.ceiling,
        baseline_events=settings.baseline_events,
        seal=seal_with(digest_key),
        links=None if settings.http is None else ApprovalLinks(settings.http.url, settings.http.token, journal.journal),
        budgets=settings.budgets,
    )


def account_spec(account: Account, digest: str = "") -> AccountSpec:
    """Gather what a provider declared for one account."""
    provider = account.provider
    return AccountSpec(
        facts=account.facts,
        kinds={kind.name: kind for kind in provider.subjects},
        streams={stream.name: stream for stream in provider.streams},
        actions={action.name: action for action in provider.actions},
        # A request may hang until its time-out: looked for before that,
        # it would count as not there while it is still being answered.
        settle=max(account.settings.settle, account.settings.timeout),
        debits_at_once=account.settings.debits_at_once,
        digest=digest,
        polled=frozenset(stream for stream, every in account.polls.items() if every is not None),
        budgets=account.budgets,
        confirming=_by_event(provider.actions, lambda action: action.confirmed_by),
        disproving=_by_event(provider.actions, lambda action: action.disproved_by),
        undoing=_by_event(provider.actions, lambda action: action.undone_by),
    )


def _by_event(actions: Iterable[ActionType], events_of: Callable[[ActionType], Iterable[str]]) -> ByEvent:
    found: dict[str, list[str]] = {}
    for action in actions:
        for event in events_of(action):
            found.setdefault(event, []).append(action.name)
    return {event: tuple(names) for event, names in found.items()}
