"""A number of a site that cannot be read for certain is a problem of its subject: silence would look like health."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bursar.api import PollRequest
from bursar_premium_exchanger.adapter import PremiumExchanger
from support.premium_exchanger import ScriptedSite, exchange_row, listed, method_row, partner, payout_row, visit_row

STREAMS = {"visits": "get_links", "exchanges": "get_exchanges", "payouts": "get_payouts"}


async def problems(site: ScriptedSite, adapter: PremiumExchanger, stream: str, row: dict[str, Any]) -> Any:
    site.say(STREAMS[stream], listed("a", row))
    return (await adapter.observe(PollRequest(stream))).problems


@pytest.mark.parametrize("balance", ["1,234", "$1234.00", "400 USD", "NaN", "1_000"])
async def test_a_balance_that_cannot_be_read_is_its_problem(
    site: ScriptedSite, adapter: PremiumExchanger, balance: str
) -> None:
    site.say("get_info", partner("b", balance, "10"))
    seen = await adapter.observe(PollRequest("info"))
    assert (seen.problems, seen.subjects[0].fields["amount"]) == (
        {"balance": f'balance "{balance}" is not a number'},
        None,
    )


@pytest.mark.parametrize("balance", [None, "", "Unknown"])
async def test_a_balance_that_is_not_said_is_its_problem(
    site: ScriptedSite, adapter: PremiumExchanger, balance: Any
) -> None:
    site.say("get_info", {"error": 0, "error_text": "", "data": {"balance": balance, "min_payout": "10", "items": []}})
    assert (await adapter.observe(PollRequest("info"))).problems == {"balance": "balance is not said"}


async def test_a_minimum_that_cannot_be_read_is_the_balances_problem(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_info", partner("a", "60", "1,000"))
    assert (await adapter.observe(PollRequest("info"))).problems == {"balance": 'min_payout "1,000" is not a number'}


async def test_a_payout_method_whose_numbers_cannot_be_read_has_a_problem(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_info", partner("a", "60", "50", method_row("7", comission="low %", amount="1,234")))
    assert (await adapter.observe(PollRequest("info"))).problems == {
        "7": 'commission "low " is not a number; amount "1,234" is not a number'
    }


async def test_an_info_that_is_read_has_no_problem(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", partner("a", "1,234.50", "50", method_row("7")))
    assert (await adapter.observe(PollRequest("info"))).problems == {}


@pytest.mark.parametrize(
    ("field", "raw", "said"),
    [
        ("original_amount", "1,234", 'original_amount "1,234" is not a number'),
        ("original_amount", None, "original_amount is not said"),
        ("pay_amount", "$5", 'pay_amount "$5" is not a number'),
        ("pay_amount", None, None),
        ("time", "yesterday", 'time "yesterday" is not a number'),
    ],
)
async def test_the_numbers_of_a_payout(
    site: ScriptedSite, adapter: PremiumExchanger, field: str, raw: Any, said: str | None
) -> None:
    found = await problems(site, adapter, "payouts", payout_row("3", **{field: raw}))
    assert found == ({} if said is None else {"3": said})


async def test_all_that_is_wrong_with_a_payout_is_told(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    row = payout_row("3", original_currency_code="EUR", status="8", original_amount="many")
    said = (await problems(site, adapter, "payouts", row))["3"]
    assert ["EUR" in said, "'8'" in said, '"many"' in said] == [True, True, True]


@pytest.mark.parametrize("field", ["course_give", "course_get", "amount_give", "amount_get", "partner_reward"])
@pytest.mark.parametrize(("raw", "wrong"), [("1,234", True), (None, False), ("1.5", False)])
async def test_the_numbers_of_an_exchange(
    site: ScriptedSite, adapter: PremiumExchanger, field: str, raw: Any, wrong: bool
) -> None:
    found = await problems(site, adapter, "exchanges", exchange_row("9", **{field: raw}))
    assert found == ({"9": f'{field} "1,234" is not a number'} if wrong else {})


async def test_a_visit_at_a_time_that_cannot_be_read_has_a_problem(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    found = await problems(site, adapter, "visits", visit_row("5", time="yesterday"))
    assert found == {"5": 'time "yesterday" is not a number'}


async def test_what_cannot_be_read_steers_no_terminal(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", partner("a", "\x1b[2J1\n" + "9" * 500, "50"))
    said = (await adapter.observe(PollRequest("info"))).problems["balance"]
    assert (said.isprintable(), len(said) < 100) == (True, True)


async def test_the_numbers_beside_one_that_cannot_be_read_are_kept(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_info", partner("a", "1,234", "50"))
    fields = (await adapter.observe(PollRequest("info"))).subjects[0].fields
    assert (fields["amount"], fields["min_payout"]) == (None, Decimal(50))
