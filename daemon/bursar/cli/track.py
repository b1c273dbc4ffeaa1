"""`bursar track` and `bursar untrack`: orders come under watch by their ids, and leave it. No panel can list them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from bursar.cli.client import Client, client_for_deciding
from bursar.cli.options import with_config, with_json
from bursar.cli.orders_csv import BadRows, Row, read_rows
from bursar.cli.outcome import CommandError, complain
from bursar.cli.output import console, show_json
from bursar.cli.terminal_text import counted

if TYPE_CHECKING:
    from bursar.domain.values import Json

CHUNK_ROWS = 5000
"""How many orders one question to the daemon carries: small enough that its polls go on between two."""
MAX_NAMED = 20


@click.command()
@with_config
@with_json
@click.argument("account")
@click.argument("ids", metavar="[ID…]", nargs=-1)
@click.option(
    "--file",
    "file",
    type=click.File("rb"),
    metavar="CSV",
    help="Read them from a file with the header id,service,link,quantity,created_at; only id is needed. "
    "- is the standard input.",
)
def track(account: str, ids: tuple[str, ...], file: click.File | None, as_json: bool) -> None:
    """Put existing orders of ACCOUNT under watch, by id or from a CSV file.

    Nothing is tracked unless every row is good. What is under watch already stays as it is.

    \b
    Examples:
        bursar track main-panel 101 102
        bursar track main-panel --file orders.csv
    """
    rows = _rows(ids, file)
    client = client_for_deciding()
    _watches(client, account)
    tracked = known = 0
    with _progress("tracking", len(rows)) as advance:
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            answer = client.ask("track", account=account, rows=[dict(row) for row in chunk])
            tracked += _count(answer, "tracked")
            known += _count(answer, "known")
            advance(len(chunk))
    if as_json:
        show_json({"account": account, "tracked": tracked, "known": known})
    else:
        already = f"; {counted(known, 'order')} already there" if known else ""
        click.echo(f"{counted(tracked, 'order')} of {account} came under watch{already}")


@click.command()
@with_config
@with_json
@click.argument("account")
@click.argument("ids", metavar="ID…", nargs=-1, required=True)
def untrack(account: str, ids: tuple[str, ...], as_json: bool) -> None:
    """Take orders of ACCOUNT from under watch. What is known of them stays in the journal.

    \b
    Example:
        bursar untrack main-panel 101 102
    """
    client = client_for_deciding()
    client.account(account)
    answer = client.ask("untrack", account=account, ids=list(ids))
    strange = answer.get("unknown") if isinstance(answer, dict) else None
    if as_json:
        show_json(answer)
    if isinstance(strange, list) and strange:
        raise CommandError(f"{', '.join(map(str, strange))} of {account}: not under watch")
    if not as_json:
        click.echo(f"{', '.join(ids)} of {account}: not under watch any more")


def _rows(ids: Sequence[str], file: object) -> list[Row]:
    """Return the orders that were named on the command line or in the file.

    Raises:
        CommandError: none, both, or bad ones.
    """
    if bool(ids) == (file is not None):
        raise CommandError("say which orders: ids, or --file CSV" if not ids else "say ids or --file, not both")
    if file is None:
        return [{"id": id_} for id_ in dict.fromkeys(ids)]
    try:
        return read_rows(file.read())  # type: ignore[attr-defined]
    except BadRows as bad:
        for line in bad.lines[:MAX_NAMED]:
            complain(line)
        more = f" ({len(bad.lines)} bad rows)" if len(bad.lines) > 1 else ""
        raise CommandError(f"nothing was tracked{more}") from None


def _watches(client: Client, account: str) -> None:
    """Refuse an account of which nothing is watched by id."""
    from bursar.api import Coverage

    provider = client.account(account).provider
    if not any(stream.coverage is Coverage.TRACKED for stream in provider.streams):
        raise CommandError(
            f"{account} is an account at {provider.name}, which lists what it has: there is nothing to track"
        )


def _count(answer: Json, name: str) -> int:
    """Read a count, given as a number or as a list."""
    found = answer.get(name) if isinstance(answer, dict) else None
    return len(found) if isinstance(found, list) else int(str(found or 0))


class _Advance(Protocol):
    def __call__(self, rows: int, /) -> None: ...


@contextmanager
def _progress(what: str, total: int) -> Iterator[_Advance]:
    """Show a bar on a terminal where it takes more than one question; return the way to move it."""
    if total <= CHUNK_ROWS or not sys.stderr.isatty():
        yield lambda _rows: None
        return
    from rich.progress import Progress

    with Progress(console=console(err=True), transient=True) as bar:
        line = bar.add_task(what, total=total)
        yield lambda rows: bar.advance(line, rows)
