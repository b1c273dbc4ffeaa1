"""Conditions and values in words for people. Comes in: a tree or a value. Goes out: one line, never a long one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from bursar.domain.values import FieldKind, Value, cut
from bursar.rules.ast import (
    Absent,
    Arithmetic,
    Call,
    Compare,
    Either,
    Fallback,
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

MAX_TEXT = 80
KINDS = {
    FieldKind.TEXT: "text",
    FieldKind.NUMBER: "a number",
    FieldKind.BOOLEAN: "true or false",
    FieldKind.INSTANT: "an instant",
    FieldKind.DURATION: "a duration",
}


def shown(value: Value | None) -> str:
    """Return a value as a reason shows it."""
    if isinstance(value, str):
        return json.dumps(cut(value, MAX_TEXT), ensure_ascii=False)
    return "no information" if value is None else plain(value)


def plain(value: Value) -> str:
    """Return a value as a text for people holds it: money exactly, instants in UTC, durations as `3d 4h`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < MAX_TEXT:
        return format(value, "f")
    return str(value)


def duration(value: timedelta) -> str:
    """Return a duration as `3d 4h 5m 6s`."""
    if value < timedelta(0):
        return "-" + duration(-value)
    parts = [(value.days, "d"), (value.seconds // 3600, "h"), (value.seconds // 60 % 60, "m")]
    words = [f"{count}{unit}" for count, unit in parts if count]
    seconds = Decimal(value.seconds % 60) + Decimal(value.microseconds).scaleb(-6)
    if seconds or not words:
        words.append(f"{seconds.normalize():f}s")
    return " ".join(words)


def kind_of(node: Node) -> str:
    """Name what kind of value a node gives."""
    return "null" if node.kind is None else KINDS[node.kind]


def written(node: Node) -> str:  # noqa: C901, PLR0912 - one case for each kind of node
    """Write a condition down again, in one line."""
    match node:
        case Literal():
            return _literal(node.value)
        case Read():
            return node.path
        case Part():
            return f"{_inner(node.whole)}.{node.name}"
        case Arithmetic():
            return f"{_inner(node.left)} {node.sign} {_inner(node.right)}"
        case Compare():
            return f"{_side(node.left)} {node.sign} {_side(node.right)}"
        case Negative():
            return f"-{_inner(node.part)}"
        case Absent():
            return f"{_inner(node.part)} {'!=' if node.negated else '=='} null"
        case Within():
            return f"{_inner(node.member)} in [{', '.join(written(choice) for choice in node.choices)}]"
        case Inside():
            return f"{_inner(node.member)} in {_inner(node.text)}"
        case Logic():
            return f" {node.word} ".join(_inner(part, loose=True) for part in node.parts)
        case Not():
            return f"not {_inner(node.part)}"
        case Either():
            return f"{_inner(node.condition)} ? {_inner(node.yes)} : {_inner(node.no)}"
        case Fallback():
            return f"{_inner(node.first)} ?? {_inner(node.second)}"
        case Call():
            return f"${node.function.name}({', '.join(written(argument) for argument in node.arguments)})"


def _inner(node: Node, *, loose: bool = False) -> str:
    """Write a part down, in parentheses where it needs them; `and` and `or` bind looser than all but themselves."""
    whole = isinstance(node, (Literal, Read, Part, Call))
    if whole or (loose and not isinstance(node, (Logic, Either))):
        return written(node)
    return f"({written(node)})"


def _side(node: Node) -> str:
    """Write a side of a comparison down; sums and products bind tighter than it."""
    return written(node) if isinstance(node, (Arithmetic, Negative)) else _inner(node)


def _literal(value: Value | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, timedelta):
        return f"-{_literal(-value)}" if value < timedelta(0) else f't"{_iso(value)}"'
    if isinstance(value, datetime):
        return f'd"{_utc(value).removesuffix("T00:00:00Z")}"'
    return shown(value)


def _utc(value: datetime) -> str:
    at = value if value.tzinfo is None else value.astimezone(timezone.utc)
    return at.replace(tzinfo=None).isoformat() + "Z"


def _iso(value: timedelta) -> str:
    words = duration(value).upper().split()
    days = "".join(word for word in words if word.endswith("D"))
    rest = "".join(word for word in words if not word.endswith("D"))
    return f"P{days}T{rest}" if rest else f"P{days}"
