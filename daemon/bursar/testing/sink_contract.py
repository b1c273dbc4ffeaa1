"""What every sink must keep to: a delivery is taken, or `DeliveryFailed` says that it was not, without a secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest
import pytest_asyncio

from bursar.api import Delivery, DeliveryFailed, SinkType
from bursar.testing.clock import VirtualClock
from bursar.testing.declaration import problems_of_sink
from bursar.testing.fakes import make_delivery
from bursar.testing.staging import PATIENT, TOKEN, SinkStage, error_of, leaks, nobody_listens, sink_stage

BAD_RECEIVER = (
    "html-403",
    "html-503",
    "empty-501",
    "rate-429",
    "rate-429-retry",
    "redirect",
    "reset-before",
    "reset-after",
    "500-after",
)


class SinkContract:
    """What every sink must keep to.

    Attributes:
        sink_type: The sink.
    """

    sink_type: ClassVar[SinkType]

    def options(self, url: str) -> Mapping[str, Any]:  # a sink that sends nowhere has no use for the URL
        """Return the sink's settings, as bursar hands them over; one that sends over HTTP sends to `url`."""
        return {}

    @pytest_asyncio.fixture
    async def stage(self) -> AsyncIterator[SinkStage]:
        async with sink_stage(self.sink_type, VirtualClock()) as stage:
            yield stage

    def test_the_declaration_is_sound(self) -> None:
        assert problems_of_sink(self.sink_type) == []

    @pytest.mark.asyncio
    async def test_a_delivery_is_taken_and_may_come_again(self, stage: SinkStage) -> None:
        sink = stage.sink(self.options(stage.url))
        for _ in range(2):
            await sink.deliver(_delivery())

    @pytest.mark.asyncio
    async def test_a_sink_may_be_closed_twice(self, stage: SinkStage) -> None:
        sink = stage.sink(self.options(stage.url))
        await sink.close()
        await sink.close()


class HttpSinkContract(SinkContract):
    """What every sink must keep to that sends each delivery to the URL in its setting `url`."""

    def options(self, url: str) -> Mapping[str, Any]:
        return {"url": url}

    def secrets(self) -> Sequence[str]:
        """Return the secrets in `options`, beside the URL's path."""
        return ()

    @pytest.mark.asyncio
    async def test_a_delivery_is_one_request(self, stage: SinkStage) -> None:
        await stage.sink(self.options(stage.url)).deliver(_delivery())
        assert len(stage.received) == 1

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", BAD_RECEIVER)
    async def test_a_bad_receiver_has_not_taken_it(self, stage: SinkStage, fault: str) -> None:
        stage.faults.add("*", fault, times=None)
        await self._fails(stage)

    @pytest.mark.asyncio
    async def test_a_receiver_that_does_not_answer_has_not_taken_it(self, stage: SinkStage) -> None:
        if "timeout" not in self.sink_type.settings:
            pytest.skip("the sink has no setting `timeout`")
        stage.faults.add("*", "timeout-before", times=None)
        await self._fails(stage, timeout=PATIENT)

    @pytest.mark.asyncio
    async def test_nobody_has_not_taken_it(self, stage: SinkStage) -> None:
        await self._fails(stage, url=f"{nobody_listens()}/hook/{TOKEN}")

    @pytest.mark.asyncio
    async def test_retry_after_is_passed_on(self, stage: SinkStage) -> None:
        stage.faults.add("*", "rate-429-retry", times=None)
        error = await self._fails(stage)
        assert getattr(error, "retry_after", None) == timedelta(seconds=2)

    async def _fails(self, stage: SinkStage, **further: Any) -> Exception:
        """Deliver, and return the failure, which shows no secret."""
        sink = stage.sink({**self.options(stage.url), **further})
        error = await error_of(sink.deliver(_delivery()), DeliveryFailed)
        assert leaks(error, (TOKEN, *self.secrets())) == []
        return error


def _delivery() -> Delivery:
    return make_delivery(data={"rule": "a-rule", "text": "A text with “signs” and\ntwo lines"})
