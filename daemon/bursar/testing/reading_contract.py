"""What every provider must keep to when it reads: its declaration, its observations, its errors, its methods.

A fault is laid over every request in turn: a failed poll is an error, shows no secret, and teaches nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from bursar.api import ProviderError, Refusal, Unreachable
from bursar.testing.conformity import problems_in
from bursar.testing.declaration import problems_of
from bursar.testing.fakes import Memory
from bursar.testing.staging import Stage, error_of, leaks, nobody_listens
from bursar.testing.suite import BROKEN, PADDED, RATE_FAULTS, ProviderSuite


class ReadingContract(ProviderSuite):
    """How a provider reads."""

    def test_the_declaration_is_sound(self) -> None:
        assert problems_of(self.provider) == []

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
            first = await adapter.observe(replace(look, is_unchanged=memory))
            memory.commit()
            second = await adapter.observe(replace(look, is_unchanged=memory, cursor=first.cursor))
            assert [seen for seen in second.subjects if seen not in first.subjects] == [], look.stream

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", BROKEN + RATE_FAULTS)
    async def test_a_failed_poll_is_an_error_and_teaches_nothing(self, stage: Stage, fault: str) -> None:
        adapter = stage.adapter()
        for look in self.looks(stage.wire):
            before = await adapter.observe(look)
            stage.faults.add("*", fault, times=None)
            error = await error_of(adapter.observe(look))
            stage.faults.clear()
            assert leaks(error, stage.secrets()) == [], look.stream
            assert (await adapter.observe(look), stage.effects()) == (before, 0), look.stream

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

    @pytest.mark.asyncio
    async def test_an_adapter_may_be_closed_twice(self, stage: Stage) -> None:
        adapter = stage.adapter()
        await adapter.close()
        await adapter.close()

    def _readings(self) -> Mapping[str, Mapping[str, str]]:
        """Return the parameters of every reading method."""
        readings = {}
        for method in self.provider.methods:
            if method.intents is None:
                given = self.params.get(method.name, {})
                missing = [name for name, param in method.params.items() if param.required and name not in given]
                assert not missing, f"give `params` for {method.name}: {', '.join(missing)}"
                readings[method.name] = given
        return readings
