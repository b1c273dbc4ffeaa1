"""What is left of the data once its faults are taken out: enough to go on and find the other faults as well.

A faulty key of an account, a sink or the settings is left out with all that is in it, not the account around it, so
that one mistyped word does not hide three other mistakes. What is read from the rest is only used to look for
problems; a configuration with a fault is never built.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bursar.diagnostics.problem import KeyPath

PARTS = {"settings": 2, "accounts": 3, "sinks": 3}
"""How long the path of a key is in each section."""


def sound_parts(value: Mapping[str, Any], faulty: Collection[KeyPath]) -> dict[str, Any]:
    """Return the settings, accounts and sinks without their faulty keys."""
    bad = {path[: PARTS[str(path[0])]] for path in faulty if path and path[0] in PARTS}
    return {section: _without(value.get(section, {}), bad, (section,)) for section in PARTS}


def _without(value: Any, bad: Collection[KeyPath], path: KeyPath) -> Any:
    if not isinstance(value, dict) or len(path) >= PARTS[str(path[0])]:
        return value
    return {key: _without(each, bad, (*path, key)) for key, each in value.items() if (*path, key) not in bad}
