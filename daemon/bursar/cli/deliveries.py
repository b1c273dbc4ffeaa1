"""`bursar deliveries`: the messages owed to the sinks."""

from __future__ import annotations

import click

from bursar.cli.options import with_config, with_json
from bursar.cli.reach import looking
from bursar.cli.rows import newest, show_list

COLUMNS = {
    "id": "ID", "sink": "SINK", "event": "NEWS", "state": "STATE", "attempts": "ATTEMPTS", "next_at": "NEXT TRY",
    "reason": "REASON",
}


@click.command()
@with_config
@with_json
@click.option("--state", metavar="STATE", help="Only in this state, such as dead.")
@click.option("--limit", "-n", type=click.IntRange(min=1), help="Only so many of the latest.")
def deliveries(state: str | None, limit: int | None, as_json: bool) -> None:
    """Show the messages owed to the sinks: delivered, waiting for their next try, or given up.

    \b
    Examples:
        bursar deliveries --limit 20
        bursar deliveries --json | jq 'map(select(.attempts > 1))'
    """
    show_list(
        looking(), "deliveries", COLUMNS, as_json=as_json, empty="no message was owed to anybody",
        state=state, limit=newest(limit, as_json),
    )
