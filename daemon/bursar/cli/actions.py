"""`bursar actions`: what was decided and done, and a person's answers to what waits for one."""

from __future__ import annotations

import click

from bursar.cli.client import client_for_deciding, client_for_looking, client_of_daemon
from bursar.cli.listing import LIMIT, newest, refuse_strange, show_list
from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import FINE, FOUND, CommandError, complain
from bursar.cli.output import show_json

COLUMNS = {
    "id": "ID",
    "created_at": "DECIDED",
    "rule": "RULE",
    "account": "ACCOUNT",
    "action": "ACTION",
    "subject": "SUBJECT",
    "params": "PARAMETERS",
    "amount": "AMOUNT",
    "currency": "",
    "state": "STATE",
    "reason": "REASON",
}

AGAIN = "; it is sent again, once the lost request can land no more"
YES_IS = (
    "for the amounts shown: what has grown by the time it leaves, beyond what its rule does without asking, is "
    "asked anew; see `bursar actions`"
)


@click.group(invoke_without_command=True)
@with_config
@with_json
@click.option("--state", metavar="STATE", help="Only in this state, such as unknown.")
@click.option(
    "--limit", "-n", type=LIMIT, help="So many of the latest; without it the newest 50, and all that is open."
)
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
            client_of_daemon(client_for_looking),
            "actions",
            COLUMNS,
            as_json=as_json,
            empty="nothing was decided yet",
            state=state,
            limit=newest(limit, as_json),
            open=limit is None,
        )


@actions.command()
@with_config
@with_json
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
def approve(ids: tuple[str, ...], as_json: bool) -> int:
    """Approve actions that wait for a person, for the amount that was shown.

    ID is what `bursar actions` shows: 17, and 17.2 once the question about 17 has changed. `ceiling:ACCOUNT` stands for
    all of an account that waits to go past settings.ceiling. Exits 1 when an amount has changed: then it is asked anew.

    \b
    Examples:
        bursar actions approve 17 18.2
        bursar actions approve ceiling:main-panel
    """
    return _answer("approve", ids, as_json, "approved", YES_IS)


@actions.command()
@with_config
@with_json
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
def deny(ids: tuple[str, ...], as_json: bool) -> int:
    """Deny actions that wait for a person, or end those that are ready or deferred and not sent yet.

    The rule asks no more for its cooldown, else for a day: until when is said, and `bursar actions retry` ends it.

    \b
    Example:
        bursar actions deny 17
    """
    return _answer("deny", ids, as_json, "denied")


@actions.command()
@with_config
@with_json
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
def retry(ids: tuple[str, ...], as_json: bool) -> int:
    """Have actions asked for anew that gave up, were refused or denied: that does not count any more.

    What comes of a rule is asked for again once its condition was looked at anew. What lapsed because its rule was
    changed, or was gone for a while, is put to the rule as it is now.

    \b
    Example:
        bursar actions retry 17
    """
    return _answer("retry", ids, as_json, "asked for anew:")


@actions.command()
@with_config
@with_json
@click.argument("id_", metavar="ID")
@click.option("--happened", is_flag=True, help="It took effect at the provider.")
@click.option(
    "--reference",
    metavar="R",
    help="With --happened: the provider's id of the payout, or of the order, which comes under watch.",
)
@click.option("--did-not", is_flag=True, help="It did not.")
@click.option("--again", is_flag=True, help="With --did-not: do it again.")
def resolve(id_: str, happened: bool, reference: str | None, did_not: bool, again: bool, as_json: bool) -> None:
    """Record what became of an action whose reply was lost, after looking at the provider's own page.

    \b
    Examples:
        bursar actions resolve 17 --happened --reference 4711
        bursar actions resolve 17 --did-not --again
    """
    if happened == did_not:
        raise CommandError("say one of --happened and --did-not")
    if again and happened:
        raise CommandError("--again goes with --did-not: what happened is not done again")
    if reference is not None and not happened:
        raise CommandError("--reference goes with --happened: it names what was made")
    answer = client_of_daemon(client_for_deciding).ask(
        "resolve", id=id_, happened=happened, again=again, reference=reference
    )
    if as_json:
        show_json(answer)
    else:
        about = answer if isinstance(answer, dict) else {}
        click.echo(f"{id_}: " + ("happened" if happened else "did not happen" + (AGAIN if again else "")))
        if about.get("what"):
            click.echo(f"{id_}: {about['what']}")
        if about.get("warning"):
            complain(str(about["warning"]))


def _answer(verb: str, ids: tuple[str, ...], as_json: bool, said: str, note: str = "") -> int:
    """Ask, and say what came of each; 1 if an answer was not taken."""
    answer = client_of_daemon(client_for_deciding).ask(verb, ids=list(ids))
    rows = [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []
    problems = [str(row["problem"]) for row in rows if row.get("problem") is not None]
    taken = [str(row["id"]) for row in rows if row.get("problem") is None]
    if as_json:
        show_json(answer)
    elif taken:
        click.echo(f"{said} {', '.join(taken)}")
        for row in rows:
            if row.get("problem") is None and row.get("what"):
                click.echo(f"{row['id']}: {row['what']}")
            if row.get("problem") is None and row.get("warning"):
                click.echo(f"{row['id']}: {row['warning']}")
        if note:
            click.echo(note)
    for problem in problems:
        complain(problem)
    return FOUND if problems else FINE
