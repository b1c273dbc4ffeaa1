"""A small declared world for the tests of the domain: an order, a coupon, a balance; and short ways to say what was
seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from bursar.domain.detect import Change, detect
from bursar.domain.ids import AccountName, RuleName, SinkName, SubjectRef
from bursar.domain.observation import Observed, Snapshot
from bursar.domain.rule import AccountFacts, Act, Judgement, Notify, Rule, Scope, Step, TemplateFailed
from bursar.domain.subject import EventType, Field, SubjectType
from bursar.domain.values import FieldKind, Fields, Value

T0 = datetime(2026, 1, 1, 12, 0, tzinfo=timezone.utc)
PANEL = AccountName("panel")
FACTS = AccountFacts(PANEL, "toy", {"team": "eu"}, "USD")
MINUTE = timedelta(minutes=1)


def after(minutes: float) -> datetime:
    """Return an instant so many minutes after the beginning."""
    return T0 + timedelta(minutes=minutes)


def _passed(before: Fields | None, now: Fields) -> bool:
    def above(fields: Fields) -> bool:
        amount, least = fields.get("amount"), fields.get("least")
        return isinstance(amount, Decimal) and isinstance(least, Decimal) and amount >= least

    return above(now) and (before is None or not above(before))


def _rose(before: Fields | None, now: Fields) -> bool:
    was, is_ = before.get("amount") if before is not None else None, now.get("amount")
    return isinstance(was, Decimal) and isinstance(is_, Decimal) and is_ > was


ORDER = SubjectType(
    "order",
    "orders",
    {
        "remains": Field(FieldKind.NUMBER),
        "currency": Field(FieldKind.TEXT, identity=True),
        "cancel_requested": Field(FieldKind.BOOLEAN, own=True, default=False),
    },
    states=("pending", "in_progress", "completed", "partial", "unknown"),
    terminal=frozenset({"completed", "partial"}),
    unknown="unknown",
    first_sight_is_news=True,
    trackable=True,
)
COUPON = SubjectType(
    "coupon",
    "coupons",
    {"amount": Field(FieldKind.NUMBER), "spent": Field(FieldKind.BOOLEAN)},
    states=("new", "activated"),
    events=(EventType("coupon.spent", "", lambda before, now: now.get("spent") is True, when_new=True),),
)
BALANCE = SubjectType(
    "balance",
    "balance",
    {"amount": Field(FieldKind.NUMBER), "least": Field(FieldKind.NUMBER)},
    events=(
        EventType("balance.passed", "", _passed, at_first_sight=True, rearmed_by=("payout.done",)),
        EventType("balance.rose", "", _rose),
    ),
)


def seen(kind: SubjectType = ORDER, state: str | None = None, id_: str = "1", **fields: Value | int | None) -> Observed:
    """Return what a poll saw; whole numbers are money."""
    exact = {
        name: Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for name, value in fields.items()
    }
    return Observed(SubjectRef(kind.name, id_), exact, state)


def look(before: Snapshot | None, what: Observed, at: datetime = T0, *, news: bool = True, **more: object) -> Change:
    """Look once."""
    kind = {"order": ORDER, "coupon": COUPON, "balance": BALANCE}[what.ref.type]
    return detect(kind, PANEL, before, what, at, news=news, **more)  # type: ignore[arg-type]


def types(change: Change) -> list[str]:
    """Return the types of the events, in their order."""
    return [event.type for event in change.events]


def order(
    state: str | None = "in_progress", id_: str = "1", at: datetime = T0, **fields: Value | int | None
) -> Snapshot:
    """Return an order as it is known after one look."""
    return look(None, seen(ORDER, state, id_, **fields), at).snapshot


@dataclass(frozen=True)
class When:
    """A condition whose answer is a function of the scope."""

    answer: Callable[[Scope], bool | None]
    crossing: Callable[[Scope], datetime | None] = lambda scope: None
    text: str = "as the test says"
    meaning: str = "as the test says"

    def judge(self, scope: Scope) -> Judgement:
        truth = self.answer(scope)
        return Judgement(truth, f"it is {truth}")

    def changes_at(self, scope: Scope) -> datetime | None:
        return self.crossing(scope)


@dataclass(frozen=True)
class Says:
    """A template that gives a value, or has none."""

    value: Value | None
    text: str = "as the test says"

    def render(self, scope: Scope) -> Value:
        if self.value is None:
            raise TemplateFailed("wallet has no value here")
        return self.value


def tell(text: str | None = "hello", sink: str = "ops") -> Notify:
    """Return a step that tells a sink."""
    return Notify(SinkName(sink), Says(text))


def rule(*do: Step, **more: object) -> Rule:
    """Return a rule; by default an event rule that refills."""
    plain = {
        "name": RuleName("r"), "do": do or (Act("refill"),), "fingerprint": "f", "trigger": "t", "meaning": "m",
        "on": ("order.partial",),
    }  # fmt: skip
    return Rule(**{**plain, **more})  # type: ignore[arg-type]


def state_rule(answer: Callable[[Scope], bool | None], **more: object) -> Rule:
    """Return a state rule of orders."""
    return rule(**{"on": (), "watches": "order", "when": When(answer), **more})


def in_state(*states: str) -> Callable[[Scope], bool | None]:
    """Return the condition that the subject is in one of these states."""
    return lambda scope: scope.subject is not None and scope.subject.state in states
