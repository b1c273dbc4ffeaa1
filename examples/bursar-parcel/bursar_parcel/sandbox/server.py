"""Parcelbox's sandbox for `bursar sandbox`: its wire format over a seeded world that moves by the clock it is given.

Parcels are announced, stored (which costs a fee), collected or returned; new ones come. The world stands still while
the clock does, and is the same for the same seed. Effects are counted when they are performed, whatever becomes of
the reply.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import inf

from aiohttp import web

from bursar.api import Clock, Json, SandboxServer, number

PATH = "/v1"
KEY = "sandbox-parcelbox-key"
FEE = Decimal("1.20")
OPENING = Decimal("15.60")
COLLECT_WITHIN = timedelta(days=3)
LONG_AGO = -3600.0
MAX_PARCELS = 200
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class Sorry(Exception):
    """Parcelbox's own no: its code, and its words."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(slots=True)
class Parcel:
    """One parcel; instants are seconds of the world, and those before 0 were there from the beginning."""

    id: str
    locker: str
    size: str
    pickup_code: str
    announced_t: float
    stored_t: float
    ends_t: float
    ends_as: str
    reminded: bool = False

    def status(self, t: float) -> str:
        """Return the API's word for the state at an instant."""
        if t >= self.ends_t:
            return self.ends_as
        return "stored" if t >= self.stored_t else "announced"


class World:
    """Everything at Parcelbox. It knows no clock: it is told how far it has come."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._next_t = 5.0
        self._made = 0
        self.parcels: dict[str, Parcel] = {}
        self.top_ups: dict[str, tuple[Decimal, float]] = {"T-1": (OPENING, LONG_AGO)}
        self.spent = Decimal(0)
        self.effects: Counter[str] = Counter(remind=0, top_up=0)
        for _ in range(3):
            self._make(LONG_AGO, LONG_AGO, inf)
        for _ in range(5):
            self._make(LONG_AGO, self._dice.uniform(5, 60), self._dice.uniform(90, 900))

    def advance(self, t: float) -> None:
        """Let new parcels come that are due."""
        while self._next_t <= t:
            stored_t = self._next_t + self._dice.uniform(10, 60)
            self._make(self._next_t, stored_t, stored_t + self._dice.uniform(60, 900))
            self._next_t += self._dice.uniform(10, 40)
        while len(self.parcels) > MAX_PARCELS:
            gone = self.parcels.pop(next(iter(self.parcels)))
            self.spent += FEE if gone.stored_t <= t else 0

    def balance(self, t: float) -> Decimal:
        """Return what is left: all that was paid in, less a fee for every parcel that was stored."""
        fees = FEE * sum(1 for parcel in self.parcels.values() if parcel.stored_t <= t)
        return sum((amount for amount, _ in self.top_ups.values()), -fees - self.spent)

    def remind(self, id_: str, t: float) -> dict[str, Json]:
        """Send a reminder, once."""
        parcel = self.parcels.get(id_)
        if parcel is None:
            raise Sorry("no_such_parcel", f"there is no parcel {id_}")
        if parcel.status(t) != "stored":
            raise Sorry("wrong_state", "only a stored parcel can be reminded of")
        if parcel.reminded:
            raise Sorry("already_reminded", "the recipient has been reminded")
        parcel.reminded = True
        self.effects["remind"] += 1
        return {}

    def top_up(self, amount: Decimal | None, t: float) -> dict[str, Json]:
        """Charge the card."""
        if amount is None or not 5 <= amount <= 500:
            raise Sorry("bad_amount", "the amount must be between 5 and 500")
        id_ = f"T-{len(self.top_ups) + 1}"
        self.top_ups[id_] = (amount, t)
        self.effects["top_up"] += 1
        return {"top_up": id_}

    def _make(self, announced_t: float, stored_t: float, ends_t: float) -> None:
        self._made += 1
        id_ = f"P-{1000 + self._made}"
        code = "-".join("".join(self._dice.choices(LETTERS, k=4)) for _ in range(3))
        locker, size = f"LJ-{self._dice.randint(1, 40):02d}", self._dice.choice("SML")
        ends_as = self._dice.choices(("collected", "returned"), (9, 1))[0]
        self.parcels[id_] = Parcel(id_, locker, size, code, announced_t, stored_t, ends_t, ends_as)


class Office:
    """The server over one world."""

    def __init__(self, world: World, speed: float, clock: Clock) -> None:
        self._world = world
        self._speed = speed
        self._clock = clock
        self._born_at = clock.now()
        self._born_s = clock.monotonic()
        self._methods: Mapping[str, Callable[[Mapping[str, Json], float], dict[str, Json]]] = {
            "parcels": lambda _asked, t: {"parcels": [self._shown(parcel, t) for parcel in world.parcels.values()]},
            "wallet": lambda _asked, t: {"balance": str(world.balance(t)), "currency": "EUR"},
            "top_ups": lambda _asked, _t: {"top_ups": self._top_ups()},
            "remind": lambda asked, t: world.remind(str(asked.get("parcel")), t),
            "top_up": lambda asked, t: world.top_up(number(asked.get("amount")), t),
        }

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request, always with status 200."""
        try:
            return web.json_response({"ok": True, **await self._said(request)})
        except Sorry as sorry:
            return web.json_response({"ok": False, "code": sorry.code, "message": str(sorry)})

    async def _said(self, request: web.Request) -> dict[str, Json]:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            raise Sorry("bad_key", "this key opens nothing")
        method = self._methods.get(await name_of(request))
        if method is None:
            raise Sorry("no_such_method", "see the documentation")
        asked: Json = await request.json()
        t = (self._clock.monotonic() - self._born_s) * self._speed
        self._world.advance(t)
        return method(asked if isinstance(asked, dict) else {}, t)

    def _shown(self, parcel: Parcel, t: float) -> dict[str, Json]:
        stored = t >= parcel.stored_t
        return {
            "id": parcel.id,
            "status": parcel.status(t),
            "locker": parcel.locker,
            "size": parcel.size,
            "fee": str(FEE) if stored else None,
            "pickup_code": parcel.pickup_code,
            "reminded": parcel.reminded,
            "announced_at": self._at(parcel.announced_t).isoformat(),
            "collect_by": (self._at(parcel.stored_t) + COLLECT_WITHIN).isoformat() if stored else None,
        }

    def _top_ups(self) -> list[Json]:
        return [
            {"id": id_, "amount": str(amount), "at": self._at(t).isoformat()}
            for id_, (amount, t) in self._world.top_ups.items()
        ]

    def _at(self, t: float) -> datetime:
        return self._born_at + timedelta(seconds=t / self._speed)


async def name_of(request: web.Request) -> str:
    """Name the API method that a request calls, so that `bursar sandbox --fault parcelbox:top_up:…` finds it."""
    return request.path.rpartition("/")[2]


def wire(seed: int, speed: float, clock: Clock) -> SandboxServer:
    """Make the sandbox server."""
    world = World(seed)
    app = web.Application()
    app.router.add_post(PATH + "/{method}", Office(world, speed, clock).answer)
    return SandboxServer(app, PATH, {"key": KEY}, lambda: dict(world.effects), name_of=name_of)
