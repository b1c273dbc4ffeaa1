"""A right command, brought by an object in place of a module."""

from __future__ import annotations

from collections.abc import Callable

import click

from bursar.api import hookimpl


@click.command()
@click.option("--times", type=int, default=1, show_default=True, help="How often.")
def stamp(times: int) -> None:
    """Stamp a card."""
    for _ in range(times):
        click.echo("stamped")


class Plugin:
    """What the entry point names: `stamp:PLUGIN`."""

    @hookimpl(specname="bursar_commands")
    def commands(self, register: Callable[[click.Command], None]) -> None:
        """Register the command `stamp`."""
        register(stamp)


PLUGIN = Plugin()
