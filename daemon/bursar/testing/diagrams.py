"""Pages that are made from the code, so that they cannot differ from it: `python -m bursar.testing.diagrams life`
prints docs/life.md, and `permission` docs/permission.md."""

from __future__ import annotations

import sys

from bursar.domain.intent import OPEN, State
from bursar.domain.intent_states import TRANSITIONS
from bursar.domain.permission import GUARDS, OF_TEXTS, Phase

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

- `sending` is committed, with a new fence and the evidence read just before, before the first byte leaves; the counter
  beside the journal is raised between the two. An answer for an older fence is recorded and changes nothing.
- What is not plainly the provider's own yes or no is `unknown`. What follows depends on what the provider declares a
  lost reply to mean: *repeatable* (asked again after a back-off; it blocks its subject), *reconcilable* (the provider
  is looked at) or *neither* (a person is asked); these two block the action on the account.
- *Did not* is believed after two looks at least 60 s apart (or `settle`, if that is shorter), the first no sooner than
  `settle` after the request's last moment on the wire; a restart or a jump of the wall clock starts `settle` anew.
  Before it is sent again, the old evidence is held against a fresh look.
"""
PERMISSION = """# May it go out?

One function answers, four times in an intent's life: `permit` in `daemon/bursar/domain/permission.py`. It asks these
guards, in this order; the first that objects decides. This page is made from the table `GUARDS` there (`make docs`); a
test holds the two together.

| guard | plan | operator | claim | resend | what it stops |
|---|---|---|---|---|---|
{rows}

- *plan*: a match is planned, at first or after it was held back.
- *operator*: a person asks for an action, or says yes to one.
- *claim*: the `sending` commit, just before the request leaves, with the evidence and the cost just read.
- *resend*: the same, of an intent whose last attempt was lost.

A guard that objects holds the action back (its match waits until that ends), has a person asked, or ends it. At a
claim, what ends soon by itself (a pause, a quarantine, stale facts, a cost that is being looked at, a jump of the
clock, an unknown action that blocks this one) leaves the intent ready, for an hour at most; anything else ends it as
*held back*, and its match waits.

For a rule that only tells, these guards count: {texts}.

What guards count is read from the ledger of effects (`pipeline/gate/guard_facts.py` loads it): an entry for everything
that was decided, and what became of it. What is open or unknown always counts; the rest from the later of its sending
and its end. What was never sent does not count; what was refused counts for `limit` and `cooldown`, with amount 0 for a
budget.
"""


def life() -> str:
    """Draw the life of an intent as Markdown: a Mermaid diagram and the table."""
    arrows = [
        f"    {_node(before)} --> {after}: {_plain(cause.words)}" for (before, cause), after in TRANSITIONS.items()
    ]
    ends = [f"    {state} --> [*]" for state in State if state not in OPEN]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", *arrows, *ends, "```", ""])
    rows = "\n".join(f"| {before or '–'} | {cause.words} | {after} |" for (before, cause), after in TRANSITIONS.items())
    states = ", ".join(f"`{state}`" for state in State if state in OPEN)
    return f"{HEAD}{diagram}{MIDDLE}{rows}\n{TAIL.format(open=states)}"


def permission() -> str:
    """Write which guard counts in which phase, as Markdown."""
    rows = []
    for guard in GUARDS:
        marks = " | ".join("●" if phase in guard.phases else "" for phase in Phase)
        rows.append(f"| {guard.name} | {marks} | {guard.stops} |")
    texts = ", ".join(guard.name for guard in GUARDS if guard.name in OF_TEXTS)
    return PERMISSION.format(rows="\n".join(rows), texts=texts)


def _plain(words: str) -> str:
    """Leave out what Mermaid takes for its own."""
    return words.replace(":", ",").replace(";", ",").replace("`", "").replace("(", " ").replace(")", "")


def _node(state: State | None) -> str:
    return "[*]" if state is None else str(state)


PAGES = {"life": life, "permission": permission}

if __name__ == "__main__":
    sys.stdout.buffer.write(PAGES[sys.argv[1]]().encode())
