"""The way from a command to its answer: read the configuration, then ask the daemon, or the journal where none runs.

Nothing is decided here. A configuration that cannot be used ends the command with 78 and every problem; a question
that is declined ends it with the desk's sentence. Without all of its secrets a configuration never decides anything
by itself: an account is known by its key too, and an empty one would be another account.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bursar.cli.options import named_paths
from bursar.cli.outcome import BAD_CONFIGURATION, Stop, unknown
from bursar.cli.plain import counted

if TYPE_CHECKING:
    from bursar.domain.values import Json
    from bursar.host.registry import Registry
    from bursar.settings.model import Account, Configuration, ConfigurationError

ANSWER_WITHIN_S = 120.0


class BadConfiguration(Stop):
    """End the command with every problem of the configuration."""

    def __init__(self, error: ConfigurationError) -> None:
        super().__init__(f"{counted(len(error.problems), 'problem')}; nothing was done", BAD_CONFIGURATION)
        self.details = [str(problem) for problem in error.problems]


@dataclass(frozen=True)
class Desk:
    """A configuration, read, and the way to ask about it.

    Attributes:
        lacks: What is missing for answering here where no daemon runs; None: nothing.
    """

    configuration: Configuration
    registry: Registry
    lacks: BadConfiguration | None = None

    def ask(self, verb: str, **params: Json) -> Json:
        """Ask one question; a parameter that is None is left out.

        Raises:
            Stop: it was declined.
        """
        return asyncio.run(self.inquire(verb, **params))

    async def inquire(self, verb: str, **params: Json) -> Json:
        """Ask the same from within a loop."""
        from bursar.control import controller as desk

        given: dict[str, Json] = {name: value for name, value in params.items() if value is not None}
        try:
            if self.lacks is not None:
                return await self._ask_daemon(verb, given)
            self._log_to_stderr()
            return await desk.ask(self.configuration, self.registry, verb, given)
        except desk.RequestRejected as declined:
            raise Stop(str(declined), declined.exit_code) from None

    def _log_to_stderr(self) -> None:
        """Keep the output for the answer: where no daemon runs, its work is done here, and may have to warn."""
        from bursar import logs

        logs.configure(sys.stderr, "warning", logs.Redactor(self.configuration.secrets))

    async def runs(self) -> bool:
        """Return whether a daemon answers."""
        from bursar.control.errors import RequestRejected
        from bursar.control.server import ask_daemon

        try:
            await ask_daemon(self.configuration.settings.socket, "status", {}, ANSWER_WITHIN_S)
        except ConnectionError:
            return False
        except RequestRejected as declined:
            raise Stop(str(declined), declined.exit_code) from None
        return True

    async def _ask_daemon(self, verb: str, given: dict[str, Json]) -> Json:
        from bursar.control.server import ask_daemon

        try:
            return await ask_daemon(self.configuration.settings.socket, verb, given, ANSWER_WITHIN_S)
        except ConnectionError:
            assert self.lacks is not None
            raise self.lacks from None

    def account(self, name: str) -> Account:
        """Return the account of that name.

        Raises:
            Stop: there is none.
        """
        for known, account in self.configuration.accounts.items():
            if known == name:
                return account
        raise unknown("account", name, self.configuration.accounts)


def looking() -> Desk:
    """Read the configuration for a command that only looks: secrets are not needed for that."""
    return read_desk(secrets=False)


def deciding() -> Desk:
    """Read the configuration for a command that decides something.

    Where secrets cannot be had here, the daemon is asked, which has them; where none runs, they are named.
    """
    try:
        return read_desk(secrets=True)
    except BadConfiguration as lacks:
        looked = read_desk(secrets=False)
        return Desk(looked.configuration, looked.registry, lacks)


def read_desk(*, secrets: bool) -> Desk:
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
    return Desk(configuration, registry)


def config_paths() -> Sequence[Path]:
    """Return the paths of the configuration: those of `--config`, else the default."""
    from bursar.settings.read import default_paths

    return named_paths() or default_paths(os.environ)
