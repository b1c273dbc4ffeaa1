"""Where a problem of a rule points: an unknown key has the place of the key, a bad value that of the value.

The rules' compiler names what it complains of by a path alone; whether the path's last step is a key that should not
be there is read off the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bursar.api.schema import Schema
from bursar.diagnostics.problem import KeyPath, Place
from bursar.settings.source_map import Document


def rule_places(document: Document, rule: Schema) -> Callable[[KeyPath], Place]:
    """Return what finds the place of a path within `rules:`.

    Args:
        document: The document.
        rule: The schema of one rule.
    """

    def at(path: KeyPath) -> Place:
        full: KeyPath = ("rules", *path)
        if is_stray(rule, path[1:]) or full not in document.values:
            return document.key(full)
        return document.at(full)

    return at


def is_stray(schema: Schema, path: KeyPath) -> bool:
    """Return whether the last step of a path is a key that the schema does not list."""
    for position, step in enumerate(path):
        last = position == len(path) - 1
        shape = _of_mapping(schema) if isinstance(step, str) else _of_list(schema)
        listed = shape.get("properties")
        if isinstance(step, int):
            schema = shape.get("items", {})
        elif listed is not None and step in listed:
            schema = listed[step]
            if last and "x-not-built" in schema:
                return True
        elif last:
            return bool(shape)
        else:
            other = shape.get("additionalProperties")
            schema = other if isinstance(other, Mapping) else {}
    return False


def _of_mapping(schema: Schema) -> Mapping[str, Any]:
    return _having(schema, ("properties", "additionalProperties"))


def _of_list(schema: Schema) -> Mapping[str, Any]:
    return _having(schema, ("items",))


def _having(schema: Schema, keywords: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the one of a schema's alternatives that speaks of members."""
    for each in (schema, *schema.get("anyOf", ())):
        if any(keyword in each for keyword in keywords):
            return dict(each)
    return {}
