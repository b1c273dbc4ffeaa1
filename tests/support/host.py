"""A small sound provider, and an adapter that gives back whatever a test wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from bursar.api import (
    ActionType,
    Coverage,
    EventType,
    Field,
    FieldKind,
    Intent,
    LostReply,
    Method,
    Observation,
    Observed,
    Param,
    PollRequest,
    Provider,
    SinkType,
    Stream,
    SubjectRef,
    SubjectType,
)
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import State

AT = datetime(2026, 11, 21, tzinfo=timezone.utc)
FLAG = Field(FieldKind.BOOLEAN, own=True, default=False)
PARCEL = SubjectType(
    "parcel",
    "parcels",
    {
        "weight": Field(FieldKind.NUMBER),
        "name": Field(FieldKind.TEXT),
        "due": Field(FieldKind.INSTANT),
        "left": Field(FieldKind.DURATION),
        "safe": Field(FieldKind.BOOLEAN),
        "asked": FLAG,
    },
    states=("new", "gone", "unknown"),
    terminal=frozenset({"gone"}),
    unknown="unknown",
    events=(EventType("parcel.fell", "It fell.", lambda before, after: False),),
)
PLACE = SubjectType("place", "places", {"name": Field(FieldKind.TEXT)})
RETURN = ActionType("return_it", "parcel", LostReply.REPEATABLE, {"why": Param()}, confirmed_by=("parcel.gone",))
STREAMS = (
    Stream("parcels", timedelta(seconds=60), Coverage.TRACKED),
    Stream("places", timedelta(hours=1), Coverage.LISTING),
)


def provider(**changes: Any) -> Provider:
    """Return a sound provider, but for what is changed."""
    sound = Provider(
        "post",
        STREAMS,
        (PARCEL, PLACE),
        open=lambda settings, context: FakeAdapter(),  # type: ignore[arg-type,return-value]
        actions=(RETURN,),
        methods=(Method("getParcel", {"id": Param()}),),
    )
    return replace(sound, **changes)


def sink(**changes: Any) -> SinkType:
    """Return a sound kind of sink, but for what is changed."""
    return replace(SinkType("pigeon", open=lambda settings, context: FakeAdapter()), **changes)  # type: ignore[arg-type,return-value]


def parcel(id_: str = "1", **changes: Any) -> Observed:
    """Return a parcel as a poll saw it."""
    seen = Observed(SubjectRef("parcel", id_), {"weight": Decimal("1.5"), "name": None}, "new", AT)
    return replace(seen, **changes)


def seen(*subjects: Observed, **changes: Any) -> Observation:
    """Return what a poll saw."""
    return replace(Observation("parcels", subjects), **changes)


def intent(id_: int = 1, **changes: Any) -> Intent:
    """Return an intent that is being sent."""
    return Intent(
        IntentId(id_), AccountName("main"), "return_it", SubjectRef("parcel", "1"), {}, State.SENDING, AT, AT, **changes
    )


LOOK = PollRequest("parcels", ("1", "2"))


@dataclass
class FakeAdapter:
    """Returns `answer`, or raises it; remembers what it was called for."""

    answer: Any = None
    calls: list[str] = field(default_factory=list)

    async def _give(self, what: str) -> Any:
        self.calls.append(what)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return await self.answer() if callable(self.answer) else self.answer

    async def observe(self, look: PollRequest) -> Any:
        return await self._give("observe")

    async def prepare(self, intent: Intent) -> Any:
        return await self._give("prepare")

    async def perform(self, intent: Intent) -> Any:
        return await self._give(f"perform {intent.id}")

    async def reconcile(self, intent: Intent, evidence: Any) -> Any:
        return await self._give("reconcile")

    async def call(self, method: str, params: Mapping[str, str]) -> Any:
        return await self._give("call")

    async def deliver(self, delivery: Any) -> Any:
        return await self._give("deliver")

    async def close(self) -> Any:
        return await self._give("close")


class ManyAdapter(FakeAdapter):
    """One that does many at once."""

    async def perform_many(self, intents: Sequence[Intent]) -> Any:
        return await self._give("perform_many")
