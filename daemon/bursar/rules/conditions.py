"""Conditions: a `when`, compiled once.

Comes in: the text, the names that it may use, and the functions of plugins. Goes out: a `CompiledCondition`, which is
pure, three-valued, never raises, and says why it was not true. Rules cannot run code: what a condition can do is what
`lexer`, `syntax` and `compiler` let it.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterator, Mapping
from datetime import datetime

from bursar.api.function import Function
from bursar.domain.rule import Judgement, Scope
from bursar.domain.values import Value
from bursar.rules.ast import Absent, Call, Fallback, Literal, Logic, Node, Read, children, reads, walk
from bursar.rules.compiler import raw, truth_of
from bursar.rules.errors import ConditionError
from bursar.rules.fingerprint import canonical
from bursar.rules.formatter import shown, written
from bursar.rules.functions import OWN_FUNCTIONS
from bursar.rules.names import Names
from bursar.rules.syntax import parse
from bursar.rules.time_triggers import crossings_of, earliest

__all__ = ["CompiledCondition", "ConditionError", "compile_condition"]


def compile_condition(text: str, names: Names, functions: Mapping[str, Function] | None = None) -> CompiledCondition:
    """Compile a `when`.

    Args:
        text: The expression.
        names: What it may name.
        functions: What plugins add to our own functions, by name; ours cannot be replaced.

    Raises:
        ConditionError: it cannot be used; the sentence says what was expected.
    """
    tree = parse(text, names, {**(functions or {}), **OWN_FUNCTIONS})
    return CompiledCondition(text, tree)


class CompiledCondition:
    """A `Condition` of `bursar.domain.rule`."""

    __slots__ = ("_clauses", "_crossings", "_meaning", "_reads", "_text", "_words")

    def __init__(self, text: str, tree: Node) -> None:
        self._text = text
        self._words = written(tree)
        self._reads = reads(tree)
        self._clauses = tuple(Clause(part) for part in _clauses(tree))
        self._crossings = crossings_of(tree)
        self._meaning = canonical(tree)

    @property
    def text(self) -> str:
        return self._text

    @property
    def meaning(self) -> str:
        return self._meaning

    def __repr__(self) -> str:
        return f"CompiledCondition({self._text!r})"

    def judge(self, scope: Scope) -> Judgement:
        unsure: Clause | None = None
        for clause in self._clauses:
            answer = clause.truth(scope)
            if answer is False:
                return Judgement(False, clause.why_false(scope))
            if answer is None and unsure is None:
                unsure = clause
        if unsure is not None:
            return Judgement(None, unsure.why_unknown(scope))
        return Judgement(True, with_values(f"{self._words} is true", self._reads, scope))

    def changes_at(self, scope: Scope) -> datetime | None:
        return earliest(self._crossings, scope) if self._crossings else None


class Clause:
    """One of the parts that must all be true, with its reasons."""

    __slots__ = ("_needs", "_probes", "_reads", "_words", "truth")

    def __init__(self, node: Node) -> None:
        self.truth = truth_of(node)
        self._words = written(node)
        self._reads = reads(node)
        self._needs = tuple({read.path: read for read in _needs(node)}.values())
        fallible = [part for part in walk(node) if not isinstance(part, (Literal, Read))]
        self._probes = tuple((part, raw(part)) for part in reversed(fallible))

    def why_false(self, scope: Scope) -> str:
        """Return that it is false, with its values."""
        return with_values(f"{self._words} is false", self._reads, scope)

    def why_unknown(self, scope: Scope) -> str:
        """Return that it is unknown: what has no information, or which calculation cannot be done."""
        missing = [read.path for read in self._needs if read_safely(read, scope) is None]
        if missing:
            return f"{self._words} is unknown: " + ", ".join(f"{path} has no information" for path in missing)
        return with_values(f"{self._words} is unknown: {self._trouble(scope)}", self._reads, scope, "; ")

    def _trouble(self, scope: Scope) -> str:
        """Name the innermost thing that cannot be worked out."""
        for part, probe in self._probes:
            try:
                value = probe(scope)
            except ZeroDivisionError:
                return "division by zero"
            except (OverflowError, decimal.Overflow):
                return f"{written(part)} grows too large"
            except Exception as error:  # noqa: BLE001 - a plugin's function may raise anything
                what = f"${part.function.name}" if isinstance(part, Call) else written(part)
                return f"{what} fails ({type(error).__name__})"
            if value is None and isinstance(part, Call):
                return f"${part.function.name} gives no answer"
        return "its values do not fit together"


def with_values(sentence: str, names: tuple[Read, ...], scope: Scope, separator: str = ": ") -> str:
    """Add to a sentence what each name holds."""
    values = ", ".join(f"{read.path} is {shown(read_safely(read, scope))}" for read in names)
    return sentence + separator + values if values else sentence


def read_safely(read: Read, scope: Scope) -> Value | None:
    """Read a name; what cannot be read has no information."""
    try:
        return read.get(scope)
    except Exception:  # noqa: BLE001 - as in `compiler`: whatever the data
        return None


def _clauses(tree: Node) -> tuple[Node, ...]:
    return tree.parts if isinstance(tree, Logic) and tree.word == "and" else (tree,)


def _needs(node: Node) -> Iterator[Read]:
    """Return the names whose absence makes a node unknown: not those that `== null` and `??` ask for."""
    match node:
        case Read():
            yield node
        case Absent():
            return
        case Fallback():
            yield from _needs(node.second)
        case _:
            for child in children(node):
                yield from _needs(child)
