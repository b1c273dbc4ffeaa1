"""Questions to whoever sits at the terminal; where nobody does, nothing is asked and nothing is done."""

from __future__ import annotations

import sys

import click

from bursar.cli.outcome import FOUND, CommandError


def confirm(question: str, yes: bool) -> None:
    """Let a person say yes, unless they have said so already.

    Raises:
        CommandError: there is no terminal to ask on, or the answer is no.
    """
    if yes:
        return
    if not at_terminal():
        raise CommandError("there is no terminal to ask on: say --yes")
    if not click.confirm(question, err=True):
        raise CommandError("nothing was done", FOUND)


def at_terminal() -> bool:
    """Return whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()
