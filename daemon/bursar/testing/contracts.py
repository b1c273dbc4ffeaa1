"""What every plugin must keep to, as pytest suites to subclass.

    class TestMine(AdapterContract):
        provider = PROVIDER

        def intents(self, wire):
            return [make_intent("refill", SubjectRef("order", wire.track()[0]))]

    class TestMySink(HttpSinkContract):
        sink_type = MY_SINK

Needs pytest and pytest-asyncio.
"""

from __future__ import annotations

from bursar.testing.acting_contract import ActingContract
from bursar.testing.reading_contract import ReadingContract
from bursar.testing.sink_contract import HttpSinkContract, SinkContract

__all__ = ["AdapterContract", "HttpSinkContract", "SinkContract"]


class AdapterContract(ReadingContract, ActingContract):
    """What every provider must keep to; `suite.ProviderSuite` says what can be set."""
