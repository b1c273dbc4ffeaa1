"""The sandbox of anti-captcha: the wire format of getResellerData over coupons that get sold.

Comes in: a seed, a speed, the clock. Goes out: a server whose world moves from its first answer on, and is the same
for the same seed: a coupon is activated after a few seconds and then again and again, new ones appear, the balance
moves. It performs no effects, since the API has none.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec
from aiohttp import web

from bursar.api import Clock, Json, SandboxServer, number

METHOD = "getResellerData"
SHOP = "http://my-shop.example/anticaptcha_coupons/"
AMOUNTS = (5, 10, 20, 50)
FIRST_COUPONS = 12
FIRST_ID = 32
OPENING_BALANCE = Decimal("1234.56")
TOP_UP, TOP_UP_BELOW = 1000, 100
FIRST_ACTIVATION_S = 4.0
ACTIVATION_S = (6.0, 18.0)
COUPON_S = (5.0, 15.0)
DAY_S = 86400.0
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(slots=True)
class Coupon:
    """One coupon; `made_at_s` counts from the world's first moment, and is below 0 for what was there before."""

    id: int
    amount: int
    code: str
    made_at_s: float
    status: str = "new"


class World:
    """What there is to sell; moved on by `advance`, drawn from the seed alone.

    The shop slows down as it grows, so that a sandbox that runs for weeks stays small.
    """

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.key = f"{self._dice.getrandbits(128):032x}"
        self.balance = OPENING_BALANCE
        self.coupons: list[Coupon] = []
        for days in range(FIRST_COUPONS, 0, -1):
            self._make(-DAY_S * days)
        self._next_activation_s = FIRST_ACTIVATION_S
        self._next_coupon_s = self._dice.uniform(*COUPON_S)

    def advance(self, now_s: float) -> None:
        """Let everything happen that is due, in order."""
        while min(self._next_activation_s, self._next_coupon_s) <= now_s:
            slower = len(self.coupons) / FIRST_COUPONS
            if self._next_activation_s <= self._next_coupon_s:
                self._activate()
                self._next_activation_s += self._dice.uniform(*ACTIVATION_S) * slower
            else:
                self.balance -= self._make(self._next_coupon_s).amount
                self.balance += TOP_UP if self.balance < TOP_UP_BELOW else 0
                self._next_coupon_s += self._dice.uniform(*COUPON_S) * slower

    def _activate(self) -> None:
        unsold = [coupon for coupon in self.coupons if coupon.status == "new"]
        if unsold:
            self._dice.choice(unsold).status = "activated"

    def _make(self, at_s: float) -> Coupon:
        code = "-".join("".join(self._dice.choices(LETTERS, k=4)) for _ in range(5))
        coupon = Coupon(FIRST_ID + len(self.coupons), self._dice.choice(AMOUNTS), code, at_s)
        self.coupons.append(coupon)
        return coupon


class Vendor:
    """The server over one world."""

    def __init__(self, world: World, speed: float, clock: Clock) -> None:
        self._world = world
        self._speed = speed
        self._clock = clock
        self._began_s: float | None = None
        self._began_at: datetime = clock.now()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request as the vendor does: status 200, whatever it says."""
        asked = await _decoded(request)
        if await name_of(request) != METHOD or request.method != "POST":
            return _said(_no(4, "ERROR_NO_SUCH_METHOD", "Request made to API with a method that does not exist"))
        if asked.get("clientKey") != self._world.key:
            return _said(_no(1, "ERROR_KEY_DOES_NOT_EXIST", "Account authorization key not found in the system"))
        return _said(self._reseller_data(number(asked.get("minCreateDate"))))

    def _reseller_data(self, since: Decimal | None) -> dict[str, Json]:
        self._move()
        rows: list[Json] = [
            {
                "id": coupon.id,
                "amount": coupon.amount,
                "code": coupon.code,
                "link": f"{SHOP}coupon{coupon.amount}bucks",
                "status": coupon.status,
            }
            for coupon in self._world.coupons
            if since is None or self._began_at.timestamp() + coupon.made_at_s >= since
        ]
        return {"errorId": 0, "eligibleBalance": self._world.balance, "coupons": rows}

    def _move(self) -> None:
        if self._began_s is None:
            self._began_s = self._clock.monotonic()
            self._began_at = self._clock.now()
        self._world.advance((self._clock.monotonic() - self._began_s) * self._speed)


def wire(seed: int, speed: float, clock: Clock) -> SandboxServer:
    """Make the sandbox server."""
    world = World(seed)
    app = web.Application()
    app.router.add_route("*", "/{method:.*}", Vendor(world, speed, clock).answer)
    return SandboxServer(app, f"/{METHOD}", {"key": world.key}, effects=dict, name_of=name_of)


async def name_of(request: web.Request) -> str:
    """Name the API method that a request calls: the last part of its path."""
    return request.path.rstrip("/").rpartition("/")[2]


async def _decoded(request: web.Request) -> dict[str, Json]:
    try:
        asked = msgspec.json.decode(await request.read())
    except msgspec.DecodeError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _no(error: int, code: str, words: str) -> dict[str, Json]:
    return {"errorId": error, "errorCode": code, "errorDescription": words}


def _said(payload: dict[str, Json]) -> web.Response:
    return web.Response(body=_ENCODER.encode(payload), content_type="application/json")
