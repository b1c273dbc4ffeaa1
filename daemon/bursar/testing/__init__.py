"""The public kit for plugin authors: faults, a virtual clock, fakes, and contracts to pass.

The contracts need pytest and pytest-asyncio; they are imported only when they are asked for, so that a provider's
sandbox server can use `Faults` without either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bursar.testing.clock import VirtualClock
from bursar.testing.declaration import problems_of, problems_of_sink
from bursar.testing.fakes import (
    FakeAdapter,
    FakeSink,
    Loan,
    Memory,
    look_at,
    make_delivery,
    make_intent,
    subjects_of,
)
from bursar.testing.faults import FAULTS, Faults

if TYPE_CHECKING:
    from bursar.testing.contracts import AdapterContract, SinkContract

__all__ = [
    "FAULTS", "AdapterContract", "FakeAdapter", "FakeSink", "Faults", "Loan", "Memory", "SinkContract", "VirtualClock",
    "look_at", "make_delivery", "make_intent", "problems_of", "problems_of_sink", "subjects_of",
]


def __getattr__(name: str) -> Any:
    if name not in ("AdapterContract", "SinkContract"):
        raise AttributeError(f"bursar.testing has no {name!r}")
    import pytest  # noqa: PLC0415  only who asks for the contracts needs it

    pytest.register_assert_rewrite("bursar.testing.contracts")
    from bursar.testing import contracts  # noqa: PLC0415

    return getattr(contracts, name)
