"""Servers that tell: they echo keys and wallets in errors, redirects and pages, as bad providers do. Real, on loopback.

The sandbox's own wire servers stand beside them, with faults in front. Whoever waits for something to have happened is
wake by every request; nothing here waits by a clock.
"""

from __future__ import annotations

import asyncio
import html
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import web
from aiohttp.test_utils import TestServer

from bursar.api import SandboxServer
from bursar.host.plugins import load_plugins
from bursar.loops.clock import RealClock
from bursar.testing import Faults
from support.limits import WAIT_S
from support.secrets.planted import PLANTED

FAULTS = {
    "smm": (("status", "truncated"), ("balance", "html-503"), ("refill", "bom"), ("services", "redirect")),
    "premium_exchanger": (("get_info", "html-200"), ("get_payouts", "php-warning"), ("get_links", "empty-501")),
    "anticaptcha": (("getResellerData", "html-503"), ("getResellerData", "truncated")),
}
INFO = {"error": 0, "data": {"balance": "90.00", "min_payout": "50", "items": [{"id": "7", "title": "USDT"}]}}
WALLETS_OF = {
    "/px-env": "wallet from the environment",
    "/px-literal": "wallet written out",
    "/px-lost": "wallet of a lost payout",
}


@dataclass
class Hall:
    """Every server of the play.

    Attributes:
        asked: How often each path, and each method of a site, was asked.
        told: Every message that reached the webhooks: headers and body.
        wires: The sandbox's servers by provider, with the address of each.
    """

    url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    wires: dict[str, tuple[str, SandboxServer]] = field(default_factory=dict)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, happened: Callable[[], object], what: str) -> None:
        """Wait until something has happened; every request wakes up to look."""
        try:
            async with asyncio.timeout(WAIT_S), self.news:
                await self.news.wait_for(happened)
        except TimeoutError:
            raise AssertionError(f"{what}: not within {WAIT_S:g} s; asked: {dict(self.asked)}") from None

    def types(self) -> Counter[str]:
        """Count what the webhook was told, by type and account."""
        bodies = [json.loads(body) for _, body in self.told]
        return Counter(f"{body['type']} {body['data'].get('account')}" for body in bodies)

    @web.middleware
    async def count(self, request: web.Request, handler: Any) -> web.StreamResponse:
        method = request.query.get("method", "")
        try:
            return await handler(request)  # type: ignore[no-any-return]
        finally:
            async with self.news:
                self.asked[f"{request.path.split('/', 2)[1]} {method}".strip()] += 1
                self.news.notify_all()


async def echo(request: web.Request) -> str:
    """Return the whole request as a bad page shows it."""
    headers = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    return f"{request.method} {request.url}\n{headers}\n\n{(await request.read()).decode()}"


async def refuse(request: web.Request) -> web.Response:
    """Reject the key, and say which, in plain, in a URL and in HTML."""
    key = PLANTED["key that is refused"]
    text = f"Invalid API key: {key} ({quote(key, safe='')}, {html.escape(key)})\n{await echo(request)}"
    return web.json_response({"error": text, key: {"key": key}})


async def move(request: web.Request) -> web.Response:
    key = PLANTED["key behind a redirect"]
    raise web.HTTPFound(f"https://moved.invalid/{key}/v2?key={key}&next=1")


async def page(request: web.Request) -> web.Response:
    return web.Response(status=500, text=f"<html><pre>{await echo(request)}</pre></html>", content_type="text/html")


async def complain(request: web.Request) -> web.Response:
    """Refuse, with the whole request as the reason."""
    return web.json_response({"error": f"Something is wrong with: {await echo(request)}", "message": str(request.url)})


def site(request: web.Request) -> web.Response | dict[str, Any]:
    """Answer what a site's readers ask."""
    wallet, old = PLANTED[WALLETS_OF[request.path]], PLANTED["wallet of an older payout"]
    rows = [{"id": "30", "time": "1795000000", "method_id": "3", "account": old, "status": "1", "pay_amount": "5"}]
    method = request.query.get("method")
    if method == "get_payouts":
        return {"error": 0, "data": {"items": rows}}
    if method in ("get_links", "get_exchanges"):
        text = f"https://s.example/?api_key={request.query['api_key']}&to={wallet}"
        row = {"id": "5", "time": "1795000000", "referrer": text, "browser": wallet, "statuses": text, "user_hash": "u"}
        return {"error": 0, "data": {"items": [row]}}
    return INFO


async def say_no(request: web.Request) -> web.Response:
    """Refuse a payout, and say to whom and with which key."""
    if request.query.get("method") != "add_payout":
        return web.json_response(site(request))
    wallet, key = (await request.post())["account"], request.query["api_key"]
    text = f"Счет {wallet} не подходит ({html.escape(str(wallet))}, {quote(str(wallet))}); api_key={key} {request.url}"
    return web.json_response({"error": 1, "error_text": text})


def break_down() -> Any:
    """Make a site that breaks after a payout was asked for, and cannot be asked about it."""
    broken: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.query.get("method") == "add_payout":
            broken.append(str((await request.post())["account"]))
            return await page(request)
        if broken and request.query.get("method") == "get_payouts":
            text = f"The payout to {broken[0]} by {request.query['api_key']} is being looked at"
            return web.json_response({"error": 1, "error_text": text})
        return web.json_response(site(request))

    return answer


def sell() -> Any:
    """Make a shop whose coupon is activated at the second look, and which then tells everything about the caller."""
    looks = Counter[str]()

    async def answer(request: web.Request) -> web.Response:
        looks["all"] += 1
        code, key = PLANTED["coupon code"], PLANTED["key of a shop"]
        status = "new" if looks["all"] < 2 else "activated"
        coupon = {"id": 32, "amount": 10, "code": code, "link": f"https://shop.example/{code}", "status": status}
        if looks["all"] < 4:
            return web.json_response({"errorId": 0, "eligibleBalance": 5, "coupons": [coupon]})
        text = f"clientKey {key} is too fast; coupon {code}"
        return web.json_response({"errorId": 7, "errorCode": "ERROR_" + key, "errorDescription": text})

    return answer


def take(hall: Hall) -> Any:
    """Make a webhook that fails at first, with all that it got as the answer."""

    async def answer(request: web.Request) -> web.Response:
        hall.told.append((dict(request.headers), await request.read()))
        return web.Response(status=500, text=await echo(request)) if len(hall.told) < 3 else web.Response(status=204)

    return answer


async def moved_hook(request: web.Request) -> web.Response:
    raise web.HTTPTemporaryRedirect(f"https://moved.invalid/{PLANTED['token of a webhook that moved']}")


async def beat(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"https://moved.invalid{request.path}")


def _app(hall: Hall) -> web.Application:
    app = web.Application(middlewares=[hall.count])
    routes: dict[str, Any] = {
        "/refuse": refuse,
        "/move": move,
        "/page": page,
        "/bearer": complain,
        "/get": complain,
        "/px-env": say_no,
        "/px-literal": say_no,
        "/px-lost": break_down(),
        "/shop/getResellerData": sell(),
        "/hook/{token}": take(hall),
        "/moved-hook/{token}": moved_hook,
        "/beat/{token}": beat,
    }
    for path, answer in routes.items():
        app.router.add_route("*", path, answer)
    return app


@asynccontextmanager
async def open_hall() -> AsyncIterator[Hall]:
    """Start every server."""
    hall = Hall()
    servers = [TestServer(_app(hall))]
    await servers[0].start_server()
    hall.url = str(servers[0].make_url("")).rstrip("/")
    for name, methods in FAULTS.items():
        provider = load_plugins().providers[name]
        assert provider.wire is not None
        wire = provider.wire(1, 600.0, RealClock())
        assert wire.name_of is not None
        faults = Faults(wire.name_of)
        for method, fault in methods:
            faults.add(method, fault)
        faults.wrap(wire.app)
        wire.app.middlewares.append(hall.count)
        servers.append(TestServer(wire.app))
        await servers[-1].start_server()
        hall.wires[name] = (str(servers[-1].make_url(wire.path)), wire)
    try:
        yield hall
    finally:
        for server in servers:
            await server.close()
