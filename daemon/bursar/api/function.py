"""A function that conditions may call: `$name(…)`. Pure, total, quick; its types are checked when rules are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bursar.domain.values import FieldKind, Value


@dataclass(frozen=True, slots=True)
class Function:
    """A function of conditions.

    Attributes:
        name: Without the `$`.
        call: Gets values of `takes`, gives one of `gives`; None means unknown.
        takes: The kinds of its arguments.
        gives: The kind of its result.
        description: One line for people.
    """

    name: str
    call: Callable[..., Value | None]
    takes: tuple[FieldKind, ...]
    gives: FieldKind
    description: str = ""
