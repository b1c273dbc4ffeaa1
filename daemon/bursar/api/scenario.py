"""A provider's scenario: what a crash test may do at its sandbox, and what it may demand in the end.

`bursar prove` names no provider: it plays the scenario of each that declares one (`Provider.scenario`), beside its
server (`Provider.wire`). The functions are pure but for those that are handed a `Visit`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bursar.api.clock import Clock
from bursar.api.http import Request
from bursar.domain.values import Json

if TYPE_CHECKING:
    from bursar.api.provider import SandboxServer

Form = Mapping[str, str]
"""What a request asks for: the values of its query, its form or its JSON body, by name."""
EDITED = "edited"
"""The name of the rule that is changed, removed and put back: `Scenario.edited`."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody at the provider's own site, of whom bursar knows nothing.

    Attributes:
        url: The account's.
        settings: The account's, from `SandboxServer.settings`: its `key`.
        watched: Ids that the site knows: `SandboxServer.track`, and what was made since.
        dice: For every choice.
        numbers: Each number once, for what must differ.
        send: Send a request to the sandbox, and return the JSON of its answer.
    """

    url: str
    settings: Mapping[str, Any]
    watched: Sequence[str]
    dice: random.Random
    numbers: Iterator[int]
    send: Callable[[Request], Any]


@dataclass(frozen=True, slots=True)
class Done:
    """One effect, as the sandbox performed it.

    Attributes:
        subject: What it was done to: the id of its intent's subject, or `EffectMethod.told_apart_by`.
        reference: What the provider calls what it made; None: it made nothing that has a name.
    """

    subject: str
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class EffectMethod:
    """How an action looks on the wire.

    Attributes:
        method: The API method that performs it, as `SandboxServer.name_of` names it.
        done: Pure: what it did, from the form, the JSON that was answered, and how many more of each name
            `SandboxServer.effects` counts than before.
        subjects: Pure: the ids of the subjects that a request names.
        told_apart_by: The parameter by which its intents are told apart, where they have no subject before; None: the
            subject.
        takes_balance: It takes what the last look at the balance showed; a look counts for one request.
        by_hand: Pure: the parameters with which a person asks bursar for it, from a number; None: only rules do.
        made_due_s: So many seconds of the sandbox's world pass before a daemon starts, so that rules ask for it.
        for_commits: The commits that it is asked for to bring about: of `look`, `time`, `sending`, `outcome`, `person`.
        by_itself: Events of its subject that show it, and may also come about without it: then nothing was left to do.
    """

    method: str
    done: Callable[[Form, Json, Mapping[str, int]], Sequence[Done]]
    subjects: Callable[[Form], Sequence[str]] = lambda _form: ()
    told_apart_by: str | None = None
    takes_balance: bool = False
    by_hand: Callable[[int], Mapping[str, Any]] | None = None
    made_due_s: float = 0.0
    for_commits: frozenset[str] = frozenset()
    by_itself: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ScenarioRule:
    """One rule of a scenario, and what follows from it.

    Attributes:
        rule: As in the configuration.
        answers: The event type that it must match each time; None: that is not held against it.
        unless: A piece of the event's data, as the journal writes it, with which its condition is not true.
        states: Its action may leave only while its subject was last seen in one of these; none: whatever the state.
        demanded: In the end, every subject in one of `states` has had an intent of its action.
        cooldown_s: Its `cooldown`.
        times: Its `limit` per subject, for the length of a run.
        budget: The `max` of its `budget`.
        budget_s: The `every` of its `budget`.
        above: The `above` of its `approve`.
    """

    rule: Mapping[str, Any]
    answers: str | None = None
    unless: str | None = None
    states: tuple[str, ...] = ()
    demanded: bool = False
    cooldown_s: float | None = None
    times: int | None = None
    budget: Decimal | None = None
    budget_s: float = 0.0
    above: Decimal | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.rule["name"])

    @property
    def tells(self) -> bool:
        """Whether all that it does is to tell."""
        return all("notify" in step for step in self.rule["do"])

    @property
    def waits(self) -> bool:
        """Whether it fires once its subject stayed in one of `states` for a time."""
        return "for" in self.rule


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance, as a look or a visit shows it.

    Attributes:
        amount: What there is.
        least: The least that is paid out.
        paid: By id: what each payout took that the provider did not cancel.
        waiting: The ids of the payouts that are not over yet.
    """

    amount: Decimal
    least: Decimal
    paid: Mapping[str, Decimal] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()

    @property
    def due(self) -> bool:
        """Whether it can be paid out."""
        return self.amount >= self.least


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a crash test may do at a provider's sandbox, and what it may demand.

    A run lets 60 seconds pass in one. Its accounts have a `timeout` of 1s and a `settle` of 150s; what a rule waits for
    (`for`) and what a stream's interval is should be 30s or less, so that things happen. Rules keep each other busy, so
    that every action is asked for again and again. The sink to `notify` is `book`.

    Attributes:
        account: The name of its account; no two scenarios have the same.
        poll: The `poll` of that account: an interval by stream.
        rules: All of its rules.
        effects: By action.
        reads: API methods that only read: their answers may come late, twice, or be those of before.
        variables: Environment variables that the rules name.
        edited: Rules of the name `edited`: one of them at a time is in the configuration, or none, and what it asks for
            waits for a person, so that something waits when it is changed.
        edited_states: Their `ScenarioRule.states`.
        tracked: How many of `SandboxServer.track` are put under watch when a run begins.
        subject: The type of the subjects that have a state.
        shown: Pure: the state of each of them that an answer shows, from the method, the form and the JSON.
        look: Pure: the balance that an answer shows, from the method and the JSON; None: it shows none.
        enough_s: So many seconds of the sandbox's world after a payout the balance is due again; 0: there is none.
        pay_out: Take the whole balance, at the site.
        acts: What a person does there besides; what is named twice, twice as often.
        states: Ask the site for the states of some ids.
        balance: Ask the site for the balance.
        waiting: Pure: the ids of what an answer lists as asked for and not over yet, from the method and the JSON;
            None: it lists nothing of the kind. Where there is `debits_when_done`.
        debits_when_done: Makes the server, as `Provider.wire` does, of a site where what is asked for leaves the
            balance once it is done. Every third seed plays there: a person who is asked whether what waits is the same
            money waits, too, and nothing may leave beside it. None: there is no such site.
    """

    account: str
    poll: Mapping[str, str]
    rules: Sequence[ScenarioRule] = ()
    effects: Mapping[str, EffectMethod] = field(default_factory=dict)
    reads: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    edited: Sequence[Mapping[str, Any]] = ()
    edited_states: tuple[str, ...] = ()
    tracked: int = 0
    subject: str = ""
    shown: Callable[[str, Form, Json], Mapping[str, str]] = lambda _method, _form, _told: {}
    look: Callable[[str, Json], Balance | None] = lambda _method, _told: None
    enough_s: float = 0.0
    pay_out: Callable[[Visit], object] | None = None
    acts: Sequence[Callable[[Visit], object]] = ()
    states: Callable[[Visit, Sequence[str]], Mapping[str, str]] = lambda _visit, _ids: {}
    balance: Callable[[Visit], Balance | None] = lambda _visit: None
    waiting: Callable[[str, Json], Sequence[str] | None] | None = None
    debits_when_done: Callable[[int, float, Clock], SandboxServer] | None = None
