"""A right declaration: one stream, one subject, one action, settings with a secret; and the hook that registers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from library_adapter import open_account

from bursar.api import (
    ActionType,
    CostFacts,
    Coverage,
    EventType,
    Field,
    FieldKind,
    Fields,
    LostReply,
    Method,
    Param,
    Provider,
    Stream,
    SubjectRef,
    SubjectType,
    Wanted,
    hookimpl,
    schema,
)


def is_due(before: Fields | None, after: Fields) -> bool:
    """Return whether the fee has come above zero."""
    was, fee = (before or {}).get("fee"), after.get("fee")
    return isinstance(fee, Decimal) and fee > 0 and not (isinstance(was, Decimal) and was > 0)


def is_still_due(now: Fields) -> bool | None:
    """Return whether there is a fee yet."""
    fee = now.get("fee")
    return fee > 0 if isinstance(fee, Decimal) else None


def fee_of(facts: CostFacts) -> Decimal | None:
    """Return what a renewal costs."""
    fee = None if facts.subject is None else facts.subject.fields.get("fee")
    return fee if isinstance(fee, Decimal) else None


def wants_renewal(params: Mapping[str, str]) -> Sequence[Wanted]:
    """Return what `bursar call … renew loan=17` asks for."""
    return [Wanted("renew", {}, SubjectRef("loan", id_)) for id_ in params["loan"].split(",")]


LOAN = SubjectType(
    "loan",
    "loans",
    {
        "title": Field(FieldKind.TEXT, "What was lent.", identity=True),
        "fee": Field(FieldKind.NUMBER, "What it costs."),
        "renewed": Field(FieldKind.BOOLEAN, "It was renewed before."),
        "asked": Field(FieldKind.BOOLEAN, "bursar renewed it.", own=True, default=False),
    },
    states=("lent", "overdue", "returned"),
    terminal=frozenset({"returned"}),
    events=(EventType("loan.due", "There is a fee.", is_due, rearmed_by=("loan.returned",), still=is_still_due),),
    watch_for=timedelta(days=7),
)
RENEW = ActionType(
    "renew",
    "loan",
    LostReply.RECONCILABLE,
    {"days": Param(FieldKind.NUMBER, description="For how long.")},
    "Renew a loan.",
    money=True,
    batch=20,
    cost=fee_of,
    settled_by=("loan", "fee"),
    confirmed_by=("loan.changed",),
)
LIBRARY = Provider(
    "library",
    streams=(Stream("loans", timedelta(minutes=10), Coverage.WINDOW, description="What is lent."),),
    subjects=(LOAN,),
    open=open_account,
    actions=(RENEW,),
    methods=(
        Method("loans", {}, "What is lent."),
        Method("renew", {"loan": Param(required=True)}, "Renew loans.", wants_renewal),
    ),
    description="A public library.",
    settings={
        "pin": schema.secret("The PIN of the card."),
        "page_size": schema.integer("How many loans a page has.", minimum=1, default=50),
        "patience": schema.duration("How long a page may take.", default="20s"),
    },
    default_url="https://library.example/api",
    default_rate=(20, timedelta(minutes=1)),
)


@hookimpl
def bursar_providers(register: Callable[[Provider], None]) -> None:
    """Register the provider `library`."""
    register(LIBRARY)
