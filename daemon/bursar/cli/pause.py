"""`bursar pause` and `bursar resume`: stop acting and keep watching, everywhere or at one account."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from bursar.cli.client import Client, client_for_deciding, client_of_daemon
from bursar.cli.options import with_config, with_json
from bursar.cli.output import show_json

if TYPE_CHECKING:
    from bursar.domain.values import Json


@click.command()
@with_config
@with_json
@click.argument("account", required=False)
def pause(account: str | None, as_json: bool) -> None:
    """Stop acting, keep watching: everywhere, or at one ACCOUNT. Nothing more is sent from this moment.

    What rules decide meanwhile is held back, not lost: they are asked once more on `bursar resume`.

    \b
    Examples:
        bursar pause
        bursar pause exchange
    """
    _turn("pause", account, as_json, f"nothing is done at {account or 'any account'} until `{_resume(account)}`")


@click.command()
@with_config
@with_json
@click.argument("account", required=False)
def resume(account: str | None, as_json: bool) -> None:
    """End the pause, everywhere or at one ACCOUNT, and nothing else. What waited for it is looked at anew first.

    \b
    Examples:
        bursar resume
        bursar resume main-panel
    """
    _turn("resume", account, as_json, f"acting again at {account or 'every account'}")


def _resume(account: str | None) -> str:
    return "bursar resume" if account is None else f"bursar resume {account}"


def _turn(verb: str, account: str | None, as_json: bool, said: str) -> None:
    client: Client = client_of_daemon(client_for_deciding)
    if account is not None:
        client.check_account(account)
    answer = client.ask(verb, account=account)
    if as_json:
        show_json(answer)
    elif verb == "resume" and isinstance(answer, dict) and answer.get("paused"):
        click.echo(f"the pause of {account} is over; nothing is done there, since {answer['reason']}: `bursar resume`")
    elif isinstance(answer, dict) and (
        still := [str(name) for name in cast("list[Json]", answer.get("still_paused") or [])]
    ):
        ends = " && ".join(f"bursar resume {name}" for name in still)
        click.echo(f"acting again, but not at {', '.join(still)}, paused by name: `{ends}`")
    else:
        click.echo(said)
