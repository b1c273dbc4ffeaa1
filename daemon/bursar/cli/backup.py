"""`bursar backup` and `bursar restore`: the journal as a file that can be kept elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

from bursar.cli.client import client_for_deciding, client_for_looking
from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import CommandError
from bursar.cli.output import show_json
from bursar.cli.prompt import confirm

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@with_config
@with_json
@click.argument("file", type=FILE)
def backup(file: Path, as_json: bool) -> None:
    """Copy the journal to FILE, as it is at one instant, also while the daemon runs; check the copy.

    \b
    Example:
        bursar backup /var/backups/bursar-2026-01-31.db
    """
    from bursar.journal.errors import JournalError
    from bursar.journal.files.backup import back_up

    state = client_for_looking().configuration.settings.state
    try:
        size_bytes = back_up(state, file)
    except JournalError as error:
        raise CommandError(str(error), 1) from None
    if as_json:
        show_json({"file": str(file), "bytes": size_bytes})
    else:
        click.echo(f"{file}: {size_bytes:,} bytes, whole")


@click.command()
@with_config
@with_json
@click.argument("file", type=FILE, required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--confirm", "confirming", is_flag=True, help="End the caution after a restore.")
def restore(file: Path | None, yes: bool, confirming: bool, as_json: bool) -> None:
    """Put the backup FILE in the journal's place. The daemon must be stopped; the old journal is kept beside it.

    At the next start bursar sees that the journal is older than what was sent: what was open in it becomes unknown, and
    is looked for or asked about. Until `bursar restore --confirm` a person is asked before any action that cannot be
    repeated.

    \b
    Examples:
        systemctl stop bursar && bursar restore /var/backups/bursar-2026-01-31.db
        bursar restore --confirm
    """
    if confirming == (file is not None):
        raise CommandError("say a FILE to restore, or --confirm")
    if file is None:
        _confirm(as_json)
        return
    from bursar.journal.errors import JournalError, JournalLocked
    from bursar.journal.files.backup import restore as put_back
    from bursar.journal.files.lock import refuse_written
    from bursar.loops.clock import RealClock

    state = client_for_looking().configuration.settings.state
    if not file.exists():
        raise CommandError(f"{file}: there is no such file")
    try:
        refuse_written(state)
        confirm(f"Put {file} in the place of {state}?", yes)
        moved = put_back(file, state, RealClock().now())
    except JournalLocked as error:
        raise CommandError(f"{error}; stop it first, and restore then", 1) from None
    except JournalError as error:
        raise CommandError(str(error), 1) from None
    if as_json:
        show_json({"journal": str(state), "moved_to": None if moved is None else str(moved)})
        return
    click.echo(f"{state}: restored from {file}")
    click.echo(
        "start bursar now: if anything was sent after this backup, a person is asked before any action that cannot be "
        "repeated, until `bursar restore --confirm`"
    )
    if moved is not None:
        click.echo(f"the old journal is {moved}")


def _confirm(as_json: bool) -> None:
    answer = cast("dict[str, Any]", client_for_deciding().ask("restore_confirm"))
    since = answer["restored"]
    if as_json:
        show_json(answer)
    elif since is None:
        click.echo(
            "nothing waits for this: no older journal was put in the place of a newer one, or it was confirmed already"
        )
    else:
        click.echo("confirmed: rules act again as they say")
        after = "" if since == "never" else f" after {since}"
        click.echo(
            f"budgets, cooldowns and limits do not know what left{after}, until their windows are over: lower the "
            "budgets meanwhile, or pause, if much was"
        )
        click.echo("orders that came under watch since the backup are not known: `bursar track` puts them there again")
        if asked := [str(id_) for id_ in answer["asked"]]:
            click.echo(
                f"still asked about, one by one, since nothing shows whether it was done{after}: {', '.join(asked)}; "
                "approve it, or deny it for good (`bursar actions deny ID`)"
            )
        if unknown := [str(id_) for id_ in answer["unknown"]]:
            click.echo(f"still unknown: {', '.join(unknown)}; say what became of each (`bursar actions resolve ID …`)")
