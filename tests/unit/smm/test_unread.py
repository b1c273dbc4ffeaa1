"""A number of a panel's that cannot be read for certain is a problem of its subject: silence would look like health."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bursar.testing.fakes import look_at
from bursar_smm.adapter import SmmAdapter
from support.smm import KEY, ScriptedPanel

RUNNING = {"charge": "1.44219", "start_count": "234", "status": "In progress", "remains": "10", "currency": "USD"}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("1,234", 'balance "1,234" is not a number'),
        ("$95.10", 'balance "$95.10" is not a number'),
        (None, "balance is not said"),
        ("Unknown", "balance is not said"),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
async def test_a_balance_that_cannot_be_read_is_its_problem(
    adapter: SmmAdapter, panel: ScriptedPanel, raw: Any, said: str, listed: bool
) -> None:
    answer = {"balance": raw, "currency": "USD"}
    panel.say([answer] if listed else answer)
    seen = await adapter.observe(look_at("balance"))
    assert (seen.problems, seen.subjects[0].fields["amount"]) == ({"balance": said}, None)


async def test_a_balance_that_is_read_has_no_problem(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"balance": "100.84292", "currency": "USD"})
    assert (await adapter.observe(look_at("balance"))).problems == {}


@pytest.mark.parametrize("field", ["charge", "start_count", "remains"])
@pytest.mark.parametrize(("raw", "wrong"), [("1,234", True), (None, False), ("", False), ("1,234.5", False)])
@pytest.mark.parametrize("shape", ["map", "list"])
async def test_the_numbers_of_an_order(
    adapter: SmmAdapter, panel: ScriptedPanel, field: str, raw: Any, wrong: bool, shape: str
) -> None:
    entry = {**RUNNING, field: raw}
    panel.say({"1": entry, "2": RUNNING} if shape == "map" else [{"order": 1, **entry}, {"order": 2, **RUNNING}])
    seen = await adapter.observe(look_at("orders", ["1", "2"]))
    assert (len(seen.subjects), seen.problems) == (2, {"1": f'{field} "1,234" is not a number'} if wrong else {})


async def test_the_rest_of_an_order_is_read_beside_what_cannot_be(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {**RUNNING, "remains": "1,234"}})
    (seen,) = (await adapter.observe(look_at("orders", ["1"]))).subjects
    assert (seen.fields["remains"], seen.fields["charge"]) == (None, Decimal("1.44219"))


async def test_a_drip_feed_without_charge_and_remains_has_no_problem(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"1": {"status": "Active", "runs": "5", "currency": "USD"}})
    assert (await adapter.observe(look_at("orders", ["1"]))).problems == {}


async def test_no_problem_of_a_number_shows_the_key(adapter: SmmAdapter, panel: ScriptedPanel) -> None:
    panel.say({"balance": KEY, "currency": "USD"})
    assert KEY not in (await adapter.observe(look_at("balance"))).problems["balance"]
