"""Questions at the terminal; where stdin is not one, nothing is asked and nothing is done."""

from __future__ import annotations

import sys

import click

from bursar.cli.outcome import FOUND, CommandError


def confirm(question: str, yes: bool) -> None:
    """Let a person say yes, unless they have said so already.

    Raises:
        CommandError: stdin or stderr is not a terminal, or the answer is no.
    """
    if yes:
        return
    require_terminal()
    if not click.confirm(question, err=True):
        raise CommandError("nothing was done", FOUND)


def require_terminal() -> None:
    """Raise an error unless somebody can be asked.

    Raises:
        CommandError: stdin or stderr is not a terminal.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise CommandError("stdin is not a terminal; pass --yes to confirm")
