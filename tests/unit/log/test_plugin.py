"""The plugin enters by the door that everybody has."""

from __future__ import annotations

import bursar_log
from bursar.api import SinkType


def test_the_hook_registers_the_sink() -> None:
    registered: list[SinkType] = []
    bursar_log.bursar_sinks(registered.append)
    assert [sink.name for sink in registered] == ["log"]
