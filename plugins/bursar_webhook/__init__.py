"""Signed webhooks as a sink of bursar."""

from __future__ import annotations

from collections.abc import Callable

from bursar.api import SinkType, hookimpl
from bursar_webhook.sink import WEBHOOK


@hookimpl
def bursar_sinks(register: Callable[[SinkType], None]) -> None:
    """Register the sink `webhook`."""
    register(WEBHOOK)
