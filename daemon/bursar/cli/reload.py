"""`bursar reload`: the running daemon reads its configuration again."""

from __future__ import annotations

import click

from bursar.cli.client import client_for_looking
from bursar.cli.options import with_config, with_json
from bursar.cli.output import show_json


@click.command()
@with_config
@with_json
def reload(as_json: bool) -> None:
    """Let the running daemon read its configuration again. On any error in it the old one stays, and the problems are
    named. Holds, cooldowns and limits go on.

    \b
    Example:
        bursar check && bursar reload
    """
    answer = client_for_looking().ask("reload")
    if as_json:
        show_json(answer)
    else:
        click.echo("the daemon takes on the new configuration")
