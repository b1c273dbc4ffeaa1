"""Pieces of JSON Schema for the settings of providers and sinks.

A provider or sink declares its own settings as the `properties` of a JSON Schema object. These functions give the
properties that bursar itself reads into richer values: a secret becomes a `Secret`, a duration a `timedelta`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]


def text(
    description: str = "", *, pattern: str | None = None, expected: str = "", default: str | None = None
) -> Schema:
    """A text; `expected` says in words what `pattern` wants."""
    schema: dict[str, Any] = {"type": "string", "description": description}
    if pattern is not None:
        schema.update({"pattern": pattern, "x-expected": expected or f"text like {pattern}"})
    return _with_default(schema, default)


def url(description: str = "") -> Schema:
    """An http(s) address; arrives as text. It must hold no user name and password."""
    return {
        "type": "string",
        "format": "bursar-url",
        "description": description,
        "x-expected": "an address such as https://panel.example/api/v2",
    }


def flag(description: str = "", *, default: bool = False) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description, "default": default}


def integer(
    description: str = "", *, minimum: int = 0, maximum: int | None = None, default: int | None = None
) -> Schema:
    """A whole number."""
    schema: dict[str, Any] = {"type": "integer", "minimum": minimum, "description": description}
    if maximum is not None:
        schema["maximum"] = maximum
    return _with_default(schema, default)


def choice(*options: str, description: str = "", default: str | None = None) -> Schema:
    """One of some words."""
    return _with_default({"enum": list(options), "description": description}, default)


def duration(description: str = "", *, default: str | None = None) -> Schema:
    """A duration such as `90s 5m 6h 2d`; arrives as `timedelta`."""
    return _with_default(
        {
            "type": "string",
            "format": "bursar-duration",
            "description": description,
            "x-expected": "a duration such as 90s, 5m, 6h or 2d",
        },
        default,
    )


def secret(description: str = "") -> Schema:
    """A secret: `{env: N}`, `{file: path}`, `{credential: N}`, or (with a warning) a literal; arrives as `Secret`."""
    return {
        "format": "bursar-secret",
        "description": description,
        "anyOf": [
            {"type": "string", "minLength": 1},
            *(
                {
                    "type": "object",
                    "required": [source],
                    "additionalProperties": False,
                    "properties": {source: {"type": "string", "minLength": 1}},
                }
                for source in ("env", "file", "credential")
            ),
        ],
        "x-expected": "a secret: {env: NAME}, {file: path} or {credential: NAME}",
    }


def _with_default(schema: dict[str, Any], default: Any) -> Schema:
    return schema if default is None else {**schema, "default": default}
