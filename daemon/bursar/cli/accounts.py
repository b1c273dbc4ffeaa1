"""`bursar accounts`: how the accounts are, and a person's word on what a changed or doubtful one is."""

from __future__ import annotations

import click

from bursar.cli.options import with_config, with_json
from bursar.cli.reach import deciding, looking
from bursar.cli.rows import show_list
from bursar.cli.show import show_json

COLUMNS = {
    "name": "ACCOUNT", "provider": "PROVIDER", "state": "STATE", "last_ok_at": "LAST GOOD POLL", "reason": "REASON",
}
HELD_COLUMNS = {"id": "ID", "account": "ACCOUNT", "stream": "STREAM", "at": "AT", "reason": "REASON"}


@click.group(invoke_without_command=True)
@with_config
@with_json
@click.pass_context
def accounts(context: click.Context, as_json: bool) -> None:
    """Show the accounts and how they are: starting, ok, unreachable, rejected, paused or frozen, and why.

    \b
    Examples:
        bursar accounts
        bursar accounts --json | jq '.[] | select(.state != "ok")'
        bursar accounts same main-panel
    """
    if context.invoked_subcommand is None:
        show_list(looking(), "accounts", COLUMNS, as_json=as_json, empty="no accounts are configured")


@accounts.command()
@with_config
@with_json
@click.argument("name")
def same(name: str, as_json: bool) -> None:
    """Say that NAME is still the same account, though its provider, URL or key changed: a new key, a new address.

    What was known of it is kept, and its open actions go on.

    \b
    Example:
        bursar accounts same main-panel
    """
    _say("accounts_same", as_json, f"{name} is the same account as before", account=_known(name))


@accounts.command()
@with_config
@with_json
@click.argument("name")
def new(name: str, as_json: bool) -> None:
    """Say that NAME now means another account. What was known of the former one is put away, its open actions end.

    \b
    Example:
        bursar accounts new main-panel
    """
    _say("accounts_new", as_json, f"{name} is a new account", account=_known(name))


@accounts.command()
@with_config
@with_json
@click.argument("old")
@click.argument("new_name", metavar="NEW")
def rename(old: str, new_name: str, as_json: bool) -> None:
    """Say that the account that was called OLD is the one that the configuration now calls NEW.

    \b
    Example:
        bursar accounts rename panel main-panel
    """
    _say("accounts_rename", as_json, f"{old} is now called {new_name}", old=old, new=_known(new_name))


@accounts.command()
@with_config
@with_json
def held(as_json: bool) -> None:
    """Show the polls that were kept aside because implausibly much changed or vanished in them.

    \b
    Example:
        bursar accounts held
    """
    show_list(looking(), "held", HELD_COLUMNS, as_json=as_json, empty="no poll is held")


@accounts.command()
@with_config
@with_json
@click.argument("id_", metavar="ID")
def accept(id_: str, as_json: bool) -> None:
    """Believe a held poll: its changes happen now.

    \b
    Example:
        bursar accounts accept 17
    """
    _say("accept", as_json, f"the held poll {id_} was accepted", id=id_)


@accounts.command()
@with_config
@with_json
@click.argument("id_", metavar="ID")
def drop(id_: str, as_json: bool) -> None:
    """Do not believe a held poll: it teaches nothing.

    \b
    Example:
        bursar accounts drop 17
    """
    _say("drop", as_json, f"the held poll {id_} was dropped", id=id_)


def _known(name: str) -> str:
    deciding().account(name)
    return name


def _say(verb: str, as_json: bool, said: str, **params: str) -> None:
    answer = deciding().ask(verb, **params)
    if as_json:
        show_json(answer)
    else:
        click.echo(said)
