"""The command line: words and options in, tables or JSON out, and an exit code that scripts can trust.

Commands hold no logic: they read the configuration, ask (`bursar.control.controller`), and show. Every command is a
file of its own, imported when it is called, so that `bursar --help` stays quick. Nothing here prints a traceback
for what a person did: it is one sentence on the error stream, and 1, 2 or 78.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import click

from bursar.cli.outcome import INTERRUPTED, PIPE_CLOSED, CommandError, complain
from bursar.cli.terminal_text import plain

__all__ = ["execute", "main"]

UNWRITABLE = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EBADF)


def main() -> NoReturn:
    """Run the command line of this process and end the process."""
    sys.exit(execute(sys.argv[1:]))


def execute(words: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    from bursar.cli.tree import bursar

    _settle_streams()
    try:
        _refuse_other_encodings(words)
        code = bursar.main(list(words), prog_name="bursar", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as asked_nothing:
        click.echo(asked_nothing.format_message(), err=True)
        return asked_nothing.exit_code
    except click.ClickException as refusal:
        for line in getattr(refusal, "details", ()):
            click.echo(plain(line), err=True)
        complain(refusal.format_message())
        return refusal.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except PermissionError as failure:
        complain(f"{failure.filename}: this user may not read it; use the one that the daemon runs as, or root")
        return 1
    except OSError as failure:
        if failure.errno not in (errno.EPIPE, *UNWRITABLE):
            raise
        left = _reader_left()
        if failure.errno == errno.EPIPE:
            return left
        complain(f"the output cannot be written ({os.strerror(failure.errno)})")
        return 1
    return code if isinstance(code, int) else 0


def _settle_streams() -> None:
    """Have a stream that is closed be empty, and write what a terminal's encoding does not have in another way."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  open to the end
        elif isinstance(stream, io.TextIOWrapper) and mode == "w":
            stream.reconfigure(errors="backslashreplace")


def _refuse_other_encodings(words: Sequence[str]) -> None:
    """Refuse bytes that are no text: they could be neither journaled nor sent as they were meant.

    Raises:
        CommandError: a word is not UTF-8.
    """
    for word in words:
        if not word.isascii() and any("\ud800" <= character <= "\udfff" for character in word):
            raise CommandError(f"{word!r} is not UTF-8 text")


def _reader_left() -> int:
    """Let the interpreter flush into nothing at its end: `bursar events | head` is no error."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return PIPE_CLOSED
