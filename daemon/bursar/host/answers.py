"""Is what an adapter gave back of the kinds that its provider declares? Its answer in, the same answer out, or
`InvalidResult` with words for the plugin's author; values are never shown, since they may be secrets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bursar.api.provider import PollRequest, Provider
from bursar.domain.intent import (
    CannotTell,
    DidNot,
    Finding,
    Happened,
    Intent,
    Later,
    Lost,
    NotSent,
    Outcome,
    Refused,
    Succeeded,
)
from bursar.domain.observation import Observation, Observed
from bursar.domain.subject import Coverage, Field, SubjectType
from bursar.domain.values import FieldKind, Json, cut

MAX_SUBJECTS = 1_000_000
MAX_ID = 512
MAX_DEPTH = 64


class InvalidResult(Exception):
    """An adapter gave something that is not of the declared kinds; the text goes on after "the plugin gave"."""


def _is_number(value: object) -> bool:
    # A float, or NaN, has no place in the sum that a budget is held against.
    return type(value) is Decimal and value.is_finite()


def _is_instant(value: object) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None and value.utcoffset() is not None


KINDS: Mapping[FieldKind, tuple[str, Callable[[object], bool]]] = {
    FieldKind.TEXT: ("text", lambda value: isinstance(value, str)),
    FieldKind.NUMBER: ("a finite Decimal", _is_number),
    FieldKind.BOOLEAN: ("a bool", lambda value: isinstance(value, bool)),
    FieldKind.INSTANT: ("an aware datetime", _is_instant),
    FieldKind.DURATION: ("a timedelta", lambda value: isinstance(value, timedelta)),
}


class Checks:
    """The checks of one provider's adapters, made from its declaration once."""

    def __init__(self, provider: Provider) -> None:
        self._subjects = {subject.name: subject for subject in provider.subjects}
        self._streams = {stream.name: stream for stream in provider.streams}

    def observation(self, look: PollRequest, seen: object) -> Observation:
        """Check what a poll gave."""
        if not isinstance(seen, Observation):
            raise InvalidResult(f"{_a(seen)} in place of an Observation")
        _require(seen.stream == look.stream, f"an observation of another stream than {look.stream!r}")
        _require(isinstance(seen.subjects, (tuple, list)), "subjects that are no tuple")
        _require(len(seen.subjects) <= MAX_SUBJECTS, f"more than {MAX_SUBJECTS} subjects at once")
        asked = self._asked(look) if seen.subjects else None
        for subject in seen.subjects:
            self.observed(subject, look.stream, asked)
        _check_ids("unchanged", seen.unchanged)
        _check_problems(seen.problems)
        self.json(seen.cursor)
        return seen

    def observed(self, seen: object, stream: str | None = None, asked: Collection[str] | None = None) -> None:
        """Check one subject; with a stream, that it belongs there, with ids, that it was asked for."""
        if not isinstance(seen, Observed):
            raise InvalidResult(f"{_a(seen)} in place of an Observed")
        kind = self._subjects.get(seen.ref.type)
        if kind is None:
            raise InvalidResult(f"a subject of the undeclared type {_short(seen.ref.type)}")
        if stream is not None and kind.stream != stream:
            raise InvalidResult(f"a {kind.name} in the stream {stream!r}; it is declared for {kind.stream!r}")
        _check_id(seen.ref.id)
        # A plugin that mixes up two answers must not put one order's state on another.
        if asked is not None and seen.ref.id not in asked:
            raise InvalidResult(f"a {kind.name} that was not asked for")
        _check_fields(kind, seen.fields, own=False)
        if seen.state is not None and seen.state not in kind.states:
            raise InvalidResult(f"a {kind.name} in the undeclared state {_short(seen.state)}")
        if seen.created_at is not None and not _is_instant(seen.created_at):
            raise InvalidResult(f"a {kind.name} whose created_at is no aware datetime")

    def outcome(self, intent: Intent, outcome: object) -> Outcome:
        """Check the outcome of an attempt."""
        if isinstance(outcome, Succeeded):
            self._success(intent, outcome)
            return outcome
        if isinstance(outcome, (Refused, Later, NotSent, Lost)):
            _require(isinstance(outcome.reason, str), "an outcome whose reason is not text")
            if isinstance(outcome, (Later, NotSent)):
                _check_pause(outcome.retry_after)
            return outcome
        raise InvalidResult(f"{_a(outcome)} in place of an outcome")

    def finding(self, intent: Intent, finding: object) -> Finding:
        """Check what reconciling found."""
        if isinstance(finding, Happened):
            _require(isinstance(finding.success, Succeeded), "a Happened without a Succeeded")
            self._success(intent, finding.success)
            return finding
        if isinstance(finding, (DidNot, CannotTell)):
            _require(isinstance(finding.reason, str), "a finding whose reason is not text")
            suspect = finding.suspect if isinstance(finding, CannotTell) else None
            _require(suspect is None or isinstance(suspect, str), "a suspect that is not text")
            return finding
        raise InvalidResult(f"{_a(finding)} in place of a finding")

    def prepared(self, intent: Intent, read: object) -> Json | Finding:
        """Check what was read just before sending: evidence, or, of an intent that was lost, a finding."""
        if isinstance(read, (Happened, DidNot, CannotTell)):
            _require(intent.lost, "a finding, though no attempt was lost")
            return self.finding(intent, read)
        return self.json(read)

    def json(self, value: Any) -> Json:
        """Check that something is JSON."""
        _require(_is_json(value, 0), "something that is not JSON")
        return value  # type: ignore[no-any-return]

    def mapping(self, value: object) -> Mapping[Any, Any]:
        """Check that something is a mapping."""
        if not isinstance(value, Mapping):
            raise InvalidResult(f"{_a(value)} in place of a mapping")
        return value

    def _asked(self, look: PollRequest) -> Collection[str] | None:
        stream = self._streams.get(look.stream)
        return frozenset(look.ids) if stream is not None and stream.coverage is Coverage.TRACKED else None

    def _success(self, intent: Intent, success: Succeeded) -> None:
        reference = success.reference
        _require(reference is None or isinstance(reference, str), "a reference that is not text")
        # An amount below zero would give the budget back more than was spent.
        sound = success.moved is None or (_is_number(success.moved) and success.moved >= 0)
        _require(sound, "a moved that is no finite Decimal of at least 0")
        kind = self._subjects.get(intent.subject.type)
        if success.facts and kind is None:
            raise InvalidResult("facts about an undeclared type of subject")
        if kind is not None:
            _check_fields(kind, success.facts, own=True)
        for tracked in success.tracked:
            self.observed(tracked)


def _check_fields(kind: SubjectType, fields: Mapping[str, Any], *, own: bool) -> None:
    for name, value in fields.items():
        spec: Field | None = kind.fields.get(name)
        # A panel's answer must not set `cancel_requested`: rules hold back by what bursar itself has asked for.
        if spec is None or spec.own is not own:
            raise InvalidResult(f"the field {_short(name)}, which {kind.name} {_why_not(spec)}")
        if value is not None and not KINDS[spec.kind][1](value):
            raise InvalidResult(f"{kind.name}.{name} as {_a(value)}; it is declared as {KINDS[spec.kind][0]}")


def _why_not(spec: Field | None) -> str:
    if spec is None:
        return "does not declare"
    return "declares as bursar's own" if spec.own else "does not declare as bursar's own"


def _check_id(id_: object) -> None:
    sound = isinstance(id_, str) and 0 < len(id_) <= MAX_ID and id_.isprintable()
    _require(sound, f"a subject whose id is no printable text of 1 to {MAX_ID} characters")


def _check_ids(what: str, ids: object) -> None:
    sound = isinstance(ids, Collection) and not isinstance(ids, str) and {*map(type, ids)} <= {str}
    _require(sound, f"{what} that is no collection of ids")


def _check_problems(problems: object) -> None:
    sound = isinstance(problems, Mapping) and _all_text(problems.keys()) and _all_text(problems.values())
    _require(sound, "problems that are no texts by id")


def _all_text(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


def _check_pause(pause: object) -> None:
    _require(pause is None or isinstance(pause, timedelta), "a retry_after that is no timedelta")


def _is_json(value: object, depth: int) -> bool:
    if value is None or isinstance(value, (str, bool, int, float, Decimal)):
        return True
    if depth >= MAX_DEPTH:
        return False
    if isinstance(value, (list, tuple)):
        return all(_is_json(each, depth + 1) for each in value)
    return isinstance(value, Mapping) and all(
        isinstance(key, str) and _is_json(each, depth + 1) for key, each in value.items()
    )


def _require(sound: bool, otherwise: str) -> None:
    if not sound:
        raise InvalidResult(otherwise)


def _a(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"


def _short(name: object) -> str:
    return repr(cut(str(name), 40))
