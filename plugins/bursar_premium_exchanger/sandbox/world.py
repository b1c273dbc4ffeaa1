"""The seeded world behind the sandbox site: visits come, exchanges earn rewards, payouts are paid or canceled.

Comes in: a seed and the world's seconds. Goes out: the state at that instant. It moves only when it is asked, by the
steps that have fallen due since, in their order, so that the same seed and the same calls give the same world however
often anybody looks. No I/O and no clock of its own.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

CENT = Decimal("0.01")
DAY_S = 86400
KEPT_DAYS = 60
KEPT_ROWS = 400
MIN_PAYOUT = Decimal("50.00")
FIRST_BALANCE = Decimal("36.40")
DONE, CANCELED, CANCELED_BY_USER = 1, 2, 3
BROWSERS = ('Mozilla/5.0 (X11; Linux) "Gecko"', "Mozilla/5.0 (Windows NT 10.0) <Chrome>", "Safari & friends")
PAIRS = (("BTC", "USDTTRC20"), ("USDTTRC20", "SBERRUB"), ("ETH", "BTC"), ("ADVCUSD", "USDTTRC20"))


@dataclass(frozen=True, slots=True)
class PayMethod:
    """A way to be paid; the commission is in percent."""

    id: int
    title: str
    commission: Decimal
    currency: str

    def nets(self, amount: Decimal) -> Decimal:
        """Return what is left of an amount."""
        return (amount * (100 - self.commission) / 100).quantize(CENT)


METHODS = (
    PayMethod(3, 'Perfect Money "USD"', Decimal("0.5"), "PMUSD"),
    PayMethod(7, "USDT <TRC20>", Decimal(1), "USDTTRC20"),
    PayMethod(9, "Bitcoin & co", Decimal("2.5"), "BTC"),
)


@dataclass(slots=True)
class Visit:
    """A visit by a partner link."""

    id: int
    at_s: float
    ip: str
    browser: str
    user_hash: str


@dataclass(slots=True)
class Exchange:
    """An exchange of a visitor; `edited_s` is when it last changed."""

    id: int
    at_s: float
    edited_s: float
    pair: tuple[str, str]
    amount: Decimal
    course: Decimal
    reward: Decimal
    user_hash: str
    success: bool = False
    accrued: bool = False


AnyRow = TypeVar("AnyRow", Visit, Exchange)


@dataclass(slots=True)
class Payout:
    """A payout that was asked for."""

    id: int
    at_s: float
    method: PayMethod
    account: str
    amount: Decimal
    status: int = 0


@dataclass(slots=True)
class World:
    """Everything at one site.

    Attributes:
        pace_s: The mean time between visits; everything else follows it.
        debits_when_done: A payout leaves the balance when it is done, not when it is asked for.
        now_s: How far it has come.
    """

    seed: int
    now_s: float
    pace_s: float
    balance: Decimal = FIRST_BALANCE
    debits_when_done: bool = False
    visits: dict[int, Visit] = field(default_factory=dict)
    exchanges: dict[int, Exchange] = field(default_factory=dict)
    payouts: dict[int, Payout] = field(default_factory=dict)
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _count: int = 1000
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._past()
        self._soon(0.5, self._visit)

    def advance(self, to_s: float) -> None:
        """Let everything happen that falls due up to then."""
        while self._due and self._due[0][0] <= to_s:
            self.now_s, _, step = heapq.heappop(self._due)
            step()
        self.now_s = max(self.now_s, to_s)
        self._forget()

    def pay_out(self, method: PayMethod, account: str) -> Payout:
        """Take the whole balance, at once or when it is done; a person decides later."""
        made = Payout(self._next(), self.now_s, method, account, self.balance)
        self.payouts[made.id] = made
        if not self.debits_when_done:
            self.balance = Decimal("0.00")
        status = self._random.choices((DONE, CANCELED, CANCELED_BY_USER), (75, 20, 5))[0]
        self._soon(12 if self.debits_when_done else 6, lambda: self._decide(made, status))
        return made

    def _visit(self) -> None:
        visit = self._visitor(self.now_s)
        if self._random.random() < 0.7:
            exchange = self._exchange(visit)
            if self._random.random() < 0.9:
                self._soon(1, lambda: self._succeed(exchange))
        self._soon(1, self._visit)

    def _succeed(self, exchange: Exchange) -> None:
        exchange.success, exchange.edited_s = True, self.now_s
        self._soon(0.5, lambda: self._accrue(exchange))

    def _accrue(self, exchange: Exchange) -> None:
        exchange.accrued, exchange.edited_s = True, self.now_s
        self.balance += exchange.reward

    def _decide(self, payout: Payout, status: int) -> None:
        payout.status = status
        if self.debits_when_done and status == DONE:
            self.balance -= payout.amount
        elif not self.debits_when_done and status != DONE:
            self.balance += payout.amount

    def _visitor(self, at_s: float) -> Visit:
        id_ = self._next()
        ip, user_hash = f"198.51.100.{self._random.randint(1, 254)}", f"{self._random.getrandbits(128):032x}"
        visit = Visit(id_, at_s, ip, self._random.choice(BROWSERS), user_hash)
        self.visits[id_] = visit
        return visit

    def _exchange(self, visit: Visit) -> Exchange:
        amount = Decimal(self._random.randint(300, 900))
        course = Decimal(self._random.randint(9_000, 11_000)) / 10_000
        reward = (amount / 100).quantize(CENT)
        made = Exchange(
            self._next(), visit.at_s, visit.at_s, self._random.choice(PAIRS), amount, course, reward, visit.user_hash
        )
        self.exchanges[made.id] = made
        return made

    def _past(self) -> None:
        """Lay a month of history, older first."""
        start_s = self.now_s - 30 * DAY_S
        for day in range(0, 30, 2):
            exchange = self._exchange(self._visitor(start_s + day * DAY_S + self._random.randint(0, DAY_S)))
            exchange.success = exchange.accrued = True
        for day, status in ((5, DONE), (12, CANCELED), (14, DONE)):
            at_s = start_s + day * DAY_S
            old = Payout(self._next(), at_s, METHODS[1], "TQ9yExampleExampleExampleExample7x", MIN_PAYOUT, status)
            self.payouts[old.id] = old

    def _forget(self) -> None:
        """Delete old visits and exchanges, as sites do."""
        kept_from = self.now_s - KEPT_DAYS * DAY_S
        _drop_old(self.visits, kept_from)
        _drop_old(self.exchanges, kept_from)

    def _soon(self, paces: float, step: Callable[[], None]) -> None:
        at_s = self.now_s + paces * self.pace_s * self._random.uniform(0.6, 1.4)
        heapq.heappush(self._due, (at_s, self._next(), step))

    def _next(self) -> int:
        self._count += 1
        return self._count


def _drop_old(rows: dict[int, AnyRow], kept_from_s: float) -> None:
    while rows and (len(rows) > KEPT_ROWS or next(iter(rows.values())).at_s < kept_from_s):
        del rows[next(iter(rows))]
