"""What every plugin must keep to, as pytest suites to subclass.

    class TestMine(AdapterContract):
        provider = PROVIDER

        def intents(self, wire): ...

A provider's suite runs against its own wire server (`Provider.wire`), or one that `make_wire` gives, with a fault
laid over every request in turn. Needs pytest and pytest-asyncio.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import msgspec
import pytest
import pytest_asyncio

from bursar.api import (
    Adapter,
    Clock,
    Coverage,
    Delivery,
    DeliveryFailed,
    DidNot,
    Happened,
    Intent,
    Look,
    Lost,
    NotSent,
    Provider,
    ProviderError,
    Refusal,
    Refused,
    SinkType,
    Succeeded,
    Unreachable,
    Wire,
)
from bursar.testing.clock import VirtualClock
from bursar.testing.conformity import problems_in
from bursar.testing.declaration import problems_of, problems_of_sink
from bursar.testing.fakes import Memory, make_delivery
from bursar.testing.staging import (
    HASTY,
    PATIENT,
    SinkStage,
    Stage,
    leaks,
    nobody_listens,
    outcome_of,
    provider_stage,
    sink_stage,
)

RATE_FAULTS = ("rate-429", "rate-429-retry", "rate-200")
NO_EFFECT = (
    "html-200", "html-403", "html-503", "empty", "empty-501", "not-json", "json-null", "redirect", "too-large",
    "reset-before",
)
AFTER_EFFECT = ("truncated", "broken-off", "duplicate", "reset-after", "500-after")
HANGING = ("timeout-before", "timeout-after", "late")
BROKEN = NO_EFFECT + AFTER_EFFECT + HANGING
"""Faults under which nothing that a provider says of itself arrives."""
PADDED = ("bom", "php-warning")
BAD_RECEIVER = (
    "html-403", "html-503", "empty-501", "rate-429", "rate-429-retry", "redirect", "reset-before", "reset-after",
    "500-after",
)
NOBODY = "nobody listens"


async def error_of(doing: Awaitable[object], expected: type[Exception] = ProviderError) -> Exception:
    """Await something that must fail, and give its error."""
    try:
        result = await doing
    except expected as error:
        return error
    raise AssertionError(f"{expected.__name__} was expected, it gave {type(result).__name__}")


def patience(fault: str | None) -> timedelta:
    """Give the time-out to open an adapter with, so that a hanging server does not hold up the suite."""
    return HASTY if fault in HANGING else PATIENT


class AdapterContract:
    """What every provider must keep to.

    Attributes:
        provider: The provider.
        params: Parameters for reading methods that need some, by method.
        checks_key: The wire server refuses a wrong key.
    """

    provider: ClassVar[Provider]
    params: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    checks_key: ClassVar[bool] = True

    def make_wire(self, clock: Clock) -> Wire:
        """Make the server; its world must stand still while the clock does."""
        assert self.provider.wire is not None, "the provider has no sandbox: override make_wire"
        return self.provider.wire(1, 1.0, clock)

    def looks(self, wire: Wire) -> Sequence[Look]:
        """Give one look for each stream that can be polled on a fresh server."""
        tracked = tuple(wire.track())
        return [
            Look(stream.name, tracked[: stream.batch] if stream.coverage is Coverage.TRACKED else ())
            for stream in self.provider.streams
            if tracked or stream.coverage is not Coverage.TRACKED
        ]

    def intents(self, wire: Wire) -> Sequence[Intent]:
        """Give one intent for each action, one that a fresh server says yes to; `make_intent` makes them."""
        return ()

    def staged(self) -> AbstractAsyncContextManager[Stage]:
        """Start a fresh server."""
        clock = VirtualClock()
        return provider_stage(self.provider, self.make_wire(clock), clock)

    @pytest_asyncio.fixture
    async def stage(self) -> AsyncIterator[Stage]:
        async with self.staged() as stage:
            yield stage

    def test_the_declaration_is_sound(self) -> None:
        assert problems_of(self.provider) == []

    def test_every_action_has_an_intent(self) -> None:
        given = {intent.action for intent in self.intents(self.make_wire(VirtualClock()))}
        assert given == {action.name for action in self.provider.actions}

    @pytest.mark.asyncio
    async def test_observations_keep_to_the_declaration(self, stage: Stage) -> None:
        adapter = stage.adapter()
        for look in self.looks(stage.wire):
            assert problems_in(self.provider, look.stream, await adapter.observe(look)) == []

    @pytest.mark.asyncio
    async def test_observations_hold_no_secret(self, stage: Stage) -> None:
        adapter = stage.adapter()
        for look in self.looks(stage.wire):
            observation = await adapter.observe(look)
            assert leaks(observation, stage.secrets()) == []

    @pytest.mark.asyncio
    async def test_observing_has_no_effect(self, stage: Stage) -> None:
        adapter = stage.adapter()
        for look in self.looks(stage.wire):
            await adapter.observe(look)
        assert stage.effects() == 0

    @pytest.mark.asyncio
    async def test_an_unchanged_answer_says_nothing_new(self, stage: Stage) -> None:
        adapter = stage.adapter()
        for look in self.looks(stage.wire):
            memory = Memory()
            first = await adapter.observe(replace(look, same=memory))
            memory.commit()
            second = await adapter.observe(replace(look, same=memory, cursor=first.cursor))
            assert [seen for seen in second.subjects if seen not in first.subjects] == [], look.stream

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", BROKEN + RATE_FAULTS)
    async def test_a_failed_poll_is_an_error_and_teaches_nothing(self, stage: Stage, fault: str) -> None:
        calm = stage.adapter()
        hurt = stage.adapter(timeout=HASTY) if fault in HANGING else calm
        for look in self.looks(stage.wire):
            before = await calm.observe(look)
            stage.faults.add("*", fault, times=None)
            error = await error_of(hurt.observe(look))
            stage.faults.clear()
            assert leaks(error, stage.secrets()) == [], look.stream
            assert (await calm.observe(look), stage.effects()) == (before, 0), look.stream

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", PADDED)
    async def test_a_padded_answer_is_read_right_or_not_at_all(self, stage: Stage, fault: str) -> None:
        adapter = stage.adapter()
        for look in self.looks(stage.wire):
            plain = await adapter.observe(look)
            stage.faults.add("*", fault)
            try:
                padded = await adapter.observe(look)
            except ProviderError:
                continue
            finally:
                stage.faults.clear()
            assert padded == plain, look.stream

    @pytest.mark.asyncio
    async def test_retry_after_is_passed_on(self, stage: Stage) -> None:
        adapter = stage.adapter()
        for look in self.looks(stage.wire):
            stage.faults.add("*", "rate-429-retry", times=None)
            error = await error_of(adapter.observe(look))
            stage.faults.clear()
            assert getattr(error, "retry_after", None) == timedelta(seconds=2), look.stream

    @pytest.mark.asyncio
    async def test_polling_nobody_is_unreachable(self, stage: Stage) -> None:
        adapter = stage.adapter(url=nobody_listens() + stage.wire.path)
        for look in self.looks(stage.wire):
            error = await error_of(adapter.observe(look), Unreachable)
            assert leaks(error, stage.secrets()) == []

    @pytest.mark.asyncio
    async def test_a_wrong_key_is_an_error(self, stage: Stage) -> None:
        if not self.checks_key:
            pytest.skip("the server takes any key")
        adapter = stage.adapter(key="not-the-key-of-anybody")
        for look in self.looks(stage.wire):
            error = await error_of(adapter.observe(look))
            assert leaks(error, ["not-the-key-of-anybody"]) == []

    @pytest.mark.asyncio
    async def test_reading_methods_answer_in_json_without_secrets(self, stage: Stage) -> None:
        adapter = stage.adapter()
        for name, params in self._readings().items():
            answer = msgspec.json.encode(await adapter.call(name, params), enc_hook=str).decode()
            assert leaks(answer, stage.secrets()) == [], name

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", ["html-200", "empty", "truncated", "reset-before"])
    async def test_reading_methods_never_make_a_refusal_of_nonsense(self, stage: Stage, fault: str) -> None:
        adapter = stage.adapter()
        stage.faults.add("*", fault, times=None)
        for name, params in self._readings().items():
            error = await error_of(adapter.call(name, params))
            assert not isinstance(error, Refusal), name
            assert leaks(error, stage.secrets()) == [], name

    def test_changing_methods_ask_for_declared_actions(self) -> None:
        actions = {action.name for action in self.provider.actions}
        asked = {
            wanted.action
            for method in self.provider.methods
            if method.intents is not None and method.name in self.params
            for wanted in method.intents(self.params[method.name])
        }
        assert asked <= actions

    @pytest.mark.asyncio
    async def test_a_yes_is_one_effect(self) -> None:
        async for stage, adapter, intent in self._each_intent():
            assert isinstance(await outcome_of(adapter, intent), Succeeded), intent.action
            assert stage.effects() == 1, intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", BROKEN)
    async def test_nonsense_is_neither_yes_nor_no(self, fault: str) -> None:
        async for stage, adapter, intent in self._each_intent(fault):
            outcome = await outcome_of(adapter, intent)
            assert isinstance(outcome, Lost), intent.action
            assert leaks(outcome, stage.secrets()) == [], intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", BROKEN)
    async def test_an_effect_is_sent_at_most_once(self, fault: str) -> None:
        async for stage, adapter, intent in self._each_intent(fault):
            before = stage.faults.asked["*"]
            await outcome_of(adapter, intent)
            assert (stage.faults.asked["*"] - before, stage.effects() > 1) == (1, False), intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", RATE_FAULTS)
    async def test_a_rate_limit_is_neither_yes_nor_no(self, fault: str) -> None:
        async for _stage, adapter, intent in self._each_intent(fault):
            assert not isinstance(await outcome_of(adapter, intent), Succeeded | Refused), intent.action

    @pytest.mark.asyncio
    async def test_what_nobody_heard_was_not_sent(self) -> None:
        async for stage, _adapter, intent in self._each_intent():
            deaf = stage.adapter(url=nobody_listens() + stage.wire.path)
            assert isinstance(await outcome_of(deaf, intent), NotSent), intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", ["timeout-after", "reset-after", "500-after"])
    async def test_an_effect_is_never_reconciled_away(self, fault: str) -> None:
        async for stage, adapter, intent in self._each_intent(fault):
            await outcome_of(adapter, intent)
            stage.faults.clear()
            assert not isinstance(await adapter.reconcile(intent, intent.evidence), DidNot), intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", ["reset-before", "html-503"])
    async def test_an_effect_is_never_made_up(self, fault: str) -> None:
        async for stage, adapter, intent in self._each_intent(fault):
            await outcome_of(adapter, intent)
            stage.faults.clear()
            assert not isinstance(await adapter.reconcile(intent, intent.evidence), Happened), intent.action

    @pytest.mark.asyncio
    async def test_an_adapter_may_be_closed_twice(self, stage: Stage) -> None:
        adapter = stage.adapter()
        await adapter.close()
        await adapter.close()

    def _readings(self) -> Mapping[str, Mapping[str, str]]:
        """Give the parameters of every reading method."""
        readings = {}
        for method in self.provider.methods:
            if method.intents is None:
                given = self.params.get(method.name, {})
                missing = [name for name, param in method.params.items() if param.required and name not in given]
                assert not missing, f"give `params` for {method.name}: {', '.join(missing)}"
                readings[method.name] = given
        return readings

    async def _each_intent(self, fault: str | None = None) -> AsyncIterator[tuple[Stage, Adapter, Intent]]:
        """Prepare each intent on a server of its own; then the fault holds."""
        for place in range(len(self.intents(self.make_wire(VirtualClock())))):
            async with self.staged() as stage:
                intent = self.intents(stage.wire)[place]
                evidence = await stage.adapter().prepare(intent)
                stored = msgspec.json.decode(msgspec.json.encode(evidence, enc_hook=str))
                if fault is not None:
                    stage.faults.add("*", fault, times=None)
                yield stage, stage.adapter(timeout=patience(fault)), replace(intent, evidence=stored)


class SinkContract:
    """What every sink must keep to.

    Attributes:
        sink_type: The sink.
        over_http: It sends to the URL that `options` is given, so that a bad receiver can be laid before it.
    """

    sink_type: ClassVar[SinkType]
    over_http: ClassVar[bool] = True

    def options(self, url: str) -> Mapping[str, Any]:
        """Give the settings of a sink that sends to this URL, as bursar hands them over."""
        return {"url": url} if self.over_http else {}

    def secrets(self) -> Sequence[str]:
        """Give the secrets in `options`, beside the URL's path."""
        return ()

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
        assert len(stage.received) == (2 if self.over_http else 0)

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", BAD_RECEIVER)
    async def test_a_bad_receiver_has_not_taken_it(self, stage: SinkStage, fault: str) -> None:
        error = await self._failure(stage, lambda: stage.faults.add("*", fault, times=None))
        assert leaks(error, self._secrets(stage)) == []

    @pytest.mark.asyncio
    async def test_a_receiver_that_does_not_answer_has_not_taken_it(self, stage: SinkStage) -> None:
        if "timeout" not in self.sink_type.settings:
            pytest.skip("the sink has no setting `timeout`")
        error = await self._failure(
            stage, lambda: stage.faults.add("*", "timeout-before", times=None), {"timeout": HASTY}
        )
        assert leaks(error, self._secrets(stage)) == []

    @pytest.mark.asyncio
    async def test_nobody_has_not_taken_it(self, stage: SinkStage) -> None:
        url = f"{nobody_listens()}/hook/{stage.url.rpartition('/')[2]}"
        error = await self._failure(stage, lambda: None, {"url": url})
        assert leaks(error, self._secrets(stage)) == []

    @pytest.mark.asyncio
    async def test_retry_after_is_passed_on(self, stage: SinkStage) -> None:
        error = await self._failure(stage, lambda: stage.faults.add("*", "rate-429-retry", times=None))
        assert getattr(error, "retry_after", None) == timedelta(seconds=2)

    @pytest.mark.asyncio
    async def test_a_sink_may_be_closed_twice(self, stage: SinkStage) -> None:
        sink = stage.sink(self.options(stage.url))
        await sink.close()
        await sink.close()

    async def _failure(
        self, stage: SinkStage, spoil: Callable[[], None], further: Mapping[str, Any] | None = None
    ) -> Exception:
        if not self.over_http:
            pytest.skip("the sink has no receiver that could be bad")
        spoil()
        sink = stage.sink({**self.options(stage.url), **(further or {})})
        return await error_of(sink.deliver(_delivery()), DeliveryFailed)

    def _secrets(self, stage: SinkStage) -> list[str]:
        return [stage.url.rpartition("/")[2], *self.secrets()]


def _delivery() -> Delivery:
    return make_delivery(data={"rule": "a-rule", "text": "A text with “signs” and\ntwo lines"})
