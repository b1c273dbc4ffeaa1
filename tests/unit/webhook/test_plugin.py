"""The plugin enters by the door that everybody has."""

from __future__ import annotations

import bursar_webhook
from bursar.api import SinkType


def test_the_hook_registers_the_sink() -> None:
    registered: list[SinkType] = []
    bursar_webhook.bursar_sinks(registered.append)
    assert [sink.name for sink in registered] == ["webhook"]
