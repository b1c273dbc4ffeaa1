"""Every command teaches: a sentence in the list, a help text with an example, the same options everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from bursar.cli.tree import COMMANDS, bursar

WITHOUT_JSON = {"bursar run", "bursar demo", "bursar audit"}
"""Commands that print no facts, or JSON always."""


def commands() -> list[tuple[str, click.Command]]:
    """Return every command and subcommand with its whole name."""
    context = click.Context(bursar)
    return [found for name in COMMANDS for found in _under(f"bursar {name}", bursar.get_command(context, name))]


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


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_what_its_file_says(name: str) -> None:
    command = bursar.get_command(click.Context(bursar), name)
    assert command is not None
    assert command.name == name
