"""What a provider says that it has: streams, subjects with their fields and states, and the events that they raise.

Declarations only. The core reads them to type conditions, to detect events and to plan polls; a provider is added
without a line of the core being changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from bursar.domain.values import FieldKind, Fields


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a subject.

    Attributes:
        kind: What it holds.
        description: One line for people, shown in the docs and by `bursar plugins`.
        identity: It never changes in the subject's life, so that two worlds can be told apart by it.
        own: bursar sets it itself (`refill_requested`); an observation never does.
        default: What it is when nothing is known; None stands for "no information".
    """

    kind: FieldKind
    description: str = ""
    identity: bool = False
    own: bool = False
    default: bool | None = None


class Coverage(StrEnum):
    """What one good poll of a stream shows: everything there is, a recent part of it, or the ids asked for."""

    LISTING = "listing"
    WINDOW = "window"
    TRACKED = "tracked"


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of poll of an account.

    Attributes:
        name: `orders`.
        interval: How often new and moving subjects are looked at, unless the account's `poll` says otherwise.
        coverage: What one good poll shows.
        batch: For `TRACKED`: how many ids one request may ask for (at most 100).
        description: One line for people.
        needs_known: Its polls need what is known of the subjects asked for (`PollRequest.known`).
    """

    name: str
    interval: timedelta
    coverage: Coverage
    batch: int = 100
    description: str = ""
    needs_known: bool = False


@dataclass(frozen=True, slots=True)
class EventType:
    """An event of a subject besides `X.appeared`, `X.changed`, `X.vanished` and `X.<state>`.

    Attributes:
        name: `balance.passed_min_payout`.
        description: One line for people.
        raised: Pure: says whether going from `before` (None: first sight, or re-armed) to `after` raises it.
        at_first_sight: Ask `raised(None, after)` when the subject is seen for the first time, baseline or not.
        when_new: Ask `raised(None, after)` when the subject is first seen after the baseline, as its state is.
        rearmed_by: When one of these events happens in the account, the next sight is asked as if it were the first.
        still: Pure: says of the subject as it is now whether what the event says still holds; None: no information.
            What was decided on the event and is not sent yet ends when it does not. Without it, nothing ends it.
    """

    name: str
    description: str
    raised: Callable[[Fields | None, Fields], bool]
    at_first_sight: bool = False
    rearmed_by: tuple[str, ...] = ()
    when_new: bool = False
    still: Callable[[Fields], bool | None] | None = None


@dataclass(frozen=True, slots=True)
class SubjectType:
    """A kind of thing with an id and, perhaps, a state.

    Attributes:
        name: `order`.
        stream: The stream that observes it.
        fields: By name. `id`, `state` (where there are states), `age` and `state_age` come by themselves.
        states: All states that it may be in; empty when it has none.
        terminal: The states in which it is looked at once a day only, then no more (`watch_for`).
        unknown: The state that stands for an unknown word; it is never terminal.
        first_sight_is_news: Its state raises its event when it is first seen (an order that a person tracked).
        first_sight_is_entry: Its first sight counts as an entry into a state rule's condition, baseline or not:
            "balance below 10" is told of a balance that is below it from the beginning.
        events: Event types besides those that every subject has.
        trackable: A person may put it under watch by its id (`bursar track`).
        watch_for: How long a terminal subject is still looked at, daily.
        description: One line for people.
    """

    name: str
    stream: str
    fields: Mapping[str, Field]
    states: tuple[str, ...] = ()
    terminal: frozenset[str] = frozenset()
    unknown: str | None = None
    first_sight_is_news: bool = False
    first_sight_is_entry: bool = False
    trackable: bool = False
    events: tuple[EventType, ...] = ()
    watch_for: timedelta = timedelta(days=30)
    description: str = ""
    all_fields: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        built_in = {"id": Field(FieldKind.TEXT, "The provider's id.")}
        if self.states:
            built_in["state"] = Field(FieldKind.TEXT, "One of: " + ", ".join(self.states) + ".")
            built_in["state_age"] = Field(FieldKind.DURATION, "How long it has been in this state.")
        built_in["age"] = Field(FieldKind.DURATION, "How old it is.")
        object.__setattr__(self, "all_fields", {**built_in, **self.fields})

    def event_names(self) -> tuple[str, ...]:
        """Return every event type that this subject can raise."""
        plain = ("appeared", "changed", "vanished", *self.states)
        return (*(f"{self.name}.{word}" for word in plain), *(event.name for event in self.events))
