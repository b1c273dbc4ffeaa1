"""Stand-ins that record what they were asked and answer what a test told them to; and what a test lends to a plugin.

They keep to `bursar.api` and nothing else: whatever works with them works with any plugin. An answer that is an
exception is raised. What was not scripted gets the quietest answer there is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from bursar.api import (
    AdapterContext,
    CannotTell,
    Clock,
    Delivery,
    Finding,
    Http,
    Intent,
    Json,
    Observation,
    Outcome,
    PollRequest,
    SubjectRef,
    Succeeded,
)
from bursar.domain.ids import AccountName, DeliveryId, IntentId, SinkName
from bursar.domain.intent import State
from bursar.domain.route import envelope
from bursar.testing.clock import START, VirtualClock

T = TypeVar("T")


def _told(answer: T | Exception) -> T:
    if isinstance(answer, Exception):
        raise answer
    return answer


@dataclass
class FakeAdapter:
    """An adapter without a provider.

    Fill `observations` (by stream), `outcomes`, `evidence`, `findings` and `answers` with what it shall give, in
    order. What is left out: nothing new, succeeded, no evidence, cannot tell, null.

    Attributes:
        looks: Every `observe`.
        prepared: Every `prepare`.
        performed: Every `perform`.
        reconciled: Every `reconcile`, with the evidence.
        called: Every `call`.
        closed: How often it was closed.
    """

    observations: dict[str, deque[Observation | Exception]] = field(default_factory=dict)
    outcomes: deque[Outcome | Exception] = field(default_factory=deque)
    evidence: deque[Json | Finding | Exception] = field(default_factory=deque)
    findings: deque[Finding | Exception] = field(default_factory=deque)
    answers: deque[Json | Exception] = field(default_factory=deque)
    looks: list[PollRequest] = field(default_factory=list)
    prepared: list[Intent] = field(default_factory=list)
    performed: list[Intent] = field(default_factory=list)
    reconciled: list[tuple[Intent, Json]] = field(default_factory=list)
    called: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    closed: int = 0

    def will_see(self, *observations: Observation | Exception, stream: str | None = None) -> None:
        """Script the next polls; `stream` is needed for exceptions only."""
        for seen in observations:
            name = seen.stream if isinstance(seen, Observation) else stream
            if name is None:
                raise ValueError("name the stream whose poll fails")
            self.observations.setdefault(name, deque()).append(seen)

    async def observe(self, request: PollRequest) -> Observation:
        self.looks.append(request)
        script = self.observations.get(request.stream)
        return _told(script.popleft()) if script else Observation(request.stream, nothing_new=True)

    async def prepare(self, intent: Intent) -> Json | Finding:
        self.prepared.append(intent)
        return _told(self.evidence.popleft() if self.evidence else None)

    async def perform(self, intent: Intent) -> Outcome:
        self.performed.append(intent)
        outcome: Outcome | Exception = self.outcomes.popleft() if self.outcomes else Succeeded()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        self.reconciled.append((intent, evidence))
        finding: Finding | Exception = self.findings.popleft() if self.findings else CannotTell("nothing was scripted")
        if isinstance(finding, Exception):
            raise finding
        return finding

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        self.called.append((method, dict(params)))
        return _told(self.answers.popleft() if self.answers else None)

    async def close(self) -> None:
        self.closed += 1


@dataclass
class FakeSink:
    """A sink that keeps what it gets, after the failures that `failures` holds.

    Attributes:
        deliveries: What it took.
        tried: What it was asked to take.
    """

    failures: deque[Exception] = field(default_factory=deque)
    deliveries: list[Delivery] = field(default_factory=list)
    tried: list[Delivery] = field(default_factory=list)
    closed: int = 0

    async def deliver(self, delivery: Delivery) -> None:
        self.tried.append(delivery)
        if self.failures:
            raise self.failures.popleft()
        self.deliveries.append(delivery)

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Loan:
    """The `AdapterContext` that a test lends to an adapter or a sink, without a rate limit.

    Attributes:
        concealed: What the plugin said must never be seen.
        turns: How often it waited for the rate limit, that is, how many requests it made.
    """

    clock: Clock = field(default_factory=VirtualClock)
    max_body_bytes: int = 1024 * 1024
    concealed: list[str] = field(default_factory=list)
    turns: int = 0
    context: AdapterContext = field(init=False)

    def __post_init__(self) -> None:
        http = Http(self.clock, self._turn, self.max_body_bytes)
        self.context = AdapterContext(http, self.clock, self.concealed.append)

    async def _turn(self) -> None:
        self.turns += 1

    async def close(self) -> None:
        """Close the pooled connections."""
        await self.context.http.close()


def make_intent(action: str, subject: SubjectRef, params: Mapping[str, Json] | None = None, **changes: Any) -> Intent:
    """Make an intent as an adapter gets it to `perform`; `changes` replace further attributes."""
    intent = Intent(
        id=IntentId(1),
        account=AccountName("account"),
        action=action,
        subject=subject,
        params=dict(params or {}),
        state=State.SENDING,
        created_at=START,
        ready_at=START,
        fence=1,
        attempts=1,
        sent_at=START,
    )
    return replace(intent, **changes)


def make_delivery(
    type_: str = "bursar.notify",
    data: Mapping[str, Json] | None = None,
    *,
    id_: str = "dl_1",
    at: datetime = START,
    account: str = "account",
    subject: SubjectRef | None = None,
) -> Delivery:
    """Make a delivery as a sink gets it: a CloudEvents envelope with `data`."""
    body = envelope("ev_1", type_, account, subject, at, {"account": account, **(data or {})})
    return Delivery(DeliveryId(id_), SinkName("sink"), "ev_1", body, at)


def subjects_of(observation: Observation) -> Mapping[SubjectRef, Mapping[str, object]]:
    """Return what an observation shows, by subject: its fields that say something, and its `state` if it has one."""
    return {
        seen.ref: {
            **{name: value for name, value in seen.fields.items() if value is not None},
            **({"state": seen.state} if seen.state is not None else {}),
        }
        for seen in observation.subjects
    }


@dataclass
class Memory:
    """A `UnchangedCheck` that remembers what it was shown: call `commit` after each poll that was good."""

    committed: dict[str, bytes] = field(default_factory=dict)
    shown: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, id_: str, raw: bytes | memoryview) -> bool:
        self.shown[id_] = bytes(raw)
        return self.committed.get(id_) == self.shown[id_]

    def commit(self) -> None:
        """Believe what the last poll showed."""
        self.committed.update(self.shown)


def look_at(stream: str, ids: Sequence[str] = (), **more: Any) -> PollRequest:
    """Make a `PollRequest` that knows no earlier poll."""
    return PollRequest(stream, tuple(ids), **more)
