"""The public kit for plugin authors: faults, a virtual clock, fakes, and contracts to pass.

The contracts need pytest and pytest-asyncio; they are imported only when they are asked for, so that a provider's
sandbox server can use `Faults` without either.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from bursar.sandbox.faults import FAULTS, Faults
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

if TYPE_CHECKING:
    from bursar.testing.contracts import AdapterContract, HttpSinkContract, SinkContract

__all__ = [
    "FAULTS",
    "AdapterContract",
    "FakeAdapter",
    "FakeSink",
    "Faults",
    "HttpSinkContract",
    "Loan",
    "Memory",
    "SinkContract",
    "VirtualClock",
    "look_at",
    "make_delivery",
    "make_intent",
    "problems_of",
    "problems_of_sink",
    "subjects_of",
]


_CONTRACTS = ("AdapterContract", "HttpSinkContract", "SinkContract")
_WITH_ASSERTS = ("suite", "reading_contract", "acting_contract", "sink_contract")


def __getattr__(name: str) -> Any:
    if name not in _CONTRACTS:
        raise AttributeError(f"bursar.testing has no {name!r}")
    import pytest  # noqa: PLC0415  only who asks for the contracts needs it

    for module in (f"{__name__}.{last}" for last in _WITH_ASSERTS):
        if module not in sys.modules:  # pytest warns of modules that came before it could explain their asserts
            pytest.register_assert_rewrite(module)
    from bursar.testing import contracts  # noqa: PLC0415

    return getattr(contracts, name)
