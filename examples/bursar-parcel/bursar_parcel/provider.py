"""What Parcelbox has, shows and can do: the declaration of the provider `parcelbox`.

From this alone bursar types conditions, plans polls, detects events and knows what a lost reply means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from bursar.api import (
    AccountSettings,
    ActionType,
    Adapter,
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
    AdapterContext,
    Wanted,
    number,
)
from bursar.api.schema import integer
from bursar_parcel.adapter import Parcelbox
from bursar_parcel.parse import STATES
from bursar_parcel.sandbox.server import wire

URL = "https://api.parcelbox.example/v1"


def ran_low(before: Fields | None, after: Fields) -> bool:
    """Return whether the balance has come below the account's `low_balance`; nothing is concluded from no information."""
    return _low(after) is True and (before is None or _low(before) is not True)


def reminder_sent(before: Fields | None, after: Fields) -> bool:
    """Return whether Parcelbox has reminded the recipient."""
    return after.get("reminded") is True and before is not None and before.get("reminded") is not True


def cost_of_top_up(facts: CostFacts) -> Decimal | None:
    """Return what a top-up moves, so that budgets and approvals can judge it."""
    return number(facts.params.get("amount"))


def wants_reminder(params: Mapping[str, str]) -> Sequence[Wanted]:
    """Return the intent that `bursar call … remind parcel=P-1001` asks for."""
    if not params.get("parcel", "").strip():
        raise ValueError("remind needs parcel=…")
    return (Wanted("remind", {}, SubjectRef("parcel", params["parcel"].strip())),)


def wants_top_up(params: Mapping[str, str]) -> Sequence[Wanted]:
    """Return the intent that `bursar call … top_up amount=20` asks for."""
    amount = number(params.get("amount"))
    if amount is None or amount <= 0:
        raise ValueError("top_up needs amount=…, a number above 0")
    return (Wanted("top_up", {"amount": format(amount, "f")}, SubjectRef("balance", "balance")),)


def open_account(settings: AccountSettings, context: AdapterContext) -> Adapter:
    """Make the adapter of one account."""
    return Parcelbox(settings, context)


def still_low(balance: Fields) -> bool | None:
    """Return whether the balance is still low: bursar asks once more just before it sends what the event led to."""
    return _low(balance)


def _low(balance: Fields) -> bool | None:
    amount, low_at = balance.get("amount"), balance.get("low_at")
    return amount < low_at if isinstance(amount, Decimal) and isinstance(low_at, Decimal) else None


PARCEL = SubjectType(
    "parcel",
    "parcels",
    {
        "locker": Field(FieldKind.TEXT, "Where it lies.", identity=True),
        "size": Field(FieldKind.TEXT, "S, M or L.", identity=True),
        "fee": Field(FieldKind.NUMBER, "What storing it cost."),
        "collect_by": Field(FieldKind.INSTANT, "When it goes back to the sender."),
        "reminded": Field(FieldKind.BOOLEAN, "Parcelbox has reminded the recipient."),
        "pickup_hint": Field(FieldKind.TEXT, "The pickup code, masked."),
        "reminder_requested": Field(FieldKind.BOOLEAN, "bursar asked for a reminder.", own=True, default=False),
    },
    states=STATES,
    terminal=frozenset({"collected", "returned"}),
    unknown="unknown",
    events=(EventType("parcel.reminder_sent", "The recipient was reminded.", reminder_sent),),
    description="A parcel in a locker, or on its way there.",
)
BALANCE = SubjectType(
    "balance",
    "wallet",
    {
        "amount": Field(FieldKind.NUMBER, "What is left of the prepaid money."),
        "currency": Field(FieldKind.TEXT, "Its currency.", identity=True),
        "low_at": Field(FieldKind.NUMBER, "The account's `low_balance`."),
    },
    events=(
        EventType(
            "balance.ran_low",
            "The balance fell below `low_balance`.",
            ran_low,
            at_first_sight=True,
            still=still_low,
        ),
    ),
    description="The prepaid balance.",
)
TOP_UP = SubjectType(
    "top_up", "top_ups", {"amount": Field(FieldKind.NUMBER, "How much.", identity=True)}, description="Money paid in."
)
REMIND = ActionType(
    "remind",
    "parcel",
    LostReply.REPEATABLE,
    description="Remind the recipient.",
    confirmed_by=("parcel.reminder_sent", "parcel.collected"),
)
TOP_UP_ACTION = ActionType(
    "top_up",
    "balance",
    LostReply.RECONCILABLE,
    {"amount": Param(FieldKind.NUMBER, required=True, description="How much to pay in.")},
    "Pay money in, from the card that Parcelbox knows.",
    subject_id="balance",
    money=True,
    cost=cost_of_top_up,
    settled_by=("top_up", "amount"),
)
METHODS = (
    Method("parcels", {}, "The parcels of the last 30 days."),
    Method("wallet", {}, "The prepaid balance."),
    Method("top_ups", {}, "All top-ups."),
    Method("remind", {"parcel": Param(required=True, description="Its id.")}, "Remind a recipient.", wants_reminder),
    Method(
        "top_up",
        {"amount": Param(FieldKind.NUMBER, required=True, description="How much.")},
        "Pay money in.",
        wants_top_up,
    ),
)
PARCELBOX = Provider(
    "parcelbox",
    streams=(
        Stream("parcels", timedelta(minutes=2), Coverage.LISTING, description="The parcels of the last 30 days."),
        Stream("wallet", timedelta(minutes=5), Coverage.LISTING, description="The prepaid balance."),
        Stream("top_ups", timedelta(hours=1), Coverage.WINDOW, description="What was paid in."),
    ),
    subjects=(PARCEL, BALANCE, TOP_UP),
    open=open_account,
    actions=(REMIND, TOP_UP_ACTION),
    methods=METHODS,
    description="Parcelbox lockers (made up: an example).",
    settings={"low_balance": integer("Below this, balance.ran_low happens.", minimum=0, default=10)},
    default_url=URL,
    default_rate=(60, timedelta(minutes=1)),
    wire=wire,
)
