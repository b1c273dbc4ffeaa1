"""The way from a command to its answer: read the configuration, then ask the daemon, or the journal where none runs.

Nothing is decided here. A configuration that cannot be used ends the command with 78 and every problem; a question
that is declined ends it with the client's sentence. Without all of its secrets a configuration never decides anything
by itself: an account is known by its key too, and an empty one would be another account.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bursar.cli.options import named_paths
from bursar.cli.outcome import BAD_CONFIGURATION, EXIT_CODES, CommandError, complain, unknown
from bursar.cli.terminal_text import counted

if TYPE_CHECKING:
    from bursar.domain.values import Json
    from bursar.host.registry import Registry
    from bursar.settings.model import Account, Configuration, ConfigurationError


NOT_FOUND = (
    "a daemon that runs goes on by what it read before, and where it listens cannot be told from this: give the "
    "configuration as it was with -c, or end the daemon itself (systemctl stop bursar)"
)


class BadConfiguration(CommandError):
    """End the command with every problem of the configuration."""

    def __init__(self, error: ConfigurationError) -> None:
        super().__init__(f"{counted(len(error.problems), 'problem')}; nothing was done", BAD_CONFIGURATION)
        self.details = [str(problem) for problem in error.problems]


@dataclass(frozen=True)
class Client:
    """A configuration, read, and the way to ask about it.

    Attributes:
        lacks: What is missing for answering here where no daemon runs; None: nothing.
        unread: The configuration has mistakes, and nothing of it is known here but where the daemon listens.
    """

    configuration: Configuration
    registry: Registry
    lacks: BadConfiguration | None = None
    unread: bool = False

    def ask(self, verb: str, **params: Json) -> Json:
        """Ask one question; a parameter that is None is left out.

        Raises:
            CommandError: it was declined.
        """
        return asyncio.run(self.ask_async(verb, **params))

    async def ask_async(self, verb: str, **params: Json) -> Json:
        """Ask the same from within a loop."""
        from bursar.control.asking import ask
        from bursar.control.messages import RequestRejected

        given: dict[str, Json] = {name: value for name, value in params.items() if value is not None}
        try:
            if self.lacks is not None:
                return await self._ask_daemon(verb, given)
            self._log_to_stderr()
            return await ask(self.configuration, self.registry, verb, given)
        except RequestRejected as rejected:
            raise CommandError(str(rejected), EXIT_CODES[rejected.code]) from None

    def _log_to_stderr(self) -> None:
        """Keep the output for the answer: where no daemon runs, its work is done here, and may have to warn."""
        from bursar import logs

        logs.configure(sys.stderr, "warning", logs.Redactor(self.configuration.secrets))

    async def runs(self) -> bool:
        """Return whether a daemon answers."""
        from bursar.control.asking import answer_within_s
        from bursar.control.client import ask_daemon
        from bursar.control.messages import RequestRejected

        settings = self.configuration.settings
        try:
            await ask_daemon(settings.socket, "status", {}, answer_within_s("status"), settings.state)
        except ConnectionError:
            if self.unread and self.lacks is not None:
                raise self.lacks from None
            return False
        except RequestRejected as rejected:
            raise CommandError(str(rejected), EXIT_CODES[rejected.code]) from None
        return True

    async def _ask_daemon(self, verb: str, given: dict[str, Json]) -> Json:
        from bursar.control.asking import answer_within_s
        from bursar.control.client import ask_daemon

        settings = self.configuration.settings
        assert self.lacks is not None
        try:
            answer = await ask_daemon(settings.socket, verb, given, answer_within_s(verb), settings.state)
        except ConnectionError:
            raise self.lacks from None
        if self.unread:
            for line in self.lacks.details:
                click.echo(line, err=True)
            number = counted(len(self.lacks.details), "mistake")
            complain(f"the configuration has {number}; the daemon has answered, and goes by what it read before")
        return answer

    def check_account(self, name: str) -> None:
        """Refuse an account that is not configured; where that cannot be read, the daemon does.

        Raises:
            CommandError: there is none.
        """
        if not self.unread:
            self.account(name)

    def account(self, name: str) -> Account:
        """Return the account of that name.

        Raises:
            CommandError: there is none.
        """
        for known, account in self.configuration.accounts.items():
            if known == name:
                return account
        raise unknown("account", name, self.configuration.accounts)


def client_for_looking() -> Client:
    """Read the configuration for a command that only looks: secrets are not needed for that."""
    return read_client(secrets=False)


def client_for_deciding() -> Client:
    """Read the configuration for a command that decides something.

    Where secrets cannot be had here, the daemon is asked, which has them; where none runs, they are named.
    """
    try:
        return read_client(secrets=True)
    except BadConfiguration as lacks:
        looked = read_client(secrets=False)
        return Client(looked.configuration, looked.registry, lacks)


def client_of_daemon(read: Callable[[], Client]) -> Client:
    """Read the configuration for what must be had while it is being edited: to stop, to look, and to answer.

    Where it has mistakes the daemon is asked all the same, which goes by what it read before; where none runs, they are
    named.

    Args:
        read: How it is read where it has none.
    """
    try:
        return read()
    except BadConfiguration as mistakes:
        from bursar.host.plugins import load_plugins
        from bursar.settings.model import Configuration, Settings
        from bursar.settings.whereabouts import find_state

        found = find_state(config_paths(), os.environ)
        if found is None:
            mistakes.details = [*mistakes.details, NOT_FOUND]
            raise
        nothing = Configuration(Settings(*found), {}, {}, (), frozenset(), ())
        return Client(nothing, load_plugins(), mistakes, unread=True)


def read_client(*, secrets: bool) -> Client:
    """Read plugins and configuration.

    Raises:
        BadConfiguration: the configuration cannot be used.
    """
    from bursar.host.plugins import load_plugins
    from bursar.settings.model import ConfigurationError
    from bursar.settings.read import read_configuration

    registry = load_plugins()
    try:
        configuration = read_configuration(config_paths(), registry, environ=os.environ, without_secrets=not secrets)
    except ConfigurationError as error:
        raise BadConfiguration(error) from None
    return Client(configuration, registry)


def config_paths() -> Sequence[Path]:
    """Return the paths of the configuration: those of `--config`, else the default."""
    from bursar.settings.read import default_paths

    return named_paths() or default_paths(os.environ)
