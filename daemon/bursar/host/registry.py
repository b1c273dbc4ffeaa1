"""What the plugins brought: providers, sinks, functions and commands by name, and a report on every plugin.

It is filled once, by `load_plugins`, and frozen from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import click

from bursar.api.function import Function
from bursar.api.provider import Provider
from bursar.api.sink import SinkType


@dataclass(frozen=True, slots=True)
class PluginReport:
    """One plugin, and how it fared.

    Attributes:
        name: The name of its entry point.
        distribution: The installed package that it came with.
        version: Of the distribution.
        provides: What it registered, in words: `provider smm`.
        error: Why it is disabled; None when it works.
    """

    name: str
    distribution: str
    version: str
    provides: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything that plugins registered, by name."""

    providers: Mapping[str, Provider] = field(default_factory=dict)
    sinks: Mapping[str, SinkType] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    commands: Mapping[str, click.Command] = field(default_factory=dict)
    plugins: tuple[PluginReport, ...] = ()

    def __post_init__(self) -> None:
        for name in ("providers", "sinks", "functions", "commands"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
