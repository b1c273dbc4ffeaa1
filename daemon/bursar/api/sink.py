"""What a sink is to bursar: where news goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bursar.api.provider import API_LEVEL, AdapterContext
from bursar.api.schema import Schema
from bursar.domain.route import Delivery


@dataclass(frozen=True, slots=True)
class SinkSettings:
    """One configured sink: its name, and its own settings validated by its schema (secrets as `Secret`)."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


class Sink(Protocol):
    """The live object for one sink. It may be called again with the same delivery, and says it with the same id."""

    async def deliver(self, delivery: Delivery) -> None:
        """Hand one message over.

        Raises:
            DeliveryFailed: it was not taken; bursar keeps it, and tries again later.
        """
        ...

    async def close(self) -> None:
        """Let go of whatever is held."""
        ...


@dataclass(frozen=True, slots=True)
class SinkType:
    """A kind of sink, under the `type` that the configuration names."""

    name: str
    open: Callable[[SinkSettings, AdapterContext], Sink]
    settings: Mapping[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    description: str = ""
    api_level: int = API_LEVEL
