"""`bursar prove`, the crash test, as a plugin that brings a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bursar.api import hookimpl
from bursar_prove.command import prove

if TYPE_CHECKING:
    import click


@hookimpl
def bursar_commands(register: Callable[[click.Command], None]) -> None:
    """Register the command `prove`."""
    register(prove)
