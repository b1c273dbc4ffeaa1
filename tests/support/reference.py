"""docs/reference.md, made from the code: every command, setting, subject, field, event, action and method there is.

`make docs` writes it; a test holds the two together.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import click

from bursar.api import Provider
from bursar.cli.tree import SUMMARIES, Tree, bursar
from bursar.domain.event import CORE_EVENTS
from bursar.host.plugins import load_plugins
from bursar.settings import schema

HEAD = """# Reference

Made from the code (`make docs`; a test holds the two together): what there is, each with a line. What it means stands in
[rules.md](rules.md), [operations.md](operations.md) and [providers.md](providers.md).

- [Commands](#commands) · [Settings](#settings) · [Events of the core](#events-of-the-core) · [Providers](#providers)
"""
Rows = Sequence[Sequence[object]]


def reference() -> str:
    """Return the page."""
    registry = load_plugins()
    return "\n".join([HEAD, *commands(), *settings(registry), *events(), *providers(registry.providers), ""])


def commands() -> Iterator[str]:
    """Yield the commands, with their arguments and options."""
    yield "## Commands\n\nEach takes `--config PATH` (`-c`) and `--help` besides.\n"
    root = click.Context(bursar, info_name="bursar")
    assert isinstance(bursar, Tree)
    for name in SUMMARIES:
        command = bursar.get_command(root, name)
        assert command is not None
        yield from _command(command, f"bursar {name}")


def _command(command: click.Command, name: str) -> Iterator[str]:
    arguments = [_named(one) for one in command.params if isinstance(one, click.Argument)]
    text = _plain((command.help or "").partition("\b")[0])
    yield f"### `{name}`\n\n{text}\n\n    {' '.join([name, *arguments])}\n"
    options = [
        one for one in command.params if isinstance(one, click.Option) and not one.hidden and one.name != "config"
    ]
    if options:
        yield table(("option", "what it does"), [(f"`{_written(one)}`", _plain(one.help or "")) for one in options])
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            assert found is not None
            yield from _command(found, f"{name} {sub}")


def _named(argument: click.Argument) -> str:
    shown = argument.metavar or (argument.name or "").upper()
    return shown if argument.required or shown.startswith("[") else f"[{shown}]"


def _written(option: click.Option) -> str:
    names = ", ".join(sorted(option.opts, key=len, reverse=True))
    return names if option.is_flag else f"{names} {option.metavar or option.type.name.split(' ')[0].upper()}"


def settings(registry: Any) -> Iterator[str]:
    """Yield the keys of the configuration."""
    yield "## Settings\n\nUnder `settings`:\n"
    yield keys(schema.settings_keys())
    yield "Under each account, whatever its provider:\n"
    yield keys(schema.account_keys())
    yield "Of a sink, by its `type`; every sink has `events` (globs of the events that it gets unasked) besides:\n"
    for name, sink in sorted(registry.sinks.items()):
        yield f"`type: {name}`: {_sentence(sink.description)}\n"
        yield keys(sink.settings)


def events() -> Iterator[str]:
    """Yield the core's own events."""
    yield "## Events of the core\n"
    yield table(("event", "what it says"), [(f"`{name}`", text) for name, text in CORE_EVENTS.items()])


def providers(known: Mapping[str, Provider]) -> Iterator[str]:
    """Yield what each provider declares."""
    yield "## Providers\n"
    for name, provider in sorted(known.items()):
        yield f"### `provider: {name}`\n\n{_sentence(provider.description)}\n"
        if provider.settings:
            yield keys(provider.settings)
        streams = [(f"`{one.name}`", _duration(one.interval), one.description) for one in provider.streams]
        yield table(("stream", "asked every", "what it lists"), streams)
        for subject in provider.subjects:
            yield f"**{subject.name}**: {_sentence(subject.description)}" + (
                f" States: {', '.join(f'`{state}`' for state in subject.states)}.\n" if subject.states else "\n"
            )
            fields = [
                (f"`{subject.name}.{field}`", spec.kind, spec.description) for field, spec in subject.all_fields.items()
            ]
            yield table(("field", "kind", "what it is"), fields)
            raised = [(f"`{one.name}`", one.description) for one in subject.events]
            if raised:
                yield table(("event", "what it says"), raised)
        if provider.actions:
            actions = [
                (f"`{one.name}`", f"`{one.subject}`", ", ".join(f"`{each}`" for each in one.params) or "–", one.lost_reply,
                 one.description)
                for one in provider.actions
            ]  # fmt: skip
            yield table(("action", "of", "parameters", "a lost reply is", "what it does"), actions)
        methods = [
            (f"`{one.name}`", ", ".join(f"`{each}`" for each in one.params) or "–", one.description)
            for one in provider.methods
        ]
        yield table(("method (`bursar call`)", "parameters", "what it does"), methods)


def keys(known: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table of keys."""
    if not known:
        return "It has no settings of its own.\n"
    return table(("key", "value", "default", "what it is"), list(_keys(known)))


def _keys(known: Mapping[str, Mapping[str, Any]], before: str = "") -> Iterator[tuple[object, ...]]:
    for name, spec in known.items():
        inner = spec.get("properties")
        default = f"`{json.dumps(spec['default']).strip(chr(34))}`" if "default" in spec else ""
        yield f"`{before}{name}`", _kind(spec), default, _sentence(str(spec.get("description", "")))
        if isinstance(inner, Mapping):
            yield from _keys(inner, f"{before}{name}.")


def _kind(spec: Mapping[str, Any]) -> str:
    if "enum" in spec:
        return ", ".join(f"`{one}`" for one in spec["enum"])
    if "const" in spec:
        return f"`{spec['const']}`"
    if "x-expected" in spec:
        return str(spec["x-expected"])
    return str(spec.get("type", "")) if not isinstance(spec.get("type"), list) else " or ".join(spec["type"])


def table(head: Sequence[str], rows: Rows) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    return _plain(str(value)).replace("|", "\\|")


def _duration(every: timedelta) -> str:
    seconds = int(every.total_seconds())
    return next(
        f"{seconds // size}{unit}"
        for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
        if seconds % size == 0
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _sentence(text: str) -> str:
    """Return a description with its full stop."""
    plain = _plain(text)
    return plain if not plain or plain.endswith((".", ":", "?")) else f"{plain}."


if __name__ == "__main__":
    sys.stdout.buffer.write(reference().encode())
