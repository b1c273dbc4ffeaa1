"""`bursar call`: the site's own answer, masked; and what parameters each method takes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar.api import BadAnswer, Refusal, SubjectRef, Wanted
from bursar_premium_exchanger.adapter import PremiumExchanger
from bursar_premium_exchanger.masking import masked
from bursar_premium_exchanger.methods import METHODS, payout_wanted
from support.premium_exchanger import KEY, WALLET, ScriptedSite, exchange_row, listed, partner, payout_row, visit_row


@pytest.mark.parametrize("dialect", ["a", "b", "c"])
@pytest.mark.parametrize("method", ["get_info", "get_links", "get_exchanges"])
async def test_a_reading_call_gives_the_answer_as_it_is(
    site: ScriptedSite, adapter: PremiumExchanger, method: str, dialect: str
) -> None:
    answers = {
        "get_info": partner(dialect),
        "get_links": listed(dialect, visit_row("1")),
        "get_exchanges": listed(dialect, exchange_row("1")),
    }
    site.say(method, answers[method])
    assert await adapter.call(method, {}) == answers[method]


@pytest.mark.parametrize("dialect", ["a", "b", "c"])
async def test_wallets_are_masked_wherever_they_stand(
    site: ScriptedSite, adapter: PremiumExchanger, dialect: str
) -> None:
    row = payout_row("3", comment=f"to {WALLET}")
    site.say("get_payouts", listed(dialect, row))
    masked = {**row, "account": "TQ9y…nP7x", "comment": "to ***"}
    assert await adapter.call("get_payouts", {}) == listed(dialect, masked)


async def test_a_wallet_that_is_a_number_is_masked(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_payouts", listed("b", payout_row("3", account=410011234567890)))
    assert "410011234567890" not in repr(await adapter.call("get_payouts", {}))


async def test_a_key_that_the_site_echoes_is_not_shown(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_links", listed("a", visit_row("1", query_string=f"?api_key={KEY}")))
    assert KEY not in repr(await adapter.call("get_links", {}))


def test_a_secret_is_masked_in_its_escaped_form_too() -> None:
    assert masked("x a&amp;b&lt;c y", frozenset({"a&b<c"})) == "x *** y"


def test_of_two_secrets_the_longer_is_masked_as_a_whole() -> None:
    assert masked("wallet-123456-abc", frozenset({"123456", "wallet-123456-abc"})) == "***"


async def test_money_in_an_answer_stays_exact(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", b'{"error":0,"data":{"balance":0.1000000000000000055}}')
    assert await adapter.call("get_info", {}) == {"error": 0, "data": {"balance": Decimal("0.1000000000000000055")}}


async def test_filters_travel_in_the_body(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_links", listed("a"))
    await adapter.call("get_links", {"start_time": "5", "end_time": "9", "ip": "198.51.100.7"})
    assert site.asked[0].form == {"start_time": "5", "end_time": "9", "ip": "198.51.100.7"}


async def test_a_no_carries_the_masked_answer(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", {"error": "1", "error_text": f"Api disabled for {KEY}"})
    with pytest.raises(Refusal) as caught:
        await adapter.call("get_info", {})
    assert caught.value.answer == {"error": "1", "error_text": "Api disabled for ***"}


async def test_what_is_no_answer_is_an_error(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", b"<html>")
    with pytest.raises(BadAnswer):
        await adapter.call("get_info", {})


async def test_an_answer_that_is_nested_without_end_is_cut(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", b'{"error":0,"data":' + b'{"x":' * 300 + b"1" + b"}" * 301)
    assert "…" in repr(await adapter.call("get_info", {}))


@pytest.mark.parametrize(
    ("method", "params", "word"),
    [
        ("get_infos", {}, "get_info"),
        ("get_info", {"ip": "x"}, "takes no 'ip'"),
        ("get_links", {"limit": "5"}, "limit"),
        ("get_links", {"start_time": "yesterday"}, "whole number"),
        ("get_payouts", {"end_time": "-5"}, "whole number"),
        ("add_payout", {"method_id": "7", "account": "x"}, "journal"),
    ],
)
async def test_a_call_that_makes_no_sense_is_one_sentence(
    site: ScriptedSite, adapter: PremiumExchanger, method: str, params: dict[str, str], word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        await adapter.call(method, params)
    assert site.asked == []


def test_add_payout_asks_for_one_intent() -> None:
    assert payout_wanted({"method_id": " 7 ", "account": WALLET}) == (
        Wanted("payout", {"method": "7", "account": WALLET}, SubjectRef("balance", "balance")),
    )


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"method_id": "7"},
        {"account": WALLET},
        {"method_id": "", "account": WALLET},
        {"method_id": "7", "account": " "},
        {"method_id": "7", "account": WALLET, "amount": "5"},
    ],
)
def test_add_payout_needs_both_and_takes_no_more(params: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="add_payout"):
        payout_wanted(params)


def test_the_five_methods_of_the_contract_are_declared() -> None:
    names = [method.name for method in METHODS]
    assert names == ["get_info", "get_links", "get_exchanges", "get_payouts", "add_payout"]


def test_only_add_payout_changes_something() -> None:
    assert [method.name for method in METHODS if method.intents is not None] == ["add_payout"]
