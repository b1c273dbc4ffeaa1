"""Texts and parameters: Jinja2 templates, checked when the rules are read.

Comes in: what YAML has for a text or a parameter. Goes out: a `Template` of `bursar.domain.rule`: text; for a
parameter that is one whole `{{ expression }}` the value itself (a Decimal stays a Decimal); for a parameter such as
`{env: N}` a `SecretTemplate`, which shows the secret's place and never its value. Names, filters and everything else
a template may contain are checked against what is declared; what could run long or grow large is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from jinja2 import TemplateSyntaxError, Undefined, nodes
from jinja2.environment import Template as JinjaTemplate
from jinja2.environment import TemplateExpression
from jinja2.exceptions import UndefinedError

from bursar.api.secret import Secret
from bursar.diagnostics.suggestion import suggest
from bursar.domain.rule import Scope, TemplateFailed
from bursar.domain.values import FieldKind, Value, cut
from bursar.rules.errors import TemplateError
from bursar.rules.lexer import PARTS
from bursar.rules.names import Names
from bursar.rules.template_environment import FILTERS, TESTS, Missing, TemplateEnvironment, Unknown, View, present

__all__ = ["Fixed", "SecretTemplate", "TemplateError", "compile_parameter", "compile_text"]

MAX_LENGTH = 16_384
MAX_OUTPUT_BYTES = 64 * 1024
MAX_NODES = 500
MAX_DEPTH = 40
T = TypeVar("T")
_TEXTS, _PARAMETERS = TemplateEnvironment(Unknown), TemplateEnvironment(Missing)
_PARTS = tuple(part for part in PARTS if part != "weekday")
_WHOLE = re.compile(r"\{\{[-+]?(.*?)[-+]?\}\}", re.DOTALL)
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Const,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Filter,
    nodes.Test,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Add,
    nodes.Sub,
    nodes.Mul,
    nodes.Div,
    nodes.FloorDiv,
    nodes.Mod,
    nodes.Neg,
    nodes.Pos,
    nodes.Concat,
)
_REFUSED = {
    nodes.For: "loops are not available",
    nodes.Call: "functions cannot be called: use filters, as in {{ x | upper }}",
    nodes.Pow: "powers are not available",
    nodes.Assign: "variables are not available",
    nodes.List: "lists are not available",
    nodes.Dict: "mappings are not available",
}


@dataclass(frozen=True, slots=True)
class Fixed:
    """A parameter that is written out: text without a template in it, a number, true or false."""

    value: Value

    @property
    def text(self) -> str:
        return str(self.value)

    def render(self, scope: Scope) -> Value:
        return self.value


@dataclass(frozen=True, slots=True)
class SecretTemplate:
    """A parameter that is a secret: `text` names its place (`{env: USDT_WALLET}`), only `render` gives its value."""

    text: str
    secret: Secret

    def render(self, scope: Scope) -> Value:
        if not self.secret:
            raise TemplateFailed(f"the secret {self.text} was not read")
        return self.secret.reveal()


class RenderedText:
    """A template that gives text."""

    __slots__ = ("_environment", "_names", "_template", "text")

    def __init__(self, text: str, template: JinjaTemplate, names: Names, environment: TemplateEnvironment) -> None:
        self.text = text
        self._template = template
        self._names = names
        self._environment = environment

    def __repr__(self) -> str:
        return f"RenderedText({self.text!r})"

    def render(self, scope: Scope) -> Value:
        pieces, size = [], 0
        try:
            for piece in self._template.generate(views(self._names, scope, self._environment.missing)):
                size += len(piece.encode("utf-8", "surrogatepass"))
                if size > MAX_OUTPUT_BYTES:
                    break
                pieces.append(piece)
        except Exception as error:  # noqa: BLE001 - whatever the data, a template gives a text or one kind of failure
            raise _failed(error) from None
        if size > MAX_OUTPUT_BYTES:
            raise TemplateFailed(f"the text grows larger than {MAX_OUTPUT_BYTES} bytes")
        return "".join(pieces)


class RenderedValue:
    """A parameter that is one whole expression: it gives the value itself."""

    __slots__ = ("_expression", "_names", "text")

    def __init__(self, text: str, expression: TemplateExpression, names: Names) -> None:
        self.text = text
        self._expression = expression
        self._names = names

    def __repr__(self) -> str:
        return f"RenderedValue({self.text!r})"

    def render(self, scope: Scope) -> Value:
        try:
            value: Any = self._expression(**views(self._names, scope, Missing))
            if isinstance(value, Undefined):
                str(value)
        except Exception as error:  # noqa: BLE001 - as above
            raise _failed(error) from None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return Decimal(repr(value))
        if not isinstance(value, (str, bool, Decimal, datetime, timedelta)):
            raise TemplateFailed(f"{self.text} gives no value that can be sent")
        if isinstance(value, str) and len(value.encode("utf-8", "surrogatepass")) > MAX_OUTPUT_BYTES:
            raise TemplateFailed(f"the text grows larger than {MAX_OUTPUT_BYTES} bytes")
        return value


def compile_text(text: str, names: Names) -> RenderedText:
    """Compile a text for people; a name without information shows as a dash.

    Raises:
        TemplateError: it cannot be used; the sentence says what was expected.
    """
    _check(_parsed(text, _TEXTS), names)
    return RenderedText(text, _compiled(lambda: _TEXTS.from_string(text)), names, _TEXTS)


def compile_parameter(text: str, names: Names) -> Fixed | RenderedText | RenderedValue:
    """Compile a parameter; a name without information fails when it is rendered.

    Raises:
        TemplateError: it cannot be used; the sentence says what was expected.
    """
    tree = _parsed(text, _PARAMETERS)
    _check(tree, names)
    pieces = [piece for part in tree.body for piece in (part.nodes if isinstance(part, nodes.Output) else [part])]
    if all(isinstance(piece, nodes.TemplateData) for piece in pieces):
        return Fixed("".join(piece.data for piece in pieces if isinstance(piece, nodes.TemplateData)))
    whole = _WHOLE.fullmatch(text.strip())
    if len(pieces) == 1 and whole is not None and isinstance(tree.body[0], nodes.Output):
        expression = _compiled(lambda: _PARAMETERS.compile_expression(whole[1], undefined_to_none=False))
        return RenderedValue(text, expression, names)
    return RenderedText(text, _compiled(lambda: _PARAMETERS.from_string(text)), names, _PARAMETERS)


def views(names: Names, scope: Scope, missing: type[Undefined]) -> dict[str, Any]:
    """Return what a template can name."""
    seen: dict[str, Any] = {root: View(reads, scope, missing) for root, reads in names.roots.items()}
    seen.update({name: present(read, scope, missing) for name, read in names.alone.items()})
    return seen


def _parsed(text: str, environment: TemplateEnvironment) -> nodes.Template:
    if len(text) > MAX_LENGTH:
        raise TemplateError(f"the text is {len(text)} characters long: the longest may have {MAX_LENGTH}")
    return _compiled(lambda: environment.parse(text))


def _compiled(make: Callable[[], T]) -> T:
    """Run a step of Jinja's; whatever it cannot read is one kind of error."""
    try:
        return make()
    except TemplateSyntaxError as error:
        raise TemplateError(f"not a template that can be read: {error.message}") from None
    except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError, TypeError):
        raise TemplateError("not a template that can be read: it is nested too deep") from None


def _failed(error: Exception) -> TemplateFailed:
    if isinstance(error, TemplateFailed):
        return error
    what = str(error) if isinstance(error, (UndefinedError, TypeError)) else type(error).__name__
    return TemplateFailed(cut(what, 200))


def _check(tree: nodes.Template, names: Names) -> None:
    """Check everything that a template contains."""
    for count, (node, depth) in enumerate(_walk(tree, names)):
        if count > MAX_NODES or depth > MAX_DEPTH:
            raise TemplateError("the template is too large: say it more simply")
        if not isinstance(node, _ALLOWED):
            sort = type(node).__name__.lower()
            raise TemplateError(_REFUSED.get(type(node), f"{sort} is not available in templates"))
        if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.node is None):
            raise TemplateError(f"unknown filter {node.name!r}", suggest(node.name, FILTERS))
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise TemplateError(f"unknown test {node.name!r}", suggest(node.name, TESTS))
        if isinstance(node, nodes.Const) and isinstance(node.value, int) and node.value.bit_length() > 128:
            raise TemplateError("a number in it is too large")


def _walk(tree: nodes.Template, names: Names) -> Iterator[tuple[nodes.Node, int]]:
    """Return every node with its depth; a dotted name is checked as one, and not entered."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
            _check_name(node, names)
        else:
            waiting.extend((child, depth + 1) for child in node.iter_child_nodes())


def _check_name(node: nodes.Node, names: Names) -> None:
    """Check a dotted name: every step of it must be declared."""
    path: list[str] = []
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        path.insert(0, _step(node))
        node = node.node
    if not isinstance(node, nodes.Name):
        raise TemplateError(f"only declared names have fields: {'.'.join(path)!r} cannot be asked of this")
    read, rest = names.find([node.name, *path], TemplateError)
    if rest and (read.kind is not FieldKind.INSTANT or len(rest) > 1 or rest[0] not in _PARTS):
        raise TemplateError(f"{read.path} has no {'.'.join(rest)!r}", suggest(rest[0], _PARTS))


def _step(node: nodes.Getattr | nodes.Getitem) -> str:
    if isinstance(node, nodes.Getattr):
        return node.attr
    if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        return node.arg.value
    raise TemplateError("values cannot be indexed: name a field, as in order.id")
