"""The command `prove`: strike the daemon again and again, and hold what was done against what was claimed."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import FINE, FOUND, CommandError, complain
from bursar.cli.output import console, show_json, show_rows

if TYPE_CHECKING:
    from bursar_prove.proof import Cell, Report, Tell

COLUMNS = {
    "cell": "CELL", "rounds": "ROUNDS", "lost": "LOST", "doubled": "DOUBLED", "beyond": "BEYOND", "unknown": "UNKNOWN",
}  # fmt: skip


@click.command()
@click.argument("reports", nargs=-1, type=click.Path(path_type=Path), metavar="[REPORT]...")
@with_config
@with_json
@click.option("--rounds", type=click.IntRange(min=1), default=100, show_default=True, help="How many.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed plays the same cells in the same worlds."
)
@click.option(
    "--cell",
    "cells",
    multiple=True,
    metavar="POINT:AT:FAULT",
    help="Play this cell alone; give it again for others, which take turns.",
)
@click.option(
    "--flaw",
    metavar="NAME",
    help="Break the daemon on purpose, to see that it is found; docs/proof.md lists the ways, sends-first is one.",
)
@click.option("--keep", is_flag=True, help="Keep the folder with the journal and the logs, and say where it is.")
@click.option("--merge", "merging", is_flag=True, help="Play nothing: add up what several runs printed with --json.")
def prove(
    reports: tuple[Path, ...], rounds: int, seed: int, cells: tuple[str, ...], flaw: str | None, keep: bool,
    merging: bool, as_json: bool,
) -> int:  # fmt: skip
    """Prove that no money is lost, none is sent twice and none beyond what was judged: at every commit and around every
    request the daemon is killed, or an hour passes, the clock is set, the process is frozen, the disk is full; while
    replies are lost, late or stale, balances grow, rules are edited, and people act at the providers' own sites.

    The daemon and the sandbox run as processes of their own, on loopback and in a temporary folder; no configuration
    is needed. In the end what the sandbox counted is held against what the journal claims. Exits 0 if nothing was lost,
    doubled or beyond, else 1, with the cell and how to play it again. Unknown is what only a person can tell, and
    a person was asked.

    \b
    Examples:
        bursar prove --rounds 20
        bursar prove --rounds 1000 --seed 7 --json > 7.json
        bursar prove --merge 7.json 8.json
        bursar prove --cell after-effect:payout:late --rounds 10
        bursar prove --cell after-effect:add:none --rounds 5 --flaw sends-first
    """
    if merging or reports:
        return _merge(reports, merging, as_json)
    from bursar.host.plugins import load_plugins
    from bursar_prove.proof import Scenarios, Stuck, read_cell
    from bursar_prove.proof import prove as play

    registry = load_plugins()
    try:
        actions = Scenarios.of(registry.providers).actions
        only, broken = [read_cell(cell, actions) for cell in cells], _flaw(flaw)
    except ValueError as error:
        raise CommandError(str(error)) from None
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background jobs are started deaf to SIGINT
        signal.signal(number, _interrupt)
    with _folder(keep) as folder, _progress(rounds) as tell:
        try:
            found = play(folder, registry, rounds, seed, tell, only=only, flaw=broken)
        except Stuck as stuck:
            raise CommandError(str(stuck), FOUND) from None
    if cells and (reached := sum(row.rounds for row in found.rows if row.cell in cells)) < rounds:
        complain(f"{', '.join(cells)}: reached in {reached} of {rounds} rounds; the others count as any-moment")
    return _show(found, as_json, "".join([*(f" --cell {cell}" for cell in cells), f" --flaw {flaw}" if flaw else ""]))


def _merge(paths: tuple[Path, ...], merging: bool, as_json: bool) -> int:
    """Add up reports, and end as a run that found all of it would."""
    from bursar_prove.proof import merge

    if not merging or not paths:
        raise CommandError("to add up what runs printed with --json: bursar prove --merge REPORT ...")
    found = [_read(path) for path in paths]
    seeds = [seed for report in found for seed in report.seeds]
    if again := sorted({seed for seed in seeds if seeds.count(seed) > 1}):
        raise CommandError(f"seed {again[0]} is in two of the reports, and the same run counts once; play another seed")
    return _show(merge(found), as_json)


def _read(path: Path) -> Report:
    import msgspec

    from bursar_prove.proof import read_report

    try:
        return read_report(msgspec.json.decode(path.read_bytes()))
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:  # msgspec's errors are, too
        raise CommandError(f"{path}: {error}") from None


def _show(found: Report, as_json: bool, further: str = "") -> int:
    if as_json:
        show_json(found.public())
    else:
        show_rows(found.public()["cells"], COLUMNS, empty="nothing was played")
    return _end(found, as_json, further)


def _flaw(name: str | None) -> str | None:
    from bursar.cli.outcome import unknown
    from bursar_prove.proof import FLAWS

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


def _end(found: Report, as_json: bool, further: str) -> int:
    """Print the last line, and what is wrong; `further`: the options of the run that decide what is played."""
    told = found.public()
    if not as_json:
        done = ", ".join(f"{name} {count}" for name, count in found.effects.items())
        click.echo(
            f"\n{told['rounds']} rounds in {told['seconds']:.0f} s, effects: {done}\nlost {told['lost']}, doubled "
            f"{told['doubled']}, beyond {told['beyond']}, unknown {told['unknown']} (a person was asked about each)"
        )
    if found.good:
        return FINE
    for cell, finding in found.wrong:
        complain(f"{finding.kind} in {cell}: {finding.words}")
    flaw = "".join(further.partition(" --flaw ")[1:])
    for cell in sorted({cell for cell, _ in found.wrong if cell != "at-rest"}):
        for seed in found.seeds:
            complain(f"play it again: bursar prove --cell {cell} --rounds 20 --seed {seed}{flaw}")
    if len(found.seeds) == 1:
        complain(f"play all of it again: bursar prove --rounds {found.rounds} --seed {found.seeds[0]}{further}")
    return FOUND
