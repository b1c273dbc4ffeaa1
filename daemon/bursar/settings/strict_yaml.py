"""Strict YAML 1.2: one file's text in, plain data with the place of every key and value out.

It is built on PyYAML's parser alone (the events); what a scalar means is decided here, because PyYAML's own reading
is a trap for rules about money: `on:` becomes true, `10.10` a float, `010` eight, `12:30:00` a number of seconds, a
day a date, and of two equal keys the last one wins. Here a number is what looks like `12` or `-3.50` and nothing else
(so an id such as `010` and a wallet such as `0xde0b…` stay text), decimals are exact, and tags, merge keys, keys that
are not text, a second document, depth without end and aliases that blow up are problems with a place. It never
raises for any text: what it cannot read is a problem, and what cannot be trusted afterwards gives no data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

import yaml

from bursar.diagnostics.problem import KeyPath, Place, Problem
from bursar.settings.source_map import Document

MAX_DEPTH = 40
MAX_VALUES = 100_000
MAX_NUMBER = 100

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff\ufeff]")
_PLAINER = {
    "mapping values are not allowed in this context": "a ':' that does not belong here (a text with ': ' needs quotes)",
    "could not find expected ':'": "expected a ':' after the key",
    "found unexpected end of stream": "the file ends in the middle of a quoted text",
    "did not find expected key": "expected a key here; look at the indentation",
    "found duplicate anchor": "an anchor that is defined twice",
}


class Unreadable(Exception):
    """The text cannot be read on from here; nothing of it can be trusted."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(slots=True)
class Node:
    """One value as it was written; an alias is the same object once more.

    Attributes:
        place: Where it starts.
        scalar: What a scalar means.
        items: The members of a list.
        pairs: The members of a mapping, with the places of their keys.
    """

    place: Place
    scalar: str | int | Decimal | bool | None = None
    items: list[Node] | None = None
    pairs: dict[str, tuple[Place, Node]] | None = None


def read_text(text: str, file: str) -> tuple[Document | None, list[Problem]]:
    """Read one file's text.

    Returns:
        The document (None when it cannot be trusted), and every problem that was found.
    """
    composer = _Composer(text, file)
    try:
        root = composer.compose()
        return (flatten(root) if root is not None else None), composer.problems
    except Unreadable as error:
        return None, [*composer.problems, error.problem]


def meaning(text: str) -> str | int | Decimal | bool | None:
    """Return what an unquoted scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text)
    if number is None or len(text) > MAX_NUMBER:
        return text
    return Decimal(text) if number[2] else int(text)


def flatten(root: Node) -> Document:
    """Turn nodes into plain data and places, with a cap on how far aliases may blow it up.

    Raises:
        Unreadable: it is too deep or too large.
    """
    keys: dict[KeyPath, Place] = {}
    values: dict[KeyPath, Place] = {}

    def walk(node: Node, path: KeyPath, key: Place) -> Any:
        if len(path) > MAX_DEPTH:
            raise Unreadable(node.place.problem(f"nested more than {MAX_DEPTH} levels deep"))
        if len(values) >= MAX_VALUES:
            raise Unreadable(key.problem(f"more than {MAX_VALUES} values, counting what aliases repeat"))
        keys[path], values[path] = key, node.place
        if node.pairs is not None:
            return {name: walk(member, (*path, name), at) for name, (at, member) in node.pairs.items()}
        if node.items is not None:
            return [walk(member, (*path, index), member.place) for index, member in enumerate(node.items)]
        return node.scalar

    return Document(walk(root, (), root.place), keys, values)


@dataclass(slots=True)
class _Composer:
    """Makes nodes of the parser's events, and collects what is wrong on the way."""

    text: str
    file: str
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)

    def compose(self) -> Node | None:
        """Return the root; None for a file that holds nothing."""
        self._refuse_control_characters()
        events = self._events()
        root = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise Unreadable(self._place(event).problem("a second document: one file holds one"))
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 0)
        return root

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self.text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            raise Unreadable(self._explain(error)) from None
        except (yaml.YAMLError, UnicodeError, RecursionError) as error:
            raise Unreadable(Problem(self.file, 1, 1, f"not YAML ({type(error).__name__})")) from None

    def _node(self, event: yaml.NodeEvent, events: Iterator[yaml.Event], depth: int) -> Node:
        place = self._place(event)
        if depth > MAX_DEPTH:
            raise Unreadable(place.problem(f"nested more than {MAX_DEPTH} levels deep"))
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), place)
        if getattr(event, "tag", None) is not None:
            self.problems.append(place.problem("tags are not allowed: write the plain value"))
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        node = self._filled(event, events, place, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def _filled(self, event: yaml.NodeEvent, events: Iterator[yaml.Event], place: Place, depth: int) -> Node:
        if isinstance(event, yaml.MappingStartEvent):
            return Node(place, pairs=self._pairs(events, depth + 1))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(place, items=list(self._members(events, depth + 1)))
        assert isinstance(event, yaml.ScalarEvent)
        return Node(place, scalar=meaning(event.value) if event.implicit[0] else event.value)

    def _alias(self, name: str, place: Place) -> Node:
        if name not in self.anchors:
            raise Unreadable(place.problem(f"the alias *{name} has no anchor &{name} before it"))
        node = self.anchors[name]
        if node is None:
            raise Unreadable(place.problem(f"the alias *{name} stands inside its own anchor"))
        return node

    def _members(self, events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
        for event in events:
            if not isinstance(event, yaml.NodeEvent):
                return
            yield self._node(event, events, depth)

    def _pairs(self, events: Iterator[yaml.Event], depth: int) -> dict[str, tuple[Place, Node]]:
        pairs: dict[str, tuple[Place, Node]] = {}
        members = self._members(events, depth)
        for key in members:
            value = next(members)
            fault = self._fault_of_key(key, pairs)
            if fault is not None:
                self.problems.append(key.place.problem(fault))
            elif isinstance(key.scalar, str):
                pairs[key.scalar] = (key.place, value)
        return pairs

    def _fault_of_key(self, key: Node, pairs: dict[str, tuple[Place, Node]]) -> str | None:
        if not isinstance(key.scalar, str):
            return "keys must be text; put quotes around this one"
        if key.scalar == "<<":
            return "merge keys (<<) are not supported: write the keys out"
        if key.scalar in pairs:
            return f"duplicate key {key.scalar!r}: it is already at line {pairs[key.scalar][0].line}"
        return None

    def _place(self, event: yaml.Event) -> Place:
        assert event.start_mark is not None
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse_control_characters(self) -> None:
        found = _FORBIDDEN.search(self.text)
        if found is not None:
            self._refuse(found.start(), f"a character that YAML does not allow (U+{ord(found[0]):04X})")

    def _refuse(self, position: int, message: str) -> NoReturn:
        before = self.text[:position]
        column = position - (before.rfind("\n") + 1)
        raise Unreadable(Problem(self.file, before.count("\n") + 1, column + 1, message))

    def _explain(self, error: yaml.MarkedYAMLError) -> Problem:
        mark = error.problem_mark or error.context_mark
        if mark is None:
            return Problem(self.file, 1, 1, f"not YAML: {error.problem}")
        what = _PLAINER.get(str(error.problem), str(error.problem))
        lines = self.text.splitlines() or [""]
        if mark.line >= len(lines):
            return Problem(self.file, len(lines), len(lines[-1]) + 1, what)
        if what.startswith("found character"):
            what = self._explain_character(lines[mark.line][mark.column : mark.column + 1])
        return Problem(self.file, mark.line + 1, mark.column + 1, what)

    @staticmethod
    def _explain_character(found: str) -> str:
        if found == "\t":
            return "a tab cannot indent: use spaces"
        return f"a text that begins with {found!r} needs quotes"
