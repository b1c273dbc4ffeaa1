"""`bursar backup` and `bursar restore`: the journal as a file that can be kept elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from bursar.cli.asking import sure
from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import Stop
from bursar.cli.reach import looking
from bursar.cli.show import show_json

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
    from bursar.journal.backup import back_up
    from bursar.journal.errors import JournalError

    state = looking().configuration.settings.state
    try:
        size_bytes = back_up(state, file)
    except JournalError as error:
        raise Stop(str(error), 1) from None
    if as_json:
        show_json({"file": str(file), "bytes": size_bytes})
    else:
        click.echo(f"{file}: {size_bytes:,} bytes, whole")


@click.command()
@with_config
@with_json
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
def restore(file: Path, yes: bool, as_json: bool) -> None:
    """Put the backup FILE in the journal's place. The daemon must be stopped; the old journal is kept beside it.

    At the next start bursar sees that the journal is older than what was sent: what was ready or being sent in it
    becomes unknown, and is looked for or asked about before any money moves.

    \b
    Example:
        systemctl stop bursar && bursar restore /var/backups/bursar-2026-01-31.db
    """
    from bursar.journal.backup import restore as put_back
    from bursar.journal.errors import JournalError
    from bursar.loops.clock import RealClock

    state = looking().configuration.settings.state
    if not file.exists():
        raise Stop(f"{file}: there is no such file")
    sure(f"Put {file} in the place of {state}?", yes)
    try:
        moved = put_back(file, state, RealClock().now())
    except JournalError as error:
        raise Stop(str(error), 1) from None
    if as_json:
        show_json({"journal": str(state), "moved_to": None if moved is None else str(moved)})
        return
    click.echo(f"{state}: restored from {file}")
    if moved is not None:
        click.echo(f"the old journal is {moved}")
