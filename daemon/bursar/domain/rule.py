"""A rule: a name, a trigger, a condition, and what to do. Conditions and texts come compiled (`bursar.rules` does
that once, when the configuration is read); here they are protocols, so that every decider stays pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol

from bursar.domain.event import Event
from bursar.domain.ids import AccountName, RuleName, SinkName
from bursar.domain.observation import Snapshot
from bursar.domain.values import Fields, Value


class Mode(StrEnum):
    """Whether a rule acts, only journals what it would do, or sleeps."""

    LIVE = "live"
    SHADOW = "shadow"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What a condition may ask of an account, and how rules choose accounts."""

    name: AccountName
    provider: str
    labels: Mapping[str, str] = field(default_factory=dict)
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """All that a condition or a text can see.

    Attributes:
        account: The account that the event or subject belongs to.
        now: The instant of asking, on the journal's timeline: ages are measured from it.
        subject: The subject as it is known now; None for events without one.
        event: The event; None when a state rule is asked.
        ahead: By how much the wall clock is ahead of the timeline: calendars follow it.
        before: The former values of what changed, of the event.
    """

    account: AccountFacts
    now: datetime
    subject: Snapshot | None = None
    event: Event | None = None
    ahead: timedelta = timedelta(0)

    @property
    def wall(self) -> datetime:
        """Return what the wall clock says."""
        return self.now + self.ahead

    @property
    def before(self) -> Fields:
        return self.event.before if self.event is not None else {}


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer of a condition: true, false, or None for unknown; and the first clause that was not true, with its
    values, in words for people."""

    truth: bool | None
    reason: str


ALWAYS = Judgement(True, "the rule has no condition")


class Condition(Protocol):
    """A compiled `when`. Pure; the same scope gives the same answer."""

    @property
    def text(self) -> str:
        """The expression as it was written."""

    @property
    def meaning(self) -> str:
        """What it means, in a form in which layout and the order of what is joined do not count."""

    def judge(self, scope: Scope) -> Judgement:
        """Answer, three-valued; never raises for any data."""

    def changes_at(self, scope: Scope) -> datetime | None:
        """Return when the mere passing of time next changes the answer, if it ever does; always after `scope.now`."""


class Template(Protocol):
    """A compiled text or parameter."""

    @property
    def text(self) -> str:
        """The template as it was written; a secret's place, never its value."""

    def render(self, scope: Scope) -> Value:
        """Return the value.

        Raises:
            TemplateFailed: a name has no value here; the message says which.
        """


class TemplateFailed(Exception):
    """A text or parameter could not be filled in from these facts."""


@dataclass(frozen=True, slots=True)
class Act:
    """Do an action of the event's account and subject; parameters are frozen when the intent is planned.

    Attributes:
        action: `payout`.
        params: Templates by parameter name.
        secret: The parameters that are journalled as a mask and a keyed digest only.
    """

    action: str
    params: Mapping[str, Template] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Notify:
    """Send a text to a sink. `severity` travels in the data."""

    sink: SinkName
    text: Template
    severity: str | None = None


Step = Act | Notify


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `max` intents in a rolling window, counted `per` subject (its type's name), account or rule."""

    per: str
    max: int
    every: timedelta


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so much in a rolling window for one action.

    Attributes:
        action: Which.
        max: How much.
        every: The window.
        currency: That of a budget over all accounts; None: the account's own.
    """

    action: str
    max: Value
    every: timedelta
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Approve:
    """Ask a person before an intent that costs more than `above` (None: always); no answer `within` means no."""

    above: Value | None
    within: timedelta


@dataclass(frozen=True, slots=True)
class Accounts:
    """Which accounts a rule is for: names and globs, or labels that must all agree; empty means every account."""

    names: tuple[str, ...] = ()
    labels: tuple[Mapping[str, str], ...] = ()

    def include(self, account: AccountFacts) -> bool:
        """Return whether the rule is for this account."""
        if not self.names and not self.labels:
            return True
        if any(fnmatchcase(account.name, name) for name in self.names):
            return True
        return any(all(account.labels.get(k) == v for k, v in wanted.items()) for wanted in self.labels)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: Unique.
        on: The event types (globs allowed) of an event rule; empty for a state rule.
        watches: The subject type of a state rule; None for an event rule.
        do: What to do, in order.
        when: The condition; None is always true.
        hold_for: `for:`; how long a state rule's condition must hold without a break.
        fingerprint: Stands for the rule's compiled meaning (`on`, `when`, `do`): when it changes, what was decided by
            the rule and not sent yet ends.
        trigger: Stands for `on` and `when` alone: when it changes, what was holding for the rule ends.
        meaning: Stands for `on` and `do`: a rule that appears with that of one that disappears is a renamed one.
        was: The name that the rule had before, whose cooldowns, limits and budgets it takes over.
    """

    name: RuleName
    do: tuple[Step, ...]
    fingerprint: str
    trigger: str = ""
    meaning: str = ""
    was: RuleName | None = None
    on: tuple[str, ...] = ()
    watches: str | None = None
    when: Condition | None = None
    hold_for: timedelta | None = None
    accounts: Accounts = Accounts()
    limit: Limit | None = None
    cooldown: timedelta | None = None
    mode: Mode = Mode.LIVE
    approve: Approve | None = None
    budget: tuple[Budget, ...] = ()
    severity: str | None = None

    def acts(self) -> tuple[Act, ...]:
        """Return the steps that change something at a provider."""
        return tuple(step for step in self.do if isinstance(step, Act))
