"""Is a declaration sound? Provider, sink or function in, the first thing wrong with it out, in words for its author.

The core plans polls, types conditions and enforces what a lost reply means from these declarations alone, so a
contradiction in one is refused when the plugin is loaded, not found when money moves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from bursar.api.function import Function
from bursar.api.provider import API_LEVEL, Method, Provider
from bursar.api.sink import SinkType
from bursar.domain.action import ActionType, Param
from bursar.domain.event import CORE_EVENTS
from bursar.domain.intent import LostReply
from bursar.domain.subject import Coverage, Field, Stream, SubjectType
from bursar.domain.values import FieldKind

MAX_BATCH = 100
NAME = re.compile(r"[a-z][a-z0-9_]*")
METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
ACCOUNT_KEYS = frozenset(
    {"provider", "url", "key", "poll", "rate", "timeout", "settle", "debits_at_once", "labels", "budget", "currency"}
)
SINK_KEYS = frozenset({"type", "events"})
BUILT_IN_FIELDS = frozenset({"id", "state", "age", "state_age"})
BUILT_IN_WORDS = ("appeared", "changed", "vanished")
RESERVED_SUBJECTS = frozenset(name.partition(".")[0] for name in CORE_EVENTS) | {"before", "event", "now"}
RESERVED_ACTIONS = frozenset({"notify"})


class BadDeclaration(Exception):
    """A plugin registered something that cannot be used; the text tells its author why."""


def check_provider(provider: Provider) -> None:
    """Raise `BadDeclaration` for the first thing wrong with a provider."""
    what = f"provider {provider.name!r}"
    _check_level(what, provider.api_level)
    _check_name(what, provider.name)
    _check_settings(what, provider.settings, ACCOUNT_KEYS)
    _require(callable(provider.open), f"{what}: open is not callable")
    _require(provider.wire is None or callable(provider.wire), f"{what}: wire is not callable")
    _check_rate(what, provider.default_rate)
    _check_duration(f"{what}: default_timeout", provider.default_timeout)
    _check_url(what, provider.default_url)
    for stream in _unique(f"{what}: stream", provider.streams, Stream):
        _check_stream(f"{what}: stream {stream.name!r}", stream)
    streams = {stream.name for stream in provider.streams}
    for subject in _unique(f"{what}: subject", provider.subjects, SubjectType):
        _check_subject(f"{what}: subject {subject.name!r}", subject, streams)
    _check_events(what, provider)
    for action in _unique(f"{what}: action", provider.actions, ActionType):
        _check_action(f"{what}: action {action.name!r}", action, provider)
    for method in _unique(f"{what}: method", provider.methods, Method, METHOD):
        _check_method(f"{what}: method {method.name!r}", method)


def check_sink(sink: SinkType) -> None:
    """Raise `BadDeclaration` for the first thing wrong with a kind of sink."""
    what = f"sink {sink.name!r}"
    _check_level(what, sink.api_level)
    _check_name(what, sink.name)
    _check_settings(what, sink.settings, SINK_KEYS)
    _require(callable(sink.open), f"{what}: open is not callable")
    for key in sink.required:
        _require(key in sink.settings, f"{what}: requires the setting {key!r}, which it does not declare")


def check_function(function: Function) -> None:
    """Raise `BadDeclaration` for the first thing wrong with a function of conditions."""
    what = f"function {function.name!r}"
    _check_name(what, function.name)
    _require(callable(function.call), f"{what}: call is not callable")
    kinds = (*function.takes, function.gives)
    _require(all(isinstance(kind, FieldKind) for kind in kinds), f"{what}: takes and gives must be FieldKinds")


def _require(sound: bool, otherwise: str) -> None:
    if not sound:
        raise BadDeclaration(otherwise)


def _check_level(what: str, level: object) -> None:
    _require(
        level == API_LEVEL,
        f"{what} was made for level {level} of the plugin interface; this bursar has level {API_LEVEL}",
    )


def _check_name(what: str, name: object, pattern: re.Pattern[str] = NAME) -> None:
    _require(
        isinstance(name, str) and pattern.fullmatch(name) is not None,
        f"{what}: a name is made of small letters, digits and '_', and begins with a letter",
    )


def _unique(what: str, declared: object, kind: type, pattern: re.Pattern[str] = NAME) -> Iterable[Any]:
    """Return what is declared, checked to be of its kind, under names of its own."""
    _require(isinstance(declared, (tuple, list)), f"{what}s: expected a tuple")
    assert isinstance(declared, (tuple, list))
    seen: set[str] = set()
    for each in declared:
        _require(isinstance(each, kind), f"{what}: expected a {kind.__name__}, not {type(each).__name__}")
        _check_name(f"{what} {each.name!r}", each.name, pattern)
        _require(each.name not in seen, f"{what} {each.name!r} is declared twice")
        seen.add(each.name)
    return declared


def _check_settings(what: str, settings: Mapping[str, Any], taken: Collection[str]) -> None:
    for name, schema in settings.items():
        _check_name(f"{what}: setting {name!r}", name)
        _require(name not in taken, f"{what}: the setting {name!r} is one of bursar's own")
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            raise BadDeclaration(f"{what}: setting {name!r} is no JSON Schema: {error.message}") from None
        _require(not _refers(schema), f"{what}: setting {name!r}: $ref is not supported, write the schema out")


def _refers(schema: Any) -> bool:
    if isinstance(schema, Mapping):
        return "$ref" in schema or "$dynamicRef" in schema or any(_refers(part) for part in schema.values())
    return isinstance(schema, (list, tuple)) and any(_refers(part) for part in schema)


def _check_rate(what: str, rate: object) -> None:
    sound = isinstance(rate, tuple) and len(rate) == 2 and isinstance(rate[0], int) and rate[0] > 0
    _require(sound, f"{what}: default_rate is (requests, timedelta)")
    assert isinstance(rate, tuple)
    _check_duration(f"{what}: default_rate", rate[1])


def _check_duration(what: str, duration: object) -> None:
    _require(isinstance(duration, timedelta) and duration > timedelta(0), f"{what}: expected a timedelta above 0")


def _check_url(what: str, url: str | None) -> None:
    _require(url is None or url.startswith(("https://", "http://")), f"{what}: default_url is no http(s) address")


def _check_stream(what: str, stream: Stream) -> None:
    _check_duration(f"{what}: interval", stream.interval)
    _require(stream.interval >= timedelta(seconds=1), f"{what}: an interval is at least one second")
    _require(isinstance(stream.coverage, Coverage), f"{what}: coverage is a Coverage")
    _require(1 <= stream.batch <= MAX_BATCH, f"{what}: a batch is 1 to {MAX_BATCH} ids, not {stream.batch}")


def _check_subject(what: str, subject: SubjectType, streams: Collection[str]) -> None:
    _require(subject.name not in RESERVED_SUBJECTS, f"{what}: this word has a meaning of its own in rules")
    _require(subject.stream in streams, f"{what}: there is no stream {subject.stream!r}")
    for name, spec in subject.fields.items():
        _check_name(f"{what}: field {name!r}", name)
        _require(name not in BUILT_IN_FIELDS, f"{what}: the field {name!r} comes by itself, do not declare it")
        _require(isinstance(spec, Field) and isinstance(spec.kind, FieldKind), f"{what}: field {name!r} is no Field")
        plain = spec.default is None or spec.kind is FieldKind.BOOLEAN
        _require(plain, f"{what}: field {name!r}: only a boolean field has a default")
    _check_states(what, subject)


def _check_states(what: str, subject: SubjectType) -> None:
    states = subject.states
    for name, words in (("states", states), ("terminal", subject.terminal)):
        is_words = isinstance(words, Collection) and not isinstance(words, str)
        _require(is_words, f"{what}: {name} is a collection of words, not {type(words).__name__}")
    _require(len(set(states)) == len(states), f"{what}: a state is declared twice")
    for state in states:
        _check_name(f"{what}: state {state!r}", state)
        _require(state not in BUILT_IN_WORDS, f"{what}: the state {state!r} has the name of a built-in event")
    _require(set(subject.terminal) <= set(states), f"{what}: a terminal state is not among its states")
    known = subject.unknown is None or subject.unknown in states
    _require(known, f"{what}: the unknown state {subject.unknown!r} is not among its states")
    _require(subject.unknown not in subject.terminal, f"{what}: the unknown state cannot be a terminal one")


def _check_events(what: str, provider: Provider) -> None:
    raised = event_names(provider)
    seen: set[str] = set()
    for name in raised:
        _require(name not in seen, f"{what}: the event {name!r} is declared twice")
        seen.add(name)
    for subject in provider.subjects:
        for event in subject.events:
            prefix, _, word = event.name.partition(".")
            sound = prefix == subject.name and NAME.fullmatch(word) is not None
            _require(sound, f"{what}: the event {event.name!r} must be named {subject.name}.something")
            _require(callable(event.raised), f"{what}: event {event.name!r}: raised is not callable")
            lasts = event.still is None or callable(event.still)
            _require(lasts, f"{what}: event {event.name!r}: still is not callable")
            _check_known(f"{what}: event {event.name!r}: rearmed_by", event.rearmed_by, seen | set(raised))


def event_names(provider: Provider) -> list[str]:
    """Return every event type that a provider's subjects can raise."""
    return [name for subject in provider.subjects for name in subject.event_names()]


def _check_action(what: str, action: ActionType, provider: Provider) -> None:
    subjects = {subject.name for subject in provider.subjects}
    _require(action.name not in RESERVED_ACTIONS, f"{what}: this word has a meaning of its own in rules")
    _require(action.subject in subjects, f"{what}: there is no subject {action.subject!r}")
    _require(isinstance(action.lost_reply, LostReply), f"{what}: lost_reply is a LostReply")
    _require(1 <= action.batch <= MAX_BATCH, f"{what}: a batch is 1 to {MAX_BATCH} intents, not {action.batch}")
    _check_cost(what, action, provider)
    _check_params(what, action.params)
    raised = event_names(provider)
    _check_known(f"{what}: confirmed_by", action.confirmed_by, raised)
    _check_known(f"{what}: disproved_by", action.disproved_by, raised)
    _check_known(f"{what}: undone_by", action.undone_by, raised)


def _check_cost(what: str, action: ActionType, provider: Provider) -> None:
    """Check how an action says what it costs, and what it did cost."""
    _require(action.cost is None or callable(action.cost), f"{what}: cost is not callable")
    shows = action.evidence_shows
    _require(shows is None or callable(shows), f"{what}: evidence_shows is not callable")
    lists = action.evidence_lists
    _require(lists is None or callable(lists), f"{what}: evidence_lists is not callable")
    _require(lists is None or action.settled_by is not None, f"{what}: evidence_lists asks for a settled_by")
    _require(action.cost_needs is None or callable(action.cost_needs), f"{what}: cost_needs is not callable")
    streams = {stream.name for stream in provider.streams}
    known = action.cost_stream is None or action.cost_stream in streams
    _require(known, f"{what}: cost_stream: there is no stream {action.cost_stream!r}")
    _require(action.cost_needs is None or action.cost_stream is not None, f"{what}: cost_needs asks for a cost_stream")
    _check_duration(f"{what}: cost_within", action.cost_within)
    if action.settled_by is not None:
        fields = {subject.name: subject.fields for subject in provider.subjects}
        type_, name = action.settled_by
        spec = fields.get(type_, {}).get(name)
        is_number = spec is not None and spec.kind is FieldKind.NUMBER
        _require(is_number, f"{what}: settled_by: {type_}.{name} is no field with a number")


def _check_method(what: str, method: Method) -> None:
    _require(method.intents is None or callable(method.intents), f"{what}: intents is not callable")
    _check_params(what, method.params)


def _check_params(what: str, params: Mapping[str, object]) -> None:
    for name, param in params.items():
        _require(isinstance(param, Param), f"{what}: parameter {name!r} is no Param")


def _check_known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        _require(name in known, f"{what}: there is no event {name!r}")
