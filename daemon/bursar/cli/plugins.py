"""`bursar plugins`: what is installed, and what it brings: providers with their methods, sinks, functions, commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import FINE, FOUND, unknown
from bursar.cli.output import show_json, show_rows

if TYPE_CHECKING:
    from bursar.api.provider import Provider
    from bursar.host.registry import Registry

COLUMNS = {"name": "PLUGIN", "distribution": "FROM", "version": "VERSION", "provides": "BRINGS", "error": "DISABLED"}
PARTS = {
    "streams": {"name": "STREAM", "every_s": "EVERY (S)", "coverage": "SHOWS", "description": ""},
    "subjects": {"name": "SUBJECT", "fields": "FIELDS", "states": "STATES", "events": "FURTHER EVENTS"},
    "actions": {"name": "ACTION", "subject": "DONE TO", "params": "PARAMETERS", "lost_reply": "LOST REPLY"},
    "methods": {"name": "METHOD", "params": "PARAMETERS", "changes": "CHANGES", "description": ""},
}


@click.command()
@with_config
@with_json
@click.argument("provider", required=False)
def plugins(provider: str | None, as_json: bool) -> int:
    """Show the plugins and what they bring; for one PROVIDER its streams, subjects, actions and methods.

    A plugin that failed is named with the reason, and disabled; then the exit code is 1.

    \b
    Examples:
        bursar plugins
        bursar plugins smm
        bursar plugins smm --json | jq '.methods[].name'
    """
    from bursar.host.plugins import load_plugins

    registry = load_plugins()
    if provider is None:
        return _show_all(registry, as_json)
    if provider not in registry.providers:
        raise unknown("provider", provider, registry.providers)
    facts = _facts(registry.providers[provider])
    if as_json:
        show_json(facts)
        return FINE
    for part, columns in PARTS.items():
        show_rows(facts[part], columns, empty=f"no {part}")
        click.echo()
    return FINE


def _show_all(registry: Registry, as_json: bool) -> int:
    rows: list[dict[str, Any]] = [
        {
            "name": report.name,
            "distribution": report.distribution,
            "version": report.version,
            "provides": list(report.provides),
            "error": report.error,
        }
        for report in registry.plugins
    ]
    if as_json:
        show_json(list(rows))
    else:
        show_rows(rows, COLUMNS, empty="no plugins are installed")
    return FOUND if any(row["error"] for row in rows) else FINE


def _facts(provider: Provider) -> dict[str, Any]:
    """Describe a provider by its declaration."""
    return {
        "name": provider.name,
        "description": provider.description,
        "settings": sorted(provider.settings),
        "streams": [
            {
                "name": stream.name,
                "every_s": stream.interval.total_seconds(),
                "coverage": str(stream.coverage),
                "description": stream.description,
            }
            for stream in provider.streams
        ],
        "subjects": [
            {
                "name": subject.name,
                "fields": list(subject.all_fields),
                "states": list(subject.states),
                "events": [event.name for event in subject.events],
            }
            for subject in provider.subjects
        ],
        "actions": [
            {
                "name": action.name,
                "subject": action.subject,
                "params": list(action.params),
                "lost_reply": str(action.lost_reply),
                "description": action.description,
            }
            for action in provider.actions
        ],
        "methods": [
            {
                "name": method.name,
                "params": list(method.params),
                "changes": method.intents is not None,
                "description": method.description,
            }
            for method in provider.methods
        ],
    }
