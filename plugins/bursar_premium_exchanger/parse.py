"""From rows of an answer to what bursar watches: balance, payout methods, visits, exchanges, payouts.

Pure. Money is exact; null, missing and "Unknown" stay "no information"; free text is unescaped and shown, never a key.
A number that cannot be read for certain is no information either, and a problem of its subject, never silence.
`time` is the site's wall clock read as UTC (docs/providers.md): it dates a subject and is compared only with itself.
A wallet leaves only as a hint.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from bursar.api import Json, Observed, SubjectRef, cut, hint, number, together, unread, unread_in
from bursar_premium_exchanger.answers import Row, rows
from bursar_premium_exchanger.states import payout_state

BALANCE = SubjectRef("balance", "balance")
EXCHANGE_NUMBERS: Mapping[str, bool] = dict.fromkeys(
    ("course_give", "course_get", "amount_give", "amount_get", "partner_reward"), False
)
PAYOUT_NUMBERS: Mapping[str, bool] = {"original_amount": True, "pay_amount": False}
"""The numbers of a row, and whether it must say them: budgets are settled by what a payout took."""
MAX_TEXT_CHARS = 2000
LATEST_S = 32503680000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def partner(contents: Json, currency: str | None) -> tuple[tuple[Observed, ...], bool]:
    """Read `get_info`: the balance, the payout methods, and whether it listed every method.

    An answer without `items` lists nothing, so that nothing may be missed from it.
    """
    data = contents if isinstance(contents, dict) else {}
    fields = {
        "amount": number(data.get("balance")),
        "min_payout": number(data.get("min_payout")),
        "currency": currency,
    }
    listed = isinstance(data.get("items"), (dict, list))
    methods = rows({"items": data["items"]}) if listed else {}
    return (Observed(BALANCE, fields), *(_method(id_, row) for id_, row in methods.items())), listed


def partner_problems(contents: Json) -> dict[str, str]:
    """Return what of the balance and of the payout methods cannot be read, by the subject's id."""
    data = contents if isinstance(contents, dict) else {}
    methods = rows({"items": data["items"]}) if isinstance(data.get("items"), (dict, list)) else {}
    told = {id_: _method_problem(row) for id_, row in methods.items()}
    told[BALANCE.id] = unread_in(data, {"balance": True, "min_payout": True})
    return {id_: problem for id_, problem in told.items() if problem is not None}


def _method_problem(row: Row) -> str | None:
    commission = _commission(row)
    bare = commission.replace("%", "") if isinstance(commission, str) else commission
    return together(unread("commission", bare), unread("amount", row.get("amount")))


def visit(id_: str, row: Row) -> Observed:
    """Read one row of `get_links`."""
    names = ("ip", "browser", "referrer", "user_hash", "query_string")
    at = instant(row.get("time"))
    return Observed(
        SubjectRef("visit", id_), {"time": at, **{name: text(row.get(name)) for name in names}}, created_at=at
    )


def visit_problem(row: Row) -> str | None:
    """Return what of a visit cannot be read."""
    return _time_problem(row)


def exchange(id_: str, row: Row) -> Observed:
    """Read one row of `get_exchanges`."""
    at = instant(row.get("time"))
    success = flag(row.get("exchange_success"))
    return Observed(
        SubjectRef("exchange", id_),
        {
            "time": at,
            "currency_give": text(row.get("currency_code_give")),
            "currency_get": text(row.get("currency_code_get")),
            "course_give": number(row.get("course_give")),
            "course_get": number(row.get("course_get")),
            "amount_give": number(row.get("amount_give")),
            "amount_get": number(row.get("amount_get")),
            "reward": number(row.get("partner_reward")),
            "success": success,
            "accrued": flag(row.get("accrued")),
            "user_hash": text(row.get("user_hash")),
            "statuses": chronology(row.get("statuses")),
        },
        state=None if success is None else "succeeded" if success else "open",
        created_at=at,
    )


def exchange_problem(row: Row) -> str | None:
    """Return which numbers of an exchange cannot be read."""
    return together(_time_problem(row), unread_in(row, EXCHANGE_NUMBERS))


def payout(id_: str, row: Row) -> Observed:
    """Read one row of `get_payouts`."""
    at = instant(row.get("time"))
    account = text(row.get("account"))
    return Observed(
        SubjectRef("payout", id_),
        {
            "time": at,
            "method": text(row.get("method_id")),
            "account_hint": hint(account) if account is not None else None,
            "pay_amount": number(row.get("pay_amount")),
            "pay_currency": text(row.get("pay_currency_code")),
            "amount": number(row.get("original_amount")),
            "currency": text(row.get("original_currency_code")),
        },
        state=payout_state(row),
        created_at=at,
    )


def payout_problem(row: Row) -> str | None:
    """Return what of a payout cannot be read: its status, its time, its numbers."""
    return together(_status_problem(row), _time_problem(row), unread_in(row, PAYOUT_NUMBERS))


def currency_problem(row: Row, currency: str | None) -> str | None:
    """Return that a payout's currency is not the account's."""
    theirs = text(row.get("original_currency_code"))
    if currency is None or theirs is None or theirs.casefold() == currency.casefold():
        return None
    return f"the site counts this payout in {cut(theirs, 20)}, and the account's currency is {currency}"


def _status_problem(row: Row) -> str | None:
    raw = row.get("status")
    if raw is None or payout_state(row) is not None:
        return None
    return f"an unknown payout status {cut(str(raw), 20)!r}"


def _time_problem(row: Row) -> str | None:
    """Return that a row's `time` is no number: by it rows are told apart, and windows move on."""
    return unread("time", row.get("time"))


def seconds(raw: Json) -> int | None:
    """Read a row's `time`; what is no time is None."""
    value = number(raw)
    if value is None or not 0 < value < LATEST_S:
        return None
    return int(value)


def instant(raw: Json) -> datetime | None:
    """Read a row's `time` as the instant that it would be if the site stood in UTC."""
    at = seconds(raw)
    return _EPOCH + timedelta(seconds=at) if at is not None else None


def text(raw: Json) -> str | None:
    """Read free text, unescaped; empty, boolean and nested values are no information."""
    if raw is None or isinstance(raw, (bool, list, dict)):
        return None
    return cut(html.unescape(str(raw)).replace("\x00", "").strip(), MAX_TEXT_CHARS) or None


def flag(raw: Json) -> bool | None:
    """Read 0 or 1, in whatever type; anything else is no information."""
    if isinstance(raw, bool):
        return raw
    value = number(raw)
    return bool(value) if value in (0, 1) else None


def percent(raw: Json) -> Decimal | None:
    """Read a commission, which carries a `%`."""
    return number(raw.replace("%", "")) if isinstance(raw, str) else number(raw)


def chronology(raw: Json) -> str | None:
    """Read `statuses`, whose form the vendor does not name, as text."""
    if not isinstance(raw, (list, dict)):
        return text(raw)
    try:
        return text(json.dumps(raw, ensure_ascii=False, default=str)) if raw else None
    except RecursionError:
        return None


def _method(id_: str, row: Row) -> Observed:
    fields = {
        "title": text(row.get("title")),
        "commission": percent(_commission(row)),
        "amount": number(row.get("amount")),
    }
    return Observed(SubjectRef("payout_method", id_), fields)


def _commission(row: Row) -> Json:
    """Return what is kept of a payout; sites spell its name in two ways."""
    return row.get("comission", row.get("commission"))
