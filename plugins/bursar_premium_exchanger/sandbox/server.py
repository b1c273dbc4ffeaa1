"""The sandbox site: the wire format of a Premium Exchanger's partner API, in each of its dialects, over a moving world.

`wire` is what `bursar sandbox` asks for. It reads filters only from the POST body, as real sites do, and answers "Api
disabled" to a wrong key. Its times are a wall clock three hours ahead, read as UTC.
"""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from enum import StrEnum
from typing import Any

from aiohttp import web

from bursar.api import Clock, SandboxServer
from bursar_premium_exchanger.sandbox.world import METHODS, MIN_PAYOUT, Exchange, Payout, Visit, World

SANDBOX_KEY = "sandbox-premium-exchanger-key"
CURRENCY = "USD"
WALL_CLOCK_AHEAD_S = 3 * 3600
PACE_S = 10.0
FASTEST_PACE_REAL_S = 0.5
MAX_LIMIT = 500

Rows = Sequence[dict[str, Any]]
Form = Mapping[str, str]


class Dialect(StrEnum):
    """Which script the site runs: the older one, the newer one, a clone."""

    A = "a"
    B = "b"
    C = "c"


class No(Exception):
    """The site says no: its code and its words."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code


class Site:
    """One site.

    Args:
        seed: Which world.
        speed: How many of the world's seconds pass in one.
        clock: The one clock.
        dialect: Which script it runs.
        debits_when_done: A payout leaves the balance when it is done, not when it is asked for.
    """

    def __init__(
        self, seed: int, speed: float, clock: Clock, dialect: Dialect = Dialect.A, *, debits_when_done: bool = False
    ) -> None:
        self._clock = clock
        self._speed = speed
        self.dialect = dialect
        self._born_s = clock.now().timestamp() + WALL_CLOCK_AHEAD_S
        self._born_mono_s = clock.monotonic()
        self._effects: Counter[str] = Counter({"add_payout": 0})
        pace_s = max(PACE_S, FASTEST_PACE_REAL_S * speed)
        self.world = World(seed, self._born_s, pace_s, debits_when_done=debits_when_done)

    def effects(self) -> Mapping[str, int]:
        """Count what it did."""
        return dict(self._effects)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        self.world.advance(self._born_s + (self._clock.monotonic() - self._born_mono_s) * self._speed)
        query = request.query
        if query.get("api_action") != "pp" or query.get("api_key") != SANDBOX_KEY:
            return self._no(No("Api disabled"))
        methods = {
            "get_info": self._get_info,
            "get_links": self._get_links,
            "get_exchanges": self._get_exchanges,
            "get_payouts": self._get_payouts,
            "add_payout": self._add_payout,
        }
        method = methods.get(query.get("method", ""))
        if method is None:
            return web.Response(status=501) if self.dialect is Dialect.A else self._no(No("Api disabled", 3))
        try:
            return self._yes(method(form))
        except No as no:
            return self._no(no)

    def _get_info(self, _form: Form) -> dict[str, Any]:
        balance = self.world.balance
        methods = [
            {
                "id": str(way.id),
                "title": html.escape(way.title),
                "comission": f"{way.commission}%",
                "amount": str(way.nets(balance)),
            }
            for way in METHODS
        ]
        return {"balance": str(balance), "min_payout": str(MIN_PAYOUT), "items": self._items(methods)}

    def _get_links(self, form: Form) -> Any:
        found = [
            _visit(visit)
            for visit in self.world.visits.values()
            if _within(visit.at_s, form) and form.get("ip", visit.ip) == visit.ip
        ]
        return self._listed(found)

    def _get_exchanges(self, form: Form) -> Any:
        newer = self.dialect is Dialect.B
        found = [
            _exchange(row, with_statuses=newer)
            for row in reversed(list(self.world.exchanges.values()))
            if _within(row.edited_s if newer else row.at_s, form)
        ]
        if newer and form.get("limit", "").isdigit():
            offset = int(form["offset"]) if form.get("offset", "").isdigit() else 0
            found = found[offset : offset + min(int(form["limit"]), MAX_LIMIT)]
        return self._listed(found)

    def _get_payouts(self, form: Form) -> Any:
        rows = reversed(list(self.world.payouts.values()))
        return self._listed([_payout(row) for row in rows if _within(row.at_s, form)])

    def _add_payout(self, form: Form) -> dict[str, Any]:
        way = next((way for way in METHODS if str(way.id) == form.get("method_id", "").strip()), None)
        account = form.get("account", "").strip()
        if way is None:
            raise No("Неверный метод выплаты &laquo;method_id&raquo;")
        if not account:
            raise No("Не указан счет")
        if self.world.balance < MIN_PAYOUT:
            raise No(f"Минимальная сумма выплаты &mdash; {MIN_PAYOUT} {CURRENCY}")
        self._effects["add_payout"] += 1
        return {"payout_id": self.world.pay_out(way, account).id}

    def _listed(self, found: Rows) -> Any:
        """Return a list, or nothing, in this dialect."""
        if not found:
            return {Dialect.A: None, Dialect.B: [], Dialect.C: {}}[self.dialect]
        return {"items": self._items(found)}

    def _items(self, found: Rows) -> Any:
        return list(found) if self.dialect is Dialect.B else {row["id"]: row for row in found}

    def _yes(self, data: Any) -> web.Response:
        said: dict[str, Any] = {"error": "0" if self.dialect is Dialect.B else 0, "error_text": ""}
        if self.dialect is Dialect.C:
            said["status"] = "success"
        return self._say(said if data is None else {**said, "data": data})

    def _no(self, no: No) -> web.Response:
        said: dict[str, Any] = {"error": no.code, "error_text": str(no)}
        if self.dialect is Dialect.B and no.code == 1:
            said["error"] = "1"
        if self.dialect is Dialect.C:
            said["status"] = "error"
        return self._say(said)

    def _say(self, said: dict[str, Any]) -> web.Response:
        kind = "text/html" if self.dialect is Dialect.A else "application/json"
        return web.Response(text=json.dumps(said), content_type=kind, charset="utf-8")


def wire(seed: int, speed: float, clock: Clock, dialect: Dialect = Dialect.A) -> SandboxServer:
    """Make the sandbox site of `bursar sandbox`."""
    return served(Site(seed, speed, clock, dialect))


def wire_debiting_when_done(seed: int, speed: float, clock: Clock) -> SandboxServer:
    """Make a sandbox site whose payouts leave the balance when they are done."""
    return served(Site(seed, speed, clock, debits_when_done=True))


def served(site: Site) -> SandboxServer:
    """Put a site behind a server."""
    path = "/affiliate/rest" if site.dialect is Dialect.C else "/api.html"
    app = web.Application()
    app.router.add_route("*", path, site.answer)
    return SandboxServer(app, path, {"key": SANDBOX_KEY, "currency": CURRENCY}, site.effects, name_of=name_of)


async def name_of(request: web.Request) -> str:
    """Name the API method that a request calls, for faults by name."""
    return request.query.get("method", "")


def _visit(visit: Visit) -> dict[str, Any]:
    return {
        "id": str(visit.id),
        **_when(visit.at_s),
        "browser": html.escape(visit.browser),
        "ip": visit.ip,
        "referrer": html.escape("https://blog.example/?post=7&from=feed"),
        "user_hash": visit.user_hash,
        "query_string": html.escape("?rid=77&utm_source=blog"),
    }


def _exchange(row: Exchange, *, with_statuses: bool) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": str(row.id),
        **_when(row.at_s),
        "currency_code_give": row.pair[0],
        "currency_code_get": row.pair[1],
        "course_give": "1",
        "course_get": str(row.course),
        "amount_give": str(row.amount),
        "amount_get": str(row.amount * row.course),
        "exchange_success": str(int(row.success)),
        "accrued": str(int(row.accrued)),
        "partner_reward": str(row.reward),
        "user_hash": row.user_hash,
    }
    if with_statuses:
        said["statuses"] = [{"status": "new", **_when(row.at_s)}]
        if row.success:
            said["statuses"].append({"status": "success", **_when(row.edited_s)})
    return said


def _payout(row: Payout) -> dict[str, Any]:
    return {
        "id": str(row.id),
        **_when(row.at_s),
        "method_id": str(row.method.id),
        "account": html.escape(row.account),
        "pay_amount": str(row.method.nets(row.amount)),
        "pay_currency_code": row.method.currency,
        "original_amount": str(row.amount),
        "original_currency_code": CURRENCY,
        "status": str(row.status),
    }


def _when(at_s: float) -> dict[str, str]:
    return {"time": str(int(at_s)), "date": datetime.fromtimestamp(at_s, timezone.utc).strftime("%d.%m.%Y %H:%M")}


def _within(at_s: float, form: Form) -> bool:
    start, end = form.get("start_time", ""), form.get("end_time", "")
    return (not start.isdigit() or int(at_s) >= int(start)) and (not end.isdigit() or int(at_s) <= int(end))
