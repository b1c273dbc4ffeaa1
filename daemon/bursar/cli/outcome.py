"""How a command ends: the exit codes, and the sentence on the error stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from bursar.cli.terminal_text import plain
from bursar.diagnostics.suggestion import did_you_mean, suggest

FINE = 0
FOUND = 1
USAGE = 2
BAD_CONFIGURATION = 78
EXIT_CODES = {"invalid_request": USAGE, "failed": FOUND, "bad_configuration": BAD_CONFIGURATION}
"""The exit code for each error of the control interface (`bursar.control.messages.ErrorCode`)."""
INTERRUPTED = 130
PIPE_CLOSED = 141

MAX_NAMES = 20


class CommandError(click.ClickException):
    """End the command with one sentence and an exit code; `details` are lines to print before it."""

    details: Sequence[str] = ()

    def __init__(self, message: str, exit_code: int = USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class, and reads the instance's


def complain(sentence: str) -> None:
    """Print one sentence on the error stream."""
    click.echo(f"bursar: {plain(sentence)}", err=True)


def unknown(kind: str, word: str, known: Iterable[str]) -> CommandError:
    """Refuse a word that names nothing, and say what does."""
    return CommandError(f"there is no {kind} {word!r}{instead(word, known)}")


def instead(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about a misspelt name: the one that was meant, else some that exist."""
    names = list(known)
    suggestion = suggest(word, names)
    if suggestion is not None:
        return did_you_mean(suggestion)
    if not names:
        return ": there are none"
    return ": there is " + ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
