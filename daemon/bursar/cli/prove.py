"""`bursar prove`: kill the daemon again and again, and hold what was done against what the journal claims."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import FINE, FOUND, Stop, complain
from bursar.cli.show import console, show_json, show_rows

if TYPE_CHECKING:
    from bursar.testing.prove import Cell, Report, Tell

COLUMNS = {"cell": "CELL", "rounds": "ROUNDS", "lost": "LOST", "doubled": "DOUBLED", "unknown": "UNKNOWN"}


@click.command()
@with_config
@with_json
@click.option("--rounds", type=click.IntRange(min=1), default=100, show_default=True, help="How many kills.")
@click.option("--seed", type=int, default=1, show_default=True,
              help="The same seed plays the same cells in the same worlds.")
@click.option("--cell", metavar="POINT:AT:FAULT", help="Play this cell alone.")
@click.option("--flaw", metavar="NAME", help="Break the daemon on purpose, to see that it is found: sends-first, "
              "believes-lost, forgets-sending or assumes-done.")
@click.option("--keep", is_flag=True, help="Keep the folder with the journal and the logs, and say where it is.")
def prove(rounds: int, seed: int, cell: str | None, flaw: str | None, keep: bool, as_json: bool) -> int:
    """Prove that no money is lost and none is sent twice: kill the daemon at every commit and around every request,
    while replies are lost or late, reads are stale, and it is restarted and reloaded in between.

    The daemon and the sandbox run as processes of their own, on loopback and in a temporary folder; no configuration
    is needed. In the end what the sandbox counted is held against what the journal claims. Exits 0 if nothing was lost
    and nothing doubled, else 1, with the cell and how to play it again. Unknown is what nobody but a person can tell,
    and a person was asked.

    \b
    Examples:
        bursar prove --rounds 20
        bursar prove --rounds 1000 --seed 7
        bursar prove --cell after-effect:payout:late --rounds 10
        bursar prove --cell after-effect:add:none --rounds 5 --flaw sends-first
    """
    from bursar.testing.prove import Stuck
    from bursar.testing.prove import prove as play

    only, broken = _cell(cell), _flaw(flaw)
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background jobs are started deaf to SIGINT
        signal.signal(number, _interrupt)
    with _folder(keep) as folder, _progress(rounds) as tell:
        try:
            found = play(folder, rounds, seed, tell, only=only, flaw=broken)
        except Stuck as stuck:
            raise Stop(str(stuck), FOUND) from None
    if as_json:
        show_json(found.public())
    else:
        show_rows(found.public()["cells"], COLUMNS, empty="nothing was played")
    return _end(found, as_json)


def _cell(name: str | None) -> Cell | None:
    from bursar.testing.prove import read_cell

    try:
        return None if name is None else read_cell(name)
    except ValueError as error:
        raise Stop(str(error)) from None


def _flaw(name: str | None) -> str | None:
    from bursar.cli.outcome import unknown
    from bursar.testing.prove import FLAWS

    if name is not None and name not in FLAWS:
        raise unknown("flaw", name, FLAWS)
    return name


def _interrupt(_number: int, _frame: object) -> NoReturn:
    """End as at Ctrl-C: the children are ended, and the folder is removed."""
    raise KeyboardInterrupt


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    if keep:
        folder = Path(tempfile.mkdtemp(prefix="bursar-proof-"))
        complain(f"everything is kept in {folder}")
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="bursar-proof-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _progress(rounds: int) -> Iterator[Tell]:
    """Show a bar on a terminal. It has no thread of its own: there is forking going on."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console(err=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    bar = Progress(
        *columns, console=screen, auto_refresh=False, transient=True, disable=not screen.is_terminal,
        redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip
    with bar:
        shown = bar.add_task("", total=rounds)

        def tell(number: int, cell: Cell) -> None:
            bar.update(shown, completed=number, description=str(cell), refresh=True)

        yield tell


def _end(found: Report, as_json: bool) -> int:
    """Say the last line, and what is wrong."""
    told = found.public()
    if not as_json:
        done = ", ".join(f"{name} {count}" for name, count in found.effects.items())
        click.echo(
            f"\n{told['rounds']} kills in {told['seconds']:.0f} s, effects: {done}\n"
            f"lost {told['lost']}, doubled {told['doubled']}, unknown {told['unknown']} (a person was asked about each)"
        )
    if found.good:
        return FINE
    for cell, finding in found.findings:
        if finding.kind != "unknown":
            complain(f"{finding.kind} in {cell}: {finding.words}")
    cells = sorted({cell for cell, finding in found.findings if finding.kind != "unknown" and cell != "at-rest"})
    for cell in cells:
        complain(f"play it again: bursar prove --cell {cell} --rounds 20 --seed {found.seed}")
    complain(f"play all of it again: bursar prove --rounds {found.rounds} --seed {found.seed}")
    return FOUND
