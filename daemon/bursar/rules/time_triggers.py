"""When the mere passing of time next changes the answer of a condition.

Comes in: a checked tree. Goes out: functions of a scope, one for each comparison that moves with the clock, that give
the first instant, to the microsecond, at which it answers otherwise. Ages and `now` move by one microsecond each
microsecond, and only sums of them can be written, so that each comparison is a line through whole numbers and its
crossing exact. What is no line (a plugin's function of an age) is asked again at the next full minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from bursar.domain.ids import MICROSECOND, instant, microseconds
from bursar.domain.rule import Scope
from bursar.domain.values import FieldKind, Value
from bursar.rules.ast import (
    Arithmetic,
    Call,
    Compare,
    Either,
    Fallback,
    Getter,
    Literal,
    Negative,
    Node,
    Part,
    Read,
    Within,
    moves,
    walk,
)
from bursar.rules.compiler import raw, truth_of

Crossing = Callable[[Scope], datetime | None]
Rate = Callable[[Scope], int]

MINUTE_US = 60_000_000
_TEMPORAL = (FieldKind.INSTANT, FieldKind.DURATION)
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def crossings_of(node: Node) -> tuple[Crossing, ...]:
    """Return what makes the answer change with time; nothing for a condition without a clock in it."""
    return tuple(crossing for part in walk(node) if moves(part) for crossing in _own(part))


def earliest(crossings: tuple[Crossing, ...], scope: Scope) -> datetime | None:
    """Return the first of the crossings, always after `scope.now`."""
    found = [at for crossing in crossings if (at := crossing(scope)) is not None and at > scope.now]
    return min(found, default=None)


def first_change(sign: str, distance: int, rate: int) -> int | None:
    """Return the least x ≥ 1 for which `distance + rate * x <sign> 0` answers otherwise than for x = 0.

    Args:
        sign: The comparison.
        distance: Left minus right, now.
        rate: What the distance gains at each step.
    """
    if rate == 0:
        return None
    if rate < 0:
        return first_change(_MIRRORED[sign], -distance, -rate)
    if sign in ("==", "!="):
        if distance == 0:
            return 1
        return -distance // rate if distance < 0 and distance % rate == 0 else None
    if sign in (">=", "<"):
        # In whole microseconds: a hold that fires a moment early fires before its condition is true.
        return -(distance // rate) if distance < 0 else None
    return -distance // rate + 1 if distance <= 0 else None


def _own(node: Node) -> Iterator[Crossing]:
    """Return the crossings of one node itself; those of the nodes below it come by themselves."""
    match node:
        case Compare() if node.left.kind in _TEMPORAL:
            yield _line(node.sign, node.left, node.right)
        case Within() if node.member.kind in _TEMPORAL:
            yield from (_line("==", node.member, choice) for choice in node.choices)
        case Part():
            yield _minute_of(node.whole)
        case Call() if any(moves(argument) and argument.kind in _TEMPORAL for argument in node.arguments):
            yield _safely(_next_minute)


def _line(sign: str, left: Node, right: Node) -> Crossing:
    left_rate, right_rate = _rate(left), _rate(right)
    if left_rate is None or right_rate is None:
        return _safely(_next_minute)
    first, second, rates = raw(left), raw(right), (left_rate, right_rate)

    def crossing(scope: Scope) -> datetime | None:
        one, other = first(scope), second(scope)
        if one is None or other is None:
            return None
        distance = _microseconds_between(one, other)
        return _after(scope, first_change(sign, distance, rates[0](scope) - rates[1](scope)))

    return _safely(crossing)


def _minute_of(whole: Node) -> Crossing:
    """Cross where an instant that moves enters another minute: all that can be asked of it stands still until then."""
    rate = _rate(whole)
    if rate is None:
        return _safely(_next_minute)
    read, gain = raw(whole), rate

    def crossing(scope: Scope) -> datetime | None:
        value = read(scope)
        if not isinstance(value, datetime):
            return None
        into = microseconds(value) % MINUTE_US
        speed = gain(scope)
        return _after(scope, first_change(">=" if speed > 0 else "<", into - (MINUTE_US if speed > 0 else 0), speed))

    return _safely(crossing)


def _next_minute(scope: Scope) -> datetime | None:
    us = microseconds(scope.now)
    return instant(us - us % MINUTE_US + MINUTE_US)


def _rate(node: Node) -> Rate | None:
    """Compile by how much an instant or duration moves with the clock; None where it is no line."""
    match node:
        case Literal():
            return lambda _scope: 0
        case Read():
            fixed = node.rate
            return lambda _scope: fixed
        case Negative():
            part = _rate(node.part)
            return None if part is None else lambda scope: -part(scope)
        case Arithmetic():
            return _sum(_rate(node.left), _rate(node.right), 1 if node.sign == "+" else -1)
        case Fallback():
            return _of_fallback(raw(node.first), _rate(node.first), _rate(node.second))
        case Either():
            yes, no, condition = _rate(node.yes), _rate(node.no), truth_of(node.condition)
            return None if yes is None or no is None else lambda scope: yes(scope) if condition(scope) else no(scope)
        case _:
            return None if moves(node) else lambda _scope: 0


def _sum(left: Rate | None, right: Rate | None, factor: int) -> Rate | None:
    return None if left is None or right is None else lambda scope: left(scope) + factor * right(scope)


def _of_fallback(value: Getter, first: Rate | None, second: Rate | None) -> Rate | None:
    if first is None or second is None:
        return None
    return lambda scope: second(scope) if value(scope) is None else first(scope)


def _microseconds_between(one: Value, other: Value) -> int:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return (one - other) // MICROSECOND
    if isinstance(one, timedelta) and isinstance(other, timedelta):
        return (one - other) // MICROSECOND
    raise TypeError("neither two instants nor two durations")


def _after(scope: Scope, steps: int | None) -> datetime | None:
    return None if steps is None else scope.now + steps * MICROSECOND


def _safely(crossing: Crossing) -> Crossing:
    """Return None for what cannot be worked out: such a comparison is unknown, and stays it."""

    def safe(scope: Scope) -> datetime | None:
        try:
            return crossing(scope)
        except Exception:  # noqa: BLE001 - as in `compiler`: whatever the data
            return None

    return safe
