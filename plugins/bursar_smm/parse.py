"""From one entry of an answer to what was seen of a subject. Pure.

null, "", "Unknown" and what is missing are "no information" and leave the last known value; money is exact. A string
that stands in an entry's place is the panel's complaint about that id. A number that cannot be read for certain is no
information either, and a problem of its subject, never silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeGuard

from bursar.api import Json, Observed, SubjectRef, Value, cut, number, unread, unread_in
from bursar_smm.answers import failure_text, is_id, of_the_call, strange, unwrapped
from bursar_smm.states import NO_INFORMATION, order_state, refill_state

ORDER_NUMBERS = ("charge", "start_count", "remains")
ORDER_TEXTS = ("status", "currency")
SERVICE_NUMBERS = ("rate", "min", "max")
SERVICE_TEXTS = ("name", "category", "type")
SERVICE_FLAGS = ("refill", "cancel")
SERVICE_NAMES = frozenset({"service", *SERVICE_TEXTS, *SERVICE_NUMBERS})
MAX_TEXT_CHARS = 2000
MAX_PROBLEM_CHARS = 100
MAX_DIGITS = 60
BALANCE = SubjectRef("balance", "balance")


class Problem(Exception):
    """What the panel says in a subject's place; data about one id, not a failure of the poll."""


def order(id_: str, entry: Json, numbers: Mapping[str, str]) -> Observed | None:
    """Read an order's status; drip-feed and subscription orders have fewer fields. None: it says nothing.

    Raises:
        Problem: the panel complains about this id.
    """
    row = _row(entry)
    if of_the_call(row):
        return None
    fields: dict[str, Value | None] = {name: number(row[name]) for name in ORDER_NUMBERS if name in row}
    fields.update({name: text(row[name]) for name in ORDER_TEXTS if name in row})
    if not fields:
        return None
    return Observed(SubjectRef("order", id_), fields, order_state(row.get("status"), numbers))


def order_problem(entry: Json, read: Observed) -> str | None:
    """Return which numbers of an order cannot be read; one that is not said is none: a drip-feed has no `remains`."""
    if all(read.fields.get(name) is not None for name in ORDER_NUMBERS):  # nearly always, and there are many orders
        return None
    return unread_in(_row(entry), dict.fromkeys(ORDER_NUMBERS, False))


def refill(id_: str, entry: Json) -> Observed | None:
    """Read a refill's status: an object, or the bare word.

    Raises:
        Problem: the panel complains about this id.
    """
    if isinstance(entry, str) and refill_state(entry) not in ("failed", "unknown"):
        entry = {"status": entry}
    status = _row(entry).get("status")
    if isinstance(status, dict):
        _row(status)
    if text(status) is None:
        return None
    return Observed(SubjectRef("refill", id_), {"status": text(status)}, refill_state(status))


def services(answer: Json) -> tuple[list[Observed], bool]:
    """Read the list of services (some panels give a map by id); the second says whether every row could be read.

    Raises:
        BadAnswer: it is neither.
    """
    listed = _listed(answer)
    found = [_service(row) for row in listed]
    readable = [row for row in found if row is not None]
    if listed and not readable:
        raise strange(answer)
    return readable, len(readable) == len(found)


def rate_problems(answer: Json) -> dict[str, str]:
    """Return the services whose rate is not said, or cannot be read for certain.

    The rate before stays known, since nothing new was said, but nothing is ordered on it: its age is not known.
    """
    rows = [row for row in _listed(answer) if isinstance(row, dict) and number(row.get("rate")) is None]
    return {observed.ref.id: _rate_problem(row) for row in rows if (observed := _service(row)) is not None}


def _rate_problem(row: Mapping[str, Json]) -> str:
    said = text(row.get("rate"))
    problem = "its rate is not said" if said is None else f"its rate cannot be read for certain: {said}"
    return cut(problem, MAX_PROBLEM_CHARS)


def _listed(answer: Json) -> list[Json]:
    if isinstance(answer, dict) and answer:
        rows: list[Json] = [{"service": id_, **row} for id_, row in answer.items() if _sells(row)]
        answer = rows if len(rows) == len(answer) else answer
    if not isinstance(answer, list):
        raise strange(answer)
    return answer


def balance(answer: Json) -> Observed:
    """Read the balance.

    Raises:
        BadAnswer: there is none in it.
    """
    row = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if not isinstance(row, dict) or "balance" not in row or isinstance(row["balance"], (dict, list)):
        raise strange(answer)
    return Observed(BALANCE, {"amount": number(row["balance"]), "currency": text(row.get("currency"))})


def balance_problem(answer: Json) -> str | None:
    """Return that the balance cannot be read; None: it can."""
    row = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    return unread("balance", row.get("balance"), needed=True) if isinstance(row, dict) else None


def text(raw: Json) -> str | None:
    """Read a text, or a number that stands for one; no information is None, and so is a number without end."""
    if raw is None or isinstance(raw, (bool, dict, list)):
        return None
    if isinstance(raw, Decimal) and (not raw.is_finite() or abs(raw.adjusted()) > MAX_DIGITS):
        return None
    plain = format(raw, "f") if isinstance(raw, Decimal) else cut(str(raw).strip(), MAX_TEXT_CHARS)
    return None if plain.lower() in NO_INFORMATION else plain


def flag(raw: Json) -> bool | None:
    """Read `true`, `1`, `"1"`, `"yes"` and their opposites; what is missing or none of these is None."""
    word = str(raw).strip().lower()
    if word in ("true", "1", "yes"):
        return True
    return False if word in ("false", "0", "no") else None


def _row(entry: Json) -> Mapping[str, Json]:
    if (complaint := failure_text(entry)) is not None:
        raise Problem(complaint)
    entry = unwrapped(entry)
    return entry if isinstance(entry, dict) else {}


def _sells(row: Json) -> TypeGuard[dict[str, Json]]:
    """Return whether what stands under an id is about a service."""
    return isinstance(row, dict) and not SERVICE_NAMES.isdisjoint(row)


def _service(row: Json) -> Observed | None:
    if not isinstance(row, dict) or (id_ := text(row.get("service", row.get("id")))) is None:
        return None
    if not is_id(id_):
        return None
    fields: dict[str, Value | None] = {name: text(row.get(name)) for name in SERVICE_TEXTS}
    fields.update({name: number(row.get(name)) for name in SERVICE_NUMBERS})
    fields.update({name: flag(row.get(name)) for name in SERVICE_FLAGS})
    return Observed(SubjectRef("service", id_), fields)


def shown(value: Value | None) -> str | None:
    """Write a value for evidence: a Decimal with all its digits."""
    return None if value is None else format(value, "f") if isinstance(value, Decimal) else str(value)
