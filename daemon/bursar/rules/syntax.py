"""From the text of a `when` to a checked tree.

Comes in: the text, the names and functions that it may use. Goes out: a tree in which every kind of value fits, or a
`ConditionError`. The grammar, the precedences and the literals are rule-engine's, from which only the syntax tree is
taken, behind the door of `lexer`; names and kinds are checked here, so that each error can say what was expected.
The library takes half a second to import, so it is imported when the first condition is read.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import cache
from typing import Any

from bursar.api.function import Function
from bursar.diagnostics.suggestion import suggest
from bursar.domain.values import FieldKind, cut
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
from bursar.rules.errors import ConditionError
from bursar.rules.formatter import KINDS, kind_of, written
from bursar.rules.lexer import MAX_DIGITS, PARTS, check_door
from bursar.rules.names import Names

NUMBERS = decimal.Context(
    prec=64, Emax=999, Emin=-999, traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow]
)
"""How conditions calculate: exactly, for every amount that a field can hold; what does not fit is unknown."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TEXT, _NUMBER, _BOOLEAN = FieldKind.TEXT, FieldKind.NUMBER, FieldKind.BOOLEAN
_INSTANT, _DURATION = FieldKind.INSTANT, FieldKind.DURATION
_COMPARISONS = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "tdiv": "/", "fdiv": "//", "mod": "%", "pow": "**"}
_LOOSE = "; `??` and `? :` bind loosely, so put parentheses around them"
_SUMS = {
    ("+", _NUMBER, _NUMBER): _NUMBER,
    ("+", _TEXT, _TEXT): _TEXT,
    ("+", _INSTANT, _DURATION): _INSTANT,
    ("+", _DURATION, _INSTANT): _INSTANT,
    ("+", _DURATION, _DURATION): _DURATION,
    ("-", _NUMBER, _NUMBER): _NUMBER,
    ("-", _INSTANT, _INSTANT): _DURATION,
    ("-", _INSTANT, _DURATION): _INSTANT,
    ("-", _DURATION, _DURATION): _DURATION,
    **{(sign, _NUMBER, _NUMBER): _NUMBER for sign in ("*", "/", "//", "%", "**")},
}


@cache
def _library() -> Any:
    import rule_engine  # noqa: PLC0415 - see above

    return rule_engine


def parse(text: str, names: Names, functions: Mapping[str, Function]) -> Node:
    """Read a condition.

    Raises:
        ConditionError: it cannot be used; the sentence says what was expected.
    """
    check_door(text)
    try:
        tree = Checker(names, functions).check(_parsed(text))
    except RecursionError:
        raise ConditionError("the condition is nested too deep") from None
    if tree.kind is not _BOOLEAN:
        raise ConditionError(f"must give true or false, and {_named(tree)}")
    return tree


def _parsed(text: str) -> Any:
    """Let the library parse. It learns nothing of names and kinds, and has no functions: it can only read."""
    engine = _library()
    context = engine.Context(default_timezone="utc", decimal_context=NUMBERS, mapping_attribute_lookup=False)
    context.builtins = engine.builtins.Builtins({}, timezone=timezone.utc)
    try:
        with decimal.localcontext(NUMBERS):
            return engine.Rule(text, context=context).statement.expression
    except engine.errors.RuleSyntaxError as error:
        raise ConditionError(_syntax(text, getattr(error.token, "lexpos", None))) from None
    except engine.errors.EngineError as error:
        raise ConditionError(_message(error, text)) from None
    except (ArithmeticError, ValueError, TypeError):
        raise ConditionError("a calculation in it cannot be done") from None


def _message(error: Any, text: str) -> str:
    """Put what the library says about literals and about calculations with them into words."""
    value = getattr(error, "value", None)
    if isinstance(value, str):
        return f"{error.message}: {cut(value, 40)!r}"
    mixed = "values of different kinds are mixed in it" + (_LOOSE if "?" in text else "")
    said = str(error.message).removeprefix("arithmetic error: ").replace("data type mismatch", mixed)
    return said.replace("arithmetic error", "a calculation in it cannot be done")


def _syntax(text: str, position: int | None) -> str:
    if position is None or position >= len(text):
        return "the condition breaks off: something is missing at its end"
    return f"nothing can be made of {cut(text[position:], 20)!r}, at character {position + 1}"


class Checker:
    """Turns the library's tree into ours, node by node, checking names and kinds.

    Args:
        names: What can be named.
        functions: What can be called.
    """

    def __init__(self, names: Names, functions: Mapping[str, Function]) -> None:
        self._names = names
        self._functions = functions
        self._ways: Mapping[str, Callable[[Any], Node]] = {
            "StringExpression": lambda node: Literal(node.value, _TEXT),
            "FloatExpression": _number,
            "BooleanExpression": lambda node: Literal(node.value, _BOOLEAN),
            "TimedeltaExpression": lambda node: Literal(node.value, _DURATION),
            "DatetimeExpression": lambda node: Literal(_utc(node.value), _INSTANT),
            "NullExpression": lambda _node: Literal(None, None),
            "SymbolExpression": self._name,
            "GetAttributeExpression": self._name,
            "LogicExpression": self._logic,
            "UnaryExpression": self._unary,
            "ComparisonExpression": self._comparison,
            "ArithmeticComparisonExpression": self._comparison,
            "AddExpression": self._arithmetic,
            "SubtractExpression": self._arithmetic,
            "ArithmeticExpression": self._arithmetic,
            "ContainsExpression": self._contains,
            "TernaryExpression": self._either,
            "CoalesceExpression": self._fallback,
            "FunctionCallExpression": self._call,
        }

    def check(self, node: Any) -> Node:
        """Check one node and all below it.

        Raises:
            ConditionError: something in it cannot be used.
        """
        sort = type(node).__name__
        if sort == "ArrayExpression":
            raise ConditionError("a list stands only after `in`")
        if sort not in self._ways:
            raise ConditionError(f"{sort.removesuffix('Expression').lower()} expressions are not available")
        return self._ways[sort](node)

    def _value(self, node: Any) -> Node:
        """Check a node that must not be `null`."""
        checked = self.check(node)
        if checked.kind is None:
            raise ConditionError("null can only be asked for, with `== null` or `!= null`")
        return checked

    def _truth(self, node: Any, word: str) -> Node:
        checked = self._value(node)
        if checked.kind is not _BOOLEAN:
            raise ConditionError(f"`{word}` needs true or false, and {_named(checked)}: compare it")
        return checked

    def _name(self, node: Any) -> Node:
        path: list[str] = []
        while type(node).__name__ == "GetAttributeExpression":
            path.insert(0, node.name)
            node = node.object
        if type(node).__name__ != "SymbolExpression":
            return self._parts(self._value(node), path)
        if node.scope is not None:
            raise ConditionError(f"${node.name} is a function: write ${node.name}(…)")
        read, rest = self._names.find([node.name, *path], ConditionError)
        return self._parts(read, rest)

    def _parts(self, whole: Node, path: list[str] | tuple[str, ...]) -> Node:
        for name in path:
            if whole.kind is not _INSTANT:
                raise ConditionError(f"{written(whole)} is {kind_of(whole)}, which has no {name!r}")
            if name not in PARTS:
                raise ConditionError(f"an instant has no {name!r}: it has {', '.join(PARTS)}", suggest(name, PARTS))
            whole = Part(whole, name, _TEXT if name == "weekday" else _NUMBER)
        return whole

    def _logic(self, node: Any) -> Node:
        parts: list[Node] = []
        for side in (self._truth(node.left, node.type), self._truth(node.right, node.type)):
            same = isinstance(side, Logic) and side.word == node.type
            parts += side.parts if same and isinstance(side, Logic) else [side]
        return Logic(node.type, tuple(parts))

    def _unary(self, node: Any) -> Node:
        if node.type == "not":
            return Not(self._truth(node.right, "not"))
        part = self._value(node.right)
        if part.kind not in (_NUMBER, _DURATION):
            raise ConditionError(f"`-` needs a number or a duration, and {_named(part)}")
        return Negative(part, part.kind)

    def _comparison(self, node: Any) -> Node:
        sign = _COMPARISONS.get(node.type)
        if sign is None:
            raise ConditionError("regular expressions are not available: use $matches(text, glob)")
        left, right = self.check(node.left), self.check(node.right)
        if left.kind is None or right.kind is None:
            return self._asks_null(sign, left, right)
        if left.kind is not right.kind:
            hint = ': write durations as t"P30D"' if _DURATION in (left.kind, right.kind) else ""
            raise ConditionError(f"{_named(left)} and {_named(right)}: they cannot be compared{hint}")
        if left.kind is _BOOLEAN and sign not in ("==", "!="):
            raise ConditionError(f"`{sign}` needs values with an order, and {written(left)} is true or false")
        _check_options(left, right)
        _check_options(right, left)
        return Compare(sign, left, right)

    def _asks_null(self, sign: str, left: Node, right: Node) -> Node:
        if sign not in ("==", "!="):
            raise ConditionError(f"nothing is {sign} null: ask with `== null` or `!= null`")
        return Absent(right if left.kind is None else left, negated=sign == "!=")

    def _arithmetic(self, node: Any) -> Node:
        left, right = self._value(node.left), self._value(node.right)
        sign = _SIGNS[node.type]
        if left.kind is None or right.kind is None or (kind := _SUMS.get((sign, left.kind, right.kind))) is None:
            raise ConditionError(f"{_named(left)} and {_named(right)}: `{sign}` does not go with them")
        return Arithmetic(sign, left, right, kind)

    def _contains(self, node: Any) -> Node:
        member = self._value(node.member)
        if type(node.container).__name__ == "ArrayExpression":
            choices = tuple(self._value(choice) for choice in node.container.value)
            for choice in choices:
                if choice.kind is not member.kind:
                    raise ConditionError(f"{_named(member)} and {_named(choice)} in the list")
                _check_options(member, choice)
            return Within(member, choices)
        text = self._value(node.container)
        if text.kind is not _TEXT or member.kind is not _TEXT:
            raise ConditionError('`in` needs a list, as in x in ["a", "b"], or a text to look for in a text')
        return Inside(member, text)

    def _either(self, node: Any) -> Node:
        yes, no = self._value(node.case_true), self._value(node.case_false)
        if yes.kind is None or yes.kind is not no.kind:
            raise ConditionError(f"`? :` gives {kind_of(yes)} or {kind_of(no)}: both must be of one kind{_LOOSE}")
        return Either(self._truth(node.condition, "?"), yes, no, yes.kind)

    def _fallback(self, node: Any) -> Node:
        first, second = self._value(node.left), self._value(node.right)
        if first.kind is None or first.kind is not second.kind:
            raise ConditionError(f"`??` gives {kind_of(first)} or {kind_of(second)}: both must be of one kind{_LOOSE}")
        return Fallback(first, second, first.kind)

    def _call(self, node: Any) -> Node:
        called = node.function
        if type(called).__name__ != "SymbolExpression" or called.scope is None:
            raise ConditionError("only functions can be called, as in $lower(order.link)")
        function = self._functions.get(called.name)
        if function is None:
            meant = suggest(called.name, self._functions)
            raise ConditionError(f"unknown function ${called.name}", f"${meant}" if meant else None)
        arguments = tuple(self._value(argument) for argument in node.arguments)
        takes = ", ".join(KINDS[kind] for kind in function.takes)
        if tuple(argument.kind for argument in arguments) != function.takes:
            given = ", ".join(kind_of(argument) for argument in arguments) or "nothing"
            raise ConditionError(f"${function.name} takes ({takes}), and is given ({given})")
        return Call(function, arguments, function.gives)


def _number(node: Any) -> Node:
    if abs(node.value.adjusted()) > MAX_DIGITS:
        raise ConditionError(f"{node.value} is no number that any field could hold")
    return Literal(node.value, _NUMBER)


def _check_options(side: Node, value: Node) -> None:
    """Refuse a comparison with a word that the side can never be."""
    options = _options(side)
    if options and isinstance(value, Literal) and isinstance(value.value, str) and value.value not in options:
        raise ConditionError(f"{written(side)} is never {value.value!r}", suggest(value.value, sorted(options)))


def _named(node: Node) -> str:
    return f"{written(node)} is {kind_of(node)}"


def _options(side: Node) -> frozenset[str] | None:
    if isinstance(side, Part):
        return frozenset(WEEKDAYS) if side.name == "weekday" else None
    return side.options if isinstance(side, Read) else None


def _utc(at: datetime) -> datetime:
    return at.astimezone(timezone.utc)
