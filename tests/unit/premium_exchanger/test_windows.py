"""Where filters go, how the watermark moves, and how pages are walked."""

from __future__ import annotations

from typing import Any

import pytest

from bursar.api import Json, Observation, PollRequest
from bursar_premium_exchanger.adapter import PremiumExchanger
from bursar_premium_exchanger.cursor import MAX_PAGES, OVERLAP_S, PAGE_ROWS, Cursor
from support.premium_exchanger import FAR_FROM_HERE, KEY, ScriptedSite, exchange_row, listed, payout_row, visit_row

METHODS = {"visits": "get_links", "exchanges": "get_exchanges", "payouts": "get_payouts"}
ROWS = {"visits": visit_row, "exchanges": exchange_row, "payouts": payout_row}


def page(first: int, count: int, dialect: str = "b") -> dict[str, Any]:
    return listed(dialect, *(exchange_row(str(first + at), time=str(FAR_FROM_HERE + at)) for at in range(count)))


async def poll(adapter: PremiumExchanger, stream: str, times: int, cursor: Json = None) -> list[Observation]:
    """Poll so many times, each from where the one before left off."""
    seen = []
    for _ in range(times):
        seen.append(await adapter.observe(PollRequest(stream, cursor=cursor)))
        cursor = seen[-1].cursor if seen[-1].cursor is not None else cursor
    return seen


async def test_action_key_and_method_travel_in_the_query(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_links", listed("a", visit_row("1")))
    await poll(adapter, "visits", 2)
    assert site.asked[1].query == {"api_action": "pp", "api_key": KEY, "method": "get_links"}


@pytest.mark.parametrize("stream", METHODS)
async def test_the_first_poll_asks_for_everything(site: ScriptedSite, adapter: PremiumExchanger, stream: str) -> None:
    site.say(METHODS[stream], listed("a", ROWS[stream]("1")))
    await poll(adapter, stream, 1)
    assert site.asked[0].form == {}


@pytest.mark.parametrize("stream", METHODS)
async def test_the_next_poll_asks_from_the_greatest_time_less_the_overlap(
    site: ScriptedSite, adapter: PremiumExchanger, stream: str
) -> None:
    late = ROWS[stream]("2", time=str(FAR_FROM_HERE + 500), status="1")
    site.say(METHODS[stream], listed("a", late, ROWS[stream]("1", status="1")))
    await poll(adapter, stream, 2)
    assert site.asked[1].form == {"start_time": str(FAR_FROM_HERE + 500 - OVERLAP_S)}


@pytest.mark.parametrize("stream", METHODS)
async def test_a_row_of_the_year_2038_moves_no_watermark(
    site: ScriptedSite, adapter: PremiumExchanger, stream: str
) -> None:
    rows = [ROWS[stream]("1", status="1"), ROWS[stream]("2", time="2147483647", status="1")]
    site.say(METHODS[stream], listed("a", *rows), listed("a", *rows, ROWS[stream]("3", status="1")))
    seen = await poll(adapter, stream, 2)
    assert site.asked[1].form == {"start_time": str(FAR_FROM_HERE - OVERLAP_S)}
    assert "3" in {one.ref.id for one in seen[1].subjects}


@pytest.mark.parametrize("stream", METHODS)
async def test_a_watermark_of_the_year_2038_is_forgotten(
    site: ScriptedSite, adapter: PremiumExchanger, stream: str
) -> None:
    site.say(METHODS[stream], listed("a", ROWS[stream]("1", status="1")))
    await poll(adapter, stream, 1, {"newest": 2147483647})
    assert site.asked[0].form == {}


async def test_the_watermark_never_goes_back(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_links", listed("a", visit_row("1")), listed("a"), listed("a"))
    await poll(adapter, "visits", 3)
    assert site.asked[2].form == {"start_time": str(FAR_FROM_HERE - OVERLAP_S)}


async def test_a_payout_that_waits_long_is_still_asked_for(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    old = FAR_FROM_HERE - 3 * OVERLAP_S
    site.say("get_payouts", listed("a", payout_row("2", status="1"), payout_row("1", time=str(old))))
    await poll(adapter, "payouts", 2)
    assert site.asked[1].form == {"start_time": str(old)}


@pytest.mark.parametrize("dialect", ["a", "c"])
async def test_no_limit_is_sent_to_a_site_that_pages_nothing(
    site: ScriptedSite, adapter: PremiumExchanger, dialect: str
) -> None:
    site.say("get_exchanges", page(0, PAGE_ROWS, dialect))
    seen = await poll(adapter, "exchanges", 2)
    assert ([one.more for one in seen], "limit" in site.asked[1].form) == ([False, False], False)


async def test_the_first_answer_in_dialect_b_is_asked_for_again_with_a_limit(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_exchanges", page(0, 3))
    seen = await poll(adapter, "exchanges", 2)
    assert (seen[0].more, site.asked[1].form) == (True, {"limit": "500", "offset": "0"})


async def test_only_exchanges_are_paged(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_payouts", listed("b", payout_row("1", status="1")))
    seen = await poll(adapter, "payouts", 2)
    assert (seen[0].more, "limit" in site.asked[1].form) == (False, False)


async def test_full_pages_are_walked_to_the_last(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_exchanges", page(0, PAGE_ROWS), page(0, PAGE_ROWS), page(500, PAGE_ROWS), page(1000, 2))
    seen = await poll(adapter, "exchanges", 4)
    assert [one.more for one in seen] == [True, True, True, False]
    assert [form.get("offset") for form in site.forms("get_exchanges")] == [None, "0", "500", "1000"]


async def test_a_walk_keeps_its_start(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    cursor: Json = {"newest": FAR_FROM_HERE, "pages": True}
    site.say("get_exchanges", page(0, PAGE_ROWS), page(500, PAGE_ROWS), page(1000, 2))
    await poll(adapter, "exchanges", 3, cursor)
    assert {form["start_time"] for form in site.forms("get_exchanges")} == {str(FAR_FROM_HERE - OVERLAP_S)}


async def test_after_a_walk_the_watermark_is_that_of_all_its_pages(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    late = listed("b", exchange_row("1", time=str(FAR_FROM_HERE + 9999)))
    site.say("get_exchanges", page(0, PAGE_ROWS), late, late)
    await poll(adapter, "exchanges", 3, {"newest": FAR_FROM_HERE, "pages": True})
    assert site.asked[2].form == {"start_time": str(FAR_FROM_HERE + 9999 - OVERLAP_S), "limit": "500", "offset": "0"}


async def test_a_page_longer_than_the_limit_is_the_last(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_exchanges", page(0, PAGE_ROWS + 1))
    (seen,) = await poll(adapter, "exchanges", 1, {"pages": True})
    assert seen.more is False


async def test_a_site_that_does_not_know_offset_is_not_walked_for_ever(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_exchanges", page(0, PAGE_ROWS))
    seen = await poll(adapter, "exchanges", 2, {"pages": True})
    assert [one.more for one in seen] == [True, False]


async def test_an_equal_page_in_a_walk_is_not_taken_for_nothing_new(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_exchanges", page(0, PAGE_ROWS))
    cursor: Json = {"pages": True, "walking": True, "offset": 500, "newest": FAR_FROM_HERE, "currency": "USD"}
    seen = await adapter.observe(PollRequest("exchanges", cursor=cursor, is_unchanged=lambda id_, raw: True))
    assert seen.nothing_new is False


async def test_an_equal_first_page_of_many_says_nothing_of_the_others(
    site: ScriptedSite, adapter: PremiumExchanger
) -> None:
    site.say("get_exchanges", page(0, PAGE_ROWS))
    cursor: Json = {"pages": True, "long": True, "newest": FAR_FROM_HERE, "currency": "USD"}
    seen = await adapter.observe(PollRequest("exchanges", cursor=cursor, is_unchanged=lambda id_, raw: True))
    assert (seen.nothing_new, seen.more) == (False, True)


async def test_a_walk_of_many_pages_is_remembered(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_exchanges", page(0, PAGE_ROWS), page(500, 1), page(0, PAGE_ROWS))
    seen = await poll(adapter, "exchanges", 2, {"pages": True})
    again = await adapter.observe(PollRequest("exchanges", cursor=seen[-1].cursor, is_unchanged=lambda id_, raw: True))
    assert again.nothing_new is False


async def test_a_bare_list_is_dialect_b(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_exchanges", {"error": 0, "data": [exchange_row("1")]})
    (seen,) = await poll(adapter, "exchanges", 1)
    assert seen.more is True


async def test_no_walk_is_endless(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_exchanges", page(0, PAGE_ROWS))
    cursor: Json = {"pages": True, "walking": True, "offset": PAGE_ROWS * MAX_PAGES, "first": "other"}
    (seen,) = await poll(adapter, "exchanges", 1, cursor)
    assert seen.more is False


async def test_a_window_that_is_unchanged_says_nothing_new(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_payouts", listed("a", payout_row("1")))
    (first,) = await poll(adapter, "payouts", 1)
    again = await adapter.observe(PollRequest("payouts", cursor=first.cursor, is_unchanged=lambda id_, raw: True))
    assert (again.nothing_new, again.cursor) == (True, None)


@pytest.mark.parametrize("cursor", ["x", 7, [1], {"newest": "x", "offset": -5, "start": True, "first": 3}])
async def test_a_cursor_that_makes_no_sense_is_forgotten(
    site: ScriptedSite, adapter: PremiumExchanger, cursor: Json
) -> None:
    site.say("get_exchanges", page(0, 1, "a"))
    await poll(adapter, "exchanges", 1, cursor)
    assert site.asked[0].form == {}


@pytest.mark.parametrize(
    "cursor",
    [Cursor(), Cursor(newest=5, waiting=3, currency="USD"), Cursor(9, None, True, True, True, 4, 500, "77", "EUR")],
)
def test_a_cursor_survives_the_journal(cursor: Cursor) -> None:
    assert Cursor.read(cursor.write()) == cursor
