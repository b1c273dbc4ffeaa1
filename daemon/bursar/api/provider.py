"""What a provider is to bursar: a declaration, and an adapter for each account.

The declaration says what there is (streams, subjects, actions, methods, settings); the adapter translates, and
decides nothing. A stranger's provider has the same door as ours: the hook `bursar_providers`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from aiohttp import web

from bursar.api.clock import Clock
from bursar.api.http import Http
from bursar.api.scenario import Scenario
from bursar.api.schema import Schema
from bursar.api.secret import Secret
from bursar.domain.action import ActionType, Param
from bursar.domain.ids import SubjectRef
from bursar.domain.intent import Finding, Intent, Outcome
from bursar.domain.observation import Observation
from bursar.domain.subject import Stream, SubjectType
from bursar.domain.values import Json

API_LEVEL = 1
"""The level of this interface; a plugin made for another one is refused with a sentence."""


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One configured account, as its adapter gets it.

    Attributes:
        name: The account's name in the configuration.
        url: Where the provider answers.
        key: The account's key.
        timeout: How long one request may take.
        settle: How long a lost request may still land.
        debits_at_once: What an action takes leaves the balance as it is asked for, not once it is done.
        currency: The account's currency, where the configuration names it.
        labels: The account's labels.
        options: The provider's own settings, validated by its schema: secrets as `Secret`, durations as `timedelta`.
    """

    name: str
    url: str
    key: Secret
    timeout: timedelta = timedelta(seconds=30)
    settle: timedelta = timedelta(minutes=5)
    debits_at_once: bool = False
    currency: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AdapterContext:
    """What bursar lends to an adapter or a sink.

    Attributes:
        http: The way to the wire: rate-limited, redacted, without redirects, effects on fresh connections.
        clock: The one clock.
        add_secret: Tell bursar of a value that must never be seen (a coupon code that just arrived).
    """

    http: Http
    clock: Clock
    add_secret: Callable[[str], None]


class UnchangedCheck(Protocol):
    """Recognizes an answer that says nothing new, cheaply."""

    def __call__(self, id_: str, raw: bytes | memoryview) -> bool:
        """Return whether a subject's raw bytes are those of its last committed poll; the id `""` means a whole body."""
        ...


@dataclass(frozen=True, slots=True)
class PollRequest:
    """What one poll is asked for.

    Attributes:
        stream: Which stream.
        ids: For a tracked stream: the ids to ask for, at most `Stream.batch`, never empty. Else empty.
        cursor: What the last committed observation of this stream left; None where the whole answer is wanted anew.
        same: Call it with each subject's raw bytes; ids for which it says yes go into `Observation.unchanged`, and
            need not be decoded. Optional: an adapter that never calls it is only slower.
        known: Fields of the subjects asked for that the adapter may need (`order` of a refill), by id.
    """

    stream: str
    ids: Sequence[str] = ()
    cursor: Json = None
    is_unchanged: UnchangedCheck = field(default=lambda id_, raw: False)
    known: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Adapter(Protocol):
    """The live object for one account. It translates between the wire and bursar's nouns; it decides nothing, keeps
    no state that matters, and may be thrown away and made again at any time."""

    async def observe(self, request: PollRequest) -> Observation:
        """Poll once.

        Raises:
            ProviderError: the poll failed; whatever else is raised counts as a failure of the plugin.
        """
        ...

    async def prepare(self, intent: Intent) -> Json | Finding:
        """Read, just before sending, what `reconcile` will need to tell whether the intent took effect.

        An intent whose last attempt was lost (`intent.lost`) carries the evidence of that (`intent.evidence`): hold it
        against what was just read, and return `Happened` if that shows the effect, or `CannotTell` if it shows neither
        for certain; then it is not sent again.

        Raises:
            ProviderError: it could not be read; the intent is not sent.
        """
        ...

    async def perform(self, intent: Intent) -> Outcome:
        """Do it, once, by `Http.send`, which keeps the core's deadline.

        Return `Lost` for whatever is not plainly the provider's own yes or no.

        A `ProviderError` that is raised is `Lost` too, but for `NeverSent`, which is `NotSent`.
        """
        ...

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        """Look, without changing anything, whether the intent that was lost took effect.

        Raises:
            ProviderError: the look failed; it is repeated later.
        """
        ...

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        """Call a reading API method by its own name and return the provider's decoded answer, secrets masked.

        Raises:
            Refusal: the provider refused the whole call; carries its answer.
            ProviderError: it did not answer in its protocol.
        """
        ...

    async def close(self) -> None:
        """Let go of whatever is held."""
        ...


class BatchAdapter(Protocol):
    """An adapter may also do many intents of one action in one request, if that `ActionType.batch` is above 1."""

    async def perform_many(self, intents: Sequence[Intent]) -> Mapping[int, Outcome]:
        """Do them in one request; return each intent's outcome by its id. One that is left out is `Lost`."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """One intent that a changing API method asks for."""

    action: str
    params: Mapping[str, Json] = field(default_factory=dict)
    subject: SubjectRef | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the provider's API, under its own name, for `bursar call`.

    Attributes:
        name: `get_links`.
        params: By name; what is not named here is refused.
        description: One line for people.
        intents: For a method that changes something: what it asks for, one per id. Raises `ValueError` with one
            sentence for parameters that make no sense. None: it only reads.
    """

    name: str
    params: Mapping[str, Param] = field(default_factory=dict)
    description: str = ""
    intents: Callable[[Mapping[str, str]], Sequence[Wanted]] | None = None


@dataclass(frozen=True, slots=True)
class SandboxServer:
    """A provider's wire server for `bursar sandbox`: its real formats, over a seeded world that moves.

    Attributes:
        app: The server; it answers under `path`.
        path: The path that goes into the account's `url`.
        settings: Further settings that an account needs to use it (`key`, `currency`).
        effects: Counts every effect that it performed, by name.
        track: Ids that a person would put under watch (orders that no API lists).
        name_of: Says which API method a request calls, so that faults can be put in front of it.
    """

    app: web.Application
    path: str
    settings: Mapping[str, Any]
    effects: Callable[[], Mapping[str, int]]
    track: Callable[[], Sequence[str]] = lambda: ()
    name_of: Callable[[web.Request], Awaitable[str]] | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """An external service as a kind.

    Attributes:
        name: As in the configuration: `smm`.
        description: One line for people.
        streams: What is polled.
        subjects: What is seen.
        actions: What can be done.
        methods: Every method of its API, by its own name.
        open: Makes the adapter of one account.
        settings: `properties` of the JSON Schema of its own settings.
        default_url: Where it answers unless the account says otherwise; None: the account must say.
        default_rate: Requests and period, per key.
        default_timeout: How long one request may take.
        wire: Makes its sandbox server from a seed, a speed (1 = real time) and a clock.
        scenario: What `bursar prove` may do at that server, and what it may demand; None: it is left out of the proof.
        api_level: The interface it was made for.
    """

    name: str
    streams: tuple[Stream, ...]
    subjects: tuple[SubjectType, ...]
    open: Callable[[AccountSettings, AdapterContext], Adapter]
    actions: tuple[ActionType, ...] = ()
    methods: tuple[Method, ...] = ()
    description: str = ""
    settings: Mapping[str, Schema] = field(default_factory=dict)
    default_url: str | None = None
    default_rate: tuple[int, timedelta] = (30, timedelta(minutes=1))
    default_timeout: timedelta = timedelta(seconds=30)
    wire: Callable[[int, float, Clock], SandboxServer] | None = None
    scenario: Scenario | None = None
    api_level: int = API_LEVEL
