"""What a Premium Exchanger site has, sees and can do: the declaration of the provider `premium_exchanger`.

Declarations and the pure functions that decide its own events; docs/providers.md lists the names.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from bursar.api import (
    AccountSettings,
    ActionType,
    Adapter,
    AdapterContext,
    CostFacts,
    Coverage,
    EventType,
    Field,
    FieldKind,
    Fields,
    Json,
    LostReply,
    Param,
    Provider,
    Stream,
    SubjectType,
    number,
)
from bursar_premium_exchanger.adapter import PremiumExchanger
from bursar_premium_exchanger.methods import METHODS
from bursar_premium_exchanger.outcomes import listed
from bursar_premium_exchanger.sandbox.scenario import SCENARIO
from bursar_premium_exchanger.sandbox.server import wire
from bursar_premium_exchanger.states import PAYOUT_OVER

MINUTE = timedelta(minutes=1)
PAYOUT_ENDED = ("payout.done", "payout.canceled", "payout.canceled_by_user")
PAYOUT_UNDONE = ("payout.canceled", "payout.canceled_by_user")


def passed_min_payout(before: Fields | None, after: Fields) -> bool:
    """Return whether the balance has come to allow a payout: at first sight, after a payout's end, or by growing.

    Nothing is concluded from what the site does not say; an empty balance is never due, whatever the minimum.
    """
    due = _due(after)
    return due is True and (before is None or _due(before) is not True)


def rose(before: Fields | None, after: Fields) -> bool:
    """Return whether the balance grew."""
    was, now = _amounts(before, after)
    return was is not None and now is not None and now > was


def fell(before: Fields | None, after: Fields) -> bool:
    """Return whether the balance shrank."""
    was, now = _amounts(before, after)
    return was is not None and now is not None and now < was


def accrued(before: Fields | None, after: Fields) -> bool:
    """Return whether the reward has been credited."""
    return after.get("accrued") is True and (before is None or before.get("accrued") is not True)


def still_due(after: Fields) -> bool | None:
    """Return whether the balance still allows a payout; None: the site does not say."""
    return _due(after)


def whole_balance(facts: CostFacts) -> Decimal | None:
    """Return what a payout moves: all there is, by the balance that was just read, else by the last one known."""
    if isinstance(facts.evidence, dict):
        return number(facts.evidence.get("balance"))
    subject = facts.subject
    amount = subject.fields.get("amount") if subject is not None and subject.ref.type == "balance" else None
    return amount if isinstance(amount, Decimal) else None


def balance_just_read(evidence: Json) -> Fields:
    """Return the balance as it was read just before sending."""
    return {"amount": number(evidence.get("balance"))} if isinstance(evidence, dict) else {}


def open_account(settings: AccountSettings, context: AdapterContext) -> Adapter:
    """Make the adapter of one account."""
    return PremiumExchanger(settings, context)


def _due(balance: Fields) -> bool | None:
    amount, least = balance.get("amount"), balance.get("min_payout")
    if not isinstance(amount, Decimal) or not isinstance(least, Decimal):
        return None
    return amount >= least and amount > 0


def _amounts(before: Fields | None, after: Fields) -> tuple[Decimal | None, Decimal | None]:
    was, now = (before or {}).get("amount"), after.get("amount")
    return (was if isinstance(was, Decimal) else None), (now if isinstance(now, Decimal) else None)


def _text(description: str, *, identity: bool = False) -> Field:
    return Field(FieldKind.TEXT, description, identity=identity)


def _number(description: str) -> Field:
    return Field(FieldKind.NUMBER, description)


_TIME = Field(FieldKind.INSTANT, "When, by the site's wall clock read as UTC.")
"""Of an exchange it may be that of its last change, so it is no identity there."""
_TIME_OF_IT = Field(FieldKind.INSTANT, "When, by the site's wall clock read as UTC.", identity=True)

BALANCE = SubjectType(
    "balance",
    "info",
    {
        "amount": _number("What can be paid out."),
        "min_payout": _number("The least that the site pays out."),
        "currency": _text("The account's `currency` setting; the site does not say it."),
    },
    events=(
        EventType(
            "balance.passed_min_payout",
            "The balance has reached the minimum payout; again after it fell below, and after a payout ended.",
            passed_min_payout,
            at_first_sight=True,
            rearmed_by=PAYOUT_ENDED,
            still=still_due,
        ),
        EventType("balance.rose", "The balance grew.", rose),
        EventType("balance.fell", "The balance shrank.", fell),
    ),
    first_sight_is_entry=True,
    description="The partner's balance.",
)
PAYOUT_METHOD = SubjectType(
    "payout_method",
    "info",
    {
        "title": _text("Its name at the site."),
        "commission": _number("What is kept of a payout, in percent."),
        "amount": _number("What the whole balance would come to."),
    },
    description="A way to be paid.",
)
VISIT = SubjectType(
    "visit",
    "visits",
    {
        "time": _TIME_OF_IT,
        "ip": _text("The visitor's address.", identity=True),
        "browser": _text("The visitor's browser."),
        "referrer": _text("Where the visitor came from."),
        "user_hash": _text("The visitor, as the site knows them.", identity=True),
        "query_string": _text("The query of the link."),
    },
    description="A visit by a partner link.",
)
EXCHANGE = SubjectType(
    "exchange",
    "exchanges",
    {
        "time": _TIME,
        "currency_give": _text("The code of what the visitor gives.", identity=True),
        "currency_get": _text("The code of what the visitor gets.", identity=True),
        "course_give": _number("The rate's first side."),
        "course_get": _number("The rate's second side."),
        "amount_give": _number("What the visitor gives."),
        "amount_get": _number("What the visitor gets."),
        "reward": _number("The partner's reward."),
        "success": Field(FieldKind.BOOLEAN, "The exchange is done."),
        "accrued": Field(FieldKind.BOOLEAN, "The reward is credited."),
        "user_hash": _text("The visitor, as the site knows them.", identity=True),
        "statuses": _text("The history of its statuses, where the site keeps one."),
    },
    states=("open", "succeeded"),
    terminal=frozenset({"succeeded"}),
    events=(EventType("exchange.accrued", "The reward was credited.", accrued, when_new=True),),
    description="An exchange of a visitor.",
)
PAYOUT = SubjectType(
    "payout",
    "payouts",
    {
        "time": _TIME_OF_IT,
        "method": _text("The id of its payout method.", identity=True),
        "account_hint": _text("Where the money goes, masked.", identity=True),
        "pay_amount": _number("What is paid, in the method's currency."),
        "pay_currency": _text("The method's currency."),
        "amount": Field(FieldKind.NUMBER, "What it took from the balance.", identity=True),
        "currency": _text("The balance's currency."),
    },
    states=("waiting", "done", "canceled", "canceled_by_user"),
    terminal=PAYOUT_OVER,
    description="A payout that was asked for; a person at the site pays or cancels it.",
)
PAYOUT_ACTION = ActionType(
    "payout",
    "balance",
    LostReply.RECONCILABLE,
    {
        "method": Param(required=True, description="The id of a payout method."),
        "account": Param(required=True, secret=True, description="Where the money goes."),
    },
    "Ask for the payout of the whole balance.",
    subject_id="balance",
    money=True,
    cost=whole_balance,
    evidence_shows=balance_just_read,
    evidence_lists=listed,
    settled_by=("payout", "amount"),
    takes_balance=True,
    undone_by=PAYOUT_UNDONE,
)
PROVIDER = Provider(
    "premium_exchanger",
    streams=(
        Stream("info", 5 * MINUTE, Coverage.LISTING, description="The balance and the payout methods."),
        Stream("visits", 15 * MINUTE, Coverage.WINDOW, description="Visits by partner links."),
        Stream("exchanges", 5 * MINUTE, Coverage.WINDOW, description="Exchanges of visitors."),
        Stream("payouts", 5 * MINUTE, Coverage.WINDOW, description="Payouts that were asked for."),
    ),
    subjects=(BALANCE, PAYOUT_METHOD, VISIT, EXCHANGE, PAYOUT),
    open=open_account,
    actions=(PAYOUT_ACTION,),
    methods=METHODS,
    description="The partner API of a Premium Exchanger site.",
    wire=wire,
    scenario=SCENARIO,
)
