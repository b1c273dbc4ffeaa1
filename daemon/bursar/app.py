"""The composition root: configuration → objects → one TaskGroup; signals and readiness. Small."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import click
import structlog

from bursar import logs
from bursar.api.clock import Clock
from bursar.control.controller import Controller
from bursar.control.server import Control
from bursar.host.plugins import load_plugins
from bursar.host.registry import Registry
from bursar.journal.errors import JournalError
from bursar.journal.writer import Journal
from bursar.loops.clock import RealClock
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.startup import apply_configuration, close_context, open_context
from bursar.loops.supervisor import Supervisor
from bursar.loops.systemd import Systemd
from bursar.loops.watchdog import Watchdog
from bursar.settings.model import Configuration, ConfigurationError, Settings
from bursar.settings.read import read_configuration

BAD_CONFIGURATION = 78
PATIENCE_S = 3.5
"""How long what is being sent has at SIGTERM: after that its outcome is unknown, and looked for at the next start."""
RELOAD_PATIENCE_S = 60.0
log = structlog.get_logger("bursar")
Face = Callable[[Controller, Clock], AbstractAsyncContextManager[object]]


async def serve(
    paths: Sequence[Path], environ: Mapping[str, str], clock: Clock | None = None, faces: Sequence[Face] = ()
) -> int:
    """Run the daemon until SIGTERM or SIGINT, with what people see of it in a browser; give its exit code."""
    registry = load_plugins()
    try:
        configuration = read_configuration(paths, registry, environ=environ)
    except ConfigurationError as error:
        count = len(error.problems)
        _complain(*error.problems, f"{count} problem{'s' if count > 1 else ''}; nothing was started")
        return BAD_CONFIGURATION
    redactor = logs.Redactor(configuration.secrets)
    logs.configure(sys.stderr, "info", redactor, environ=environ)
    try:
        journal = await asyncio.to_thread(Journal.open, configuration.settings.state)
    except JournalError as error:
        _complain(error)
        return 1
    try:
        daemon = Daemon(paths, environ, registry, configuration, journal, redactor, clock or RealClock())
        return await daemon.run(faces)
    except JournalError as error:
        _complain(error)
        return 1
    finally:
        await asyncio.to_thread(journal.close)


def _cannot_listen(settings: Settings, error: OSError) -> str:
    what = "the control socket" if settings.http is None else "the control socket, or settings.http,"
    return f"{settings.socket}: {what} cannot be made ({error.strerror or error}); check who may write there"


def _complain(*sentences: object) -> None:
    for sentence in sentences:
        click.echo(str(sentence), err=True)


class Daemon:
    """One run of the daemon."""

    def __init__(
        self,
        paths: Sequence[Path],
        environ: Mapping[str, str],
        registry: Registry,
        configuration: Configuration,
        journal: Journal,
        redactor: logs.Redactor,
        clock: Clock,
    ) -> None:
        self._paths, self._environ, self._registry = paths, environ, registry
        self._configuration, self._journal, self._redactor = configuration, journal, redactor
        self._systemd = Systemd(environ)
        self._called = asyncio.Event()
        self._stopping = False
        self._clock = clock

    async def run(self, faces: Sequence[Face] = ()) -> int:
        """Turn until told to stop.

        Raises:
            JournalError: the journal cannot be written at the start, or at the end.
        """
        self._listen()
        context = await open_context(self._configuration, self._journal, self._clock)
        supervisor = Supervisor(context, self._configuration, self._redactor)
        controller = Controller(context, self._registry, supervisor, self._reload_now)
        async with AsyncExitStack() as open_:
            try:
                await open_.enter_async_context(Control(self._configuration.settings.socket, controller))
                for face in faces:
                    await open_.enter_async_context(face(controller, self._clock))
            except OSError as error:
                _complain(_cannot_listen(self._configuration.settings, error))
                return 1
            await self._turn(context, controller)
        await close_context(context)
        log.info("stopped")
        return 0

    async def _turn(self, context: RuntimeContext, controller: Controller) -> None:
        """Set everything going, and stop it when told to."""
        async with asyncio.TaskGroup() as group:
            await controller.supervisor.start(group)
            watching = Watchdog(context, lambda: controller.supervisor, self._systemd)
            watchdog = group.create_task(watching.run(), name="watchdog")
            self._systemd.say("READY=1", "STATUS=watching")
            self._log_counts("watching")
            await self._obey(context, controller, group)
            self._systemd.say("STOPPING=1")
            watchdog.cancel()
            await controller.supervisor.shutdown(PATIENCE_S)

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._called.set)

    def _stop(self) -> None:
        self._stopping = True
        self._called.set()

    async def _obey(self, context: RuntimeContext, controller: Controller, group: asyncio.TaskGroup) -> None:
        """Wait for signals: reload at SIGHUP, return at SIGTERM."""
        while True:
            await self._called.wait()
            self._called.clear()
            if self._stopping:
                return
            await self._reload(context, controller, group)

    def _reload_now(self) -> list[str]:
        """Check the configuration; if it can be used, have the loops changed over. Give every problem."""
        try:
            read_configuration(self._paths, self._registry, environ=self._environ)
        except ConfigurationError as error:
            return [str(problem) for problem in error.problems]
        self._called.set()
        return []

    async def _reload(self, context: RuntimeContext, controller: Controller, group: asyncio.TaskGroup) -> None:
        """Change over to a new configuration; on any error in it the old one stays."""
        self._systemd.say("RELOADING=1")
        configuration = self._read_again()
        if configuration is None:
            self._systemd.say("READY=1", "STATUS=watching, with the old configuration: the new one has errors")
            return
        self._redactor.know(configuration.secrets)
        await controller.supervisor.shutdown(RELOAD_PATIENCE_S, self._called)
        try:
            await apply_configuration(context, configuration)
            self._configuration = configuration
        except JournalError as error:
            log.error("the new configuration cannot be written down; the old one stays", reason=str(error))
        controller.supervisor = Supervisor(context, self._configuration, self._redactor)
        await controller.supervisor.start(group)
        self._systemd.say("READY=1", "STATUS=watching")
        self._log_counts("reloaded")

    def _read_again(self) -> Configuration | None:
        try:
            configuration = read_configuration(self._paths, self._registry, environ=self._environ)
        except ConfigurationError as error:
            for problem in error.problems:
                log.error("the configuration cannot be used; the old one stays", problem=str(problem))
            return None
        if configuration.settings.state != self._configuration.settings.state:
            log.error("settings.state cannot change while bursar runs; the old configuration stays")
            return None
        return configuration

    def _log_counts(self, what: str) -> None:
        configuration = self._configuration
        log.info(
            what,
            accounts=len(configuration.accounts),
            rules=len(configuration.rules),
            mode=str(configuration.settings.mode),
        )
