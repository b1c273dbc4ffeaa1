"""What every provider must keep to when it changes something: at most one effect, and the truth about it.

A fault is laid over the request that has the effect: only the provider's own decoded answer is a yes or a no, whatever
else comes is `Lost`, and `reconcile` neither makes an effect up nor explains one away. A provider without actions
passes as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import msgspec
import pytest

from bursar.api import Adapter, CannotTell, DidNot, Happened, Intent, Lost, LostReply, NotSent, Refused, Succeeded
from bursar.testing.clock import VirtualClock
from bursar.testing.staging import Stage, leaks, nobody_listens, outcome_of
from bursar.testing.suite import BROKEN, RATE_FAULTS, ProviderSuite


class ActingContract(ProviderSuite):
    """How a provider acts."""

    def test_every_action_has_an_intent(self) -> None:
        given = {intent.action for intent in self.intents(self.make_wire(VirtualClock()))}
        assert given == {action.name for action in self.provider.actions}

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
        for place in self._places():
            async with self._prepared(place) as (stage, adapter, intent):
                assert isinstance(await outcome_of(adapter, intent), Succeeded), intent.action
                assert stage.effects() == 1, intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", BROKEN)
    async def test_nonsense_is_neither_yes_nor_no(self, fault: str) -> None:
        for place in self._places():
            async with self._prepared(place, fault) as (stage, adapter, intent):
                outcome = await outcome_of(adapter, intent)
                assert isinstance(outcome, Lost), intent.action
                assert leaks(outcome, stage.secrets()) == [], intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", BROKEN)
    async def test_an_effect_is_sent_at_most_once(self, fault: str) -> None:
        for place in self._places():
            async with self._prepared(place, fault) as (stage, adapter, intent):
                before = stage.faults.asked["*"]
                await outcome_of(adapter, intent)
                assert (stage.faults.asked["*"] - before, stage.effects() > 1) == (1, False), intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", RATE_FAULTS)
    async def test_a_rate_limit_is_neither_yes_nor_no(self, fault: str) -> None:
        for place in self._places():
            async with self._prepared(place, fault) as (_stage, adapter, intent):
                assert not isinstance(await outcome_of(adapter, intent), Succeeded | Refused), intent.action

    @pytest.mark.asyncio
    async def test_what_nobody_heard_was_not_sent(self) -> None:
        for place in self._places():
            async with self._prepared(place) as (stage, _adapter, intent):
                deaf = stage.adapter(url=nobody_listens() + stage.wire.path)
                assert isinstance(await outcome_of(deaf, intent), NotSent), intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", ["timeout-after", "reset-after", "500-after"])
    async def test_an_effect_is_never_reconciled_away(self, fault: str) -> None:
        for place in self._places():
            async with self._prepared(place, fault) as (stage, adapter, intent):
                await outcome_of(adapter, intent)
                stage.faults.clear()
                assert not isinstance(await adapter.reconcile(intent, intent.evidence), DidNot), intent.action

    @pytest.mark.asyncio
    @pytest.mark.parametrize("fault", ["reset-before", "html-503"])
    async def test_an_effect_is_never_made_up(self, fault: str) -> None:
        for place in self._places():
            async with self._prepared(place, fault) as (stage, adapter, intent):
                await outcome_of(adapter, intent)
                stage.faults.clear()
                assert not isinstance(await adapter.reconcile(intent, intent.evidence), Happened), intent.action

    @pytest.mark.asyncio
    async def test_a_lost_effect_is_seen_before_it_is_made_again(self) -> None:
        for place in self._places():
            async with self._prepared(place, "reset-after") as (stage, adapter, intent):
                if self._lost_reply(intent) is not LostReply.RECONCILABLE:
                    continue
                await outcome_of(adapter, intent)
                stage.faults.clear()
                read = await adapter.prepare(replace(intent, lost=True))
                assert isinstance(read, Happened | CannotTell), intent.action

    def _lost_reply(self, intent: Intent) -> LostReply:
        return next(action.lost_reply for action in self.provider.actions if action.name == intent.action)

    def _places(self) -> range:
        """Return the places of the intents in `intents`."""
        return range(len(self.intents(self.make_wire(VirtualClock()))))

    @asynccontextmanager
    async def _prepared(self, place: int, fault: str | None = None) -> AsyncIterator[tuple[Stage, Adapter, Intent]]:
        """Prepare one intent on a server of its own; from then on the fault holds."""
        async with self.staged() as stage:
            intent = self.intents(stage.wire)[place]
            evidence = await stage.adapter().prepare(intent)
            stored = msgspec.json.decode(msgspec.json.encode(evidence, enc_hook=str))
            if fault is not None:
                stage.faults.add("*", fault, times=None)
            yield stage, stage.adapter(), replace(intent, evidence=stored)
