"""Refills as a real server tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.api import Observation
from bursar.domain.ids import SubjectRef
from bursar.testing.fakes import look_at
from bursar_smm.adapter import SmmAdapter
from support.smm import KEY, ScriptedPanel


async def refills(adapter: SmmAdapter, known: dict[str, str | None]) -> Observation:
    fields = {id_: {"panel_id": panel_id} for id_, panel_id in known.items()}
    return await adapter.observe(look_at("refills", list(known), known=fields))


@pytest.mark.parametrize(
    "shape",
    [
        {"status": "Completed"},
        {"refill": 7, "status": "Completed"},
        {"7": {"status": "Completed"}},
        {"7": "Completed"},
        [{"refill": 7, "status": "Completed"}],
        [{"refill": "7", "status": "completed"}],
    ],
)
async def test_one_refill_is_read_from_every_shape(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    seen = (await refills(adapter, {"23501.4": "7"})).subjects
    assert [(one.ref, one.state) for one in seen] == [(SubjectRef("refill", "23501.4"), "completed")]


async def test_refills_are_asked_for_by_the_panels_ids(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([])
    await refills(adapter, {"1.1": "70", "2.2": "71"})
    assert panel.forms == [{"key": KEY, "action": "refill_status", "refills": "70,71"}]


async def test_several_refills_with_an_error(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say(
        [
            {"refill": 1, "status": "Completed"},
            {"refill": 2, "status": "Rejected"},
            {"refill": 3, "status": {"error": "Refill not found"}},
            {"refill": 4, "error": "Refill not found"},
        ]
    )
    observation = await refills(adapter, {"11.1": "1", "12.2": "2", "13.3": "3", "14.4": "4"})
    assert {seen.ref.id: seen.state for seen in observation.subjects} == {"11.1": "completed", "12.2": "rejected"}
    assert observation.problems == {"13.3": "Refill not found", "14.4": "Refill not found"}


async def test_a_bare_error_in_a_refills_place_is_no_failed_refill(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"7": "Error"})
    observation = await refills(adapter, {"1.1": "7"})
    assert (observation.subjects, observation.problems) == ((), {"1.1": "Error"})


@pytest.mark.parametrize(
    "shape", [{"error": "Refill not found"}, {"status": {"error": "Refill not found"}}, {"7": "Refill not found"}]
)
async def test_one_refill_that_the_panel_does_not_find(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    assert (await refills(adapter, {"1.1": "7"})).problems == {"1.1": "Refill not found"}


async def test_a_refill_id_that_an_order_reuses_is_its_newest_refills(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say({"status": "Pending"})
    observation = await refills(adapter, {"5.9": "5", "5.10": "5"})
    assert [seen.ref.id for seen in observation.subjects] == ["5.10"]


async def test_a_refill_id_of_several_orders_tells_of_none(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"status": "Completed"})
    observation = await refills(adapter, {"5.1": "1", "6.2": "1"})
    assert (observation.subjects, set(observation.problems), panel.asked) == ((), {"5.1", "6.2"}, [])


async def test_a_refill_without_an_id_is_not_asked_for(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([])
    assert set((await refills(adapter, {"5.1": None})).problems) == {"5.1"}
