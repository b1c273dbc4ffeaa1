"""Does what an adapter gives keep to what its provider declares? Each check gives sentences; none means that it does.

Pure. Comes in: a declaration and an observation. It looks at names, types and states, never at what the values are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from bursar.api import FieldKind, Observation, Observed, Provider, SubjectType, Value

TYPES: dict[FieldKind, type] = {
    FieldKind.TEXT: str,
    FieldKind.NUMBER: Decimal,
    FieldKind.BOOLEAN: bool,
    FieldKind.INSTANT: datetime,
    FieldKind.DURATION: timedelta,
}


def problems_in(provider: Provider, stream: str, observation: Observation) -> list[str]:
    """Return everything in which an observation does not keep to the declaration."""
    subjects = {subject.name: subject for subject in provider.subjects}
    problems = [] if observation.stream == stream else [f"polled {stream!r}, observed {observation.stream!r}"]
    seen_twice = [ref for ref, times in Counter(seen.ref for seen in observation.subjects).items() if times > 1]
    problems += [f"{ref} was seen twice in one poll" for ref in seen_twice]
    for seen in observation.subjects:
        if seen.ref.type not in subjects:
            problems.append(f"{seen.ref} is of a type that is not declared")
        else:
            problems += _sight(subjects[seen.ref.type], stream, seen)
    return problems


def _sight(subject: SubjectType, stream: str, seen: Observed) -> Iterator[str]:
    if subject.stream != stream:
        yield f"{seen.ref} was seen in stream {stream!r}, it is declared for {subject.stream!r}"
    if not isinstance(seen.ref.id, str) or not seen.ref.id:
        yield f"{seen.ref} has an id that is not text"
    if seen.state is not None and seen.state not in subject.states:
        yield f"{seen.ref} is in state {seen.state!r}, which is not declared"
    if seen.created_at is not None and seen.created_at.tzinfo is None:
        yield f"{seen.ref} was created at an instant without a time zone"
    for name, value in seen.fields.items():
        yield from _field(subject, seen, name, value)


def _field(subject: SubjectType, seen: Observed, name: str, value: Value | None) -> Iterator[str]:
    field = subject.fields.get(name)
    if field is None:
        yield f"{seen.ref} has a field {name!r}, which is not declared"
    elif field.own:
        yield f"{seen.ref} has the field {name!r} from the provider; it is bursar's own"
    elif value is not None and type(value) is not TYPES[field.kind]:
        yield f"{seen.ref}.{name} is a {type(value).__name__}, a {field.kind} was declared"
    elif isinstance(value, datetime) and value.tzinfo is None:
        yield f"{seen.ref}.{name} is an instant without a time zone"
