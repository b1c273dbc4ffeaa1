"""The composition root: configuration → objects → one TaskGroup; signals, readiness, watchdog, heartbeat. Small."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import structlog

from bursar import logs
from bursar.api.errors import ProviderError
from bursar.api.http import Http, Request
from bursar.host.plugins import load_plugins
from bursar.host.registry import Registry
from bursar.journal import ledger
from bursar.journal.errors import JournalError
from bursar.journal.writer import Journal
from bursar.runtime.binding import bind_accounts, open_books
from bursar.runtime.clock import RealClock
from bursar.runtime.control import Control
from bursar.runtime.crew import Crew
from bursar.runtime.desk import Desk
from bursar.runtime.notify import Systemd
from bursar.runtime.office import Office
from bursar.runtime.pulse import Pulse
from bursar.runtime.telling import Commit
from bursar.runtime.terms import terms_of
from bursar.settings.identity import account_digest
from bursar.settings.model import Configuration, ConfigurationError
from bursar.settings.read import read_configuration

BAD_CONFIGURATION = 78
PATIENCE_S = 3.5
RELOAD_PATIENCE_S = 60.0
HEARTBEAT_S = 60.0
log = structlog.get_logger("bursar")


async def serve(paths: Sequence[Path], environ: Mapping[str, str]) -> int:
    """Run the daemon until SIGTERM or SIGINT; give its exit code."""
    registry = load_plugins()
    try:
        configuration = read_configuration(paths, registry, environ=environ)
    except ConfigurationError as error:
        print(*error.problems, f"{len(error.problems)} problem(s); nothing was started", sep="\n", file=sys.stderr)
        return BAD_CONFIGURATION
    redactor = logs.Redactor(configuration.secrets)
    logs.configure(sys.stderr, "info", redactor, environ=environ)
    try:
        journal = await asyncio.to_thread(Journal.open, configuration.settings.state)
    except JournalError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        return await Daemon(paths, environ, registry, configuration, journal, redactor).run()
    finally:
        await asyncio.to_thread(journal.close)


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
    ) -> None:
        self._paths, self._environ, self._registry = paths, environ, registry
        self._configuration, self._journal, self._redactor = configuration, journal, redactor
        self._systemd = Systemd(environ)
        self._stopping, self._reloading = asyncio.Event(), asyncio.Event()
        self._clock = RealClock()

    async def run(self) -> int:
        """Turn until told to stop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reloading.set)
        try:
            office = await self._open_office()
        except JournalError as error:
            print(error, file=sys.stderr)
            return 1
        crew = Crew(office, self._configuration, self._redactor.conceal)
        desk = Desk(office, self._registry, crew, self._reload_now)
        async with Control(self._configuration.settings.socket, desk), asyncio.TaskGroup() as group:
            await crew.start(group)
            minder = group.create_task(self._mind(office, desk))
            self._systemd.say("READY=1", "STATUS=watching")
            log.info(
                "watching",
                accounts=len(self._configuration.accounts),
                rules=len(self._configuration.rules),
                mode=str(self._configuration.settings.mode),
            )
            while not await self._told_to_stop():
                await self._reload(office, desk, group)
            self._systemd.say("STOPPING=1")
            minder.cancel()
            await desk.crew.dismiss(PATIENCE_S)
        await office.commit(lambda c: ledger.put(c.tx, "clean", "1"))
        log.info("stopped")
        return 0

    async def _open_office(self) -> Office:
        key = await self._journal.read(ledger.digest_key)
        started_at = self._clock.now()
        terms = terms_of(self._configuration, key)
        office = Office(self._journal, terms, self._clock, Pulse(self._clock), started_at)
        last_at = await self._journal.read(ledger.last_commit)
        clean = await self._journal.read(lambda tx: ledger.get(tx, "clean") is not None or ledger.is_new(tx))
        restored = await self._journal.read(lambda tx: ledger.restored(tx, self._journal.sidecar.read()))
        await office.commit(lambda c: self._take_over(c, clean=clean, restored=restored))
        self._journal.sidecar.raise_to(await self._journal.read(ledger.mark))
        if last_at is not None and started_at < last_at - timedelta(seconds=60):
            office.unsteady_since = last_at
        return office

    def _take_over(self, c: Commit, *, clean: bool, restored: bool) -> None:
        ledger.put_instant(c.tx, "started_at", c.now)
        self._bind(c)
        open_books(c, clean=clean, restored=restored, sinks=set(self._configuration.sinks))
        if restored:
            ledger.catch_up(c.tx, self._journal.sidecar.read())

    def _bind(self, c: Commit) -> None:
        key = ledger.digest_key(c.tx)
        bind_accounts(
            c, {n: (a.provider.name, account_digest(a, key)) for n, a in self._configuration.accounts.items()}
        )

    async def _told_to_stop(self) -> bool:
        """Wait for SIGTERM (True) or for SIGHUP (False)."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._stopping, self._reloading)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return self._stopping.is_set()

    def _reload_now(self) -> list[str]:
        """Check the configuration; if it can be used, have the loops changed over. Give every problem."""
        try:
            read_configuration(self._paths, self._registry, environ=self._environ)
        except ConfigurationError as error:
            return [str(problem) for problem in error.problems]
        self._reloading.set()
        return []

    async def _reload(self, office: Office, desk: Desk, group: asyncio.TaskGroup) -> None:
        """Change over to a new configuration; on any error in it the old one stays."""
        self._reloading.clear()
        self._systemd.say("RELOADING=1")
        try:
            configuration = read_configuration(self._paths, self._registry, environ=self._environ)
        except ConfigurationError as error:
            for problem in error.problems:
                log.error("the configuration cannot be used; the old one stays", problem=str(problem))
            self._systemd.say("READY=1", "STATUS=watching, with the old configuration: the new one has errors")
            return
        for text in configuration.secrets:
            self._redactor.conceal(text)
        await desk.crew.dismiss(RELOAD_PATIENCE_S)
        self._configuration = configuration
        office.terms = terms_of(configuration, await self._journal.read(ledger.digest_key))
        await office.commit(self._rebind)
        desk.crew = Crew(office, configuration, self._redactor.conceal)
        await desk.crew.start(group)
        self._systemd.say("READY=1", "STATUS=watching")
        log.info("reloaded", accounts=len(configuration.accounts), rules=len(configuration.rules))

    def _rebind(self, c: Commit) -> None:
        self._bind(c)
        open_books(c, clean=True, restored=False, sinks=set(self._configuration.sinks))

    async def _mind(self, office: Office, desk: Desk) -> None:
        """Feed the watchdog and ask the heartbeat while every loop turns and nothing is overdue."""
        if office.unsteady_since is not None:
            await desk.crew.timer.unsteady(
                f"the clock is before the last commit of {office.unsteady_since:%Y-%m-%d %H:%M:%S}Z"
            )
        every_s = min((self._systemd.watchdog_s or HEARTBEAT_S) / 2, HEARTBEAT_S / 4)
        beaten_s = float("-inf")
        http = Http(self._clock, _at_once)
        try:
            while True:
                still, overdue_s = office.pulse.still(), await desk.crew.overdue_s()
                if still or overdue_s > 60.0:
                    log.error("not all loops turn", still=still, overdue_s=round(overdue_s))
                else:
                    self._systemd.say("WATCHDOG=1")
                    if self._clock.monotonic() - beaten_s >= HEARTBEAT_S:
                        beaten_s = self._clock.monotonic()
                        await self._beat(http)
                await self._clock.sleep(every_s)
        finally:
            await http.close()

    async def _beat(self, http: Http) -> None:
        address = self._configuration.settings.heartbeat
        if address is None:
            return
        try:
            await http.ask(Request(address, method="GET", timeout=timedelta(seconds=10)))
        except ProviderError as error:
            log.warning("the heartbeat did not go through", reason=error.reason)


async def _at_once() -> None:
    """The heartbeat waits for nobody."""
