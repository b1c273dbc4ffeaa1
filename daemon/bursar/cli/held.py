"""`bursar held`: observations that were kept aside because implausibly much changed in them."""

from __future__ import annotations

from typing import Any, cast

import click

from bursar.cli.options import with_config, with_json
from bursar.cli.reach import deciding, looking
from bursar.cli.show import show_json, show_rows

COLUMNS = {"id": "ID", "at": "SINCE", "account": "ACCOUNT", "stream": "STREAM", "reason": "REASON"}


@click.group(invoke_without_command=True)
@with_config
@with_json
@click.pass_context
def held(context: click.Context, as_json: bool) -> None:
    """Show the observations that were held: polls in which implausibly much changed or vanished at once.

    Nothing of a held observation is believed, and no event comes of it, until you accept it. It drops itself when the
    next poll is plausible again.

    \b
    Examples:
        bursar held
        bursar held accept 3
        bursar held drop 3
    """
    if context.invoked_subcommand is not None:
        return
    rows = cast("list[dict[str, Any]]", looking().ask("held"))
    if as_json:
        show_json(rows)
    else:
        show_rows(rows, COLUMNS, empty="nothing is held")


@held.command()
@with_config
@with_json
@click.argument("held_id")
def accept(held_id: str, as_json: bool) -> None:
    """Believe a held observation: its events are raised now.

    \b
    Example:
        bursar held accept 3
    """
    _decide("accept", held_id, as_json, "accepted")


@held.command()
@with_config
@with_json
@click.argument("held_id")
def drop(held_id: str, as_json: bool) -> None:
    """Throw a held observation away.

    \b
    Example:
        bursar held drop 3
    """
    _decide("drop", held_id, as_json, "dropped")


def _decide(verb: str, held_id: str, as_json: bool, said: str) -> None:
    answer = deciding().ask(verb, id=held_id)
    if as_json:
        show_json(answer)
    else:
        click.echo(f"{said} observation {held_id}")
