"""`bursar reload`: the running daemon reads its configuration again."""

from __future__ import annotations

from collections import Counter
from typing import Any, cast

import click

from bursar.cli.client import client_for_looking
from bursar.cli.options import with_config, with_json
from bursar.cli.output import show_json


@click.command()
@with_config
@with_json
def reload(as_json: bool) -> None:
    """Let the running daemon read its configuration again. On any error in it the old one stays, and the problems are
    named. Holds, cooldowns and limits go on; what a rule decided that has changed its meaning ends, and is named.

    \b
    Example:
        bursar check && bursar reload
    """
    from bursar.pipeline.match_facts import RULE_CHANGED, next_of_ended

    answer = cast("dict[str, Any]", client_for_looking().ask("reload"))
    if as_json:
        show_json(answer)
        return
    click.echo("the daemon takes on the new configuration")
    for other in answer.get("quarantined", ()):
        click.echo(other)
    ended = answer["ends"]["actions"]
    first_of: dict[str, str] = {}
    for action in ended:
        click.echo(f"action {action['id']} ends: {action['reason']}")
        first_of.setdefault(action["reason"], str(action["id"]).partition(".")[0])
    for reason, id_ in first_of.items():
        click.echo(next_of_ended(reason, id_))
    held = Counter((one["rule"], one["account"], one["reason"]) for one in answer["ends"]["matches"])
    for (rule, account, reason), number in held.items():
        waited = "1 match that waited ends" if number == 1 else f"{number} matches that waited end"
        click.echo(f"{rule}: {waited} at {account}: {reason}")
    if held:
        changed = any(reason == RULE_CHANGED for _, _, reason in held)
        at_once = " (at once about a balance that is still above its minimum)" if changed else ""
        click.echo(
            f"the rules are asked again at their next event{at_once}; `bursar call` does what is still to be done, "
            "past the approve and budget of the rule"
        )
