"""`bursar why`: the verdicts of a rule, with the first clause that was not true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bursar.cli.client import client_for_looking
from bursar.cli.options import with_config, with_json
from bursar.cli.outcome import CommandError, unknown
from bursar.cli.output import show_json, show_rows

if TYPE_CHECKING:
    from bursar.domain.values import Json

COLUMNS = {
    "at": "AT",
    "rule": "RULE",
    "account": "ACCOUNT",
    "subject": "SUBJECT",
    "verdict": "VERDICT",
    "reason": "REASON",
    "match": "THE MATCH IS",
    "next": "ASKED AGAIN",
    "actions": "ACTIONS",
}


@click.command()
@with_config
@with_json
@click.argument("rule")
@click.argument("subject", required=False)
def why(rule: str, subject: str | None, as_json: bool) -> None:
    """Explain why RULE fired, or did not: the first clause that was not true, with its values.

    SUBJECT is an id (101) or a kind and an id (order/101); without it, every subject that the rule looked at is shown.

    \b
    Examples:
        bursar why refill-partial-orders 101
        bursar why payout-when-due --json
    """
    client = client_for_looking()
    names = [str(known.name) for known in client.configuration.rules]
    if rule not in names:
        raise unknown("rule", rule, names)
    answer = client.ask("why", rule=rule, subject=subject)
    rows = [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []
    if subject is not None and not rows:
        raise CommandError(f"the rule {rule} was never asked about {subject}")
    if as_json:
        show_json(rows)
    else:
        listens = next(one.on or (one.watches or "",) for one in client.configuration.rules if one.name == rule)
        nothing = f"{rule} was asked about nothing: no {' or '.join(listens)} has come since the rule is there"
        show_rows([_flat(row) for row in rows], COLUMNS, empty=nothing)
        for note in {str(row["note"]): None for row in rows if row.get("note") is not None}:
            click.echo(note)


def _flat(row: dict[str, Json]) -> dict[str, Json]:
    """Put what became of the match beside the verdict."""
    match = row.get("match")
    if not isinstance(match, dict):
        return {**row, "next": row.get("asked_again_at")}
    words = [str(match[key]) for key in ("state", "block", "reason") if match.get(key)]
    states = match.get("states")
    actions = [f"{id_} ({state})" for id_, state in states.items()] if isinstance(states, dict) else []
    held = match.get("retry_at") if match.get("state") == "held" else None
    asked = held or row.get("asked_again_at")
    return {**row, "match": ": ".join(words), "next": asked, "actions": ", ".join(actions)}
