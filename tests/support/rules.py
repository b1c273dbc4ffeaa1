"""A small world for the tests of rules: providers in the shape of the design's table, accounts, and scopes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from bursar.api import (
    ActionType,
    Coverage,
    EventType,
    Field,
    FieldKind,
    LostReply,
    Param,
    Provider,
    Secret,
    Stream,
    SubjectRef,
    SubjectType,
)
from bursar.diagnostics.problem import Place
from bursar.domain.event import Event
from bursar.domain.ids import AccountName
from bursar.domain.observation import Snapshot
from bursar.domain.rule import AccountFacts, Scope
from bursar.rules.names import names_for
from bursar.rules.read import compile_rules

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=timezone.utc)
TEXT, NUMBER, BOOLEAN = Field(FieldKind.TEXT), Field(FieldKind.NUMBER), Field(FieldKind.BOOLEAN)
INSTANT = Field(FieldKind.INSTANT)


def never(before, after):
    return False


def known_to_somebody(facts):
    return None


ORDER = SubjectType(
    "order",
    "orders",
    {
        "status": TEXT,
        "charge": NUMBER,
        "start_count": NUMBER,
        "remains": NUMBER,
        "currency": TEXT,
        "service": TEXT,
        "link": TEXT,
        "quantity": NUMBER,
        "placed": INSTANT,
        "refill_requested": Field(FieldKind.BOOLEAN, own=True, default=False),
        "cancel_requested": Field(FieldKind.BOOLEAN, own=True, default=False),
    },
    states=(
        "pending",
        "processing",
        "in_progress",
        "paused",
        "refilling",
        "completed",
        "partial",
        "canceled",
        "refunded",
        "failed",
        "expired",
        "unknown",
    ),
    unknown="unknown",
)
REFILL = SubjectType("refill", "refills", {"order": TEXT}, states=("pending", "in_progress", "completed", "rejected"))
SERVICE = SubjectType(
    "service",
    "services",
    {"name": TEXT, "rate": NUMBER},
    events=(EventType("service.rate_changed", "", never),),
)
SMM_BALANCE = SubjectType(
    "balance",
    "balance",
    {"amount": NUMBER, "currency": TEXT},
    events=(EventType("balance.rose", "", never), EventType("balance.fell", "", never)),
)
COUPON = SubjectType(
    "coupon", "coupons", {"amount": NUMBER, "link": TEXT, "code_hint": TEXT}, states=("new", "activated")
)
SHOP_BALANCE = SubjectType("balance", "coupons", {"amount": NUMBER}, events=(EventType("balance.rose", "", never),))
PX_BALANCE = SubjectType(
    "balance",
    "info",
    {"amount": NUMBER, "min_payout": NUMBER, "currency": TEXT},
    events=(EventType("balance.passed_min_payout", "", never), EventType("balance.rose", "", never)),
)
PAYOUT = SubjectType("payout", "payouts", {"amount": NUMBER, "method": TEXT}, states=("waiting", "done", "canceled"))

ADD = ActionType(
    "add",
    "order",
    LostReply.NEITHER,
    creates=True,
    money=True,
    cost=known_to_somebody,
    params={
        "service": Param(required=True),
        "link": Param(required=True),
        "quantity": Param(FieldKind.NUMBER),
        "drip": Param(FieldKind.BOOLEAN),
    },
)
REFILL_ACTION = ActionType("refill", "order", LostReply.REPEATABLE)
CANCEL = ActionType("cancel", "order", LostReply.REPEATABLE)
PAYOUT_ACTION = ActionType(
    "payout",
    "balance",
    LostReply.RECONCILABLE,
    subject_id="balance",
    money=True,
    cost=known_to_somebody,
    params={"method": Param(required=True), "account": Param(required=True, secret=True)},
)


def provider(name, subjects, actions=()):
    return Provider(
        name,
        streams=(Stream("orders", timedelta(minutes=1), Coverage.LISTING),),
        subjects=subjects,
        open=lambda settings, context: None,
        actions=actions,
    )


SMM = provider("smm", (ORDER, REFILL, SERVICE, SMM_BALANCE), (ADD, REFILL_ACTION, CANCEL))
ANTICAPTCHA = provider("anticaptcha", (COUPON, SHOP_BALANCE))
PREMIUM_EXCHANGER = provider("premium_exchanger", (PX_BALANCE, PAYOUT), (PAYOUT_ACTION,))
PROVIDERS = {each.name: each for each in (SMM, ANTICAPTCHA, PREMIUM_EXCHANGER)}


@dataclass(frozen=True)
class Configured:
    facts: AccountFacts
    provider: Provider


def account(name, kind, *, currency=None, **labels):
    return Configured(AccountFacts(AccountName(name), kind.name, labels, currency), kind)


ACCOUNTS = {
    each.facts.name: each
    for each in (
        account("main-panel", SMM, team="eu"),
        account("shop", ANTICAPTCHA),
        account("exchange", PREMIUM_EXCHANGER, currency="USD"),
    )
}
SINKS = {"ops", "book"}


@dataclass
class Reading:
    """What came of reading rules: the rules, and each problem as (path, message)."""

    rules: tuple = ()
    problems: list = field(default_factory=list)

    def messages(self):
        return [message for _, message in self.problems]

    def paths(self):
        return [path for path, _ in self.problems]


def read(*raw, accounts=None, secret="T-wallet", functions=None, sinks=SINKS):
    """Compile rules; `secret` None: it cannot be had."""
    paths = []

    def at(path):
        """Write each value on a line of its own, so that tests can say which one a problem is about."""
        paths.append(path)
        return Place("rules.yaml", len(paths) - 1, 1)

    def resolve(mapping, path):
        if secret is None:
            raise ValueError("the environment variable USDT_WALLET is not set")
        return Secret(secret)

    whole = raw[0] if len(raw) == 1 and not isinstance(raw[0], dict) else list(raw)
    known = ACCOUNTS if accounts is None else accounts
    rules, problems = compile_rules(whole, at, known, PROVIDERS, sinks, functions or {}, resolve)
    return Reading(rules, [(paths[problem.line], problem.message) for problem in problems])


def names(event=True):
    """Names of a rule that listens to orders alone."""
    return names_for({"order": [ORDER]}, synonyms=["order"], labels=["team"], event=event)


def scope(*, now=NOW, event=None, age=timedelta(days=3), state="partial", state_age=timedelta(hours=1), **fields):
    """A scope about order 101."""
    snapshot = Snapshot(
        AccountName("main-panel"),
        SubjectRef("order", "101"),
        fields,
        now - age,
        state=state,
        state_since=None if state_age is None else now - state_age,
    )
    return Scope(AccountFacts(AccountName("main-panel"), "smm", {"team": "eu"}, "USD"), now, snapshot, event)


def order_event(type_="order.partial", data=None, **before):
    return Event(type_, AccountName("main-panel"), NOW, SubjectRef("order", "101"), data or {}, before)


def number(text):
    return Decimal(text)
