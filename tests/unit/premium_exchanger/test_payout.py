"""The action that moves money: what counts as yes, no and lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from bursar.api import BadAnswer, CostFacts, Lost, LostReply, NotSent, Outcome, Refused, Snapshot, SubjectRef, Succeeded
from bursar.api.exchange import Exchange, watched
from bursar.domain.ids import AccountName
from bursar.testing.staging import nobody_listens
from bursar_premium_exchanger.adapter import PremiumExchanger
from bursar_premium_exchanger.provider import PAYOUT_ACTION
from support.premium_exchanger import (
    KEY,
    NOW,
    WALLET,
    Reply,
    ScriptedSite,
    broken_off,
    context,
    hang,
    intent,
    listed,
    partner,
    payout_row,
    prepared,
    reset,
    said,
    settings,
)

HTML = b"<html><body>504 Gateway Time-out</body></html>"


async def perform(adapter: PremiumExchanger, site: ScriptedSite, body: Any, **how: Any) -> Outcome:
    site.say("add_payout", body, **how)
    return await adapter.perform(intent())


class TestPerform:
    async def test_a_yes_tells_what_it_took(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        site.say("get_payouts", listed("a", payout_row("17")))
        outcome = await perform(adapter, site, said("a", {"payout_id": 17}))
        assert outcome == Succeeded(reference="17", moved=Decimal(50))

    async def test_a_yes_stays_one_when_the_list_cannot_be_read(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        site.say("get_payouts", HTML, status=504)
        assert await perform(adapter, site, said("a", {"payout_id": 17})) == Succeeded(reference="17")

    async def test_what_is_left_is_read_though_the_list_cannot_be(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        site.say("get_payouts", HTML, status=504)
        site.say("get_info", partner("a", balance="0"))
        found = await perform(adapter, site, said("a", {"payout_id": 17}))
        assert found == Succeeded(reference="17", left=Decimal(0))

    @pytest.mark.parametrize(
        "text",
        [
            "System error",
            "Server is busy",
            "Try again later",
            "Technical maintenance",
            "Request timed out",
            "Ошибка сервера",
            "Внутренняя ошибка",
            "Системная ошибка",
            "Помилка сервера",
            "Спробуйте пізніше",
            "Сервис временно недоступен",
            "Ошибка системы",
            "Системный сбой",
            "Ошибка платежной системы",
            "Payment system is unavailable",
            "SQLSTATE[HY000] [2002] Connection refused",
            "mysqli_connect(): Access denied for user 'pn'",
            "MySQL server has gone away",
            "Сервер перегружен, метод недоступен",
            "Undefined index: account",
            "Ошибка базы данных",
            "Помилка бази даних",
            "Сервер занят",
            "Попробуйте снова",
            "Too many requests",
        ],
    )
    async def test_trouble_inside_the_site_is_neither_yes_nor_no(
        self, site: ScriptedSite, adapter: PremiumExchanger, text: str
    ) -> None:
        assert isinstance(await perform(adapter, site, said("a", None, error=1, error_text=text)), Lost)

    async def test_an_error_of_the_server_is_neither_yes_nor_no(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        assert isinstance(await perform(adapter, site, said("a", None, error=503, error_text="oops")), Lost)

    @pytest.mark.parametrize("code", [500, "503", 599])
    async def test_a_server_that_broke_may_say_so_in_a_code(
        self, site: ScriptedSite, adapter: PremiumExchanger, code: object
    ) -> None:
        assert isinstance(await perform(adapter, site, {"error": 1, "code": code, "error_text": "limit"}), Lost)

    async def test_method_and_account_travel_in_the_body(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        await perform(adapter, site, said("a", {"payout_id": 17}))
        assert site.asked[0].form == {"method_id": "7", "account": WALLET}

    async def test_key_and_method_travel_in_the_query(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        await perform(adapter, site, said("a", {"payout_id": 17}))
        assert site.asked[0].query == {"api_action": "pp", "api_key": KEY, "method": "add_payout"}

    @pytest.mark.parametrize("dialect", ["a", "b", "c"])
    @pytest.mark.parametrize("id_", [17, "17"])
    async def test_an_id_is_a_yes(
        self, site: ScriptedSite, adapter: PremiumExchanger, dialect: str, id_: object
    ) -> None:
        assert await perform(adapter, site, said(dialect, {"payout_id": id_})) == Succeeded(reference="17")

    async def test_error_text_beside_a_yes_changes_nothing(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        answer = said("a", {"payout_id": 17}, error_text="Ошибка")
        assert await perform(adapter, site, answer) == Succeeded(reference="17")

    async def test_a_warning_before_the_yes_changes_nothing(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        body = b"\xef\xbb\xbf<b>Warning</b>: x in y\n" + json.dumps(said("a", {"payout_id": 17})).encode()
        assert await perform(adapter, site, body) == Succeeded(reference="17")

    @pytest.mark.parametrize("id_", [0, "0", "00", False, True, None, "", "false", -1, "-1", [], {}, 1.5])
    async def test_a_yes_without_an_id_is_lost(
        self, site: ScriptedSite, adapter: PremiumExchanger, id_: object
    ) -> None:
        assert isinstance(await perform(adapter, site, said("a", {"payout_id": id_})), Lost)

    @pytest.mark.parametrize("dialect", ["a", "b", "c"])
    async def test_a_yes_without_data_is_lost(
        self, site: ScriptedSite, adapter: PremiumExchanger, dialect: str
    ) -> None:
        assert isinstance(await perform(adapter, site, said(dialect, None)), Lost)

    @pytest.mark.parametrize("error", [1, "1", 3])
    async def test_a_no_is_a_refusal_in_the_sites_words(
        self, site: ScriptedSite, adapter: PremiumExchanger, error: object
    ) -> None:
        answer = {"error": error, "error_text": "Минимум &mdash; 50&nbsp;USD"}
        assert await perform(adapter, site, answer) == Refused("Минимум — 50 USD")

    async def test_a_no_without_words_is_a_refusal_with_its_number(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        refused = await perform(adapter, site, {"error": 4, "error_text": ""})
        assert refused == Refused("the site gives no reason (error 4)", unread=True)

    @pytest.mark.parametrize(
        ("text", "unread"),
        [
            ("Minimum is 50 USD", False),
            ("Not enough money", False),
            ("Недостаточно средств", False),
            ("Недостатньо коштів", False),
            ("Heдocтaтoчнo cpeдcтв", False),
            ("&#1041;&#1072;&#1083;&#1072;&#1085;&#1089;", False),
            ("Неверный метод выплаты", False),
            ("Payouts are blocked for this user", False),
            ("E-17", True),
            ("Ошибка", True),
            ("Xəta baş verdi", True),
        ],
    )
    async def test_a_no_that_nobody_can_read_waits_for_a_person(
        self, site: ScriptedSite, adapter: PremiumExchanger, text: str, unread: bool
    ) -> None:
        refused = await perform(adapter, site, {"error": 1, "error_text": text})
        assert isinstance(refused, Refused)
        assert refused.unread is unread

    @pytest.mark.parametrize("body", [{"error": "1", "error_text": "Api disabled"}, b'"Api disabled"'])
    async def test_api_disabled_is_a_no(self, site: ScriptedSite, adapter: PremiumExchanger, body: object) -> None:
        assert await perform(adapter, site, body) == Refused("Api disabled")

    @pytest.mark.parametrize("id_", [0, False, None])
    async def test_a_no_with_an_empty_id_is_a_no(
        self, site: ScriptedSite, adapter: PremiumExchanger, id_: object
    ) -> None:
        assert isinstance(await perform(adapter, site, said("a", {"payout_id": id_}, error=1)), Refused)

    @pytest.mark.parametrize("answer", [{"data": {"payout_id": 17}}, {"payout_id": "17"}])
    async def test_yes_and_no_at_once_is_lost(
        self, site: ScriptedSite, adapter: PremiumExchanger, answer: dict[str, Any]
    ) -> None:
        assert isinstance(await perform(adapter, site, {"error": 1, "error_text": "x", **answer}), Lost)

    @pytest.mark.parametrize(
        "body",
        [
            b'{"error":1,"error_text":"Minimum","error":0,"data":{"payout_id":17}}',
            b'{"error":0,"data":{"payout_id":17},"error":1,"error_text":"Minimum","data":[]}',
        ],
    )
    async def test_yes_and_no_under_one_name_is_lost(
        self, site: ScriptedSite, adapter: PremiumExchanger, body: bytes
    ) -> None:
        assert isinstance(await perform(adapter, site, body), Lost)

    @pytest.mark.parametrize(
        ("payouts", "partner_says"),
        [
            (
                b'{"error":0,"data":{"items":[{"id":"17","method_id":"7"}]},"data":[]}',
                b'{"error":0,"data":{"balance":"60"}}',
            ),
            (
                b'{"error":0,"data":{"items":{"17":{"id":"17","method_id":"7"},"17":{"id":"17","method_id":"9"}}}}',
                b'{"error":0,"data":{"balance":"60"}}',
            ),
            (
                b'{"error":0,"data":{"items":[{"id":"17","method_id":"7"},{"id":"17","method_id":"9"}]}}',
                b'{"error":0,"data":{"balance":"60"}}',
            ),
            (b'{"error":0,"data":[]}', b'{"error":0,"data":{"balance":"0","balance":"60"}}'),
        ],
    )
    @pytest.mark.parametrize("asked", ["prepare", "reconcile"])
    async def test_evidence_that_says_two_things_is_none(
        self, site: ScriptedSite, adapter: PremiumExchanger, payouts: bytes, partner_says: bytes, asked: str
    ) -> None:
        """Else the list that shows our payout, and then does not, would be a did-not: it would be made again."""
        before = await prepared(adapter, site)
        site.say("get_payouts", payouts)
        site.say("get_info", partner_says)
        with watched(Exchange(strict=True)), pytest.raises(BadAnswer):
            await (adapter.prepare(intent()) if asked == "prepare" else adapter.reconcile(intent(), before))

    async def test_a_no_that_comes_with_a_broken_server_is_lost(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        answer = {"error": 1, "error_text": "The payout could not be saved"}
        assert isinstance(await perform(adapter, site, answer, status=500), Lost)

    @pytest.mark.parametrize("status", [200, 403, 429, 500, 502, 503])
    async def test_html_is_lost(self, site: ScriptedSite, adapter: PremiumExchanger, status: int) -> None:
        assert isinstance(await perform(adapter, site, HTML, status=status), Lost)

    @pytest.mark.parametrize("status", [200, 500, 501])
    async def test_an_empty_body_is_lost(self, site: ScriptedSite, adapter: PremiumExchanger, status: int) -> None:
        assert isinstance(await perform(adapter, site, b"", status=status), Lost)

    @pytest.mark.parametrize(
        "body",
        [b'{"error":0,"data":{"payout_id":17', b"Api disabled", b'"hello"', b"1", b"null", b"[]", b'{"error":"x"}'],
    )
    async def test_what_is_not_the_sites_answer_is_lost(
        self, site: ScriptedSite, adapter: PremiumExchanger, body: bytes
    ) -> None:
        assert isinstance(await perform(adapter, site, body), Lost)

    async def test_a_redirect_is_lost_and_not_followed(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        outcome = await perform(adapter, site, b"", status=307, headers={"Location": site.url})
        assert (type(outcome), len(site.asked)) == (Lost, 1)

    @pytest.mark.parametrize("status", [300, 302, 303, 304, 307])
    async def test_a_no_with_a_redirect_to_nowhere_is_lost(
        self, site: ScriptedSite, adapter: PremiumExchanger, status: int
    ) -> None:
        answer = {"error": 1, "error_text": "Not enough money"}
        outcome = await perform(adapter, site, answer, status=status)
        assert (type(outcome), len(site.asked)) == (Lost, 1)

    @pytest.mark.parametrize("cut", [broken_off, reset])
    async def test_a_connection_that_breaks_is_lost_and_not_tried_again(
        self, site: ScriptedSite, adapter: PremiumExchanger, cut: Any
    ) -> None:
        site.do("add_payout", cut(site))
        outcome = await adapter.perform(intent())
        assert (type(outcome), len(site.asked)) == (Lost, 1)

    @pytest.mark.parametrize("effect", [False, True])
    async def test_no_answer_in_time_is_lost(self, site: ScriptedSite, effect: bool) -> None:
        site.do("add_payout", hang(site, effect=effect))
        outcome = await PremiumExchanger(settings(site.url), context([])).perform(intent())
        assert (type(outcome), site.effects, len(site.asked)) == (Lost, effect, 1)

    async def test_no_connection_is_not_sent(self) -> None:
        adapter = PremiumExchanger(settings(f"{nobody_listens()}/api.html"), context([]))
        assert isinstance(await adapter.perform(intent()), NotSent)

    @pytest.mark.parametrize(
        "body",
        [{"error": 1, "error_text": f"account {WALLET} or key {KEY} is wrong"}, HTML + KEY.encode(), {"error": WALLET}],
    )
    async def test_no_outcome_shows_key_or_wallet(
        self, site: ScriptedSite, adapter: PremiumExchanger, body: object
    ) -> None:
        outcome = repr(await perform(adapter, site, body))
        assert (KEY in outcome, WALLET in outcome) == (False, False)


class TestDeclaration:
    def test_it_moves_the_whole_balance(self) -> None:
        known = Snapshot(AccountName("x"), SubjectRef("balance", "balance"), {"amount": Decimal(60)}, NOW)
        assert PAYOUT_ACTION.cost is not None
        assert PAYOUT_ACTION.cost(CostFacts({}, known)) == Decimal(60)

    def test_the_balance_that_was_just_read_is_what_it_moves(self) -> None:
        known = Snapshot(AccountName("x"), SubjectRef("balance", "balance"), {"amount": Decimal(60)}, NOW)
        assert PAYOUT_ACTION.cost is not None
        assert PAYOUT_ACTION.cost(CostFacts({}, known, {"payouts": [], "balance": "5161.88"})) == Decimal("5161.88")

    def test_it_does_not_take_an_old_payouts_amount_for_the_balance(self) -> None:
        known = Snapshot(AccountName("x"), SubjectRef("payout", "3"), {"amount": Decimal(60)}, NOW)
        assert PAYOUT_ACTION.cost is not None
        assert PAYOUT_ACTION.cost(CostFacts({}, known)) is None

    def test_a_lost_reply_is_reconciled_and_the_wallet_secret(self) -> None:
        assert (PAYOUT_ACTION.lost_reply, PAYOUT_ACTION.money, PAYOUT_ACTION.params["account"].secret) == (
            LostReply.RECONCILABLE,
            True,
            True,
        )


async def test_every_payout_goes_out_on_a_connection_of_its_own(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    ports: list[object] = []

    def seen(body: dict[str, Any]) -> Reply:
        async def reply(request: web.Request, _form: Mapping[str, str]) -> web.StreamResponse:
            assert request.transport is not None
            ports.append(request.transport.get_extra_info("peername"))
            return web.json_response(body)

        return reply

    site.do("get_info", seen(partner("a")))
    site.do("add_payout", seen(said("a", {"payout_id": 17})))
    await adapter.call("get_info", {})
    await adapter.perform(intent())
    assert ports[1] not in (ports[0], *ports[2:])
