"""The evidence before a payout, and what a look finds after its answer was lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bursar.api import BadAnswer, CannotTell, DidNot, Happened, Json, Refusal, Succeeded
from bursar_premium_exchanger.adapter import PremiumExchanger
from support.premium_exchanger import (
    FAR_FROM_HERE,
    WALLET,
    ScriptedSite,
    context,
    hang,
    intent,
    listed,
    partner,
    payout_row,
    prepared,
    said,
    settings,
)

HTML = b"<html><body>504 Gateway Time-out</body></html>"


async def look(
    adapter: PremiumExchanger, site: ScriptedSite, evidence: Json, *now: dict[str, Any], balance: Any = "60"
) -> Happened | DidNot | CannotTell:
    site.say("get_payouts", listed("a", *now))
    site.say("get_info", partner("a", balance))
    return await adapter.reconcile(intent(), evidence)


class TestPrepare:
    async def test_evidence_holds_ids_and_balance(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        other = payout_row("4", method_id="9", time=str(FAR_FROM_HERE + 5))
        assert await prepared(adapter, site, payout_row("3"), other) == {
            "payouts": ["3", "4"],
            "waiting": ["3", "4"],
            "marks": {"3": [str(FAR_FROM_HERE), "50"]},
            "balance": "60",
        }

    async def test_evidence_shows_no_wallet(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        assert WALLET not in repr(await prepared(adapter, site, payout_row("3")))

    async def test_all_payouts_are_asked_for(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        await prepared(adapter, site, payout_row("3"))
        assert site.forms("get_payouts") == [{}]

    async def test_nothing_is_sent_without_a_balance(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        site.say("get_payouts", listed("a"))
        site.say("get_info", said("a", None))
        with pytest.raises(BadAnswer):
            await adapter.prepare(intent())

    @pytest.mark.parametrize("method", ["get_payouts", "get_info"])
    async def test_nothing_is_sent_when_a_reading_fails(
        self, site: ScriptedSite, adapter: PremiumExchanger, method: str
    ) -> None:
        site.say("get_payouts", listed("a"))
        site.say("get_info", partner("a"))
        site.say(method, {"error": 1, "error_text": "no"})
        with pytest.raises(Refusal):
            await adapter.prepare(intent())


class TestLost:
    """A lost payout is looked for in the very list that is read before it is asked for again."""

    async def test_one_that_landed_late_is_found(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        before = await prepared(adapter, site, payout_row("3"))
        site.say("get_payouts", listed("a", payout_row("3"), payout_row("4")))
        site.say("get_info", partner("a", "0"))
        found = await adapter.prepare(replace(intent(), lost=True, evidence=before))
        assert isinstance(found, Happened)
        assert found.success.reference == "4"

    async def test_a_balance_that_fell_stops_it(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        before = await prepared(adapter, site, payout_row("3"))
        site.say("get_payouts", listed("a", payout_row("3")))
        site.say("get_info", partner("a", "0"))
        assert isinstance(await adapter.prepare(replace(intent(), lost=True, evidence=before)), CannotTell)

    async def test_one_that_is_not_there_may_be_asked_for_again(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        before = await prepared(adapter, site, payout_row("3"))
        site.say("get_payouts", listed("a", payout_row("3")))
        site.say("get_info", partner("a", "60"))
        read = await adapter.prepare(replace(intent(), lost=True, evidence=before))
        assert read == before


class TestReconcile:
    async def test_a_new_payout_with_method_and_account_happened(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        before = await prepared(adapter, site, payout_row("3"))
        found = await look(adapter, site, before, payout_row("3"), payout_row("4"), balance="0")
        assert isinstance(found, Happened)
        assert found.success == Succeeded(reference="4", moved=Decimal(50))

    async def test_one_that_was_canceled_since_happened_too(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        found = await look(adapter, site, await prepared(adapter, site), payout_row("4", status="2"), balance="60")
        assert isinstance(found, Happened)

    async def test_one_that_was_known_before_did_not(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        before = await prepared(adapter, site, payout_row("3"))
        assert isinstance(await look(adapter, site, before, payout_row("3")), DidNot)

    @pytest.mark.parametrize("other", [{"time": "1700000500"}, {"original_amount": "61"}])
    async def test_an_id_that_is_given_once_more_cannot_tell(
        self, site: ScriptedSite, adapter: PremiumExchanger, other: dict[str, str]
    ) -> None:
        """The site counts from 1 again: the identity of a payout is its id, time and amount together."""
        before = await prepared(adapter, site, payout_row("3"))
        assert isinstance(await look(adapter, site, before, payout_row("3", **other)), CannotTell)

    async def test_somebody_elses_id_that_is_given_once_more_did_not(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        before = await prepared(adapter, site, payout_row("3"))
        assert isinstance(await look(adapter, site, before, payout_row("3", time="1700000500", method_id="9")), DidNot)

    @pytest.mark.parametrize("other", [{"method_id": "9"}, {"account": "TAnotherWalletOfSomebodyElse12345"}])
    async def test_somebody_elses_did_not(
        self, site: ScriptedSite, adapter: PremiumExchanger, other: dict[str, str]
    ) -> None:
        assert isinstance(await look(adapter, site, await prepared(adapter, site), payout_row("4", **other)), DidNot)

    @pytest.mark.parametrize(
        "told",
        [
            {"method_id": 7.0},
            {"method_id": "07"},
            {"account": f"{WALLET[:4]}****{WALLET[-4:]}"},
            {"account": f"{WALLET[:4]}…"},
            {"account": WALLET[:8]},
            {"account": f"USDT TRC20: {WALLET}"},
        ],
    )
    async def test_one_that_may_be_ours_is_never_somebody_elses(
        self, site: ScriptedSite, adapter: PremiumExchanger, told: dict[str, Any]
    ) -> None:
        found = await look(adapter, site, await prepared(adapter, site), payout_row("4", **told))
        assert not isinstance(found, DidNot)

    async def test_a_balance_that_grew_did_not(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        assert isinstance(await look(adapter, site, await prepared(adapter, site), balance="75.5"), DidNot)

    async def test_a_balance_that_fell_cannot_tell(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        assert isinstance(await look(adapter, site, await prepared(adapter, site), balance="0"), CannotTell)

    @pytest.mark.parametrize("balance", [None, "", "Unknown"])
    async def test_a_balance_that_is_not_said_cannot_tell(
        self, site: ScriptedSite, adapter: PremiumExchanger, balance: object
    ) -> None:
        assert isinstance(await look(adapter, site, await prepared(adapter, site), balance=balance), CannotTell)

    @pytest.mark.parametrize("unsaid", ["method_id", "account"])
    async def test_a_new_one_that_is_not_wholly_said_cannot_tell(
        self, site: ScriptedSite, adapter: PremiumExchanger, unsaid: str
    ) -> None:
        row = payout_row("4", **{unsaid: None})
        assert isinstance(await look(adapter, site, await prepared(adapter, site), row), CannotTell)

    async def test_a_list_that_lost_everything_cannot_tell(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        before = await prepared(adapter, site, payout_row("3"))
        assert isinstance(await look(adapter, site, before), CannotTell)

    @pytest.mark.parametrize("evidence", [None, [], {}, {"payouts": None}, {"balance": "60"}])
    async def test_without_evidence_it_cannot_tell(
        self, site: ScriptedSite, adapter: PremiumExchanger, evidence: Json
    ) -> None:
        assert isinstance(await look(adapter, site, evidence, payout_row("4")), CannotTell)

    @pytest.mark.parametrize(
        ("amounts", "ours"),
        [(("5", "60"), "9"), (("60", "5"), "10"), (("60", "60"), None), (("5", "5"), None), ((None, "5"), None)],
    )
    async def test_of_several_new_ones_ours_took_what_was_there_and_all_are_told(
        self, site: ScriptedSite, adapter: PremiumExchanger, amounts: tuple[str | None, str], ours: str | None
    ) -> None:
        """The other may be a person's; where nobody can tell which, nobody can tell whether ours is there at all."""
        rows = [payout_row(id_, original_amount=amount) for id_, amount in zip(("10", "9"), amounts, strict=True)]
        before = await prepared(adapter, site)
        assert isinstance(before, dict)
        found = await look(adapter, site, {**before, "balance": "60"}, *rows)
        told = (found.success.reference, found.success.moved) if isinstance(found, Happened) else None
        assert told == (None if ours is None else (ours, Decimal(60)))
        assert (isinstance(found, CannotTell), "10, 9" in found.reason) == (ours is None, True)

    @pytest.mark.parametrize(("others", "found"), [({"4"}, DidNot), ({"9"}, Happened)])
    async def test_what_the_site_made_for_another_intent_is_not_ours(
        self, site: ScriptedSite, adapter: PremiumExchanger, others: set[str], found: type
    ) -> None:
        """The list may have been read stale: what is new beside the evidence may be older than it."""
        before = await prepared(adapter, site)
        site.say("get_payouts", listed("a", payout_row("4")))
        site.say("get_info", partner("a", "60"))
        ours = replace(intent(), made_for_others=frozenset(others))
        assert isinstance(await adapter.reconcile(ours, before), found)

    @pytest.mark.parametrize(
        ("listed_now", "found"),
        [
            (["1", "2", "3"], DidNot),
            (["1", "2"], CannotTell),
            (["1", "3"], CannotTell),
            (["3"], DidNot),
            (["2", "3"], DidNot),
            (["2", "3", "theirs"], DidNot),
            (["1", "2", "theirs"], CannotTell),
            (["2", "3", "4"], Happened),
        ],
    )
    async def test_a_list_that_is_cut_short_shows_nothing(
        self, site: ScriptedSite, adapter: PremiumExchanger, listed_now: list[str], found: type
    ) -> None:
        """Paged, or from a slow replica; what is missing at its old end was let go of."""
        before = await prepared(adapter, site, *(payout_row(id_) for id_ in ("1", "2", "3")))
        rows = [
            payout_row("5", account="TAnotherWalletOfSomebodyElse12345") if id_ == "theirs" else payout_row(id_)
            for id_ in listed_now
        ]
        assert isinstance(await look(adapter, site, before, *rows), found)

    @pytest.mark.parametrize("ids", [["4"], ["4", "5"], ["5", "4"]])
    async def test_all_that_is_new_and_may_be_ours_is_named(
        self, site: ScriptedSite, adapter: PremiumExchanger, ids: list[str]
    ) -> None:
        """A person's answer is about these, and no other, in whatever order they are listed."""
        before = await prepared(adapter, site)
        rows = [payout_row(id_, account=f"{WALLET[:4]}***{WALLET[-4:]}") for id_ in ids]
        found = await look(adapter, site, before, *rows)
        assert isinstance(found, CannotTell)
        assert (found.suspect, ", ".join(sorted(ids)) in found.reason) == (", ".join(sorted(ids)), True)

    @pytest.mark.parametrize("time", ["2147483647", str(FAR_FROM_HERE + 40 * 86400), "0", "Unknown"])
    async def test_no_time_of_another_row_makes_ours_an_old_one(
        self, site: ScriptedSite, adapter: PremiumExchanger, time: str
    ) -> None:
        strange = payout_row("3", time=time, account="TAnotherWalletOfSomebodyElse12345")
        found = await look(adapter, site, await prepared(adapter, site, strange), strange, payout_row("4"))
        assert isinstance(found, Happened)

    @pytest.mark.parametrize("time", [str(FAR_FROM_HERE - 30 * 86400), "2147483647", "Unknown"])
    async def test_a_new_id_with_our_method_and_account_is_ours_whatever_its_time(
        self, site: ScriptedSite, adapter: PremiumExchanger, time: str
    ) -> None:
        before = await prepared(adapter, site, payout_row("3"))
        found = await look(adapter, site, before, payout_row("3"), payout_row("2", time=time))
        assert isinstance(found, Happened)

    @pytest.mark.parametrize(
        "shown", [WALLET.lower(), f" {WALLET} ", WALLET.replace("a", "а"), f"{WALLET[:6]} {WALLET[6:]}"]
    )
    async def test_a_wallet_that_the_site_cleaned_is_recognized(
        self, site: ScriptedSite, adapter: PremiumExchanger, shown: str
    ) -> None:
        before = await prepared(adapter, site)
        assert isinstance(await look(adapter, site, before, payout_row("4", account=shown)), Happened)

    async def test_a_wallet_with_escaped_signs_is_recognized(
        self, site: ScriptedSite, adapter: PremiumExchanger
    ) -> None:
        asked = replace(intent(), params={"method": "7", "account": "a&b <c@d.example>"})
        site.say("get_payouts", listed("a"))
        site.say("get_info", partner("a"))
        before = await adapter.prepare(asked)
        site.say("get_payouts", listed("a", payout_row("4", account="a&amp;b &lt;c@d.example&gt;")))
        assert isinstance(await adapter.reconcile(asked, before), Happened)

    @pytest.mark.parametrize("effect", [False, True])
    async def test_after_a_lost_reply_the_look_tells_what_the_site_did(self, site: ScriptedSite, effect: bool) -> None:
        lent = context([])
        adapter = PremiumExchanger(settings(site.url), lent)
        before = await prepared(adapter, site)
        site.do("add_payout", hang(site, effect=effect))
        await adapter.perform(intent())
        now = [payout_row("4")] if site.effects else []
        found = await look(adapter, site, before, *now, balance="0" if site.effects else "60")
        await lent.http.close()
        assert isinstance(found, Happened if effect else DidNot)

    async def test_a_look_that_fails_is_an_error(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        before = await prepared(adapter, site)
        site.say("get_payouts", HTML, status=503)
        with pytest.raises(BadAnswer):
            await adapter.reconcile(intent(), before)

    async def test_a_look_changes_nothing(self, site: ScriptedSite, adapter: PremiumExchanger) -> None:
        await look(adapter, site, await prepared(adapter, site))
        assert {asked.method for asked in site.asked} == {"get_payouts", "get_info"}
