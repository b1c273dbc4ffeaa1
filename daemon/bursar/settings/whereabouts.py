"""Where the journal lies by a configuration that cannot be used: what asks the daemon needs no more of it.

A yes must not go to another daemon than the files mean: where a mistake may hide what they say of it, nothing is
guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from bursar.settings.locations import place_state
from bursar.settings.schema import TOP_KEYS, settings_keys


def find_state(paths: Sequence[Path], environ: Mapping[str, str]) -> tuple[Path, Path] | None:
    """Return the journal's file and the control socket, as far as the files tell; None: that cannot be known.

    Args:
        paths: The configuration's files and directories.
        environ: The environment, for the home folder.
    """
    said: set[tuple[str, Path]] = set()
    whole = bool(paths)
    for path in paths:
        files = sorted(path.glob("[!.]*.yaml")) if path.is_dir() else [path]
        each = [(_state_in(file), file.parent) for file in files]
        said |= {(state, folder) for state, folder in each if state}
        whole = whole and bool(files) and all(state is not None for state, _ in each)
    if len(said) > 1 or not (said or whole):
        return None
    state, beside = said.pop() if said else (None, Path())
    return place_state(paths, state, beside, environ)


def _state_in(file: Path) -> str | None:
    """Return what `settings.state` says in a file; empty: nothing is said there; None: a mistake may hide it."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    try:
        return _said_by(yaml.compose(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError:
        return _before_the_mistake(text)
    except RecursionError:
        return None


def _said_by(document: yaml.Node | None) -> str | None:
    """Return the same of what could be read to its end: no key in it may be a slip for one that says it."""
    top, known = _keys_of(document) if document is not None else {}, settings_keys()
    settings = _keys_of(top["settings"]) if top is not None and "settings" in top else {}
    if top is None or settings is None:
        return None
    if isinstance(state := settings.get("state"), yaml.ScalarNode):
        return str(state.value) or None
    # A key that there is not may be a slip for `settings`, or hold it, at whatever depth.
    return None if "state" in settings or not set(top) <= set(TOP_KEYS) or not set(settings) <= set(known) else ""


def _keys_of(node: yaml.Node) -> dict[str, yaml.Node] | None:
    """Return a mapping's values by their keys; None: it is no mapping, or has a key twice, or one that is no word."""
    if not isinstance(node, yaml.MappingNode):
        return None
    keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
    if len(keys) != len(node.value) or len(set(keys)) != len(keys):
        return None
    return dict(zip(keys, (value for _, value in node.value), strict=True))


def _before_the_mistake(text: str) -> str | None:
    """Return the same of what can be read up to a mistake, if it says it there."""
    try:
        for keys, value in _scalars(text):
            if keys == ["settings", "state"]:
                return value or None
    except yaml.YAMLError:
        return None
    return None


def _scalars(text: str) -> Iterator[tuple[list[str | None], str]]:
    """Yield each value that is no collection, with the keys that lead to it; None stands for a place in a list."""
    keys: list[str | None] = []
    wants_key: list[bool | None] = []
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            keys.append(None)
            wants_key.append(True if isinstance(event, yaml.MappingStartEvent) else None)
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            keys.pop()
            wants_key.pop()
        elif not isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)):
            continue
        value = event.value if isinstance(event, yaml.ScalarEvent) else None
        if wants_key and wants_key[-1]:
            keys[-1], wants_key[-1] = value, False
            continue
        if value is not None:
            yield list(keys), value
        if wants_key and wants_key[-1] is False:
            keys[-1], wants_key[-1] = None, True
