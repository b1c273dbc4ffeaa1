"""A panel's world for the sandbox: services, orders, refills, a balance; seeded, and moved by the time that it is told.

Comes in: the panel's time in seconds (real time × speed) and what is asked of it. Goes out: facts, or `Sorry` with the
panel's own sentence. It reads no clock. A partial order and stuck ones are there from the first second at any speed;
at most 13 of the first 36 orders move by themselves, so that no poll sees most of them change at once.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import inf

from bursar_smm.service_types import TYPES, check, ordered_quantity

MINUTE, HOUR = 60.0, 3600.0
CANCEL_AFTER = MINUTE
CENT = Decimal("0.00001")
FATES = (
    ["Completed"] * 13
    + ["Partial"] * 4
    + ["Canceled"] * 2
    + ["stuck pending"] * 2
    + ["stuck"] * 2
    + ["moving"] * 10
    + ["moving to Partial"] * 3
)


class Sorry(Exception):
    """The panel's own no."""


@dataclass(frozen=True, slots=True)
class Service:
    """Something that the panel sells."""

    id: str
    name: str
    type: str
    rate: Decimal
    least: int
    most: int
    refill: bool
    cancel: bool


@dataclass(slots=True)
class Order:
    """One order: it waits until `starts_t`, runs until `ends_t` from `done_before` to `done_after`, ends as `ends_as`.

    Attributes:
        refilling: The run is a refill's: it is in progress from the first second.
        cancel_t: When an accepted cancel takes effect.
    """

    id: str
    service: Service
    link: str
    quantity: int
    start_count: int
    starts_t: float
    ends_t: float
    done_after: int
    ends_as: str = "Completed"
    done_before: int = 0
    refilling: bool = False
    cancel_t: float = inf
    paid_back: Decimal = Decimal(0)

    def done(self, t: float) -> int:
        """Return how many were delivered."""
        t = min(t, self.cancel_t)
        if t >= self.ends_t:
            return self.done_after
        if t <= self.starts_t or self.ends_t == inf:
            return self.done_before
        part = (t - self.starts_t) / (self.ends_t - self.starts_t)
        return self.done_before + int((self.done_after - self.done_before) * part)

    def status(self, t: float) -> str:
        """Return the panel's word."""
        at = min(t, self.cancel_t)
        began = self.refilling or at >= self.starts_t
        word = self.ends_as if at >= self.ends_t else "In progress" if began else "Pending"
        if t < self.cancel_t or word not in ("Pending", "In progress"):
            return word
        return "Partial" if self.done(t) else "Canceled"

    def price(self, quantity: int) -> Decimal:
        return (self.service.rate * quantity / 1000).quantize(CENT)

    def charge(self, t: float) -> Decimal:
        """Return what it costs: less what an end before time gives back."""
        if self.status(t) in ("Partial", "Canceled"):
            return self.price(self.done(t))
        return self.price(self.quantity)


@dataclass(frozen=True, slots=True)
class Refill:
    """One refill of an order."""

    id: str
    order: str
    starts_t: float
    ends_t: float

    def status(self, t: float) -> str:
        """Return the panel's word."""
        if t >= self.ends_t:
            return "Completed"
        return "In progress" if t >= self.starts_t else "Pending"


@dataclass
class World:
    """The panel.

    Attributes:
        effects: Counts every effect that was performed: `refill`, and `refill:ORDER`.
    """

    seed: int
    services: dict[str, Service] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    refills: dict[str, Refill] = field(default_factory=dict)
    effects: Counter[str] = field(default_factory=Counter)
    money: Decimal = Decimal("1000.84292")

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        for number, type_ in enumerate(TYPES, 1):
            self.services[str(number)] = self._service(number, type_)
        fates = list(FATES)
        self._dice.shuffle(fates)
        for number, fate in enumerate(fates):
            order = self._past(str(23500 + number), fate)
            self.orders[order.id] = order
        self._settle(0.0)
        self.money = Decimal("1000.84292")

    def balance(self, t: float) -> Decimal:
        """Return what is left."""
        self._settle(t)
        return self.money

    def order(self, id_: str) -> Order:
        """Find an order."""
        if id_ not in self.orders:
            raise Sorry("Incorrect order ID")
        return self.orders[id_]

    def add(self, params: Mapping[str, str], t: float) -> str:
        """Create an order and charge the balance."""
        service = self.services.get(params.get("service", ""))
        if service is None:
            raise Sorry("Incorrect service ID")
        try:
            check(dict(params), service.type)
        except ValueError as error:
            raise Sorry(str(error)) from None
        quantity = int(ordered_quantity(dict(params)) or service.least)
        if "quantity" in params and not service.least <= quantity <= service.most:
            raise Sorry(f"Quantity must be between {service.least} and {service.most}")
        id_ = str(23500 + len(self.orders))
        link = params.get("link") or params["username"]
        starts_t = t + self._dice.uniform(2, 30) * MINUTE
        ends_t = starts_t + self._dice.uniform(1, 12) * HOUR
        order = Order(id_, service, link, quantity, self._dice.randint(0, 9000), starts_t, ends_t, quantity)
        if order.price(quantity) > self.balance(t):
            raise Sorry("Not enough funds on balance")
        self.money -= order.price(quantity)
        self.orders[id_] = order
        self._count("add", id_)
        return id_

    def refill(self, id_: str, t: float) -> str:
        """Begin a refill: the order is in progress again, and then completed."""
        order = self.order(id_)
        if order.refilling and order.status(t) == "In progress":
            raise Sorry("Refill already requested")
        if order.status(t) not in ("Partial", "Completed"):
            raise Sorry("Order must be completed")
        if not order.service.refill:
            raise Sorry("Refill is not available for this service")
        self._settle(t)
        done = order.done(t)
        self.money -= order.paid_back
        order.paid_back, order.cancel_t, order.refilling = Decimal(0), inf, True
        order.done_before, order.done_after, order.ends_as = done, order.quantity, "Completed"
        order.starts_t, order.ends_t = t, t + self._dice.uniform(1, 6) * HOUR
        refill = Refill(str(len(self.refills) + 1), id_, t + (order.ends_t - t) / 5, order.ends_t)
        self.refills[refill.id] = refill
        self._count("refill", id_)
        return refill.id

    def cancel(self, id_: str, t: float) -> int:
        """Accept a cancel: a minute later the order ends as partial, or, if nothing was done, as canceled."""
        order = self.order(id_)
        if order.cancel_t < inf and order.status(t) in ("Pending", "In progress"):
            raise Sorry("Cancel already requested")
        if order.status(t) not in ("Pending", "In progress"):
            raise Sorry(f"Order already {order.status(t).lower()}")
        if not order.service.cancel:
            raise Sorry("Cancel is not available for this service")
        order.cancel_t = t + CANCEL_AFTER
        self._count("cancel", id_)
        return 1

    def refill_status(self, id_: str, t: float) -> str:
        """Return how a refill stands."""
        if id_ not in self.refills:
            raise Sorry("Refill not found")
        return self.refills[id_].status(t)

    def _settle(self, t: float) -> None:
        """Refund, once, what orders that ended before time did not deliver."""
        for order in self.orders.values():
            owed = order.price(order.quantity) - order.charge(t)
            self.money += owed - order.paid_back
            order.paid_back = owed

    def _count(self, effect: str, id_: str) -> None:
        self.effects[effect] += 1
        self.effects[f"{effect}:{id_}"] += 1

    def _service(self, number: int, type_: str) -> Service:
        name = type_.replace("_", " ").title()
        rate = Decimal(self._dice.randint(20, 900)) / 100
        return Service(str(number), f"{name} {number}", name, rate, 10, 10000, number % 4 != 3, number % 5 != 4)

    def _past(self, id_: str, fate: str) -> Order:
        """Make an order that was there before the sandbox began."""
        dice = self._dice
        service = dice.choice([one for one in self.services.values() if one.refill and one.cancel])
        quantity = dice.randint(2, 60) * 50
        link, start_count = f"https://social.example/p/{id_}", dice.randint(0, 9000)
        order = Order(id_, service, link, quantity, start_count, -9 * HOUR, -HOUR, quantity)
        if fate in ("Partial", "Canceled"):
            order.ends_as, order.done_after = fate, quantity * 3 // 5 if fate == "Partial" else 0
        elif fate == "stuck pending":
            order.starts_t = order.ends_t = inf
        elif fate == "stuck":
            order.ends_t, order.done_before = inf, quantity // 4
        elif fate.startswith("moving"):
            order.starts_t = dice.uniform(-1, 3) * HOUR
            order.ends_t = max(order.starts_t, 0) + dice.uniform(0.2, 24) * HOUR
        if fate == "moving to Partial":
            order.ends_as, order.done_after = "Partial", quantity * 4 // 5
        return order
