"""What each stream reads, in every dialect and every form that a site gives it."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal

import pytest

from bursar.api import BadAnswer, Observation, Observed, PollRequest
from bursar_premium_exchanger.adapter import PremiumExchanger
from support.premium_exchanger import (
    FAR_FROM_HERE,
    WALLET,
    ScriptedSite,
    context,
    exchange_row,
    listed,
    method_row,
    partner,
    payout_row,
    said,
    settings,
    visit_row,
)

DIALECTS = ["a", "b", "c"]
WHEN = datetime.fromtimestamp(FAR_FROM_HERE, timezone.utc)


def only(seen: Observation, kind: str) -> Observed:
    (one,) = [subject for subject in seen.subjects if subject.ref.type == kind]
    return one


@pytest.mark.parametrize("dialect", DIALECTS)
class TestEveryDialect:
    async def test_info_gives_the_balance(self, site: ScriptedSite, adapter: PremiumExchanger, dialect: str) -> None:
        site.say("get_info", partner(dialect, "60.10", "50"))
        fields = only(await adapter.observe(PollRequest("info")), "balance").fields
        assert fields == {"amount": Decimal("60.10"), "min_payout": Decimal(50), "currency": "USD"}

    async def test_info_gives_the_methods(self, site: ScriptedSite, adapter: PremiumExchanger, dialect: str) -> None:
        row = method_row("7", title="USDT &lt;TRC20&gt;", comission="1.5%")
        site.say("get_info", partner(dialect, "60", "50", row))
        method = only(await adapter.observe(PollRequest("info")), "payout_method")
        assert (method.ref.id, dict(method.fields)) == (
            "7",
            {"title": "USDT <TRC20>", "commission": Decimal("1.5"), "amount": Decimal("49.5")},
        )

    async def test_visits(self, site: ScriptedSite, adapter: PremiumExchanger, dialect: str) -> None:
        site.say("get_links", listed(dialect, visit_row("5", referrer="https://b.example/?a=1&amp;b=2")))
        visit = only(await adapter.observe(PollRequest("visits")), "visit")
        assert (visit.ref.id, visit.created_at, dict(visit.fields)) == (
            "5",
            WHEN,
            {
                "time": WHEN,
                "ip": "198.51.100.7",
                "browser": "Gecko",
                "referrer": "https://b.example/?a=1&b=2",
                "user_hash": "u1",
                "query_string": "?rid=7",
            },
        )

    async def test_exchanges(self, site: ScriptedSite, adapter: PremiumExchanger, dialect: str) -> None:
        site.say("get_exchanges", listed(dialect, exchange_row("9", exchange_success="1", accrued="1")))
        exchange = only(await adapter.observe(PollRequest("exchanges")), "exchange")
        assert (exchange.ref.id, exchange.state, exchange.created_at) == ("9", "succeeded", WHEN)
        assert dict(exchange.fields) == {
            "time": WHEN,
            "currency_give": "BTC",
            "currency_get": "USDTTRC20",
            "course_give": Decimal(1),
            "course_get": Decimal("61000.5"),
            "amount_give": Decimal("0.01"),
            "amount_get": Decimal("610.005"),
            "reward": Decimal("1.22"),
            "success": True,
            "accrued": True,
            "user_hash": "u1",
            "statuses": None,
        }

    async def test_payouts(self, site: ScriptedSite, adapter: PremiumExchanger, dialect: str) -> None:
        site.say("get_payouts", listed(dialect, payout_row("3")))
        payout = only(await adapter.observe(PollRequest("payouts")), "payout")
        assert (payout.ref.id, payout.state, payout.created_at, dict(payout.fields)) == (
            "3",
            "waiting",
            WHEN,
            {
                "time": WHEN,
                "method": "7",
                "account_hint": "TQ9y…nP7x",
                "pay_amount": Decimal("49.5"),
                "pay_currency": "USDTTRC20",
                "amount": Decimal(50),
                "currency": "USD",
            },
        )

    @pytest.mark.parametrize("stream", ["visits", "exchanges", "payouts"])
    async def test_nothing_to_list_is_a_good_answer(
        self, site: ScriptedSite, adapter: PremiumExchanger, dialect: str, stream: str
    ) -> None:
        for method in ("get_links", "get_exchanges", "get_payouts"):
            site.say(method, listed(dialect))
        assert (await adapter.observe(PollRequest(stream))).subjects == ()


@pytest.mark.parametrize("empty", [[], {}, None, False, "", {"items": []}, {"items": {}}, {"items": None}])
async def test_every_empty_form_lists_nothing(site: ScriptedSite, adapter: PremiumExchanger, empty: object) -> None:
    site.say("get_payouts", {"error": 0, "error_text": "", "data": empty})
    assert (await adapter.observe(PollRequest("payouts"))).subjects == ()


@pytest.mark.parametrize("data", [[], {}, None])
async def test_an_empty_info_says_nothing_of_the_balance(
    site: ScriptedSite, adapter: PremiumExchanger, data: object
) -> None:
    site.say("get_info", {"error": 0, "data": data})
    assert only(await adapter.observe(PollRequest("info")), "balance").fields["amount"] is None


@pytest.mark.parametrize("data", [[], {}, None, {"balance": "1"}])
async def test_an_info_without_items_misses_no_method(
    site: ScriptedSite, adapter: PremiumExchanger, data: object
) -> None:
    site.say("get_info", {"error": 0, "data": data})
    assert (await adapter.observe(PollRequest("info"))).complete is False


@pytest.mark.parametrize("nothing", [None, "", "Unknown", "—"])
async def test_a_balance_that_is_not_said_is_no_information(
    site: ScriptedSite, adapter: PremiumExchanger, nothing: object
) -> None:
    site.say("get_info", partner("a", nothing))
    assert only(await adapter.observe(PollRequest("info")), "balance").fields["amount"] is None


@pytest.mark.parametrize(
    ("raw", "value"), [(60, "60"), (60.1, "60.1"), ("60.10", "60.10"), ("1 060.5", "1060.5"), ("0", "0")]
)
async def test_money_is_exact_from_text_and_number(
    site: ScriptedSite, adapter: PremiumExchanger, raw: object, value: str
) -> None:
    site.say("get_info", partner("a", raw))
    assert only(await adapter.observe(PollRequest("info")), "balance").fields["amount"] == Decimal(value)


async def test_ids_are_text_from_a_number(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_payouts", listed("b", payout_row(31)))
    assert only(await adapter.observe(PollRequest("payouts")), "payout").ref.id == "31"


async def test_an_item_without_an_id_has_that_of_its_key(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", said("a", {"balance": "1", "min_payout": "50", "items": {"7": {"title": "USDT"}}}))
    assert only(await adapter.observe(PollRequest("info")), "payout_method").ref.id == "7"


@pytest.mark.parametrize("name", ["comission", "commission"])
async def test_the_commission_is_read_in_both_spellings(
    site: ScriptedSite, adapter: PremiumExchanger, name: str
) -> None:
    site.say("get_info", partner("a", "1", "50", {"id": "7", "title": "USDT", name: "2,5 %"}))
    assert only(await adapter.observe(PollRequest("info")), "payout_method").fields["commission"] == Decimal("2.5")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("0", "waiting"),
        (0, "waiting"),
        ("1", "done"),
        (2, "canceled"),
        ("3", "canceled_by_user"),
        ("8", None),
        (None, None),
    ],
)
async def test_a_payouts_status_is_a_state(
    site: ScriptedSite, adapter: PremiumExchanger, status: object, state: str | None
) -> None:
    site.say("get_payouts", listed("a", payout_row("3", status=status)))
    assert only(await adapter.observe(PollRequest("payouts")), "payout").state == state


async def test_an_unknown_payout_status_is_told(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_payouts", listed("a", payout_row("3", status="8")))
    assert "'8'" in (await adapter.observe(PollRequest("payouts"))).problems["3"]


@pytest.mark.parametrize(
    ("raw", "success", "state"),
    [
        ("1", True, "succeeded"),
        (1, True, "succeeded"),
        (True, True, "succeeded"),
        ("0", False, "open"),
        (None, None, None),
    ],
)
async def test_exchange_success_in_every_type(
    site: ScriptedSite, adapter: PremiumExchanger, raw: object, success: bool | None, state: str | None
) -> None:
    site.say("get_exchanges", listed("a", exchange_row("9", exchange_success=raw)))
    exchange = only(await adapter.observe(PollRequest("exchanges")), "exchange")
    assert (exchange.fields["success"], exchange.state) == (success, state)


@pytest.mark.parametrize(
    ("raw", "said_"),
    [([], None), ("new &gt; done", "new > done"), ([{"s": "новая"}], '[{"s": "новая"}]'), ({"1": "x"}, '{"1": "x"}')],
)
async def test_statuses_in_every_form_are_text(
    site: ScriptedSite, adapter: PremiumExchanger, raw: object, said_: str | None
) -> None:
    site.say("get_exchanges", listed("a", exchange_row("9", statuses=raw)))
    assert only(await adapter.observe(PollRequest("exchanges")), "exchange").fields["statuses"] == said_


@pytest.mark.parametrize("time", ["", "0", None, "soon", -5, 10**15])
async def test_a_time_that_makes_no_sense_is_no_information(
    site: ScriptedSite, adapter: PremiumExchanger, time: object
) -> None:
    site.say("get_links", listed("a", visit_row("5", time=time)))
    visit = only(await adapter.observe(PollRequest("visits")), "visit")
    assert (visit.fields["time"], visit.created_at) == (None, None)


async def test_error_text_on_success_decides_nothing(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", {**partner("a"), "error_text": "Ошибка доступа"})
    assert only(await adapter.observe(PollRequest("info")), "balance").fields["amount"] == Decimal(60)


async def test_an_answer_without_an_envelope_is_read_by_the_vendors_page(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_info", {"balance": "60", "min_payout": "50", "items": [method_row("7")]})
    assert len((await adapter.observe(PollRequest("info"))).subjects) == 2


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n\n ", b"<br />\n<b>Warning</b>: {gone} in /x.php on line 3\n"])
async def test_what_stands_before_the_json_is_passed_over(
    site: ScriptedSite, adapter: PremiumExchanger, before: bytes
) -> None:
    site.say("get_info", before + b'{"error":0,"data":{"balance":"60","min_payout":"50","items":{}}}')
    assert only(await adapter.observe(PollRequest("info")), "balance").fields["amount"] == Decimal(60)


@pytest.mark.parametrize("status", [403, 429, 500, 503])
async def test_the_http_status_decides_nothing_when_the_site_itself_answers(
    site: ScriptedSite, adapter: PremiumExchanger, status: int
) -> None:
    site.say("get_info", partner("a"), status=status)
    assert only(await adapter.observe(PollRequest("info")), "balance").fields["amount"] == Decimal(60)


async def test_a_payout_in_another_currency_is_told_and_not_changed(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_payouts", listed("a", payout_row("3", original_currency_code="EUR")))
    seen = await adapter.observe(PollRequest("payouts"))
    assert ("EUR" in seen.problems["3"], only(seen, "payout").fields["amount"]) == (True, Decimal(50))


async def test_a_payout_in_the_accounts_currency_is_no_problem(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_payouts", listed("a", payout_row("3", original_currency_code="usd")))
    assert (await adapter.observe(PollRequest("payouts"))).problems == {}


async def test_without_a_currency_there_is_nothing_to_check(site: ScriptedSite) -> None:
    lent = context([])
    site.say("get_payouts", listed("a", payout_row("3", original_currency_code="EUR")))
    seen = await PremiumExchanger(settings(site.url, currency=None), lent).observe(PollRequest("payouts"))
    await lent.http.close()
    assert seen.problems == {}


async def test_a_wallet_is_concealed_and_leaves_as_a_hint(
    site: ScriptedSite, adapter: PremiumExchanger, concealed: list[str]
) -> None:
    site.say("get_payouts", listed("a", payout_row("3")))
    seen = await adapter.observe(PollRequest("payouts"))
    assert (WALLET in concealed, WALLET in repr(seen)) == (True, False)


async def test_a_short_account_conceals_no_common_word(
    site: ScriptedSite, adapter: PremiumExchanger, concealed: list[str]
) -> None:
    site.say("get_payouts", listed("a", payout_row("3", account="12")))
    await adapter.observe(PollRequest("payouts"))
    assert concealed == []


@pytest.mark.parametrize(
    "data",
    [
        7,
        "text",
        True,
        {"items": 5},
        {"items": ["x"]},
        {"items": [{"time": "1"}]},
        {"items": [{"id": True}]},
        {"items": [{"id": ""}]},
        {"items": [{"id": "x" * 200}]},
        {"items": [{"id": "1\x002"}]},
        {"items": {"1": 2}},
        {"message": "x"},
        [[]],
    ],
)
async def test_what_is_no_list_of_payouts_is_an_error(
    site: ScriptedSite, adapter: PremiumExchanger, data: object
) -> None:
    site.say("get_payouts", {"error": 0, "data": data})
    with pytest.raises(BadAnswer):
        await adapter.observe(PollRequest("payouts"))


async def test_of_two_items_with_one_id_the_later_counts(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_payouts", listed("b", payout_row("3", status="0"), payout_row("3", status="1")))
    assert only(await adapter.observe(PollRequest("payouts")), "payout").state == "done"


async def test_an_unchanged_answer_says_nothing_new(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", partner("a"))
    first = await adapter.observe(PollRequest("info"))
    again = await adapter.observe(PollRequest("info", cursor=first.cursor, is_unchanged=lambda id_, raw: id_ == ""))
    assert (again.nothing_new, again.subjects, again.cursor) == (True, (), None)


async def test_a_new_currency_setting_is_seen_in_an_unchanged_answer(site: ScriptedSite) -> None:
    lent = context([])
    site.say("get_info", partner("a"))
    first = await PremiumExchanger(settings(site.url, currency=None), lent).observe(PollRequest("info"))
    look = PollRequest("info", cursor=first.cursor, is_unchanged=lambda id_, raw: True)
    again = await PremiumExchanger(settings(site.url, currency="EUR"), lent).observe(look)
    await lent.http.close()
    assert only(again, "balance").fields["currency"] == "EUR"
