"""Files in, one document out: reads every configuration file and merges them.

A path is a file, or a directory whose `*.yaml` are read in the order of their names. `accounts:`, `sinks:` and
`settings:` of several files are merged key by key, `rules:` one after the other; a key that two files define is a
problem that names both places. It never opens anything but the files it is given, and never more than `MAX_BYTES`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bursar.diagnostics.problem import KeyPath, Place, Problem
from bursar.settings.source_map import Document
from bursar.settings.strict_yaml import read_text

MAX_BYTES = 4 * 1024 * 1024
SECTIONS = {"settings": dict, "accounts": dict, "sinks": dict, "rules": list}


@dataclass(slots=True)
class Reading:
    """What became of the files.

    Attributes:
        document: All files merged.
        problems: Everything wrong with them.
        warnings: What is legal and unwise.
        whole: Every file could be read; where one could not, what is missing elsewhere means nothing.
    """

    document: Document
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    whole: bool = True


def read_documents(paths: Sequence[Path]) -> Reading:
    """Read and merge the files and directories, in the order in which they are given."""
    reading = Reading(Document({}))
    parts = []
    for file in _files(paths, reading):
        part = _read_file(file, reading)
        if part is None:
            reading.whole = False
        else:
            parts.append(part)
    reading.document = _merge(parts, reading.problems)
    return reading


def _files(paths: Sequence[Path], reading: Reading) -> Iterable[Path]:
    """Return every file once, in order."""
    seen: set[str] = set()
    if not paths:
        reading.problems.append(Problem("configuration", 1, 1, "no configuration was named: use --config PATH"))
    for path in paths:
        for file in _in_directory(path, reading) if path.is_dir() else [path]:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file


def _in_directory(directory: Path, reading: Reading) -> list[Path]:
    try:
        entries = sorted(entry for entry in directory.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        _fail(reading, directory, f"cannot be read: {error.strerror}")
        return []
    for entry in entries:
        if entry.suffix in (".yml", ".json"):
            reading.warnings.append(Problem(str(entry), 1, 1, "is not read: only *.yaml are read in a directory"))
    files = [entry for entry in entries if entry.suffix == ".yaml"]
    if not files:
        _fail(reading, directory, "no *.yaml file is in this directory")
    return files


def _fail(reading: Reading, path: Path, message: str) -> None:
    reading.problems.append(Problem(str(path), 1, 1, message))
    reading.whole = False


def _read_file(file: Path, reading: Reading) -> Document | None:
    """Read one file; None when nothing of it can be trusted, with the problem noted."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        _fail(reading, file, _unreadable(error))
        return None
    if len(raw) > MAX_BYTES:
        _fail(reading, file, f"larger than {MAX_BYTES // 1024 // 1024} MiB")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        reading.problems.append(Problem(str(file), line, column, "not UTF-8 text"))
        return None
    document, problems = read_text(text, str(file))
    reading.problems.extend(problems)
    if document is not None and isinstance(document.value, dict):
        return document
    if document is None and problems:
        return None
    _fail(reading, file, _empty(document))
    return None


def _unreadable(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return f"cannot be read: {error.strerror}"


def _empty(document: Document | None) -> str:
    if document is None or document.value is None:
        return "the file is empty: it needs at least `accounts:` and `rules:`"
    return "expected a mapping with the keys settings, accounts, sinks and rules"


def _merge(parts: Sequence[Document], problems: list[Problem]) -> Document:
    merged = _Merged(problems)
    for part in parts:
        for key in part.value:
            merged.add(part, key)
    keys, values = merged.keys, merged.values
    if parts:
        keys[()], values[()] = parts[0].key(()), parts[0].at(())
    return Document(merged.value, keys, values)


@dataclass(slots=True)
class _Merged:
    """The document that grows from file to file."""

    problems: list[Problem]
    value: dict[str, Any] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    values: dict[KeyPath, Place] = field(default_factory=dict)

    def add(self, part: Document, key: str) -> None:
        """Add one top-level key of one file."""
        kind = SECTIONS.get(key)
        if kind is None:
            return self._once(part, (key,), self.value, part.value[key])
        content = kind() if part.value[key] is None else part.value[key]
        if not isinstance(content, kind):
            expected = "a list of rules, each beginning with '-'" if kind is list else "a mapping"
            self.problems.append(part.at((key,)).problem(f"{key}: expected {expected}"))
            return None
        section = self.value.setdefault(key, kind())
        self._note(part, (key,), (key,), deep=False)
        if isinstance(content, list):
            return self._append(part, key, section, content)
        for name, value in content.items():
            self._once(part, (key, name), section, value)
        return None

    def _append(self, part: Document, key: str, section: list[Any], content: list[Any]) -> None:
        for index, value in enumerate(content):
            self._note(part, (key, index), (key, len(section)), deep=True)
            section.append(value)

    def _once(self, part: Document, path: KeyPath, into: dict[str, Any], value: Any) -> None:
        """Put a value under its key, which no other file may have defined."""
        name = str(path[-1])
        if name in into:
            text = f"duplicate key {name!r}: it is already at {self.keys[path]}"
            self.problems.append(part.key(path).problem(text))
            return
        into[name] = value
        self._note(part, path, path, deep=True)

    def _note(self, part: Document, source: KeyPath, target: KeyPath, *, deep: bool) -> None:
        """Take over the places of a value and of what is in it."""
        self.keys.setdefault(target, part.key(source))
        self.values.setdefault(target, part.at(source))
        if not deep:
            return
        value = _at(part.value, source)
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, _ in members:
            self._note(part, (*source, name), (*target, name), deep=True)


def _at(value: Any, path: KeyPath) -> Any:
    for step in path:
        value = value[step]
    return value
