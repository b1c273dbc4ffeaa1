"""Services, their rates, and the balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bursar.api import Refusal
from bursar.domain.ids import SubjectRef
from bursar.testing.fakes import look_at, subjects_of
from bursar_smm.adapter import SmmAdapter
from support.smm import ScriptedPanel

LISTED = {
    "service": 1,
    "name": "Followers",
    "type": "Default",
    "category": "First",
    "rate": "0.90",
    "min": "50",
    "max": "10000",
    "refill": True,
    "cancel": False,
}


@pytest.mark.parametrize("shape", [[LISTED], {"1": {name: LISTED[name] for name in LISTED if name != "service"}}])
async def test_services_are_read(adapter: SmmAdapter, panel: ScriptedPanel, shape: Any) -> None:
    panel.say(shape)
    assert subjects_of(await adapter.observe(look_at("services"))) == {
        SubjectRef("service", "1"): {
            "name": "Followers",
            "type": "Default",
            "category": "First",
            "rate": Decimal("0.90"),
            "min": Decimal(50),
            "max": Decimal(10000),
            "refill": True,
            "cancel": False,
        }
    }


@pytest.mark.parametrize(
    ("raw", "flag"),
    [
        (True, True),
        (1, True),
        ("1", True),
        ("true", True),
        (False, False),
        (0, False),
        ("0", False),
        (None, None),
        ("", None),
    ],
)
async def test_a_service_flag(adapter: SmmAdapter, panel: ScriptedPanel, raw: Any, flag: bool | None) -> None:
    panel.say([{**LISTED, "refill": raw}])
    assert (await adapter.observe(look_at("services"))).subjects[0].fields["refill"] is flag


async def test_a_service_flag_that_is_absent_says_nothing(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say([{name: value for name, value in LISTED.items() if name != "cancel"}])
    assert (await adapter.observe(look_at("services"))).subjects[0].fields["cancel"] is None


@pytest.mark.parametrize("rate", ["1,500", "much", "1_5", "9" * 70])
async def test_a_rate_that_cannot_be_read_for_certain_is_a_problem(
    adapter: SmmAdapter, panel: ScriptedPanel, rate: str
) -> None:
    panel.say([{**LISTED, "rate": rate}])
    assert [*(await adapter.observe(look_at("services"))).problems] == ["1"]


@pytest.mark.parametrize("rate", [None, "", "Unknown"])
async def test_a_rate_that_is_not_said_is_a_problem(adapter: SmmAdapter, panel: ScriptedPanel, rate: Any) -> None:
    panel.say([{**LISTED, "rate": rate}])
    found = await adapter.observe(look_at("services"))
    assert (found.problems, found.subjects[0].fields["rate"]) == ({"1": "its rate is not said"}, None)


async def test_a_service_that_a_list_with_an_unreadable_row_leaves_out_is_a_problem(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    """It may be that row, and it may be gone: nothing is ordered at the rate that it had."""
    panel.say([LISTED, {**LISTED, "service": "2"}], [LISTED, {"name": "who knows"}])
    before = await adapter.observe(look_at("services"))
    after = await adapter.observe(look_at("services"))
    said = "it is not in the last list of services, of which a part cannot be read"
    assert (before.problems, after.complete, after.problems) == ({}, False, {"2": said})


@pytest.mark.parametrize("rate", ["0.90", 1, "1,234,567"])
async def test_a_rate_that_is_read_is_no_problem(adapter: SmmAdapter, panel: ScriptedPanel, rate: Any) -> None:
    panel.say([{**LISTED, "rate": rate}])
    assert (await adapter.observe(look_at("services"))).problems == {}


async def test_a_listing_with_a_row_that_nobody_can_read_is_incomplete(
    adapter: SmmAdapter, panel: ScriptedPanel
) -> None:
    panel.say([LISTED, "what"])
    observation = await adapter.observe(look_at("services"))
    assert (len(observation.subjects), observation.complete) == (1, False)


@pytest.mark.parametrize(
    ("body", "amount"),
    [
        (b'{"balance":"100.84292","currency":"USD"}', Decimal("100.84292")),
        (b'{"balance":100.84292,"currency":"USD"}', Decimal("100.84292")),
        (b'{"balance":"-3.5","currency":"USD"}', Decimal("-3.5")),
        (b'{"balance":null,"currency":"USD"}', None),
        (b'{"balance":"Unknown","currency":"USD"}', None),
        (b'{"error":"","balance":"1","currency":"USD"}', Decimal(1)),
        (b'[{"balance":"1","currency":"USD"}]', Decimal(1)),
    ],
)
async def test_the_balance_is_exact(
    adapter: SmmAdapter, panel: ScriptedPanel, body: bytes, amount: Decimal | None
) -> None:
    panel.say(body)
    seen = (await adapter.observe(look_at("balance"))).subjects[0]
    assert (seen.ref, dict(seen.fields)) == (SubjectRef("balance", "balance"), {"amount": amount, "currency": "USD"})


async def test_an_error_beside_a_balance_is_no_balance(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"error": "System error", "balance": "0.00"})
    with pytest.raises(Refusal, match="System error"):
        await adapter.observe(look_at("balance"))
