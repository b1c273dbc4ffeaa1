"""The plugin enters by the door that everybody has."""

from __future__ import annotations

import bursar_anticaptcha
from bursar.api import Provider


def test_the_hook_registers_the_provider() -> None:
    registered: list[Provider] = []
    bursar_anticaptcha.bursar_providers(registered.append)
    assert [provider.name for provider in registered] == ["anticaptcha"]
