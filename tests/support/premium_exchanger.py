"""A site that answers as it is told, over real loopback HTTP, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from bursar.api import AccountSettings, AdapterContext, Http, Intent, Json, Secret, SubjectRef
from bursar.domain.ids import AccountName, IntentId
from bursar.domain.intent import State
from bursar.sandbox.faults import leap
from bursar_premium_exchanger.adapter import PremiumExchanger
from support.limits import LEAP_S, WAIT_S

KEY = "px-KEY-4f9a1c77d2"
WALLET = "TQ9yZk3mWa1bC2dE3fG4hJ5kL6nP7x"
NOW = datetime(2026, 1, 10, 12, tzinfo=timezone.utc)
FAR_FROM_HERE = 1_500_000_000
Reply = Callable[[web.Request, Mapping[str, str]], Awaitable[web.StreamResponse]]


class StoppedClock:
    """A clock whose wall time never agrees with the site's."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        return None


@dataclass
class Asked:
    """One request as the site got it."""

    method: str
    query: dict[str, str]
    form: dict[str, str]
    verb: str


@dataclass
class ScriptedSite:
    """Answers each method with what was said last for it; counts payouts."""

    replies: dict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))
    asked: list[Asked] = field(default_factory=list)
    effects: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    def say(self, method: str, *bodies: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer the next calls of a method with these bodies, in order; the last one goes on."""
        self.replies[method] = [fixed(body, status, headers or {}) for body in bodies]

    def do(self, method: str, reply: Reply) -> None:
        self.replies[method] = [reply]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        method = request.query.get("method", "")
        self.asked.append(Asked(method, dict(request.query), form, request.method))
        replies = self.replies[method]
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        return await reply(request, form)

    def forms(self, method: str) -> list[dict[str, str]]:
        return [asked.form for asked in self.asked if asked.method == method]


def fixed(body: Any, status: int, headers: Mapping[str, str]) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def reply(_request: web.Request, _form: Mapping[str, str]) -> web.StreamResponse:
        return web.Response(body=raw, status=status, headers={"Content-Type": "text/html", **headers})

    return reply


def hang(site: ScriptedSite, *, effect: bool) -> Reply:
    """Never answer; perhaps after doing what was asked. Whoever asked is out of time at once."""

    async def reply(_request: web.Request, _form: Mapping[str, str]) -> web.StreamResponse:
        site.effects += effect
        leap(LEAP_S)
        await site.released.wait()
        return web.Response()

    return reply


def reset(site: ScriptedSite) -> Reply:
    """Do what was asked, and drop the connection."""

    async def reply(request: web.Request, _form: Mapping[str, str]) -> web.StreamResponse:
        site.effects += 1
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return reply


def broken_off(_site: ScriptedSite) -> Reply:
    """Promise more bytes than come."""

    async def reply(request: web.Request, _form: Mapping[str, str]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"error":0,"data":{"payout_id":17')
        assert request.transport is not None
        request.transport.close()
        return response

    return reply


def settings(url: str, **more: Any) -> AccountSettings:
    return AccountSettings(
        **{
            "name": "exchange",
            "url": url,
            "key": Secret(KEY),
            "currency": "USD",
            "timeout": timedelta(seconds=WAIT_S),
            **more,
        }
    )


def context(concealed: list[str]) -> AdapterContext:
    clock = StoppedClock()

    async def at_once() -> None:
        return None

    return AdapterContext(Http(clock, at_once), clock, concealed.append)


def intent(method: str = "7", account: str = WALLET) -> Intent:
    return Intent(
        IntentId(1),
        AccountName("exchange"),
        "payout",
        SubjectRef("balance", "balance"),
        {"method": method, "account": account},
        State.SENDING,
        NOW,
        NOW,
        sent_at=NOW + timedelta(seconds=1),
    )


def payout_row(id_: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "time": str(FAR_FROM_HERE),
        "date": "14.07.2017",
        "method_id": "7",
        "account": WALLET,
        "pay_amount": "49.5",
        "pay_currency_code": "USDTTRC20",
        "original_amount": "50",
        "original_currency_code": "USD",
        "status": "0",
        **more,
    }


def exchange_row(id_: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "time": str(FAR_FROM_HERE),
        "date": "14.07.2017",
        "currency_code_give": "BTC",
        "currency_code_get": "USDTTRC20",
        "course_give": "1",
        "course_get": "61000.5",
        "amount_give": "0.01",
        "amount_get": "610.005",
        "exchange_success": "0",
        "accrued": "0",
        "partner_reward": "1.22",
        "user_hash": "u1",
        **more,
    }


def visit_row(id_: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "time": str(FAR_FROM_HERE),
        "date": "14.07.2017",
        "browser": "Gecko",
        "ip": "198.51.100.7",
        "referrer": "https://blog.example/",
        "user_hash": "u1",
        "query_string": "?rid=7",
        **more,
    }


def method_row(id_: Any, **more: Any) -> dict[str, Any]:
    return {"id": id_, "title": "USDT", "comission": "1%", "amount": "49.5", **more}


def said(dialect: str, data: Any, **more: Any) -> dict[str, Any]:
    """Wrap what a site says into the envelope of its dialect; None: nothing to say."""
    envelope: dict[str, Any] = {"error": "0" if dialect == "b" else 0, "error_text": ""}
    if dialect == "c":
        envelope["status"] = "success"
    empties: dict[str, dict[str, Any]] = {"a": {}, "b": {"data": []}, "c": {"data": {}}}
    return {**envelope, **(empties[dialect] if data is None else {"data": data}), **more}


def listed(dialect: str, *rows: dict[str, Any]) -> dict[str, Any]:
    """Write rows in a dialect: keyed by id, or as a list."""
    return said(dialect, {"items": items(dialect, *rows)} if rows else None)


def items(dialect: str, *rows: dict[str, Any]) -> Any:
    return list(rows) if dialect == "b" else {str(row["id"]): row for row in rows}


def partner(dialect: str = "a", balance: Any = "60.00", least: Any = "50", *rows: dict[str, Any]) -> dict[str, Any]:
    return said(dialect, {"balance": balance, "min_payout": least, "items": items(dialect, *rows)})


async def prepared(adapter: PremiumExchanger, site: ScriptedSite, *known: dict[str, Any], balance: str = "60") -> Json:
    site.say("get_payouts", listed("a", *known))
    site.say("get_info", partner("a", balance))
    return await adapter.prepare(intent())
