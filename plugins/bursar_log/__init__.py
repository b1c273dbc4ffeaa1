"""The log as a sink of bursar."""

from __future__ import annotations

from collections.abc import Callable

from bursar.api import SinkType, hookimpl
from bursar_log.sink import LOG


@hookimpl
def bursar_sinks(register: Callable[[SinkType], None]) -> None:
    """Register the sink `log`."""
    register(LOG)
