"""All that a plugin may import: hooks, declarations, protocols, nouns, errors. Nothing else is promised to stay."""

from bursar.api.answer import Answer
from bursar.api.clock import Clock
from bursar.api.errors import (
    BadAnswer,
    DeliveryFailed,
    NeverSent,
    ProviderError,
    RateLimited,
    Refusal,
    Rejected,
    Unreachable,
)
from bursar.api.function import Function
from bursar.api.hookspecs import hookimpl
from bursar.api.http import Http, Request
from bursar.api.provider import (
    API_LEVEL,
    AccountSettings,
    Adapter,
    AdapterContext,
    BatchAdapter,
    Method,
    PollRequest,
    Provider,
    SandboxServer,
    Wanted,
)
from bursar.api.secret import Secret, hint
from bursar.api.sink import Sink, SinkSettings, SinkType
from bursar.domain.action import ActionType, CostFacts, Param
from bursar.domain.ids import SubjectRef
from bursar.domain.intent import (
    CannotTell,
    DidNot,
    Finding,
    Happened,
    Intent,
    Later,
    Lost,
    LostReply,
    NotSent,
    Outcome,
    Refused,
    Succeeded,
)
from bursar.domain.observation import Observation, Observed, Snapshot
from bursar.domain.route import Delivery
from bursar.domain.subject import Coverage, EventType, Field, Stream, SubjectType
from bursar.domain.unread import together, unread, unread_in
from bursar.domain.values import FieldKind, Fields, Json, Value, cut, number

__all__ = [
    "API_LEVEL",
    "AccountSettings",
    "ActionType",
    "Adapter",
    "AdapterContext",
    "Answer",
    "BadAnswer",
    "BatchAdapter",
    "CannotTell",
    "Clock",
    "CostFacts",
    "Coverage",
    "Delivery",
    "DeliveryFailed",
    "DidNot",
    "EventType",
    "Field",
    "FieldKind",
    "Fields",
    "Finding",
    "Function",
    "Happened",
    "Http",
    "Intent",
    "Json",
    "Later",
    "Lost",
    "LostReply",
    "Method",
    "NeverSent",
    "NotSent",
    "Observation",
    "Observed",
    "Outcome",
    "Param",
    "PollRequest",
    "Provider",
    "ProviderError",
    "RateLimited",
    "Refusal",
    "Refused",
    "Rejected",
    "Request",
    "SandboxServer",
    "Secret",
    "Sink",
    "SinkSettings",
    "SinkType",
    "Snapshot",
    "Stream",
    "SubjectRef",
    "SubjectType",
    "Succeeded",
    "Unreachable",
    "Value",
    "Wanted",
    "cut",
    "hint",
    "hookimpl",
    "number",
    "together",
    "unread",
    "unread_in",
]
