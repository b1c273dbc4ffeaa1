"""`bursar orders`: what is under watch."""

from __future__ import annotations

import click

from bursar.cli.client import client_for_looking
from bursar.cli.listing import show_list
from bursar.cli.options import with_config, with_json

COLUMNS = {
    "account": "ACCOUNT",
    "id": "ID",
    "state": "STATE",
    "remains": "REMAINS",
    "quantity": "QUANTITY",
    "charge": "CHARGE",
    "currency": "CURRENCY",
    "service": "SERVICE",
    "link": "LINK",
    "created_at": "CREATED",
    "observed_at": "OBSERVED",
    "problem": "PROBLEM",
}


@click.command()
@with_config
@with_json
@click.argument("account", required=False)
def orders(account: str | None, as_json: bool) -> None:
    """Show the orders under watch, of one ACCOUNT or of all.

    \b
    Examples:
        bursar orders main-panel
        bursar orders --json | jq '.[] | select(.state == "partial") | .id'
    """
    client = client_for_looking()
    if account is not None:
        client.account(account)
    show_list(
        client,
        "orders",
        COLUMNS,
        as_json=as_json,
        account=account,
        empty="no orders are under watch; put some there with `bursar track ACCOUNT ID…`",
    )
