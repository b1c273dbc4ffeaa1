"""The hooks of bursar: all a plugin can implement. They only register; nothing is done in them.

A plugin is a package with an entry point in the group `bursar`:

    [project.entry-points.bursar]
    mine = "bursar_mine"

and in it functions marked with `hookimpl` under the names below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pluggy

from bursar.api.function import Function
from bursar.api.provider import Provider
from bursar.api.sink import SinkType

if TYPE_CHECKING:
    import click

PROJECT = "bursar"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def bursar_providers(register: Callable[[Provider], None]) -> None:
    """Register kinds of provider."""


@hookspec
def bursar_sinks(register: Callable[[SinkType], None]) -> None:
    """Register kinds of sink."""


@hookspec
def bursar_functions(register: Callable[[Function], None]) -> None:
    """Register functions that conditions may call."""


@hookspec
def bursar_commands(register: Callable[[click.Command], None]) -> None:
    """Register further commands of the command line."""
