"""`bursar check`: every problem of the configuration, each with its place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from bursar.cli.client import config_paths
from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import BAD_CONFIGURATION, FINE
from bursar.cli.output import show_json
from bursar.cli.terminal_text import counted, plain

if TYPE_CHECKING:
    from bursar.diagnostics.problem import Problem
    from bursar.settings.model import Configuration


@click.command()
@with_config
@with_json
@click.option("--without-secrets", is_flag=True, help="Do not ask whether secrets can be read; good for CI.")
def check(as_json: bool, without_secrets: bool) -> int:
    """Check the configuration and print every problem at once, as file:line:column: what.

    Exits 0 when the daemon would start with it (warnings included), 78 when not. A credential that only the systemd
    unit can read is a warning here.

    \b
    Examples:
        bursar check -c bursar.yaml
        bursar check -c rules.example.yaml --without-secrets
        bursar check --json | jq '.[] | select(.severity == "error")'
    """
    problems, warnings, notes = _find(without_secrets)
    if as_json:
        show_json([*_rows(problems, "error"), *_rows(warnings, "warning"), *_rows(notes, "note")])
    else:
        for problem in sorted([*problems, *warnings]):
            mark = "" if problem in problems else "warning: "
            click.echo(plain(f"{problem.file}:{problem.line}:{problem.column}: {mark}{problem.message}"))
        for note in notes:
            click.echo(plain(f"note: {note.message}"))
        click.echo(counted(len(problems), "problem") if problems else _fine(warnings))
    return BAD_CONFIGURATION if problems else FINE


def _find(without_secrets: bool) -> tuple[Sequence[Problem], Sequence[Problem], Sequence[Problem]]:
    """Return the problems, the warnings, and what the journal says about the rules."""
    from bursar.host.plugins import load_plugins
    from bursar.settings.model import ConfigurationError
    from bursar.settings.read import read_configuration

    try:
        configuration = read_configuration(
            config_paths(),
            load_plugins(),
            environ=os.environ,
            without_secrets=without_secrets,
            unit_only_is_warning=True,
        )
    except ConfigurationError as error:
        return error.problems, (), ()
    return (), configuration.warnings, _notes(configuration)


def _notes(configuration: Configuration) -> Sequence[Problem]:
    """Return what the journal says about the rules, if there is one.

    A window that reaches before the first entry of the ledger, and names that a reload would refuse.
    """
    from bursar.control.queries import window_before_ledger
    from bursar.diagnostics.problem import Problem
    from bursar.journal import meta
    from bursar.journal.errors import JournalError
    from bursar.journal.writer import Tx, read_once
    from bursar.pipeline.account_identity import quarantine_words, would_mean_others
    from bursar.pipeline.reload.renames import Renamed, refuse_renamed
    from bursar.settings.identity import account_digest
    from bursar.settings.secrets import PLACEHOLDER

    def look(tx: Tx) -> list[str]:
        found = [(rule.name, window_before_ledger(tx, rule)) for rule in configuration.rules]
        notes = [f"rule {name}: {note}" for name, note in found if note is not None]
        try:
            refuse_renamed(tx, configuration.rules)
        except Renamed as refused:
            notes.append(f"`bursar reload` would refuse this: {refused}")
        key = meta.digest_key(tx)
        read = {name: one for name, one in configuration.accounts.items() if one.settings.key is not PLACEHOLDER}
        digests = {name: (one.provider.name, account_digest(one, key)) for name, one in read.items()}
        return [*notes, *(f"{name}: {quarantine_words(name)}" for name in would_mean_others(tx, digests))]

    state = configuration.settings.state
    try:
        return [Problem(str(state), 0, 0, note) for note in read_once(state, look)]
    except JournalError:  # there is none yet, or it is not for us to read; `check` is about the configuration
        return ()


def _rows(problems: Sequence[Problem], severity: str) -> list[dict[str, str | int]]:
    return [
        {"file": found.file, "line": found.line, "column": found.column, "message": found.message, "severity": severity}
        for found in problems
    ]


def _fine(warnings: Sequence[Problem]) -> str:
    return f"fine, with {counted(len(warnings), 'warning')}" if warnings else "fine"
