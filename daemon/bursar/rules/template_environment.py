"""What templates are rendered in: Jinja's immutable sandbox with nothing in it but our own few filters.

No globals, no loops, no calls, no attributes but those of declared names (`templates` checks that at load time); the
operators that could grow without bound take numbers only, and stay exact. Fields are seen through `View`s, so that no
template ever holds an object of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from bursar.domain.rule import Scope
from bursar.domain.values import cut
from bursar.rules.ast import Read
from bursar.rules.formatter import plain
from bursar.rules.functions import rounded

NOTHING = "–"
EXACT = " exact"
MAX_TRUNCATED = 4096


class Unknown(Undefined):
    """A declared name without information, in a text: it shows as a dash, and compares as false with everything."""

    __slots__ = ()

    def __str__(self) -> str:
        return NOTHING

    def _no(self, _other: object) -> bool:
        return False

    def _still_unknown(self, *_: Any) -> Any:
        return self

    __lt__ = __le__ = __gt__ = __ge__ = _no  # type: ignore[assignment]
    # Jinja types these as never returning, since its own undefined values fail
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _still_unknown
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _still_unknown
    __neg__ = __pos__ = _still_unknown


class Missing(StrictUndefined):
    """A declared name without information, in a parameter: using it fails."""

    __slots__ = ()


class View:
    """A subject (or event, account …) as templates see it: its declared names, read when they are asked for."""

    __slots__ = ("_missing", "_prefix", "_reads", "_scope")

    def __init__(self, reads: Mapping[str, Read], scope: Scope, missing: type[Undefined], prefix: str = "") -> None:
        self._reads = reads
        self._scope = scope
        self._missing = missing
        self._prefix = prefix

    def __getattr__(self, name: str) -> Any:
        dotted = self._prefix + name
        if (read := self._reads.get(dotted)) is not None:
            return present(read, self._scope, self._missing)
        if any(known.startswith(dotted + ".") for known in self._reads):
            return View(self._reads, self._scope, self._missing, dotted + ".")
        raise AttributeError(name)


def present(read: Read, scope: Scope, missing: type[Undefined]) -> Any:
    """Return a value, or what stands for its absence."""
    value = read.get(scope)
    return missing(f"{read.path} has no information") if value is None else value


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """The environment; `missing` is what stands for a name without information."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def __init__(self, missing: type[Undefined]) -> None:
        super().__init__(undefined=StrictUndefined, finalize=_finalize, autoescape=False, cache_size=0)
        self.missing = missing
        self.globals.clear()
        self.filters = {**FILTERS, EXACT: Decimal}
        self.tests = {name: self.tests[name] for name in TESTS}

    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        """Jinja's hook between reading and compiling: its floats become exact numbers."""
        return super()._generate(_Exactly().visit(source), *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if not _goes(operator, left, right):
            raise TypeError(f"{_word(left)} {operator} {_word(right)} is not possible")
        return super().call_binop(context, operator, _exact(left), _exact(right))


class _Exactly(NodeTransformer):
    """Puts a filter that reads an exact number where a template has a float."""

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802 - the name that Jinja calls
        if not isinstance(node.value, float):
            return node
        exact = nodes.Filter(nodes.Const(repr(node.value)), EXACT, [], [], None, None, lineno=node.lineno)
        return exact.set_environment(node.environment) if node.environment is not None else exact


def _goes(operator: str, left: Any, right: Any) -> bool:
    """Return whether an operator may be let loose on two values."""
    if isinstance(left, Undefined) or isinstance(right, Undefined):
        return True
    # `9 ** 9 ** 9` in a text would stop the writer's thread, and all accounts with it.
    if operator == "**" or isinstance(left, bool) or isinstance(right, bool):
        return False
    if _is_number(left) and _is_number(right):
        return True
    if operator == "+" and isinstance(left, str) and isinstance(right, str):
        return True
    return operator in ("+", "-") and all(isinstance(value, (datetime, timedelta)) for value in (left, right))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _exact(value: Any) -> Any:
    """Calculate with exact numbers only: a template's `1.5` is a float, amounts are not."""
    return Decimal(repr(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _word(value: Any) -> str:
    return "text" if isinstance(value, str) else "a number" if _is_number(value) else type(value).__name__


def _finalize(value: Any) -> Any:
    """Show values as people read them."""
    if isinstance(value, Undefined):
        return str(value)
    if isinstance(value, (bool, Decimal, datetime, timedelta)):
        return plain(value)
    if isinstance(value, float):
        return plain(Decimal(repr(value)))
    if value is None or isinstance(value, (str, int)):
        return value
    raise TypeError("only a field can be shown, not what holds it")


def _of_text(change: Callable[[str], str]) -> Callable[[Any], Any]:
    """Make a filter that leaves what is missing as it is."""
    return lambda value: value if isinstance(value, Undefined) else change(str(_finalize(value)))


def _default(value: Any, other: Any = "") -> Any:
    return other if isinstance(value, Undefined) or value is None else value


def _round(value: Any, digits: Any = 0) -> Any:
    if isinstance(value, Undefined):
        return value
    result = rounded(_exact(value), Decimal(digits)) if _is_number(value) else None
    if result is None:
        raise TypeError(f"{_word(value)} cannot be rounded to {digits} digits")
    return result


def _abs(value: Any) -> Any:
    if isinstance(value, Undefined):
        return value
    if not _is_number(value) and not isinstance(value, timedelta):
        raise TypeError(f"{_word(value)} has no sign")
    return abs(value)


def _length(value: Any) -> Any:
    return value if isinstance(value, Undefined) else len(str(_finalize(value)))


def _truncate(value: Any, longest: Any = 80) -> Any:
    if isinstance(value, Undefined):
        return value
    text, kept = str(_finalize(value)), min(max(int(longest), 1), MAX_TRUNCATED)
    return cut(text, kept)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "abs": _abs,
    "capitalize": _of_text(str.capitalize),
    "d": _default,
    "default": _default,
    "length": _length,
    "lower": _of_text(str.lower),
    "round": _round,
    "title": _of_text(str.title),
    "trim": _of_text(str.strip),
    "truncate": _truncate,
    "upper": _of_text(str.upper),
}
TESTS = ("defined", "undefined")
