"""Whatever stands in a configuration, it is read or answered with problems that have a place; nothing else happens."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from bursar.host.plugins import load_plugins
from bursar.settings.model import Configuration, ConfigurationError
from bursar.settings.read import read_configuration
from bursar.settings.strict_yaml import read_text

EXAMPLE = Path(__file__).parents[2] / "rules.example.yaml"
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "off",
    "9" * 400,
    "{{ x }}",
    "a\nb",
    "*",
    "[",
    "é…\u202e",
    [],
    [[]],
    [None],
    {},
    {"": 1},
    {"env": "X"},
    {"env": None},
    {"a": {"b": {"c": []}}},
    "https://u:p@h",
    "1s",
    't"P1D"',
    "../..",
    "\ud7ff",
]
CHARACTERS = [*"{}[]:&*!|>'\"%@`\t\n -#,?~<", "\x85", "\u2028", "<<: "]
REGISTRY = load_plugins()


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a tree, as its container and its key."""
    members = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [(value, key) for key, _ in members] + [each for _, member in members for each in places(member)]


def spoil(tree: Any, chance: random.Random) -> Any:
    """Return a tree with a few odd values, odd keys and gaps."""
    spoiled = copy.deepcopy(tree)
    for _ in range(chance.randint(1, 4)):
        container, key = chance.choice(places(spoiled))
        match chance.randint(0, 3):
            case 0 if isinstance(container, dict):
                container[str(chance.choice(ODD))] = container.pop(key)
            case 1:
                del container[key]
            case _:
                container[key] = copy.deepcopy(chance.choice(ODD))
        if not places(spoiled):
            return spoiled
    return spoiled


def answer(file: Path) -> Configuration | ConfigurationError:
    try:
        return read_configuration([file], REGISTRY, environ={}, without_secrets=True)
    except ConfigurationError as error:
        return error


@pytest.mark.parametrize("seed", range(150))
def test_odd_values_are_answered(tmp_path: Path, seed: int) -> None:
    tree = read_text(EXAMPLE.read_text(encoding="utf-8"), "example")[0]
    assert tree is not None
    file = tmp_path / "spoiled.yaml"
    file.write_text(json.dumps(spoil(tree.value, random.Random(seed)), indent=1), encoding="utf-8")
    said = answer(file)
    if isinstance(said, ConfigurationError):
        assert said.problems
        assert all(problem.file == str(file) and problem.line >= 1 and problem.column >= 1 for problem in said.problems)


@pytest.mark.parametrize("seed", range(150))
def test_odd_characters_are_answered(seed: int) -> None:
    chance = random.Random(seed)
    text = list(EXAMPLE.read_text(encoding="utf-8"))
    for _ in range(chance.randint(1, 6)):
        text[chance.randrange(len(text))] = chance.choice(CHARACTERS)
    document, problems = read_text("".join(text), "f.yaml")
    assert document is not None or problems
