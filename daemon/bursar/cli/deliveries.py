"""`bursar deliveries`: the messages owed to the sinks."""

from __future__ import annotations

from typing import cast

import click

from bursar.cli.client import client_for_deciding, client_for_looking
from bursar.cli.listing import LIMIT, newest, refuse_strange, show_list
from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import USAGE, CommandError
from bursar.cli.output import show_json

COLUMNS = {
    "id": "ID",
    "sink": "SINK",
    "event": "NEWS",
    "state": "STATE",
    "attempts": "ATTEMPTS",
    "next_at": "NEXT TRY",
    "reason": "REASON",
}
STATES = ("due", "delivered", "dead")


@click.group(invoke_without_command=True)
@with_config
@with_json
@click.option("--state", metavar="STATE", help="Only in this state, such as dead.")
@click.option("--limit", "-n", type=LIMIT, help="Only so many of the latest.")
@click.pass_context
def deliveries(context: click.Context, state: str | None, limit: int | None, as_json: bool) -> None:
    """Show the messages owed to the sinks: delivered, waiting for their next try, or given up.

    \b
    Examples:
        bursar deliveries --limit 20
        bursar deliveries --json | jq 'map(select(.attempts > 1))'
        bursar deliveries retry dl_1f0c…
    """
    if context.invoked_subcommand is None:
        refuse_strange("state of a delivery", state, STATES)
        show_list(
            client_for_looking(),
            "deliveries",
            COLUMNS,
            as_json=as_json,
            empty="no message was owed to anybody",
            state=state,
            limit=newest(limit, as_json),
        )


@deliveries.command()
@with_config
@with_json
@click.argument("ids", metavar="[ID…]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every dead letter.")
def retry(ids: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Make dead letters due again, under the same ids, so that a receiver drops what it has already.

    \b
    Example:
        bursar deliveries retry --all
    """
    if bool(ids) == everything:
        raise CommandError("name the deliveries, or say --all", USAGE)
    client = client_for_deciding()
    dead = [str(row["id"]) for row in cast("list[dict[str, object]]", client.ask("deliveries", state="dead"))]
    strange = [id_ for id_ in ids if id_ not in dead]
    if strange:
        raise CommandError(f"{strange[0]} is not a dead letter: see `bursar deliveries --state dead`", USAGE)
    answer = client.ask("retry_deliveries", ids=list(ids or dead))
    if as_json:
        show_json(answer)
    else:
        click.echo(f"{cast('dict[str, int]', answer)['retried']} due again")
