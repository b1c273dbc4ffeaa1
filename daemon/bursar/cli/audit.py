"""`bursar audit`: is the trail of everything that was decided and done whole?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

from bursar.cli.client import client_for_looking
from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import CommandError
from bursar.cli.output import json_line, show_json

if TYPE_CHECKING:
    from bursar.journal.writer import Tx

T = TypeVar("T")


@click.group()
@with_config
def audit() -> None:
    """Check or export the audit trail: every intent, attempt, outcome and decision by a person, chained by hashes.

    \b
    Examples:
        bursar audit verify
        bursar audit export > audit.jsonl
    """


@audit.command()
@with_config
@with_json
def verify(as_json: bool) -> int:
    """Walk the whole chain. Exit code 1, and the first broken link, when somebody changed it.

    \b
    Example:
        bursar audit verify
    """
    from bursar.journal import audit as trail

    good, broken = _read(trail.verify)
    if as_json:
        show_json({"entries": good, "broken": None if broken is None else {"seq": broken.seq, "reason": broken.reason}})
    elif broken is None:
        click.echo(f"{good} entries, every link in order")
    if broken is None:
        return 0
    raise CommandError(
        f"the first broken link is entry {broken.seq}: {broken.reason} ({good} before it are in order)", 1
    )


@audit.command()
@with_config
@with_json
def export(as_json: bool) -> None:
    """Print every entry as a line of JSON (with --json: as one list), with its hashes, so that anybody can check them.

    A hash is SHA-256 over the fields previous, seq, at_us, actor, what, intent and detail, joined by U+001F.

    \b
    Example:
        bursar audit export > audit.jsonl
    """
    from bursar.journal import audit as trail

    entries = _read(lambda tx: list(trail.export(tx)))
    if as_json:
        show_json(entries)
        return
    for entry in entries:
        click.echo(json_line(entry))


def _read(question: Callable[[Tx], T]) -> T:
    from bursar.journal.errors import JournalError
    from bursar.journal.writer import read_once

    try:
        return read_once(client_for_looking().configuration.settings.state, question)
    except JournalError as error:
        raise CommandError(str(error), 1) from None
