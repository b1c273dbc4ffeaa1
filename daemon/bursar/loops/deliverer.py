"""The delivering loop of one sink: what is owed is handed over, oldest first, at least once.

A failed delivery is kept with its next try; after its tries are used up it is a dead letter, which `bursar deliveries`
shows. Each sink has its own loop, so a failing sink backs off without delaying the others.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from bursar.api.errors import DeliveryFailed
from bursar.api.sink import Sink
from bursar.domain.backoff import Backoff
from bursar.domain.ids import SinkName
from bursar.domain.route import Delivery
from bursar.journal import deliveries
from bursar.loops.runtime_context import RuntimeContext
from bursar.loops.wakeup import Wakeup

IDLE_S = 5.0
AT_ONCE = 20
RETRIES = Backoff(timedelta(seconds=5), timedelta(hours=6))
MAX_TRIES = 15
RESTS = Backoff(timedelta(seconds=1), timedelta(seconds=120))
log = structlog.get_logger("bursar")


def next_try(attempts: int, retry_after: timedelta | None, now: datetime) -> datetime | None:
    """Return when a delivery that failed so many times is tried again; None: it is a dead letter.

    5 s, doubling, at most 6 h: fifteen tries take about two days.
    """
    if attempts >= MAX_TRIES:
        return None
    return now + RETRIES.pause(attempts, retry_after)


class Deliverer:
    """Delivers to one sink."""

    def __init__(self, context: RuntimeContext, name: SinkName, sink: Sink) -> None:
        self._context = context
        self.name = name
        self._sink = sink
        self.wakeup = Wakeup()
        self._failures = 0
        self._rest_until_s = 0.0
        self._made_at = context.now()

    async def turn(self) -> None:
        """Hand over what is due, or wait."""
        self._context.liveness.tick(f"delivering {self.name}")
        now = self._context.now()
        if (rest := self._rest_until_s - self._context.clock.monotonic()) > 0:
            await self._context.clock.sleep(min(rest, IDLE_S))
            return
        due = await self._context.journal.read(lambda tx: deliveries.due(tx, self.name, now, AT_ONCE))
        if not due:
            await self.wakeup.wait(self._context.clock, await self._rest_s(now))
            return
        taken: list[str] = []
        try:
            for delivery in due:
                self._context.liveness.tick(f"delivering {self.name}")
                if not await self._hand_over(delivery):
                    break
                taken.append(delivery.id)
        finally:
            # What was taken is written down even when the next one fails:
            # else all of them would be delivered once more.
            if taken:
                at = self._context.now()
                await self._context.commit(lambda uow: deliveries.delivered(uow.tx, taken, at))

    async def close(self) -> None:
        await self._sink.close()

    async def _rest_s(self, now: datetime) -> float:
        upcoming = await self._context.journal.read(lambda tx: deliveries.next_due(tx, self.name))
        return IDLE_S if upcoming is None else min(max((upcoming - now).total_seconds(), 0.01), IDLE_S)

    async def _hand_over(self, delivery: Delivery) -> bool:
        """Hand one over; when it fails the others wait for their turn, too."""
        try:
            await self._sink.deliver(delivery)
        except DeliveryFailed as failed:
            await self._failed(delivery, failed)
        except Exception as error:
            log.exception("delivery.plugin_failed", sink=self.name)
            await self._failed(delivery, DeliveryFailed(f"the sink's plugin failed ({type(error).__name__})"))
        else:
            self._failures = 0
            return True
        return False

    def overdue_s(self, oldest: datetime | None) -> float:
        """Return how long the oldest due message has waited without being tried; a sink that rests is not overdue.

        What fell due while no daemon ran has waited since this one was made.
        """
        if oldest is None or self._failures:
            # A sink that is down for a day is no reason to restart a daemon that works.
            return 0.0
        return (self._context.now() - max(oldest, self._made_at)).total_seconds()

    async def _failed(self, delivery: Delivery, failed: DeliveryFailed) -> None:
        now = self._context.now()
        self._failures += 1
        self._rest_until_s = self._context.clock.monotonic() + RESTS.pause(self._failures).total_seconds()
        again = None if failed.permanent else next_try(delivery.attempts + 1, failed.retry_after, now)
        log.warning("delivery.failed", sink=self.name, delivery=delivery.id, reason=failed.reason, dead=again is None)
        await self._context.commit(lambda uow: deliveries.failed(uow.tx, delivery.id, failed.reason, again, now))
