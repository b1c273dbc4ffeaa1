"""Feeds systemd's watchdog and asks the heartbeat, while every loop makes progress and nothing due is overdue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from bursar.api.errors import ProviderError
from bursar.api.http import Http, Request
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.supervisor import Supervisor
from bursar.loops.systemd import Systemd

HEARTBEAT_S = 60.0
OVERDUE_S = 60.0
log = structlog.get_logger("bursar")


class Watchdog:
    """Minds the loops.

    Args:
        context: What the loops share.
        supervisor: Gives the supervisor of the moment.
        systemd: Whose watchdog is fed.
        keep_reachable: Sees to it that people can reach the daemon.
    """

    def __init__(
        self,
        context: RuntimeContext,
        supervisor: Callable[[], Supervisor],
        systemd: Systemd,
        keep_reachable: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._context = context
        self._supervisor = supervisor
        self._systemd = systemd
        self._keep_reachable = keep_reachable
        self._beaten_s = float("-inf")
        self._broken: str | None = None
        self._http = Http(context.clock, _at_once)

    async def run(self) -> None:
        """Look every few seconds, for good."""
        every_s = min((self._systemd.watchdog_s or HEARTBEAT_S) / 2, HEARTBEAT_S / 4)
        try:
            while True:
                try:
                    await self.look()
                except Exception:  # nothing else feeds the watchdog, and the next look may go well
                    log.exception("watchdog.look_failed")
                await self._context.clock.sleep(every_s)
        finally:
            await self._http.close()

    async def look(self) -> None:
        """Look once: feed the watchdog and the heartbeat if all is well, else log what is not."""
        if self._keep_reachable is not None:
            await self._keep_reachable()
        still, overdue_s = self._context.liveness.stalled(), await self._supervisor().overdue_s()
        if still or overdue_s > OVERDUE_S:
            log.error("loops.stalled", still=still, overdue_s=round(overdue_s))
            return
        self._systemd.say("WATCHDOG=1")  # also while the disk is full: a restart makes no room
        if self._cannot_write():
            return
        if self._context.clock.monotonic() - self._beaten_s >= HEARTBEAT_S:
            self._beaten_s = self._context.clock.monotonic()
            await self._beat()

    def _cannot_write(self) -> bool:
        """A journal that takes nothing, or that was moved away, must not look like health: the heartbeat stops."""
        reason = self._context.displaced or self._context.journal.broken
        if reason != self._broken:
            self._broken = reason
            self._systemd.say(f"STATUS={'watching' if reason is None else 'nothing can be written: ' + reason}")
        return reason is not None

    async def _beat(self) -> None:
        address = self._supervisor().configuration.settings.heartbeat
        if address is None:
            return
        try:
            answer = await self._http.ask(Request(address, method="GET", timeout=timedelta(seconds=10)))
            if answer.status >= 400:
                log.warning("heartbeat.not_accepted", status=answer.status)
        except ProviderError as error:
            log.warning("heartbeat.failed", reason=error.reason)


async def _at_once() -> None:
    """The heartbeat has no rate limit."""
