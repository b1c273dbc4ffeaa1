"""Drawings that are made from the code, so that they cannot differ from it: `python -m bursar.testing.diagrams`
prints docs/life.md."""

from __future__ import annotations

import click

from bursar.domain.intent import OPEN, State
from bursar.domain.intent_states import TRANSITIONS

HEAD = """# The life of an intent

An intent is a decided action, in the journal before anything happens. This page is made from the table
`TRANSITIONS` in `daemon/bursar/domain/intent_states.py` (`make docs`); a test holds the two together.

"""
MIDDLE = """
| from | what happens | to |
|---|---|---|
"""
TAIL = """
States that are not final: {open}. A subject has at most one intent in one of them.

- `sending` is committed, with a new fence and the evidence read just before, before the first byte leaves; the sidecar
  beside the journal is raised between the two. An answer for an older fence is recorded and changes nothing.
- What is not plainly the provider's own yes or no is `unknown`. What follows depends on what the provider declares a
  lost reply to mean: *repeatable* (asked again after a back-off; it blocks its subject), *reconcilable* (the provider
  is looked at) or *neither* (a person is asked); these two block the action on the account.
- *Did not* is believed after two looks at least 60 s apart (or `settle`, if that is shorter), the first no sooner than
  `settle` after sending.
"""


def life() -> str:
    """Draw the life of an intent as Markdown: a Mermaid diagram and the table."""
    arrows = [
        f"    {_node(before)} --> {after}: {cause.replace(':', ',').replace(';', ',')}"
        for (before, cause), after in TRANSITIONS.items()
    ]
    ends = [f"    {state} --> [*]" for state in State if state not in OPEN]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", *arrows, *ends, "```", ""])
    rows = "\n".join(f"| {before or '–'} | {cause} | {after} |" for (before, cause), after in TRANSITIONS.items())
    states = ", ".join(f"`{state}`" for state in State if state in OPEN)
    return f"{HEAD}{diagram}{MIDDLE}{rows}\n{TAIL.format(open=states)}"


def _node(state: State | None) -> str:
    return "[*]" if state is None else str(state)


if __name__ == "__main__":
    click.echo(life(), nl=False)
