"""What a rule's conditions and texts can name, and how each name is read from a scope.

Comes in: the subject types that the rule can be about, and the labels of its accounts. Goes out: `Names`. A name that
has no value in a scope (another subject, an event without it) reads as None, which is "no information"; reading never
fails for what adapters deliver.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bursar.diagnostics.suggestion import suggest
from bursar.domain.event import CORE_EVENT_FIELDS
from bursar.domain.rule import Scope
from bursar.domain.subject import SubjectType
from bursar.domain.values import FieldKind, Value
from bursar.rules.ast import Getter, Read
from bursar.rules.errors import TextError

SUBJECT = "subject"
_COMPUTED = ("id", "state", "age", "state_age")


@dataclass(frozen=True, slots=True)
class Names:
    """Every name of one rule.

    Attributes:
        roots: By first word (`order`), the reads by the rest (`remains`, `labels.team`).
        alone: Names without a dot (`now`).
        barred: Names that exist and cannot be used here, and why.
    """

    roots: Mapping[str, Mapping[str, Read]]
    alone: Mapping[str, Read]
    barred: Mapping[str, str]

    def find(self, path: Sequence[str], error: type[TextError]) -> tuple[Read, tuple[str, ...]]:
        """Return what a dotted name reads, and what of it is left over (`hour` of `now.hour`).

        Raises:
            TextError: as `error`; the name is unknown, or cannot be used here.
        """
        root, rest = path[0], tuple(path[1:])
        if root in self.alone:
            return self.alone[root], rest
        for taken in range(len(rest), -1, -1):
            dotted = ".".join(path[: taken + 1])
            if dotted in self.barred:
                raise error(self.barred[dotted])
            if taken and (read := self.roots.get(root, {}).get(".".join(rest[:taken]))) is not None:
                return read, rest[taken:]
        raise self._unknown(root, rest, error)

    def _unknown(self, root: str, rest: tuple[str, ...], error: type[TextError]) -> TextError:
        if root not in self.roots:
            return error(f"unknown name {root!r}", suggest(root, [*self.roots, *self.alone]))
        fields = self.roots[root]
        if not rest:
            some = next(iter(fields), None)
            return error(f"{root!r} alone is no value: name a field of it" + (f", as in {root}.{some}" if some else ""))
        if rest[0] == "labels" and root == "account":
            labels = [name.removeprefix("labels.") for name in fields if name.startswith("labels.")]
            label = ".".join(rest[1:])
            if not label:
                return error("account.labels alone is no value: name a label, as in account.labels.team")
            return error(f"no account of this rule has the label {label!r}", suggest(label, labels))
        return error(f"unknown field {rest[0]!r} of {root}", suggest(rest[0], fields))


def names_for(
    subjects: Mapping[str, Sequence[SubjectType]],
    *,
    synonyms: Iterable[str] = (),
    labels: Iterable[str] = (),
    event: bool = True,
) -> Names:
    """Collect the names of a rule.

    Args:
        subjects: The subject types that it can be about, by name; several where providers share a name.
        synonyms: Those that `subject` stands for.
        labels: The labels that its accounts have.
        event: Whether it is asked about events; a state rule is not, and has no `event` and `before`.
    """
    roots: dict[str, Mapping[str, Read]] = {}
    barred: dict[str, str] = {}
    for name, kinds in subjects.items():
        roots[name], clashes = _fields(name, [(name, kind) for kind in kinds], former=False)
        barred.update(clashes)
    meant = [(name, kind) for name in synonyms for kind in subjects.get(name, ())]
    if meant:
        roots[SUBJECT], clashes = _fields(SUBJECT, meant, former=False)
        barred.update(clashes)
    elif subjects:
        barred[SUBJECT] = f"{SUBJECT!r} is for rules about one kind of subject: here, name one of {', '.join(subjects)}"
    if event:
        every = [(name, kind) for name, kinds in subjects.items() for kind in kinds]
        roots["before"], clashes = _fields("before", meant or every, former=True)
        barred.update(clashes)
        roots["event"] = _EVENT
    else:
        barred.update({name: f"{name!r} is for event rules, and this one watches a state" for name in _OF_EVENTS})
    roots["account"] = {**_ACCOUNT, **{f"labels.{label}": _label(label) for label in labels}}
    return Names(roots, {"now": Read("now", FieldKind.INSTANT, _now, rate=1)}, barred)


def _fields(
    root: str, kinds: Sequence[tuple[str, SubjectType]], *, former: bool
) -> tuple[dict[str, Read], dict[str, str]]:
    """Return the reads of one root, and the names that providers declare differently."""
    found: dict[str, Read] = {}
    clashes: dict[str, str] = {}
    types = frozenset(name for name, _ in kinds)
    states = frozenset(state for _, kind in kinds for state in kind.states)
    for _, kind in kinds:
        for name, field in kind.all_fields.items():
            if former and name in _COMPUTED and name != "state":
                continue
            path = f"{root}.{name}"
            read = _former(path, name, field.kind) if former else _current(path, types, name, kind)
            if name in found and found[name].kind is not read.kind:
                clashes[path] = f"{path} is not the same kind of value at every provider: narrow `accounts`"
            found[name] = _with_options(read, states if name == "state" and kind.states else None)
    return found, clashes


def _with_options(read: Read, options: frozenset[str] | None) -> Read:
    return Read(read.path, read.kind, read.get, read.rate, options) if options else read


def _current(path: str, types: frozenset[str], name: str, kind: SubjectType) -> Read:
    declared = kind.all_fields[name].kind
    if name == "id":
        return Read(path, declared, _of(types, _id))
    if name == "state" and kind.states:
        return Read(path, declared, _of(types, _state))
    if name == "age" and name not in kind.fields:
        return Read(path, declared, _of(types, _age), rate=1)
    if name == "state_age" and name not in kind.fields:
        return Read(path, declared, _of(types, _state_age), rate=1)
    return Read(path, declared, _field(types, name))


def _field(types: frozenset[str], name: str) -> Getter:
    """Make the reader of a field; the one that conditions use most, so it is spelt out for speed."""
    only = next(iter(types)) if len(types) == 1 else None

    def get_of_one(scope: Scope) -> Value | None:
        subject = scope.subject
        if subject is None or subject.ref.type != only:
            return None
        return subject.fields.get(name)

    def get(scope: Scope) -> Value | None:
        subject = scope.subject
        if subject is None or subject.ref.type not in types:
            return None
        return subject.fields.get(name)

    return get if only is None else get_of_one


def _of(types: frozenset[str], read: Getter) -> Getter:
    """Read only from subjects of these types."""

    def get(scope: Scope) -> Value | None:
        return read(scope) if scope.subject is not None and scope.subject.ref.type in types else None

    return get


def _id(scope: Scope) -> Value | None:
    return scope.subject.ref.id if scope.subject is not None else None


def _state(scope: Scope) -> Value | None:
    return scope.subject.state if scope.subject is not None else None


def _age(scope: Scope) -> timedelta | None:
    return scope.now - scope.subject.created_at if scope.subject is not None else None


def _state_age(scope: Scope) -> timedelta | None:
    if scope.subject is None or scope.subject.state_since is None:
        return None
    return scope.now - scope.subject.state_since


def _former(path: str, name: str, kind: FieldKind) -> Read:
    return Read(path, kind, lambda scope: scope.before.get(name))


def _told(name: str) -> Read:
    """Read what an event of the core has to say."""

    def get(scope: Scope) -> Value | None:
        said = scope.event.data.get(name) if scope.event is not None else None
        return None if said is None else str(said)

    return Read(f"event.{name}", FieldKind.TEXT, get)


def _label(name: str) -> Read:
    return Read(f"account.labels.{name}", FieldKind.TEXT, lambda scope: scope.account.labels.get(name))


def _now(scope: Scope) -> Value | None:
    return scope.wall


_OF_EVENTS = ("event", "before")
_EVENT: Mapping[str, Read] = {
    "id": Read("event.id", FieldKind.TEXT, lambda scope: scope.event.id if scope.event is not None else None),
    "type": Read("event.type", FieldKind.TEXT, lambda scope: scope.event.type if scope.event is not None else None),
    "account": Read(
        "event.account", FieldKind.TEXT, lambda scope: scope.event.account if scope.event is not None else None
    ),
    "time": Read(
        "event.time",
        FieldKind.INSTANT,
        lambda scope: scope.event.at + scope.ahead if scope.event is not None else None,
    ),
    **{name: _told(name) for name in CORE_EVENT_FIELDS},
}
_ACCOUNT: Mapping[str, Read] = {
    "name": Read("account.name", FieldKind.TEXT, lambda scope: scope.account.name),
    "provider": Read("account.provider", FieldKind.TEXT, lambda scope: scope.account.provider),
    "currency": Read("account.currency", FieldKind.TEXT, lambda scope: scope.account.currency),
}
