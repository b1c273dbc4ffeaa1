"""The minder: feeds the watchdog and asks the heartbeat, while every loop turns and nothing that is due is overdue."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bursar.api.errors import ProviderError
from bursar.api.http import Http, Request
from bursar.runtime.desk import Desk
from bursar.runtime.notify import Systemd
from bursar.runtime.office import Office

HEARTBEAT_S = 60.0
OVERDUE_S = 60.0
log = structlog.get_logger("bursar")


class Minder:
    """Minds the loops.

    Args:
        office: What the loops share.
        desk: Knows the crew of the moment.
        systemd: Whose watchdog is fed.
    """

    def __init__(self, office: Office, desk: Desk, systemd: Systemd) -> None:
        self._office = office
        self._desk = desk
        self._systemd = systemd
        self._beaten_s = float("-inf")
        self._broken: str | None = None
        self._http = Http(office.clock, _at_once)

    async def mind(self) -> None:
        """Look every few seconds, for good."""
        every_s = min((self._systemd.watchdog_s or HEARTBEAT_S) / 2, HEARTBEAT_S / 4)
        try:
            while True:
                await self.look()
                await self._office.clock.sleep(every_s)
        finally:
            await self._http.close()

    async def look(self) -> None:
        """Look once: all is well, or say what is not, and feed nobody."""
        still, overdue_s = self._office.pulse.still(), await self._desk.crew.overdue_s()
        if still or overdue_s > OVERDUE_S:
            log.error("not all loops turn", still=still, overdue_s=round(overdue_s))
            return
        self._systemd.say("WATCHDOG=1")  # also while the disk is full: a restart makes no room
        if self._cannot_write():
            return
        if self._office.clock.monotonic() - self._beaten_s >= HEARTBEAT_S:
            self._beaten_s = self._office.clock.monotonic()
            await self._beat()

    def _cannot_write(self) -> bool:
        """A journal that takes nothing must not look like health: it is said, and the heartbeat stops."""
        reason = self._office.journal.broken
        if reason != self._broken:
            self._broken = reason
            self._systemd.say(f"STATUS={'watching' if reason is None else 'nothing can be written: ' + reason}")
        return reason is not None

    async def _beat(self) -> None:
        address = self._desk.crew.configuration.settings.heartbeat
        if address is None:
            return
        try:
            answer = await self._http.ask(Request(address, method="GET", timeout=timedelta(seconds=10)))
            if answer.status >= 400:
                log.warning("the heartbeat was not accepted", status=answer.status)
        except ProviderError as error:
            log.warning("the heartbeat did not go through", reason=error.reason)


async def _at_once() -> None:
    """The heartbeat waits for nobody."""
