"""Facts on their way out: JSON for programs, complete and exact; tables for people, in UTC.

Text from outside is never taken for markup or for a terminal's commands.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from bursar.cli.terminal_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

MAX_ROWS = 1000
"""A table for people ends here and says so; `--json` never does."""
PIPED_WIDTH = 400


def show_json(value: object) -> None:
    """Print one JSON document, numbers exactly as they came."""
    click.echo(json_text(value))


def json_text(value: object, *, indent: int = 2) -> str:
    """Write JSON; Decimals become numbers with all their digits."""
    import msgspec

    written = msgspec.json.Encoder(decimal_format="number").encode(_encodable(value))
    return (msgspec.json.format(written, indent=indent) if indent else written).decode()


def json_line(value: object) -> str:
    """Write JSON on one line."""
    return json_text(value, indent=0)


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
    """Print a table for people.

    Args:
        rows: What the client gave.
        columns: Key in a row to title, in order; a column in which no row has anything is left out.
        empty: What to say when there are no rows.
    """
    if not rows:
        click.echo(empty)
        return
    from rich.table import Table
    from rich.text import Text

    shown = rows[:MAX_ROWS]
    used = [key for key in columns if any(row.get(key) not in (None, "", {}, []) for row in shown)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for key in used:
        table.add_column(Text(columns[key]), overflow="fold")
    for row in shown:
        table.add_row(*(Text(cell(row.get(key))) for key in used))
    printer = console()
    with printer.capture() as printed:
        printer.print(table)
    for line in printed.get().splitlines():
        click.echo(line.rstrip())
    if len(rows) > len(shown):
        click.echo(f"… and {len(rows) - len(shown)} more; --json gives all")


def show_facts(facts: Mapping[str, Any]) -> None:
    """Print one object for people: a line for each fact, nested ones under their name."""
    for name, value in facts.items():
        if isinstance(value, Mapping) and value:
            click.echo(f"{one_line(str(name))}:")
            for key, inner in value.items():
                click.echo(f"  {one_line(str(key))}: {cell(inner)}")
        else:
            click.echo(f"{one_line(str(name))}: {cell(value)}")


def cell(value: object) -> str:
    """Write one value for people."""
    if value is None or (isinstance(value, (dict, list)) and not value):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{one_line(str(key))}={cell(inner)}" for key, inner in value.items() if inner is not None)
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(inner) for inner in value)
    return one_line(_moment(str(value)))


def _moment(text: str) -> str:
    """Write an instant to the second, as `2026-11-21 08:00:00Z`; leave other text alone."""
    if len(text) < 20 or text[4:5] != "-" or text[10:11] != "T" or not text.endswith("Z"):
        return text
    try:
        return datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%SZ")
    except ValueError:
        return text


def console(*, err: bool = False) -> Console:
    """Return a console that takes no text for markup, and does not cut short what goes into a pipe."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, markup=False, emoji=False, highlight=False, width=width, soft_wrap=False)


def _encodable(value: object) -> object:
    """Replace what JSON in UTF-8 cannot carry (lone surrogates, NaN) and leave all else as it is."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {str(key): _encodable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_encodable(inner) for inner in value]
    if isinstance(value, Decimal) and not value.is_finite():
        return str(value)
    return value
