"""`bursar events`: what changed."""

from __future__ import annotations

import click

from bursar.cli.client import Client, client_for_looking
from bursar.cli.listing import LIMIT, newest, refuse_strange, show_list
from bursar.cli.options import with_config, with_json

COLUMNS = {"time": "TIME", "type": "EVENT", "account": "ACCOUNT", "subject": "SUBJECT", "data": "DATA"}


@click.command()
@with_config
@with_json
@click.option("--account", metavar="NAME", help="Only of this account.")
@click.option("--type", "type_", metavar="EVENT", help="Only of this type, such as order.partial.")
@click.option("--limit", "-n", type=LIMIT, help="Only so many of the latest.")
def events(account: str | None, type_: str | None, limit: int | None, as_json: bool) -> None:
    """Show what changed: orders that went partial, coupons that were activated, accounts that stopped answering.

    A person sees the latest 50 unless --limit says otherwise; --json gives all.

    \b
    Examples:
        bursar events --type order.partial
        bursar events --account main-panel --limit 10 --json
    """
    client = client_for_looking()
    if account is not None:
        client.account(account)
    refuse_strange("type of event", type_, _types(client))
    show_list(
        client,
        "events",
        COLUMNS,
        as_json=as_json,
        empty="nothing happened yet",
        account=account,
        type=type_,
        limit=newest(limit, as_json),
    )


def _types(client: Client) -> list[str]:
    """Return every type of event: the core's, and those of the providers that are installed."""
    from bursar.domain.event import CORE_EVENTS
    from bursar.rules.world import events_of

    return [*CORE_EVENTS, *events_of(client.registry.providers.values())]
