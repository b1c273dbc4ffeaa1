"""The checked tree of a condition: every node knows what kind of value it gives.

`syntax` makes it, `compiler` turns it into closures, `time_triggers` finds out when time changes its answer, and
`formatter` writes it down. Nodes are values; nothing here evaluates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bursar.api.function import Function
from bursar.domain.rule import Scope
from bursar.domain.values import FieldKind, Value

Getter = Callable[[Scope], Value | None]


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that is written in the condition; kind None is `null`."""

    value: Value | None
    kind: FieldKind | None


@dataclass(frozen=True, slots=True)
class Read:
    """A name that is read from the scope.

    Attributes:
        path: As people write it: `order.remains`.
        get: Reads it; None is "no information".
        rate: By how much it moves with the clock: 1 for ages and `now`, 0 for what stands still.
        options: The only texts that it can hold, where that is known.
    """

    path: str
    kind: FieldKind
    get: Getter
    rate: int = 0
    options: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an instant, in UTC: `now.hour`."""

    whole: Node
    name: str
    kind: FieldKind


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * / // % **`"""

    sign: str
    left: Node
    right: Node
    kind: FieldKind


@dataclass(frozen=True, slots=True)
class Negative:
    """`-x`"""

    part: Node
    kind: FieldKind


@dataclass(frozen=True, slots=True)
class Compare:
    """`== != < <= > >=`"""

    sign: str
    left: Node
    right: Node
    kind: FieldKind = FieldKind.BOOLEAN


@dataclass(frozen=True, slots=True)
class Absent:
    """`x == null`, or `x != null` when `negated`: never unknown."""

    part: Node
    negated: bool
    kind: FieldKind = FieldKind.BOOLEAN


@dataclass(frozen=True, slots=True)
class Within:
    """`x in [a, b]`"""

    member: Node
    choices: tuple[Node, ...]
    kind: FieldKind = FieldKind.BOOLEAN


@dataclass(frozen=True, slots=True)
class Inside:
    """`"part" in text`"""

    member: Node
    text: Node
    kind: FieldKind = FieldKind.BOOLEAN


@dataclass(frozen=True, slots=True)
class Logic:
    """`and`, `or`, of two or more parts."""

    word: str
    parts: tuple[Node, ...]
    kind: FieldKind = FieldKind.BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    """`not x`"""

    part: Node
    kind: FieldKind = FieldKind.BOOLEAN


@dataclass(frozen=True, slots=True)
class Either:
    """`condition ? yes : no`"""

    condition: Node
    yes: Node
    no: Node
    kind: FieldKind


@dataclass(frozen=True, slots=True)
class Fallback:
    """`first ?? second`"""

    first: Node
    second: Node
    kind: FieldKind


@dataclass(frozen=True, slots=True)
class Call:
    """`$name(…)`"""

    function: Function
    arguments: tuple[Node, ...]
    kind: FieldKind


Node = (
    Literal
    | Read
    | Part
    | Arithmetic
    | Negative
    | Compare
    | Absent
    | Within
    | Inside
    | Logic
    | Not
    | Either
    | Fallback
    | Call
)


def children(node: Node) -> tuple[Node, ...]:  # noqa: C901 - one case for each kind of node
    """Return the nodes right below one."""
    match node:
        case Literal() | Read():
            return ()
        case Part():
            return (node.whole,)
        case Arithmetic() | Compare():
            return (node.left, node.right)
        case Negative() | Absent() | Not():
            return (node.part,)
        case Within():
            return (node.member, *node.choices)
        case Inside():
            return (node.member, node.text)
        case Logic():
            return node.parts
        case Either():
            return (node.condition, node.yes, node.no)
        case Fallback():
            return (node.first, node.second)
        case Call():
            return node.arguments


def walk(node: Node) -> Iterator[Node]:
    """Return a node and all below it, in the order in which they are written."""
    yield node
    for child in children(node):
        yield from walk(child)


def reads(node: Node) -> tuple[Read, ...]:
    """Return every name that is read, once each."""
    found = {part.path: part for part in walk(node) if isinstance(part, Read)}
    return tuple(found.values())


def moves(node: Node) -> bool:
    """Return whether its value moves with the clock."""
    return any(isinstance(part, Read) and part.rate for part in walk(node))
