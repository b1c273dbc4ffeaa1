"""`bursar status`: how the daemon and its journal are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click

from bursar.cli.accounts import COLUMNS
from bursar.cli.client import Client, client_for_looking, client_of_daemon
from bursar.cli.options import with_config, with_json
from bursar.cli.output import show_facts, show_json, show_rows

AFTER_A_RESTORE = (
    "the journal was restored: say what became of each of `bursar actions --state unknown`, then "
    "`bursar restore --confirm`"
)


@click.command()
@with_config
@with_json
def status(as_json: bool) -> None:
    """Show how the daemon and its journal are: whether it runs, what is paused, what it watches, what waits.

    \b
    Examples:
        bursar status
        bursar status --json | jq .running
    """
    facts = asyncio.run(_ask(client_of_daemon(client_for_looking)))
    if as_json:
        show_json(facts)
        return
    rows = facts.pop("accounts", [])
    if not facts["running"] and facts.get("problem"):
        facts["running"] = facts.pop("problem")
    facts["paused"] = paused_words(facts["paused"], facts.pop("paused_accounts", []))
    show_facts(facts)
    if facts.get("restored") is not None:
        click.echo(AFTER_A_RESTORE)
    click.echo()
    show_rows(rows, COLUMNS, empty="no accounts are configured")


def paused_words(everywhere: bool, by_name: Sequence[str]) -> str:
    """Return where nothing is done, in words: `resume` without a name ends no pause by name."""
    names = ", ".join(by_name)
    if everywhere:
        return f"everywhere, and by name: {names}" if names else "everywhere"
    return names or "no"


async def _ask(client: Client) -> dict[str, Any]:
    """Return the facts; where no daemon answers, `problem` says if a process keeps the journal all the same."""
    from bursar.control.asking import silent_writer

    running = await client.runs()
    answer = await client.ask_async("status")
    silent = None if running else silent_writer(client.configuration)
    problem = {} if silent is None else {"problem": silent}
    return {"running": running, **problem, **(answer if isinstance(answer, dict) else {})}
