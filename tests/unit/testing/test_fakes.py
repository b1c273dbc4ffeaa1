"""The fakes keep the protocols, give what was scripted, and write down what they were asked."""

from __future__ import annotations

import pytest

from bursar.api import (
    Adapter,
    CannotTell,
    DeliveryFailed,
    DidNot,
    Lost,
    Observation,
    PollRequest,
    RateLimited,
    Sink,
    SubjectRef,
    Succeeded,
    Unreachable,
)
from bursar.testing import FakeAdapter, FakeSink, Memory, make_delivery, make_intent

COUPONS = PollRequest("coupons")
INTENT = make_intent("refill", SubjectRef("order", "101"))


def test_the_fakes_are_what_they_stand_for() -> None:
    adapter: Adapter = FakeAdapter()
    sink: Sink = FakeSink()
    assert (adapter, sink) == (FakeAdapter(), FakeSink())


async def test_an_unscripted_poll_says_nothing_new() -> None:
    assert await FakeAdapter().observe(COUPONS) == Observation("coupons", nothing_new=True)


async def test_polls_come_in_the_order_of_the_script() -> None:
    adapter, seen = FakeAdapter(), Observation("coupons", complete=False)
    adapter.will_see(Unreachable("no answer"), stream="coupons")
    adapter.will_see(seen)
    with pytest.raises(Unreachable):
        await adapter.observe(COUPONS)
    assert await adapter.observe(COUPONS) == seen


def test_a_failing_poll_must_name_its_stream() -> None:
    with pytest.raises(ValueError, match="name the stream"):
        FakeAdapter().will_see(Unreachable("no answer"))


async def test_streams_have_scripts_of_their_own() -> None:
    adapter = FakeAdapter()
    adapter.will_see(Observation("balance"))
    assert (await adapter.observe(COUPONS)).nothing_new


async def test_looks_are_written_down() -> None:
    adapter = FakeAdapter()
    await adapter.observe(COUPONS)
    assert adapter.looks == [COUPONS]


async def test_an_unscripted_action_succeeds() -> None:
    assert await FakeAdapter().perform(INTENT) == Succeeded()


async def test_a_scripted_outcome_comes_once() -> None:
    adapter = FakeAdapter()
    adapter.outcomes.append(Lost("no reply"))
    assert [await adapter.perform(INTENT) for _ in range(2)] == [Lost("no reply"), Succeeded()]


async def test_a_scripted_error_is_raised() -> None:
    adapter = FakeAdapter()
    adapter.outcomes.append(RateLimited("slow down"))
    with pytest.raises(RateLimited):
        await adapter.perform(INTENT)


async def test_findings_come_as_scripted_and_else_tell_nothing() -> None:
    adapter = FakeAdapter()
    adapter.findings.append(DidNot())
    found = [await adapter.reconcile(INTENT, None) for _ in range(2)]
    assert (found[0], isinstance(found[1], CannotTell)) == (DidNot(), True)


async def test_evidence_comes_as_scripted_and_is_written_down() -> None:
    adapter = FakeAdapter()
    adapter.evidence.append({"balance": "5"})
    evidence = await adapter.prepare(INTENT)
    await adapter.reconcile(INTENT, evidence)
    assert (adapter.prepared, adapter.reconciled) == ([INTENT], [(INTENT, {"balance": "5"})])


async def test_calls_are_written_down() -> None:
    adapter = FakeAdapter()
    adapter.answers.append({"balance": "1"})
    assert (await adapter.call("balance", {"a": "b"}), adapter.called) == ({"balance": "1"}, [("balance", {"a": "b"})])


async def test_a_sink_fails_as_scripted_and_then_takes() -> None:
    sink, delivery = FakeSink(), make_delivery()
    sink.failures.append(DeliveryFailed("not now"))
    with pytest.raises(DeliveryFailed):
        await sink.deliver(delivery)
    await sink.deliver(delivery)
    assert (sink.tried, sink.deliveries) == ([delivery, delivery], [delivery])


async def test_closing_is_counted() -> None:
    adapter, sink = FakeAdapter(), FakeSink()
    await adapter.close()
    await sink.close()
    assert (adapter.closed, sink.closed) == (1, 1)


def test_a_memory_knows_only_what_was_committed() -> None:
    memory = Memory()
    first = memory("1", b"raw")
    memory.commit()
    assert (first, memory("1", memoryview(b"raw")), memory("1", b"new")) == (False, True, False)
