"""What a person asked for, and the state of things does not allow."""

from __future__ import annotations


class ActionRejected(Exception):
    """It cannot be done; one sentence that says why, and what to do first. Nothing was changed."""


def say_first(id_: int | None) -> str:
    """Return what to do first about something of which it is not known what became of it."""
    return f"say first what became of it, `bursar actions resolve {id_} --happened` or `--did-not`"
