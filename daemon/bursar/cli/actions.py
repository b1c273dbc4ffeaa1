"""`bursar actions`: what was decided and done, and a person's answers to what waits for one."""

from __future__ import annotations

import click

from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import Stop
from bursar.cli.reach import deciding, looking
from bursar.cli.rows import LIMIT, newest, refuse_strange, show_list
from bursar.cli.show import show_json

COLUMNS = {
    "id": "ID", "created_at": "DECIDED", "rule": "RULE", "account": "ACCOUNT", "action": "ACTION",
    "subject": "SUBJECT", "params": "PARAMETERS", "state": "STATE", "reason": "REASON",
}
MOST_DIGITS = 18


@click.group(invoke_without_command=True)
@with_config
@with_json
@click.option("--state", metavar="STATE", help="Only in this state, such as unknown.")
@click.option("--limit", "-n", type=LIMIT, help="Only so many of the latest.")
@click.pass_context
def actions(context: click.Context, state: str | None, limit: int | None, as_json: bool) -> None:
    """Show what was decided and done, each with its state: ready, sending, succeeded, refused, unknown, …

    \b
    Examples:
        bursar actions --state unknown
        bursar actions --json | jq 'group_by(.state) | map({(.[0].state): length}) | add'
        bursar actions resolve 17 --happened
    """
    if context.invoked_subcommand is None:
        from bursar.domain.intent import State

        refuse_strange("state of an action", state, [str(each) for each in State])
        show_list(
            looking(), "actions", COLUMNS, as_json=as_json, empty="nothing was decided yet",
            state=state, limit=newest(limit, as_json),
        )


@actions.command()
@with_config
@with_json
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
def approve(ids: tuple[str, ...], as_json: bool) -> None:
    """Say yes to actions that wait for a person.

    \b
    Example:
        bursar actions approve 17 18
    """
    _answer("approve", ids, as_json, "approved")


@actions.command()
@with_config
@with_json
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
def deny(ids: tuple[str, ...], as_json: bool) -> None:
    """Say no to actions that wait for a person.

    \b
    Example:
        bursar actions deny 17
    """
    _answer("deny", ids, as_json, "denied")


@actions.command()
@with_config
@with_json
@click.argument("id_", metavar="ID")
@click.option("--happened", is_flag=True, help="It took effect at the provider.")
@click.option("--did-not", is_flag=True, help="It did not.")
@click.option("--again", is_flag=True, help="With --did-not: do it again.")
def resolve(id_: str, happened: bool, did_not: bool, again: bool, as_json: bool) -> None:
    """Say what became of an action whose reply was lost, after looking at the provider's own page.

    \b
    Examples:
        bursar actions resolve 17 --happened
        bursar actions resolve 17 --did-not --again
    """
    if happened == did_not:
        raise Stop("say one of --happened and --did-not")
    if again and happened:
        raise Stop("--again goes with --did-not: what happened is not done again")
    answer = deciding().ask("resolve", id=_id(id_), happened=happened, again=again)
    if as_json:
        show_json(answer)
    else:
        click.echo(f"{id_}: " + ("happened" if happened else "did not happen" + (", is done again" if again else "")))


def _answer(verb: str, ids: tuple[str, ...], as_json: bool, said: str) -> None:
    answer = deciding().ask(verb, ids=[_id(id_) for id_ in ids])
    if as_json:
        show_json(answer)
    else:
        click.echo(f"{said} {', '.join(ids)}")


def _id(word: str) -> str:
    """Give the id that somebody wrote.

    Raises:
        Stop: no action could have it.
    """
    if not (word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS):
        raise Stop(f"{word!r} is not the id of an action: see `bursar actions`")
    return word
