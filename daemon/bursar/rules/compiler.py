"""From a checked tree to closures that answer: true, false, or None for unknown.

Comes in: a tree. Goes out: a function of a scope, made once, called for every event. A name without information makes
its comparison unknown; so does a calculation that cannot be done. `and`, `or`, `not` follow Kleene: false and unknown
is false, true or unknown is true. Nothing raises, whatever the data: errors end at the leaf in which they happen.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from bursar.domain.rule import Scope
from bursar.domain.values import FieldKind, Value
from bursar.rules.ast import (
    Absent,
    Arithmetic,
    Call,
    Compare,
    Either,
    Fallback,
    Getter,
    Inside,
    Literal,
    Logic,
    Negative,
    Node,
    Not,
    Part,
    Read,
    Within,
)
from bursar.rules.syntax import NUMBERS, WEEKDAYS

Truth = Callable[[Scope], bool | None]

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": NUMBERS.add,
    "-": NUMBERS.subtract,
    "*": NUMBERS.multiply,
    "/": NUMBERS.divide,
    "//": NUMBERS.divide_int,
    "%": NUMBERS.remainder,
    "**": NUMBERS.power,
}
_OTHERS: Mapping[str, Callable[[Any, Any], Any]] = {"+": operator.add, "-": operator.sub}
_TYPES: Mapping[FieldKind, type] = {
    FieldKind.TEXT: str,
    FieldKind.NUMBER: Decimal,
    FieldKind.BOOLEAN: bool,
    FieldKind.INSTANT: datetime,
    FieldKind.DURATION: timedelta,
}


def truth_of(node: Node) -> Truth:
    """Compile a node that gives true or false."""
    match node:
        case Logic():
            parts = tuple(truth_of(part) for part in node.parts)
            return _all(parts) if node.word == "and" else _any(parts)
        case Not():
            return _not(truth_of(node.part))
        case _:
            return _guarded(raw(node))


def raw(node: Node) -> Getter:  # noqa: C901, PLR0912 - one case for each kind of node
    """Compile any node, without the guard: a calculation that cannot be done raises."""
    match node:
        case Literal():
            return _constant(node.value)
        case Read():
            return node.get
        case Part():
            return _part(raw(node.whole), node.name)
        case Arithmetic():
            numbers = node.kind is FieldKind.NUMBER
            return _both((_NUMBERS if numbers else _OTHERS)[node.sign], raw(node.left), raw(node.right))
        case Negative():
            return _negative(raw(node.part), node.kind)
        case Compare():
            return _compare(node)
        case Absent():
            return _absent(raw(node.part), node.negated)
        case Within():
            return _within(raw(node.member), node.choices)
        case Inside():
            return _both(lambda member, text: member in text, raw(node.member), raw(node.text))
        case Logic() | Not():
            return truth_of(node)
        case Either():
            return _either(truth_of(node.condition), raw(node.yes), raw(node.no))
        case Fallback():
            return _fallback(raw(node.first), raw(node.second))
        case Call():
            return _call(node)


def _guarded(get: Getter) -> Truth:
    """Make unknown of whatever goes wrong, and of what is neither true nor false."""

    def truth(scope: Scope) -> bool | None:
        try:
            value = get(scope)
        except Exception:  # noqa: BLE001 - a leaf answers, whatever an adapter delivered
            return None
        # Not by truthiness: a plugin's 1 or "no" in a condition's place must not send money.
        return value if value is True or value is False else None

    return truth


def _all(parts: tuple[Truth, ...]) -> Truth:
    def truth(scope: Scope) -> bool | None:
        answer: bool | None = True
        for part in parts:
            value = part(scope)
            if value is False:
                return False
            if value is None:
                # It goes on: a false that comes later makes the whole false, whatever is unknown.
                answer = None
        return answer

    return truth


def _any(parts: tuple[Truth, ...]) -> Truth:
    def truth(scope: Scope) -> bool | None:
        answer: bool | None = False
        for part in parts:
            value = part(scope)
            if value is True:
                return True
            if value is None:
                answer = None
        return answer

    return truth


def _not(part: Truth) -> Truth:
    def truth(scope: Scope) -> bool | None:
        value = part(scope)
        return None if value is None else not value

    return truth


def _constant(value: Value | None) -> Getter:
    return lambda _scope: value


def _both(combine: Callable[[Any, Any], Any], left: Getter, right: Getter) -> Getter:
    def get(scope: Scope) -> Value | None:
        first = left(scope)
        if first is None:
            return None
        second = right(scope)
        return None if second is None else combine(first, second)

    return get


def _compare(node: Compare) -> Getter:
    compare, left = COMPARISONS[node.sign], raw(node.left)
    if not isinstance(node.right, Literal):
        return _both(compare, left, raw(node.right))
    constant = node.right.value

    def get(scope: Scope) -> Value | None:
        value = left(scope)
        return None if value is None else compare(value, constant)

    return get


def _negative(part: Getter, kind: FieldKind) -> Getter:
    negate: Callable[[Any], Value] = NUMBERS.minus if kind is FieldKind.NUMBER else operator.neg

    def get(scope: Scope) -> Value | None:
        value = part(scope)
        return None if value is None else negate(value)

    return get


def _absent(part: Getter, negated: bool) -> Getter:
    def get(scope: Scope) -> Value | None:
        try:
            value = part(scope)
        except Exception:  # noqa: BLE001 - what cannot be worked out is not there
            value = None
        return (value is None) is not negated

    return get


def _within(member: Getter, choices: tuple[Node, ...]) -> Getter:
    if all(isinstance(choice, Literal) for choice in choices):
        fixed = frozenset(choice.value for choice in choices if isinstance(choice, Literal))
        return lambda scope: None if (value := member(scope)) is None else value in fixed
    others = tuple(raw(choice) for choice in choices)

    def get(scope: Scope) -> Value | None:
        value = member(scope)
        if value is None:
            return None
        values = [other(scope) for other in others]
        return True if value in values else None if None in values else False

    return get


def _part(whole: Getter, name: str) -> Getter:
    def get(scope: Scope) -> Value | None:
        value = whole(scope)
        if not isinstance(value, datetime):
            return None
        at = value.astimezone(timezone.utc)
        return WEEKDAYS[at.weekday()] if name == "weekday" else Decimal(getattr(at, name))

    return get


def _either(condition: Truth, yes: Getter, no: Getter) -> Getter:
    def get(scope: Scope) -> Value | None:
        answer = condition(scope)
        return None if answer is None else yes(scope) if answer else no(scope)

    return get


def _fallback(first: Getter, second: Getter) -> Getter:
    def get(scope: Scope) -> Value | None:
        try:
            value = first(scope)
        except Exception:  # noqa: BLE001 - what cannot be worked out is not there
            value = None
        return second(scope) if value is None else value

    return get


def _call(node: Call) -> Getter:
    call, gives = node.function.call, node.function.gives
    arguments = tuple(raw(argument) for argument in node.arguments)

    def get(scope: Scope) -> Value | None:
        values = [argument(scope) for argument in arguments]
        if None in values:
            return None
        result: Any = call(*values)
        if gives is FieldKind.NUMBER and isinstance(result, (int, float)) and not isinstance(result, bool):
            # By its shortest form: a float's own digits would make 0.1 + 0.2 miss 0.3.
            result = Decimal(repr(result))
        fits: bool = isinstance(result, _TYPES[gives])
        return result if fits else None

    return get
