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
from bursar.control.server import ControlServer, SocketTaken, cannot_listen, refuse_taken
from bursar.host.plugins import load_plugins
from bursar.host.registry import Registry
from bursar.journal.errors import JournalError
from bursar.journal.writer import Journal
from bursar.loops.clock import RealClock
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.startup import CHANGED, apply_configuration, close_context, open_context, preview
from bursar.loops.supervisor import Supervisor
from bursar.loops.systemd import Systemd
from bursar.loops.watchdog import Watchdog
from bursar.pipeline.reload.ending import Ending
from bursar.pipeline.reload.renames import Renamed
from bursar.settings.model import Configuration, ConfigurationError
from bursar.settings.read import read_configuration

BAD_CONFIGURATION = 78
GRACE_S = 3.5
"""How long what is being sent has at SIGTERM: after that its outcome is unknown, and looked for at the next start."""
log = structlog.get_logger("bursar")
Face = Callable[[Controller], AbstractAsyncContextManager[object]]


async def serve(
    paths: Sequence[Path], environ: Mapping[str, str], clock: Clock | None = None, faces: Sequence[Face] = ()
) -> int:
    """Run the daemon until SIGTERM or SIGINT, with what people see of it in a browser; return its exit code."""
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
    except (JournalError, SocketTaken) as error:
        _complain(error)
        return 1
    finally:
        await asyncio.to_thread(journal.close)


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
        self._clock, self._systemd = clock, Systemd(environ)
        self._called = asyncio.Event()
        self._stopping = False

    async def run(self, faces: Sequence[Face] = ()) -> int:
        """Run until SIGTERM or SIGINT.

        Raises:
            JournalError: the journal cannot be written at the start, or at the end.
            SocketTaken: the daemon of another journal listens at the control socket.
        """
        refuse_taken(self._configuration.settings.socket)  # before anything is written of a run that never was
        self._listen()
        context = await open_context(self._configuration, self._journal, self._clock)
        supervisor = Supervisor(context, self._configuration, self._redactor)
        controller = Controller(context, self._registry, supervisor, lambda: self._reload_now(context))
        server = ControlServer(self._configuration.settings.socket, controller, self._journal.path)
        async with AsyncExitStack() as open_:
            try:
                await open_.enter_async_context(server)
                for face in faces:
                    await open_.enter_async_context(face(controller))
            except OSError as error:
                _complain(cannot_listen(self._configuration.settings, error))
                return 1
            await self._turn(context, controller, server)
        await close_context(context)
        log.info("stopped")
        return 0

    async def _turn(self, context: RuntimeContext, controller: Controller, server: ControlServer) -> None:
        """Set everything going, and stop it when told to."""
        async with asyncio.TaskGroup() as group:
            await controller.supervisor.start(group)
            watching = Watchdog(context, lambda: controller.supervisor, self._systemd, server.keep)
            watchdog = group.create_task(watching.run(), name="watchdog")
            self._systemd.say("READY=1", "STATUS=watching")
            self._log_counts("watching")
            await self._obey(context, controller, group)
            self._systemd.say("STOPPING=1")
            watchdog.cancel()
            await controller.supervisor.shutdown(GRACE_S)

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
            if not self._called.is_set():  # else another answer was given meanwhile, and holds
                context.changing = None

    async def _reload_now(self, context: RuntimeContext) -> tuple[list[str], Ending | None]:
        """Have the loops changed over, if the configuration can be used. Return every problem, or what it ends."""
        _, ends, problems = await self._read_again(context)
        if not problems:
            context.change_over(CHANGED)  # before the answer: from then on nothing leaves by the old one
            self._called.set()
        return problems, ends

    async def _reload(self, context: RuntimeContext, controller: Controller, group: asyncio.TaskGroup) -> None:
        """Change over to a new configuration; on any error in it the old one stays."""
        self._systemd.say("RELOADING=1")
        configuration, _, problems = await self._read_again(context)
        if configuration is None:
            for problem in problems:
                log.error("reload.refused", problem=problem, effect="the old configuration stays")
            self._systemd.say("READY=1", "STATUS=watching, with the old configuration: the new one has errors")
            return
        self._redactor.know(configuration.secrets)
        await controller.supervisor.hand_over(group)
        try:
            await apply_configuration(context, configuration)
            self._configuration = configuration
        except (JournalError, Renamed) as error:
            log.error("reload.failed", reason=str(error), effect="the old configuration stays")
        controller.supervisor = Supervisor(context, self._configuration, self._redactor, controller.supervisor)
        await controller.supervisor.start(group)
        self._systemd.say("READY=1", "STATUS=watching")
        self._log_counts("reloaded")

    async def _read_again(self, context: RuntimeContext) -> tuple[Configuration | None, Ending | None, list[str]]:
        """Read the configuration anew; return it with what it ends, or every problem of it."""
        try:
            configuration = read_configuration(self._paths, self._registry, environ=self._environ)
            ends = await preview(context, configuration)
        except ConfigurationError as error:
            return None, None, [str(problem) for problem in error.problems]
        except (JournalError, Renamed) as error:
            return None, None, [str(error)]
        if configuration.settings.state != self._configuration.settings.state:
            return None, None, ["settings.state cannot change while bursar runs"]
        return configuration, ends, []

    def _log_counts(self, what: str) -> None:
        loaded = self._configuration
        counts = {"accounts": len(loaded.accounts), "rules": len(loaded.rules)}
        log.info(what, **counts, mode=str(loaded.settings.mode))
