"""Write news into the log: one delivery in, one line out.

The line says what happened, to what, in which account, by which rule, and the delivery's id. It goes through the
daemon's own structlog, and so through its redaction; foreign text is made one line, so that it cannot forge a second.
"""

from __future__ import annotations

import logging

import structlog

from bursar.api import AdapterContext, Delivery, Json, Sink, SinkSettings, SinkType

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}
FIELDS = ("account", "rule", "intent", "action", "amount", "allowed", "paid", "currency", "until", "reason", "text")
"""What of `data` a line says, where it is there; of a question also its number, with which it is answered."""


class Log:
    """The daemon's log, as a place for news."""

    def __init__(self, name: str) -> None:
        self._log: structlog.stdlib.BoundLogger = structlog.get_logger("bursar.sink", sink=name)

    async def deliver(self, delivery: Delivery) -> None:
        """Write one line."""
        data = delivery.body.get("data")
        said: dict[str, Json] = data if isinstance(data, dict) else {}
        words = {name: one_line(said[name]) for name in FIELDS if said.get(name) is not None}
        if said.get("until") is not None and said.get("id") is not None:
            words["id"] = one_line(said["id"])
        subject = delivery.body.get("subject")
        if subject is not None:
            words["subject"] = one_line(subject)
        level = level_of(said.get("severity"))
        self._log.log(level, one_line(delivery.body.get("type")), delivery=delivery.id, **words)

    async def close(self) -> None:
        """Nothing is held."""


def level_of(severity: Json) -> int:
    """Return the level that a severity asks for; that of `info` where it asks for none that there is."""
    return LEVELS.get(severity, logging.INFO) if isinstance(severity, str) else logging.INFO


def one_line(value: Json) -> str:
    """Return a text without line ends and other signs that steer a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in str(value)).strip()


def open_sink(settings: SinkSettings, context: AdapterContext) -> Sink:  # noqa: ARG001  every sink is opened so
    """Make the live object of one sink."""
    return Log(settings.name)


LOG = SinkType("log", open_sink, description="One line in the daemon's log.")
