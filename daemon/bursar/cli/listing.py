"""Lists of facts, as most commands show them: asked for, then printed as JSON or as a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import click

from bursar.cli.client import Client
from bursar.cli.outcome import unknown
from bursar.cli.output import show_json, show_rows

if TYPE_CHECKING:
    from bursar.domain.values import Json

LIMIT = click.IntRange(min=1, max=1_000_000_000)
"""What `--limit` takes."""
HOW_MANY = frozenset({"limit", "open"})
RECENT = 50
"""How many of the latest rows a person sees of a list that grows; `--json` gives all unless `--limit` says less."""


def show_list(
    client: Client, verb: str, columns: Mapping[str, str], *, as_json: bool, empty: str, **params: Json
) -> None:
    """Ask for a list and print it; where filters leave nothing, they are named: it says nothing about the rest."""
    answer = client.ask(verb, **params)
    if as_json or not isinstance(answer, list):
        show_json(answer)
        return
    filters = [f"{name} {value}" for name, value in params.items() if value is not None and name not in HOW_MANY]
    show_rows(
        [_shown(row) for row in answer if isinstance(row, dict)],
        columns,
        empty=f"nothing matches {', '.join(filters)}" if filters else empty,
    )
    limit = params.get("limit")
    if isinstance(limit, int) and len(answer) >= limit:
        more = ", and all that is open" if params.get("open") else ""
        click.echo(f"the newest {limit} are shown{more}; --limit N shows more, --json all")


def _shown(row: dict[str, Json]) -> dict[str, Json]:
    """Leave the currency of no amount away."""
    return {**row, "currency": None} if "amount" in row and row["amount"] is None else row


def newest(limit: int | None, as_json: bool) -> int | None:
    """Return how many rows to ask for: as many as the person said, else all for a program and some for a person."""
    return limit if limit is not None or as_json else RECENT


def refuse_strange(kind: str, word: str | None, known: Collection[str]) -> None:
    """Refuse a misspelt word of a filter: an empty list would say that there is nothing.

    Raises:
        CommandError: the word is none of those that are known.
    """
    if word is not None and word not in known:
        raise unknown(kind, word, known)
