"""Every command teaches: a sentence in the list, a help text with an example, the same options everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bursar.cli.tree import SUMMARIES, bursar

ROOT = Path(__file__).parents[2]
WITHOUT_JSON = {"bursar run", "bursar demo", "bursar audit"}
"""Commands that print no facts, or JSON always."""


def commands() -> list[tuple[str, click.Command]]:
    """Return every command and subcommand with its whole name."""
    context = click.Context(bursar)
    return [found for name in SUMMARIES for found in _under(f"bursar {name}", bursar.get_command(context, name))]


def _under(name: str, command: click.Command | None) -> Iterator[tuple[str, click.Command]]:
    assert command is not None, f"{name} is listed and does not exist"
    yield name, command
    if isinstance(command, click.Group):
        for word, below in command.commands.items():
            yield from _under(f"{name} {word}", below)


def options(command: click.Command) -> set[str]:
    """Return the options of a command."""
    return {word for parameter in command.params for word in parameter.opts}


each = pytest.mark.parametrize(("name", "command"), [pytest.param(*pair, id=pair[0]) for pair in commands()])


@each
def test_the_help_has_an_example(name: str, command: click.Command) -> None:
    assert name in (command.help or "").partition("Example")[2]


@each
def test_the_configuration_can_be_named(name: str, command: click.Command) -> None:
    assert {"--config", "-c"} <= options(command)


@each
def test_facts_can_be_had_as_json(name: str, command: click.Command) -> None:
    assert ("--json" in options(command)) == (name not in WITHOUT_JSON)


@pytest.mark.parametrize("name", SUMMARIES)
def test_a_command_does_what_its_file_says(name: str) -> None:
    command = bursar.get_command(click.Context(bursar), name)
    assert command is not None
    assert command.name == name


def mentions() -> Iterator[tuple[str, str, str]]:
    """Yield every command that a message, a docstring or a page names: where, and its first two words."""
    texts = [path for folder in ("daemon", "plugins", "docs") for path in sorted((ROOT / folder).rglob("*.*"))]
    for path in [*texts, ROOT / "README.md", ROOT / "rules.example.yaml"]:
        if path.suffix in (".py", ".md", ".yaml"):
            for word, second in re.findall(
                r"`bursar ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", path.read_text(encoding="utf-8")
            ):
                yield str(path.relative_to(ROOT)), word, second


def test_every_command_that_is_named_exists() -> None:
    """A message that sends somebody to a command of another day leaves them alone."""
    known, groups = {name for name, _ in commands()}, {name for name, one in commands() if isinstance(one, click.Group)}
    wrong = {
        (where, word, second)
        for where, word, second in mentions()
        if f"bursar {word}" not in known
        or (second and f"bursar {word}" in groups and f"bursar {word} {second}" not in known)
    }
    assert wrong == set()
