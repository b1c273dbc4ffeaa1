"""`bursar observations`: those that were kept aside because implausibly much changed in them."""

from __future__ import annotations

from typing import Any, cast

import click

from bursar.cli.client import client_for_deciding, client_for_looking
from bursar.cli.options import with_config, with_json
from bursar.cli.output import show_json, show_rows

COLUMNS = {"id": "ID", "at": "SINCE", "account": "ACCOUNT", "stream": "STREAM", "reason": "REASON"}


@click.group(invoke_without_command=True)
@with_config
@with_json
@click.pass_context
def observations(context: click.Context, as_json: bool) -> None:
    """Show the observations that were held: polls in which implausibly much changed or vanished at once.

    Nothing of a held observation is believed, and no event comes of it, until you accept it. It drops itself when the
    next poll is plausible again.

    \b
    Examples:
        bursar observations
        bursar observations accept 3
        bursar observations drop 3
    """
    if context.invoked_subcommand is not None:
        return
    rows = cast("list[dict[str, Any]]", client_for_looking().ask("observations"))
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, COLUMNS, empty="nothing is held")


@observations.command()
@with_config
@with_json
@click.argument("id_", metavar="ID")
def accept(id_: str, as_json: bool) -> None:
    """Believe a held observation: its events are raised now.

    \b
    Example:
        bursar observations accept 3
    """
    _decide("accept", id_, as_json, "accepted")


@observations.command()
@with_config
@with_json
@click.argument("id_", metavar="ID")
def drop(id_: str, as_json: bool) -> None:
    """Throw a held observation away.

    \b
    Example:
        bursar observations drop 3
    """
    _decide("drop", id_, as_json, "dropped")


def _decide(verb: str, id_: str, as_json: bool, said: str) -> None:
    answer = client_for_deciding().ask(verb, id=id_)
    if as_json:
        show_json(answer)
    else:
        click.echo(f"{said} observation {id_}")
