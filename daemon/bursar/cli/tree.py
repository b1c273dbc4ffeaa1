"""The tree of commands. Each is imported when it is called; their one-line descriptions stand here, so that
`bursar --help` need not import them (a test holds the two together)."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import click

from bursar import __version__
from bursar.cli.options import with_config
from bursar.cli.outcome import instead

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.metadata import EntryPoint

SUMMARIES = {
    "demo": "See the whole thing work against the built-in sandbox.",
    "run": "Run the daemon in the foreground.",
    "check": "Check the configuration; name every problem with its place.",
    "call": "Call any method of a provider by its own name.",
    "track": "Put existing orders under watch.",
    "untrack": "Take orders from under watch.",
    "status": "Show how the daemon and its journal are.",
    "accounts": "Show the accounts and how they are; say what a changed one is; have a rejected one looked at.",
    "orders": "Show the orders under watch.",
    "events": "Show what changed.",
    "actions": "Show what was decided and done; answer what waits for a person; have what gave up retried.",
    "deliveries": "Show the messages owed to the sinks.",
    "why": "Explain why a rule fired, or did not.",
    "pause": "Stop acting, keep watching.",
    "resume": "End the pause, and nothing else.",
    "reload": "Let the running daemon read its configuration again.",
    "observations": "Show the observations that were held; accept or drop one.",
    "audit": "Check or export the audit trail.",
    "backup": "Copy the journal, also while the daemon runs.",
    "restore": "Put a backup in the journal's place; end the caution after it.",
    "doctor": "Look whether a daemon watches, at the journal, the clock and the secrets.",
    "prove": "Strike the daemon again and again; show that no money is lost, doubled or beyond what was judged.",
    "sandbox": "Serve the providers on loopback, in their real wire formats.",
    "plugins": "Show the plugins and what they bring.",
}
"""Every command of the core and what it does, in the order of `bursar --help`. Command `x` is `bursar.cli.x:x`,
unless `_MODULES` says otherwise, or one of bursar's own plugins brings it: that is loaded alone, at the call."""

_MODULES = {"untrack": "track", "resume": "pause"}
_PLUGINS = {"prove": "prove"}
"""By command: the entry point of the plugin of bursar's own that brings it."""


class Tree(click.Group):
    """The root: the core's commands by name, lazily; then those that plugins bring."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*SUMMARIES, *sorted(_from_plugins() if _has_foreign_plugins() else {})]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUMMARIES:
            return _from_plugins().get(cmd_name) if _has_foreign_plugins() else None
        if (plugin := _PLUGINS.get(cmd_name)) is not None:
            return _commands_of(lambda entry: not _is_foreign(entry) and entry.name == plugin).get(cmd_name)
        module = import_module(f"bursar.cli.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if (command := self.get_command(ctx, args[0])) is None:
            raise click.UsageError(f"there is no command {args[0]!r}{instead(args[0], self.list_commands(ctx))}")
        return args[0], command, args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = list(SUMMARIES.items())
        if _has_foreign_plugins():
            rows += [(name, command.get_short_help_str(70)) for name, command in sorted(_from_plugins().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _has_foreign_plugins() -> bool:
    """Return whether anything but bursar's own distribution brings plugins: only then are they loaded for `--help`."""
    return any(map(_is_foreign, entry_points(group="bursar")))


def _is_foreign(entry: EntryPoint) -> bool:
    return entry.dist is None or entry.dist.name != "bursar"


def _from_plugins() -> dict[str, click.Command]:
    """Return what plugins bring beside the core's."""
    return {name: command for name, command in _commands_of().items() if name not in SUMMARIES}


def _commands_of(wanted: Callable[[EntryPoint], bool] = lambda _entry: True) -> dict[str, click.Command]:
    from bursar.host.plugins import load_plugins

    return dict(load_plugins([entry for entry in entry_points(group="bursar") if wanted(entry)]).commands)


@click.group(cls=Tree, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="bursar", message="%(prog)s %(version)s")
@with_config
def bursar() -> None:
    """Watch accounts at providers that offer only a polling API, and do the routine work on them by YAML rules.

    \b
    See it work, with no account and no configuration:
        bursar demo
    Check a configuration, then run it:
        bursar check -c bursar.yaml
        bursar run -c bursar.yaml
    Look while it runs:
        bursar accounts -c bursar.yaml
        bursar why refill-partial-orders 101

    \b
    Exit codes: 0 fine, 1 found something or the provider refused or did not answer, 2 wrong usage,
    78 bad configuration.
    """
