"""What an anti-captcha reseller account has and sees: the declaration of the provider `anticaptcha`.

Source of every fact: the vendor's page on getResellerData, and what docs/providers.md says of it. There is nothing to
do at this provider, only to see; nothing here is ever changed.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from bursar.api import (
    AccountSettings,
    Adapter,
    AdapterContext,
    Coverage,
    EventType,
    Field,
    FieldKind,
    Fields,
    Method,
    Param,
    Provider,
    Stream,
    SubjectType,
    schema,
)
from bursar_anticaptcha.adapter import METHOD, AntiCaptcha
from bursar_anticaptcha.parse import ACTIVATED, NEW, STREAM
from bursar_anticaptcha.sandbox.scenario import SCENARIO
from bursar_anticaptcha.sandbox.server import wire

VENDOR = "https://api.anti-captcha.com"


def rose(before: Fields | None, after: Fields) -> bool:
    """Return whether the balance grew."""
    was, now = _amount(before), _amount(after)
    return was is not None and now is not None and now > was


def fell(before: Fields | None, after: Fields) -> bool:
    """Return whether the balance shrank."""
    was, now = _amount(before), _amount(after)
    return was is not None and now is not None and now < was


def open_account(settings: AccountSettings, context: AdapterContext) -> Adapter:
    """Make the adapter of one account."""
    return AntiCaptcha(settings, context)


def _amount(balance: Fields | None) -> Decimal | None:
    amount = balance.get("amount") if balance is not None else None
    return amount if isinstance(amount, Decimal) else None


COUPON = SubjectType(
    "coupon",
    STREAM,
    {
        "amount": Field(FieldKind.NUMBER, "What it is worth."),
        "link": Field(FieldKind.TEXT, "The page that it belongs to."),
        "code_hint": Field(FieldKind.TEXT, "Its code, masked so that a person can still recognize it.", identity=True),
    },
    states=(NEW, ACTIVATED),
    terminal=frozenset({ACTIVATED}),
    description="A coupon that was made to be sold.",
)
BALANCE = SubjectType(
    "balance",
    STREAM,
    {"amount": Field(FieldKind.NUMBER, "The eligible balance: what crypto top-ups have left, not the account's all.")},
    events=(
        EventType("balance.rose", "The balance grew.", rose),
        EventType("balance.fell", "The balance shrank.", fell),
    ),
    first_sight_is_entry=True,
    description="The reseller's eligible balance.",
)
PROVIDER = Provider(
    "anticaptcha",
    streams=(
        Stream(STREAM, timedelta(seconds=60), Coverage.LISTING, description="All coupons, and the eligible balance."),
    ),
    subjects=(COUPON, BALANCE),
    open=open_account,
    methods=(
        Method(
            METHOD,
            {"minCreateDate": Param(FieldKind.NUMBER, description="Only coupons made since; Unix seconds, UTC.")},
            "The coupons and the eligible balance.",
        ),
    ),
    description="The reseller API of anti-captcha.com.",
    settings={
        "min_create_date": schema.integer(
            "Ask only for coupons made since (Unix seconds, UTC); a coupon that is not shown then has not vanished."
        ),
    },
    default_url=VENDOR,
    default_rate=(1, timedelta(seconds=30)),
    default_timeout=timedelta(seconds=25),
    wire=wire,
    scenario=SCENARIO,
)
