"""The problems of a configuration, collected: each with the place of the value that it is about.

Readers of values take what YAML had and return the value, or None after a problem; so that one never hides another.
Problems show the names of things, never the values of parameters: those may be secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bursar.diagnostics.problem import KeyPath, Place, Problem
from bursar.diagnostics.suggestion import did_you_mean, suggest
from bursar.domain.durations import parse_duration
from bursar.domain.values import cut

FEW = 6
"""So many names fit into a sentence."""


@dataclass(slots=True)
class Collector:
    """Collects problems.

    Attributes:
        at: Gives the place of a value by its path.
        found: What was found so far.
    """

    at: Callable[[KeyPath], Place]
    found: list[Problem] = field(default_factory=list)

    def add(self, path: KeyPath, message: str) -> None:
        """Note what is wrong with the value at a path."""
        place = self.at(path)
        self.found.append(place.problem(message))

    def unknown(self, path: KeyPath, what: str, word: str, known: Iterable[str]) -> None:
        """Note an unknown name."""
        names = sorted(known)
        meant = suggest(word, names)
        few = f" (known: {', '.join(names)})" if meant is None and 0 < len(names) <= FEW else ""
        self.add(path, f"unknown {what} {short(word)}{few or did_you_mean(meant)}")

    def mapping(
        self, raw: object, path: KeyPath, expected: str, known: Iterable[str], required: Iterable[str] = ()
    ) -> Mapping[str, Any] | None:
        """Read a mapping with declared keys; what is unknown or missing in it is noted."""
        if not isinstance(raw, dict):
            self.add(path, f"expected {expected}, not {sort_of(raw)}")
            return None
        names = list(known)
        for key in raw:
            if key not in names:
                self.unknown((*path, key), "key", str(key), names)
        for key in required:
            if key not in raw:
                self.add(path, f"{key!r} is missing: expected {expected}")
        return raw

    def items(self, raw: object, path: KeyPath, expected: str) -> list[Any]:
        """Read a list that is not empty."""
        if isinstance(raw, list) and raw:
            return raw
        self.add(path, f"expected {expected}, not {'an empty one' if isinstance(raw, list) else sort_of(raw)}")
        return []

    def text(self, raw: object, path: KeyPath, expected: str) -> str | None:
        """Read a text that is not empty."""
        if isinstance(raw, str) and raw.strip():
            return raw
        self.add(path, f"expected {expected}, not {'an empty text' if isinstance(raw, str) else sort_of(raw)}")
        return None

    def duration(self, raw: object, path: KeyPath) -> timedelta | None:
        """Read a duration such as `5m`."""
        try:
            return parse_duration(raw)
        except ValueError as error:
            self.add(path, str(error))
            return None

    def number(
        self, raw: object, path: KeyPath, *, above: int | None = None, least: int | None = None
    ) -> Decimal | None:
        """Read an amount."""
        expected = f"a number above {above}" if above is not None else f"a number of at least {least}"
        if not isinstance(raw, (int, Decimal)) or isinstance(raw, bool):
            self.add(path, f"expected {expected}, not {sort_of(raw)}")
            return None
        value = Decimal(raw)
        if not value.is_finite() or (above is not None and value <= above) or (least is not None and value < least):
            self.add(path, f"expected {expected}")
            return None
        return value


def sort_of(value: object) -> str:
    """Return what a value is, without showing it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float, Decimal)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else type(value).__name__


def short(word: str) -> str:
    """Quote a name, cut to a length that fits into a line."""
    return repr(cut(word, 60))
