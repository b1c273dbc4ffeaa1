"""The provider `toy` that these tests watch: a site in memory that can be told to do what bad sites do.

It has what the real three have: tracked orders, a listing of coupons, a balance with a minimum payout, payouts in a
window; `refill` and `cancel` can be repeated, `payout` reconciled, `add` neither. What is not scripted goes well.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from bursar.api import (
    AccountSettings,
    ActionType,
    AdapterContext,
    CannotTell,
    CostFacts,
    Coverage,
    EventType,
    Field,
    FieldKind,
    Fields,
    Intent,
    Json,
    LostReply,
    Method,
    Observation,
    Observed,
    Param,
    PollRequest,
    Provider,
    SinkType,
    Stream,
    SubjectRef,
    SubjectType,
    Succeeded,
    Wanted,
    number,
)
from bursar.api.exchange import current
from bursar.host.registry import Registry
from bursar.testing import FakeSink


def _due(balance: Fields) -> bool:
    amount, least = balance.get("amount"), balance.get("min_payout")
    return isinstance(amount, Decimal) and isinstance(least, Decimal) and amount >= least


def _passed(before: Fields | None, after: Fields) -> bool:
    return _due(after) and (before is None or not _due(before))


def _still(balance: Fields) -> bool | None:
    known = isinstance(balance.get("amount"), Decimal) and isinstance(balance.get("min_payout"), Decimal)
    return _due(balance) if known else None


def _whole(facts: CostFacts) -> Decimal | None:
    if isinstance(facts.evidence, dict) and "balance" in facts.evidence:
        return number(facts.evidence["balance"])
    subject = facts.subject
    amount = subject.fields.get("amount") if subject is not None and subject.ref.type == "balance" else None
    return amount if isinstance(amount, Decimal) else None


def _read_just_now(evidence: Json) -> Fields:
    return {"amount": number(evidence.get("balance"))} if isinstance(evidence, dict) else {}


TEXT, NUMBER, BOOLEAN = FieldKind.TEXT, FieldKind.NUMBER, FieldKind.BOOLEAN
ORDER = SubjectType(
    "order",
    "orders",
    {
        "remains": Field(NUMBER),
        "service": Field(TEXT, identity=True),
        "link": Field(TEXT),
        "refill_requested": Field(BOOLEAN, own=True, default=False),
    },
    states=("pending", "in_progress", "partial", "completed", "canceled", "unknown"),
    terminal=frozenset({"partial", "completed", "canceled"}),
    unknown="unknown",
    first_sight_is_news=True,
    trackable=True,
)
COUPON = SubjectType("coupon", "coupons", {"amount": Field(NUMBER)}, states=("new", "activated"))
BALANCE = SubjectType(
    "balance",
    "info",
    {"amount": Field(NUMBER), "min_payout": Field(NUMBER), "currency": Field(TEXT, identity=True)},
    events=(
        EventType(
            "balance.passed_min_payout",
            "",
            _passed,
            at_first_sight=True,
            rearmed_by=("payout.done", "payout.canceled"),
            still=_still,
        ),
    ),
    first_sight_is_entry=True,
)
PAYOUT = SubjectType(
    "payout",
    "payouts",
    {"amount": Field(NUMBER), "method": Field(TEXT, identity=True)},
    states=("waiting", "done", "canceled"),
    terminal=frozenset({"done", "canceled"}),
)
STREAMS = (
    Stream("orders", timedelta(seconds=60), Coverage.TRACKED),
    Stream("coupons", timedelta(seconds=60), Coverage.LISTING),
    Stream("info", timedelta(minutes=5), Coverage.LISTING),
    Stream("payouts", timedelta(minutes=5), Coverage.WINDOW),
)
ACTIONS = (
    ActionType("refill", "order", LostReply.REPEATABLE, confirmed_by=("order.in_progress", "order.completed")),
    ActionType("cancel", "order", LostReply.REPEATABLE, {"why": Param()}),
    ActionType("add", "order", LostReply.NEITHER, {"link": Param(required=True)}, creates=True, money=True),
    ActionType(
        "payout",
        "balance",
        LostReply.RECONCILABLE,
        {"method": Param(required=True), "account": Param(secret=True)},
        subject_id="balance",
        money=True,
        cost=_whole,
        takes_balance=True,
        settled_by=("payout", "amount"),
        undone_by=("payout.canceled",),
        evidence_shows=_read_just_now,
        evidence_lists=lambda evidence: (
            {id_: id_ in evidence.get("waiting", []) for id_ in evidence.get("known", [])}
            if isinstance(evidence, dict)
            else {}
        ),
    ),
)
METHODS = (
    Method(
        "refill",
        {"order": Param(required=True)},
        intents=lambda given: [Wanted("refill", {}, SubjectRef("order", str(given["order"])))],
    ),
    Method("add", {"link": Param(required=True)}, intents=lambda given: [Wanted("add", dict(given))]),
    Method(
        "payout",
        {"method": Param(), "account": Param()},
        intents=lambda given: [Wanted("payout", dict(given), SubjectRef("balance", "balance"))],
    ),
)
Scripted = Any
"""An answer, an exception to raise, or an async function of the arguments that gives either."""


@dataclass
class Site:
    """One site, shared by every adapter that is opened on it: its world, its moods, and what it was asked.

    Attributes:
        orders: What it says of each order: a state, or (state, fields), or None (it leaves it out), or a complaint.
        coupons: The state of each.
        balance: The fields of the balance; None: it is left out.
        payouts: The state of each.
        down: By stream, what its polls raise, for as long as it stays.
        next: By stream or action (or `prepare`, `reconcile`), what comes next.
        dates: What its answers say in their `Date`.
        looks: Every look.
        performed: Every attempt at an action.
        prepared, reconciled: Every look for evidence.
    """

    orders: dict[str, Any] = field(default_factory=dict)
    coupons: dict[str, str] = field(default_factory=dict)
    balance: dict[str, Any] | None = None
    payouts: dict[str, str] = field(default_factory=dict)
    down: dict[str, Exception] = field(default_factory=dict)
    next: defaultdict[str, deque[Scripted]] = field(default_factory=lambda: defaultdict(deque))
    dates: Callable[[], datetime] | None = None
    looks: list[PollRequest] = field(default_factory=list)
    performed: list[Intent] = field(default_factory=list)
    prepared: list[Intent] = field(default_factory=list)
    reconciled: list[Intent] = field(default_factory=list)

    def will(self, what: str, *answers: Scripted) -> None:
        """Script what comes next of a stream, an action, `prepare` or `reconcile`."""
        self.next[what].extend(answers)

    def done(self, action: str) -> list[str]:
        """Return the subjects that an action was attempted on, in order."""
        return [intent.subject.id for intent in self.performed if intent.action == action]

    def looked(self, stream: str) -> int:
        """Return how often a stream was polled."""
        return sum(1 for look in self.looks if look.stream == stream)

    def money(self, amount: str, least: str = "50", currency: str = "USD") -> None:
        """Set the balance."""
        self.balance = {"amount": Decimal(amount), "min_payout": Decimal(least), "currency": currency}


class ToyAdapter:
    """The adapter of one account on a site."""

    def __init__(self, site: Site, context: AdapterContext) -> None:
        self._site = site
        self._context = context

    async def observe(self, look: PollRequest) -> Any:
        self._site.looks.append(look)
        exchange = current()
        if self._site.dates is not None and exchange is not None:
            exchange.date_header, exchange.date_s = (
                format_datetime(self._site.dates(), usegmt=True),
                self._context.clock.monotonic(),
            )
        if (mood := self._site.down.get(look.stream)) is not None:
            raise mood
        if self._site.next[look.stream]:
            return await _given(self._site.next[look.stream].popleft(), look)
        return getattr(self, f"_{look.stream}")(look)

    def _orders(self, look: PollRequest) -> Observation:
        unchanged, subjects, problems = [], [], {}
        for id_ in look.ids:
            said = self._site.orders.get(id_)
            if said is not None and look.is_unchanged(id_, repr(said).encode()):
                unchanged.append(id_)
            elif isinstance(said, str) and " " in said:
                problems[id_] = said
            elif said is not None:
                state, fields = said if isinstance(said, tuple) else (said, {})
                subjects.append(Observed(SubjectRef("order", id_), fields, state))
        return Observation("orders", tuple(subjects), unchanged, problems)

    def _coupons(self, look: PollRequest) -> Observation:
        return self._listed(look, [Observed(SubjectRef("coupon", i), {}, s) for i, s in self._site.coupons.items()])

    def _info(self, look: PollRequest) -> Observation:
        said = self._site.balance
        return self._listed(look, [] if said is None else [Observed(SubjectRef("balance", "balance"), dict(said))])

    def _payouts(self, look: PollRequest) -> Observation:
        return self._listed(look, [Observed(SubjectRef("payout", i), {}, s) for i, s in self._site.payouts.items()])

    @staticmethod
    def _listed(look: PollRequest, seen: list[Observed]) -> Observation:
        if look.is_unchanged("", repr(seen).encode()):
            return Observation(look.stream, nothing_new=True)
        return Observation(look.stream, tuple(seen))

    async def prepare(self, intent: Intent) -> Any:
        self._site.prepared.append(intent)
        if self._site.next["prepare"]:
            return await _given(self._site.next["prepare"].popleft(), intent)
        balance = self._site.balance
        waiting = [id_ for id_, state in self._site.payouts.items() if state == "waiting"]
        left = {} if balance is None else {"balance": str(balance["amount"])}
        return {"known": [*self._site.payouts], "waiting": waiting, **left}

    async def perform(self, intent: Intent) -> Any:
        self._site.performed.append(intent)
        script = self._site.next[intent.action]
        if script:
            return await _given(script.popleft(), intent)
        return Succeeded(
            tracked=(Observed(SubjectRef("order", f"new{intent.id}"), {}),) if intent.action == "add" else ()
        )

    async def reconcile(self, intent: Intent, evidence: Any) -> Any:
        self._site.reconciled.append(intent)
        script = self._site.next["reconcile"]
        return await _given(script.popleft(), intent) if script else CannotTell("nothing to tell by")

    async def call(self, method: str, params: Mapping[str, str]) -> Any:
        return None

    async def close(self) -> None:
        pass


async def _given(script: Scripted, about: Any) -> Any:
    if isinstance(script, BaseException):
        raise script
    return await script(about) if callable(script) else script


async def hang(_about: Any) -> Any:
    """Never answer: script this to be killed in the middle of a request."""
    await asyncio.Event().wait()


@dataclass
class Sites:
    """Every site by its address, and every sink by its name."""

    sites: dict[str, Site] = field(default_factory=lambda: defaultdict(Site))
    boxes: dict[str, FakeSink] = field(default_factory=lambda: defaultdict(FakeSink))
    open: Callable[[AccountSettings, AdapterContext], Any] | None = None

    def registry(self, **changes: Any) -> Registry:
        """Return the registry that a configuration of these tests is read with."""
        toy = Provider(
            "toy",
            STREAMS,
            (ORDER, COUPON, BALANCE, PAYOUT),
            open=self._open,
            actions=ACTIONS,
            methods=METHODS,
            default_rate=(1000, timedelta(seconds=1)),
        )
        box = SinkType("box", open=lambda settings, context: self.boxes[settings.name])
        return Registry(providers={"toy": toy, **changes}, sinks={"box": box})

    def _open(self, settings: AccountSettings, context: AdapterContext) -> Any:
        return (self.open or (lambda one, context: ToyAdapter(self.sites[one.url], context)))(settings, context)


Answering = Callable[[Any], Awaitable[Any]]
