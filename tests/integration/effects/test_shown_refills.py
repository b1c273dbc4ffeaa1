"""What a later status shows of a refill: only the one that the refill itself was, never an earlier one of the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bursar.api import (
    AccountSettings,
    AdapterContext,
    Coverage,
    Field,
    FieldKind,
    Observation,
    Observed,
    PollRequest,
    Stream,
    SubjectRef,
    SubjectType,
    Succeeded,
    Unreachable,
)
from bursar.domain.ids import IntentId
from bursar.host.registry import Registry
from bursar.journal import ledger
from support.config import config
from support.toy import Site, Sites, ToyAdapter
from support.world import World

RULE = "{name: r, on: order.partial, do: [refill]}"
REFILL = SubjectType(
    "refill",
    "refills",
    {"order": Field(FieldKind.TEXT)},
    states=("pending", "in_progress", "rejected"),
)
LOST = Unreachable("the answer was lost")


class Panel(ToyAdapter):
    """A site that lists its refills, too: the order and the state of each."""

    refills: Mapping[str, tuple[str, str]] = {}

    def _refills(self, look: PollRequest) -> Observation:
        seen = [Observed(SubjectRef("refill", id_), {"order": of}, state) for id_, (of, state) in self.refills.items()]
        return self._listed(look, seen)


@pytest.fixture
def panel(world: World) -> type[Panel]:
    """Have the world's site list refills."""
    toy = Sites().registry().providers["toy"]
    shows = ("order.in_progress", "refill.in_progress")
    actions = tuple(
        replace(one, confirmed_by=shows, disproved_by=("refill.rejected",)) if one.name == "refill" else one
        for one in toy.actions
    )
    listed = type("Listed", (Panel,), {"refills": {}})

    def open_(settings: AccountSettings, context: AdapterContext) -> Any:
        site: Site = world.sites.sites[settings.url]
        return listed(site, context)

    streams = (*toy.streams, Stream("refills", timedelta(minutes=2), Coverage.LISTING))
    grown = replace(toy, streams=streams, subjects=(*toy.subjects, REFILL), actions=actions, open=open_)
    sinks = world.sites.registry().sinks
    world.sites.registry = lambda **_: Registry({"toy": grown}, sinks)  # type: ignore[method-assign]
    return listed


async def partial_again(world: World, panel: type[Panel], outcome: object) -> None:
    """Have refill 5 of order 1 done and seen; then have the order partial again, and the next refill end so."""
    world.site.will("refill", Succeeded(reference="5"), outcome)
    await world.open(config(RULE))
    world.site.orders["1"] = "partial"
    await world.track("1")
    await world.live(minutes=1)
    panel.refills = {"5": ("1", "pending")}
    world.site.orders["1"] = "in_progress"
    await world.live(minutes=12)
    world.site.orders["1"] = "partial"
    await world.wait(minutes=2)
    await world.poll()
    await world.send()
    assert len(world.site.performed) == 2


async def test_a_lost_refill_is_not_shown_by_what_becomes_of_an_earlier_one(world: World, panel: type[Panel]) -> None:
    await partial_again(world, panel, LOST)
    panel.refills = {"5": ("1", "in_progress")}
    await world.wait(minutes=2, seconds=10)
    await world.poll()
    assert await world.states() == ["succeeded", "unknown"]


async def test_a_lost_refill_is_asked_for_again_though_an_earlier_one_goes_on(world: World, panel: type[Panel]) -> None:
    await partial_again(world, panel, LOST)
    panel.refills = {"5": ("1", "in_progress")}
    await world.live(minutes=5)
    assert len(world.site.performed) == 3


async def test_a_lost_refill_is_shown_by_a_new_one_of_its_order(world: World, panel: type[Panel]) -> None:
    await partial_again(world, panel, LOST)
    panel.refills = {"5": ("1", "pending"), "6": ("1", "in_progress")}
    await world.wait(minutes=2, seconds=10)
    await world.poll()
    assert await world.states() == ["succeeded", "succeeded"]


async def test_a_lost_refill_is_not_shown_by_one_of_another_order(world: World, panel: type[Panel]) -> None:
    await partial_again(world, panel, LOST)
    panel.refills = {"5": ("1", "pending"), "6": ("2", "in_progress")}
    await world.wait(minutes=2, seconds=10)
    await world.poll()
    assert await world.states() == ["succeeded", "unknown"]


@pytest.mark.parametrize("state", ["in_progress", "rejected"])
async def test_what_becomes_of_an_earlier_refill_says_nothing_of_an_accepted_one(
    world: World, panel: type[Panel], state: str
) -> None:
    await partial_again(world, panel, Succeeded(reference="6"))
    panel.refills = {"5": ("1", state)}
    await world.wait(minutes=2, seconds=10)
    await world.poll()
    entry = await world.read(lambda tx: ledger.load(tx, IntentId(2)))
    assert entry is not None
    assert entry.busy


@pytest.mark.parametrize("state", ["in_progress", "rejected"])
async def test_what_becomes_of_an_accepted_refill_frees_its_order(world: World, panel: type[Panel], state: str) -> None:
    await partial_again(world, panel, Succeeded(reference="6"))
    panel.refills = {"5": ("1", "pending"), "6": ("1", state)}
    await world.wait(minutes=2, seconds=10)
    await world.poll()
    entry = await world.read(lambda tx: ledger.load(tx, IntentId(2)))
    assert entry is not None
    assert not entry.busy
