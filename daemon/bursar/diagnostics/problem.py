"""A problem in the configuration, and the place that it points at."""

from __future__ import annotations

from dataclasses import dataclass

KeyPath = tuple[str | int, ...]
"""The way from the document's root to a value: keys of mappings and positions in lists."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong in the configuration, where it is, and what was expected."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def problem(self, message: str) -> Problem:
        """Return the problem that is here."""
        return Problem(self.file, self.line, self.column, message)
