"""What is not the site's own answer: each case its own clear error, and never a value that became empty."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.api import (
    AdapterContext,
    BadAnswer,
    Http,
    NeverSent,
    PollRequest,
    ProviderError,
    RateLimited,
    Refusal,
    Unreachable,
)
from bursar.testing.staging import nobody_listens
from bursar_premium_exchanger.adapter import PremiumExchanger
from support.premium_exchanger import (
    KEY,
    ScriptedSite,
    StoppedClock,
    broken_off,
    context,
    hang,
    partner,
    reset,
    settings,
)

HTML = b"<!DOCTYPE html><html><body>Just a moment...</body></html>"
STREAMS = ["info", "visits", "exchanges", "payouts"]


async def failure(adapter: PremiumExchanger, stream: str = "info") -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await adapter.observe(PollRequest(stream))
    return caught.value


def say_everywhere(site: ScriptedSite, body: object, **how: object) -> None:
    for method in ("get_info", "get_links", "get_exchanges", "get_payouts"):
        site.say(method, body, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("status", [200, 403, 503])
async def test_html(site: ScriptedSite, adapter: PremiumExchanger, status: int, stream: str) -> None:
    say_everywhere(site, HTML, status=status)
    assert (await failure(adapter, stream)).kind == "html"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b'{"error":0,"data":{"balance":"6', "truncated"),
        (b"hello", "not_json"),
        (b'"hello"', "protocol"),
        (b"17", "protocol"),
        (b"null", "protocol"),
        (b"{}", "protocol"),
        (b'{"message":"maintenance"}', "protocol"),
        (b'{"error":null}', "protocol"),
        (b'{"error":"no"}', "protocol"),
        (b'{"error":0.5}', "protocol"),
        (b'{"error":[]}', "protocol"),
        (b'{"error":0,"data":"x"}', "protocol"),
        (b"Api disabled", "disabled"),
        (b'"Api disabled"', "disabled"),
        (b"[" * 3000, "truncated"),
    ],
)
async def test_bodies_that_are_no_answer(site: ScriptedSite, adapter: PremiumExchanger, body: bytes, kind: str) -> None:
    site.say("get_info", body)
    assert (await failure(adapter)).kind == kind


async def test_501_without_a_body_names_the_module(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", b"", status=501)
    error = await failure(adapter)
    assert (error.kind, "module is off" in error.reason) == ("disabled", True)


@pytest.mark.parametrize("error", ["1", 1, 3, True])
async def test_api_disabled_is_a_failure_and_no_rejection(
    site: ScriptedSite, adapter: PremiumExchanger, error: object
) -> None:
    site.say("get_info", {"error": error, "error_text": "Api disabled"})
    failed = await failure(adapter)
    assert (type(failed), failed.kind) == (BadAnswer, "disabled")


async def test_a_no_to_a_poll_carries_the_sites_words_unescaped(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", {"error": "2", "error_text": "IP &laquo;198.51.100.1&raquo; <b>blocked</b>\n", "balance": "0"})
    failed = await failure(adapter)
    assert (type(failed), failed.reason) == (Refusal, "IP «198.51.100.1» blocked")


async def test_a_no_with_data_beside_it_is_a_no(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", {**partner("a", "0.00"), "error": 1})
    assert isinstance(await failure(adapter), Refusal)


async def test_status_success_does_not_make_a_yes(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", {**partner("c"), "error": 1})
    assert isinstance(await failure(adapter), Refusal)


@pytest.mark.parametrize(("headers", "pause"), [({"Retry-After": "120"}, timedelta(minutes=2)), ({}, None)])
async def test_429(
    site: ScriptedSite, adapter: PremiumExchanger, headers: dict[str, str], pause: timedelta | None
) -> None:
    site.say("get_info", HTML, status=429, headers=headers)
    failed = await failure(adapter)
    assert (type(failed), failed.retry_after) == (RateLimited, pause)


async def test_429_with_the_sites_own_no(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", {"error": 1, "error_text": "slow down"}, status=429, headers={"Retry-After": "7"})
    assert (await failure(adapter)).retry_after == timedelta(seconds=7)


async def test_503_says_when_to_come_back(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.say("get_info", HTML, status=503, headers={"Retry-After": "60"})
    assert (await failure(adapter)).retry_after == timedelta(minutes=1)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_reported_and_not_followed(
    site: ScriptedSite, adapter: PremiumExchanger, status: int
) -> None:
    site.say("get_info", b"", status=status, headers={"Location": f"https://new.example/api.html?api_key={KEY}"})
    failed = await failure(adapter)
    assert (failed.kind, "https://new.example/api.html" in failed.reason, KEY in failed.reason, len(site.asked)) == (
        "redirect",
        True,
        False,
        1,
    )


async def test_an_answer_that_breaks_off(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.do("get_info", broken_off(site))
    assert (await failure(adapter)).kind == "truncated"


async def test_a_connection_that_is_reset(site: ScriptedSite, adapter: PremiumExchanger) -> None:
    site.do("get_info", reset(site))
    assert (await failure(adapter)).kind == "reset"


async def test_no_answer_in_time(site: ScriptedSite) -> None:
    site.do("get_info", hang(site, effect=False))
    lent = context([])
    failed = await failure(PremiumExchanger(settings(site.url), lent))
    await lent.http.close()
    assert (type(failed), failed.kind) == (Unreachable, "timeout")


async def test_a_body_over_the_cap(site: ScriptedSite, concealed: list[str]) -> None:
    async def at_once() -> None:
        return None

    clock = StoppedClock()
    http = Http(clock, at_once, max_body_bytes=1000)
    site.say("get_info", b" " * 2000)
    failed = await failure(PremiumExchanger(settings(site.url), AdapterContext(http, clock, concealed.append)))
    await http.close()
    assert failed.kind == "too_large"


async def test_nobody_listens() -> None:
    lent = context([])
    failed = await failure(PremiumExchanger(settings(f"{nobody_listens()}/api.html"), lent))
    await lent.http.close()
    assert isinstance(failed, NeverSent)


@pytest.mark.parametrize(
    "body", [HTML, b"", {"error": 1, "error_text": f"key {KEY} is banned"}, {"error": KEY}, b"{" + KEY.encode()]
)
async def test_no_error_shows_the_key(site: ScriptedSite, adapter: PremiumExchanger, body: object) -> None:
    site.say("get_info", body)
    failed = await failure(adapter)
    assert KEY not in repr(failed) + str(failed) + str(getattr(failed, "answer", ""))
