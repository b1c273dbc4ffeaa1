"""Where the journal lies by a configuration that cannot be used: what asks the daemon needs no more of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from bursar.settings.locations import place_state


def find_state(paths: Sequence[Path], environ: Mapping[str, str]) -> tuple[Path, Path] | None:
    """Return the journal's file and the control socket, as far as the files can be read: up to the first mistake.

    None: they do not say it, and not all could be read to the end. A yes must not go to the daemon that lies where one
    does of which nothing is said.

    Args:
        paths: The configuration's files and directories.
        environ: The environment, for the home folder.
    """
    state, beside, whole = None, Path(), bool(paths)
    for path in paths:
        files = sorted(path.glob("[!.]*.yaml")) if path.is_dir() else [path]
        whole = whole and bool(files)
        for file in files:
            found, read = _state_in(file)
            whole = whole and read
            if found is not None:
                state, beside = found, file.parent
    return None if state is None and not whole else place_state(paths, state, beside, environ)


def _state_in(file: Path) -> tuple[str | None, bool]:
    """Return what `settings.state` says in a file, if it does before the first mistake; and whether there is none."""
    try:
        for keys, value in _scalars(file.read_text(encoding="utf-8")):
            if keys == ["settings", "state"]:
                return value, True
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return None, False
    return None, True


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
