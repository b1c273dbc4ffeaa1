"""`bursar accounts`: how the accounts are, and a person's word on what a changed one is."""

from __future__ import annotations

import click

from bursar.cli.client import client_for_deciding, client_for_looking, client_of_daemon
from bursar.cli.listing import show_list
from bursar.cli.options import with_config, with_json
from bursar.cli.output import show_json

PUT_AWAY = {
    "ended": "ended, and never sent",
    "in_doubt": "lost at the former account, and looked for no more: look at the provider's page",
}
COLUMNS = {
    "name": "ACCOUNT",
    "provider": "PROVIDER",
    "state": "STATE",
    "last_ok_at": "LAST GOOD POLL",
    "reason": "REASON",
    "problem": "PROBLEM",
}


@click.group(invoke_without_command=True)
@with_config
@with_json
@click.pass_context
def accounts(context: click.Context, as_json: bool) -> None:
    """Show the accounts and how they are: starting, ok, unreachable, rejected, paused or quarantined, and why.

    \b
    Examples:
        bursar accounts
        bursar accounts --json | jq '.[] | select(.state != "ok")'
        bursar accounts confirm main-panel
    """
    if context.invoked_subcommand is None:
        show_list(
            client_of_daemon(client_for_looking),
            "accounts",
            COLUMNS,
            as_json=as_json,
            empty="no accounts are configured",
        )


@accounts.command()
@with_config
@with_json
@click.argument("name")
def confirm(name: str, as_json: bool) -> None:
    """Confirm that NAME is still the same account, though its provider, URL or key changed: a new key, a new address.

    What was known of it is kept, and its open actions go on.

    \b
    Example:
        bursar accounts confirm main-panel
    """
    _say("accounts_confirm", as_json, f"{name} is the same account as before", account=_known(name))


@accounts.command()
@with_config
@with_json
@click.argument("name")
def replace(name: str, as_json: bool) -> None:
    """Declare that NAME now means another account. What was known of the former one is put away, its open actions end.

    What ended is named, and under which name the former account is kept.

    \b
    Example:
        bursar accounts replace main-panel
    """
    answer = client_for_deciding().ask("accounts_replace", account=_known(name))
    if as_json:
        show_json(answer)
        return
    about = answer if isinstance(answer, dict) else {}
    click.echo(f"{name} is a new account: what was done at the former one counts for it no more")
    for key, words in PUT_AWAY.items():
        ids = about.get(key)
        if isinstance(ids, list) and ids:
            click.echo(f"{words}: {', '.join(map(str, ids))}")
    back = f"`bursar accounts rename {about.get('former')} {name}`"
    click.echo(f"if that was a mistake: put the old settings back, reload, and {back}")


@accounts.command()
@with_config
@with_json
@click.argument("name")
def retry(name: str, as_json: bool) -> None:
    """Look again at once at the account NAME, which the provider has rejected: its key is right now, say.

    \b
    Example:
        bursar accounts retry main-panel
    """
    _say("accounts_retry", as_json, f"{name} is looked at again", account=_known(name))


@accounts.command()
@with_config
@with_json
@click.argument("old")
@click.argument("new_name", metavar="NEW")
def rename(old: str, new_name: str, as_json: bool) -> None:
    """Declare that the account that was called OLD is the one that the configuration now calls NEW.

    \b
    Example:
        bursar accounts rename panel main-panel
    """
    _say("accounts_rename", as_json, f"{old} is now called {new_name}", old=old, new=_known(new_name))


def _known(name: str) -> str:
    client_for_deciding().account(name)
    return name


def _say(verb: str, as_json: bool, said: str, **params: str) -> None:
    answer = client_for_deciding().ask(verb, **params)
    if as_json:
        show_json(answer)
    else:
        click.echo(said)
