"""The wire server of the sandbox: a panel's API v2 over the seeded world, in the formats of the contract.

Comes in: form-encoded POSTs (JSON, a GET, a bearer token too) with `key` and `action`. Goes out: what a panel answers,
letter for letter in the shapes of its documents. Only the right key is let in. Faults are put in front by others; they
learn a request's method from `name_of`.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from bursar.api import Clock, SandboxServer
from bursar_smm.methods import MAX_IDS
from bursar_smm.sandbox.world import Sorry, World

PATH = "/api/v2"
KEY = "sandbox-panel-key"
CURRENCY = "USD"
_Asked = TypeVar("_Asked")


def wire(seed: int, speed: float, clock: Clock) -> SandboxServer:
    """Make a sandbox panel.

    Args:
        seed: Of its world.
        speed: How many of its seconds pass in a real one.
        clock: Moves it.
    """
    world = World(seed)
    first = tuple(world.orders)
    panel = Panel(world, clock, speed)
    app = web.Application()
    app.router.add_route("*", PATH, panel.answer)
    return SandboxServer(app, PATH, {"key": KEY}, lambda: dict(world.effects), lambda: first, name_of)


async def name_of(request: web.Request) -> str:
    """Return the API method that a request asks for; "" where it names none."""
    return (await asked(request)).get("action", "")


async def asked(request: web.Request) -> dict[str, str]:
    """Read a request's parameters, wherever they are."""
    if request.content_type == "application/json":
        try:
            body = msgspec.json.decode(await request.read())
        except msgspec.DecodeError:
            body = {}
        found: Mapping[str, Any] = body if isinstance(body, dict) else {}
    else:
        found = await request.post()
    token = request.headers.get("Authorization", "").partition("Bearer ")[2]
    bearer = {"key": token} if token else {}
    return {**request.query, **{name: str(value) for name, value in found.items()}, **bearer}


class Panel:
    """Answers requests from a world."""

    def __init__(self, world: World, clock: Clock, speed: float) -> None:
        self._world = world
        self._clock = clock
        self._speed = speed
        self._began = clock.monotonic()
        self._actions: dict[str, Callable[[Mapping[str, str]], Any]] = {
            "services": self._services,
            "add": self._add,
            "status": self._status,
            "refill": self._refill,
            "refill_status": self._refill_status,
            "cancel": self._cancel,
            "balance": self._balance,
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        params = await asked(request)
        return web.json_response(body=msgspec.json.encode(self._said(params)))

    def _said(self, params: Mapping[str, str]) -> Any:
        if not hmac.compare_digest(params.get("key", "").encode(), KEY.encode()):
            return {"error": "Invalid API key"}
        act = self._actions.get(params.get("action", ""))
        return {"error": "Incorrect request"} if act is None else _or_sorry(act, params)

    def _now(self) -> float:
        return (self._clock.monotonic() - self._began) * self._speed

    def _services(self, _params: Mapping[str, str]) -> Any:
        return [
            {
                "service": int(one.id),
                "name": one.name,
                "type": one.type,
                "category": "Sandbox",
                "rate": str(one.rate),
                "min": str(one.least),
                "max": str(one.most),
                "refill": one.refill,
                "cancel": one.cancel,
            }
            for one in self._world.services.values()
        ]

    def _add(self, params: Mapping[str, str]) -> Any:
        wanted = {name: value for name, value in params.items() if name not in ("key", "action")}
        return {"order": int(self._world.add(wanted, self._now()))}

    def _status(self, params: Mapping[str, str]) -> Any:
        if "orders" in params:
            return {id_: _or_sorry(self._status_of, id_) for id_ in _ids(params["orders"])}
        return self._status_of(params.get("order", ""))

    def _status_of(self, id_: str) -> Any:
        t, order = self._now(), self._world.order(id_)
        return {
            "charge": str(order.charge(t)),
            "start_count": str(order.start_count),
            "status": order.status(t),
            "remains": str(order.quantity - order.done(t)),
            "currency": CURRENCY,
        }

    def _refill(self, params: Mapping[str, str]) -> Any:
        if "orders" in params:
            return _rows("order", "refill", params["orders"], lambda id_: int(self._world.refill(id_, self._now())))
        return {"refill": self._world.refill(params.get("order", ""), self._now())}

    def _refill_status(self, params: Mapping[str, str]) -> Any:
        if "refills" in params:
            return _rows("refill", "status", params["refills"], self._refill_status_of)
        return {"status": self._refill_status_of(params.get("refill", ""))}

    def _refill_status_of(self, id_: str) -> str:
        return self._world.refill_status(id_, self._now())

    def _cancel(self, params: Mapping[str, str]) -> Any:
        return _rows("order", "cancel", params.get("orders", ""), lambda id_: self._world.cancel(id_, self._now()))

    def _balance(self, _params: Mapping[str, str]) -> Any:
        return {"balance": str(self._world.balance(self._now())), "currency": CURRENCY}


def _rows(name: str, result: str, ids: str, act: Callable[[str], Any]) -> list[dict[str, Any]]:
    return [{name: int(id_) if id_.isdigit() else id_, result: _or_sorry(act, id_)} for id_ in _ids(ids)]


def _ids(text: str) -> list[str]:
    """Return the ids asked for; panels silently leave out what is over the hundred."""
    return [id_.strip() for id_ in text.split(",") if id_.strip()][:MAX_IDS]


def _or_sorry(act: Callable[[_Asked], Any], asked_for: _Asked) -> Any:
    try:
        return act(asked_for)
    except Sorry as sorry:
        return {"error": str(sorry)}
