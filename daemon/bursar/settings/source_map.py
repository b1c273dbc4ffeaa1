"""Where things stand in the configuration: what a value's path is, and which file, line and column it was read from.

A `Document` is plain data beside a map from paths to places, so that a check that finds fault with a value later
(the schema, a rule's compiler) can still point at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bursar.diagnostics.problem import KeyPath, Place


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, and where each part of it was written.

    Attributes:
        value: The data: text, `int`, `Decimal`, booleans, None, lists, dicts with text keys.
        keys: Where the key of each value stands (an item of a list: the item itself).
        values: Where each value starts.
    """

    value: Any
    keys: Mapping[KeyPath, Place] = field(default_factory=dict)
    values: Mapping[KeyPath, Place] = field(default_factory=dict)

    def key(self, path: KeyPath) -> Place:
        """Return the place of a value's key, or of the nearest thing around it that has a place."""
        return _nearest(self.keys, path)

    def at(self, path: KeyPath) -> Place:
        """Return the place of a value, or of the nearest thing around it that has one."""
        return _nearest(self.values, path)


def _nearest(places: Mapping[KeyPath, Place], path: KeyPath) -> Place:
    while path and path not in places:
        path = path[:-1]
    return places.get(path, Place("configuration", 1, 1))
