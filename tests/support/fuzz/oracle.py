"""What a body says, read by nobody's parser but the standard library's: the judge of what an adapter made of it.

Nothing here is shared with the adapters, not even their decoder, so that both are not wrong in one way.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any

_JSON_BEGINS = re.compile(r"""\{\s*["}]|\[\s*["\[\]{\d\-tfn]""")
_NO = ("fail", "failed", "error", "false")
MAX_DEPTH = 50
_AGREES = ("success", "ok", "true", "yes", "accepted", "requested", "pending", "canceled", "cancelled", "cancel")
ORDER_WORDS: Mapping[str, str] = {
    "pending": "pending awaiting queued creating",
    "processing": "processing",
    "in_progress": "inprogress active started",
    "paused": "paused holding",
    "refilling": "refill refilling",
    "completed": "completed complete done success",
    "partial": "partial partiallycompleted",
    "canceled": "canceled cancelled cancel",
    "refunded": "refunded refund reversed",
    "failed": "fail failed error rejected",
    "expired": "expired",
}
REFILL_WORDS: Mapping[str, str] = {
    "pending": "pending awaiting queued creating",
    "rejected": "rejected reject",
    "canceled": "canceled cancelled cancel",
    "in_progress": "inprogress processing active started refill refilling",
    "failed": "fail failed error",
    "completed": "completed complete done success",
}


class Said:
    """One body.

    Attributes:
        document: The decoded JSON of the body, behind a BOM or a script's warning; `NOTHING` where there is none.
    """

    NOTHING = object()

    def __init__(self, body: bytes) -> None:
        self.body = body

    def about(self, *ids: str) -> Said:
        """Return what is said of a thing: what stands under its id, and what names it; all, if nothing does."""
        found = list(_parts_about(self.document, set(ids)))
        return Said.of(found) if found else self

    @classmethod
    def of(cls, document: Any) -> Said:
        """Make what a part of a body says."""
        said = cls(b"")
        said.__dict__["document"] = document
        return said

    @cached_property
    def document(self) -> Any:
        text = self.body.decode("utf-8", "replace").lstrip("\ufeff \t\r\n").rstrip()
        if text[:1] not in ("{", "[", '"') and not text[:1].isdigit() and text.endswith(("}", "]")):
            begins = _JSON_BEGINS.search(text)
            text = text[begins.start() :] if begins else text
        try:
            return json.loads(text, parse_float=Decimal, parse_int=_whole, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            return self.NOTHING

    @cached_property
    def scalars(self) -> list[Any]:
        """Everything that is said, however deep: values that are no containers, and keys."""
        return list(_scalars(self.document)) if self.document is not self.NOTHING else []

    @cached_property
    def ids(self) -> set[str]:
        """Every text or number that stands in the place of an id."""
        return {str(each).strip() for each in _values_of(self.document, ("id", "service"))}

    @cached_property
    def texts(self) -> set[str]:
        """Every way in which a value may be shown as text."""
        found = {shown for each in self.scalars for shown in _shown(each)}
        return {form for each in found for form in (each, each.strip(), _plain(each), _plain(each).strip()[:2000])}

    @cached_property
    def numbers(self) -> set[Decimal]:
        """Every number that a value may be read as."""
        return {read for each in self.scalars for read in _numbers(each)}

    @cached_property
    def words(self) -> set[str]:
        """Every word, without case and separators."""
        return {re.sub(r"[\s_-]", "", text.lower()) for text in self.texts if len(text) < 60}


def no_error(answer: Any) -> bool:
    """Return whether an answer holds no error of a panel's on its own level."""
    if not isinstance(answer, dict):
        return True
    status = answer.get("status")
    failed = status is False or (isinstance(status, str) and re.sub(r"[\s_-]", "", status.lower()) in _NO)
    return not failed and answer.get("error") in (None, False, 0, "", "0", [], {})


def agrees(value: Any, depth: int = 0) -> bool:
    """Return whether a value can be a panel's yes: an id, 1, true, a word, or an object that holds one and no error."""
    if isinstance(value, dict):
        inner = [each for name, each in value.items() if name != "error"] if depth < MAX_DEPTH else []
        return no_error(value) and any(agrees(each, depth + 1) for each in inner)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value > 0
    if not isinstance(value, str) or " " in value.strip():
        return False
    word = value.strip()
    return word.lower() in _AGREES or (bool(word.strip("0")) and any(sign.isdigit() for sign in word))


def panel_added(answer: Any) -> bool:
    """Return whether an answer is a panel's yes to `add`: an id under `order`, and no error."""
    answer = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    return isinstance(answer, dict) and no_error(answer) and agrees(answer.get("order"))


def panel_agreed(answer: Any, id_: str) -> bool:
    """Return whether an answer holds a panel's yes to a refill or cancel of this order."""
    if isinstance(answer, list):
        mine = [row for row in answer if isinstance(row, dict) and str(row.get("order", row.get("id"))) == id_]
        unnamed = [row for row in answer if isinstance(row, dict) and row.get("order", row.get("id")) is None]
        return any(agrees(row) for row in [*mine, *unnamed])
    if not isinstance(answer, dict) or not no_error(answer):
        return False
    listed = [each for name in ("canceled", "cancelled") if isinstance(each := answer.get(name), list)]
    return any(id_ in map(str, each) for each in listed) or agrees(answer.get(id_)) or agrees(answer)


def panel_refused(answer: Any, depth: int = 0) -> bool:
    """Return whether there is an error in an answer, or a sentence in an entry's place, of the whole or of any part."""
    if isinstance(answer, (list, dict)) and depth > MAX_DEPTH:
        return False
    if isinstance(answer, list):
        return any(panel_refused(each, depth + 1) for each in answer)
    if isinstance(answer, dict):
        return not no_error(answer) or any(panel_refused(each, depth + 1) for each in answer.values())
    return isinstance(answer, str) and " " in answer.strip()


def site_error(answer: Any) -> int | None:
    """Return a site's `error` as a number; 0 for the vendor's bare form; None where it is no answer of a site."""
    if isinstance(answer, str) and answer.strip(" .!").lower() == "api disabled":
        return 1
    if not isinstance(answer, dict):
        return 0 if isinstance(answer, list) else None
    if "error" not in answer:
        return 0 if {"payout_id", "balance", "items", "min_payout", "data"} & set(answer) else None
    read = [each for each in _numbers(answer["error"], flags=True) if not each or each.adjusted() < 30]
    return next((int(each) for each in read if each == each.to_integral_value()), None)


def site_payouts(answer: Any) -> list[str]:
    """Return the ids of payouts that an answer to `add_payout` names."""
    places = [answer, answer.get("data")] if isinstance(answer, dict) else []
    named = [place.get("payout_id") for place in places if isinstance(place, dict)]
    words = [str(each).strip() for each in named if isinstance(each, (int, str)) and each is not False]
    return [word for word in words if word.lower() not in ("", "false", "none", "null") and word.strip("0")]


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) < 4000 else Decimal(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _scalars(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from each
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        else:
            yield each


def _parts_about(document: Any, ids: set[str]) -> Iterator[Any]:
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from (value for name, value in each.items() if name.strip() in ids)
            if any(str(each.get(name)).strip() in ids for name in ("id", "order", "service", "refill")):
                yield each
        waiting.extend(each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())


def _values_of(value: Any, names: tuple[str, ...]) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from (each[name] for name in names if name in each)
        waiting.extend(each.values() if isinstance(each, dict) else each if isinstance(each, list) else ())


def _shown(value: Any) -> list[str]:
    if isinstance(value, Decimal):
        return [str(value), *([format(value, "f")] if -100 < value.adjusted() < 100 else [])]
    return [str(value)]


def _plain(text: str) -> str:
    return html.unescape(text).replace("\x00", "")


def _numbers(value: Any, *, flags: bool = False) -> list[Decimal]:
    if isinstance(value, bool):
        return [Decimal(int(value))] if flags else []
    if isinstance(value, (int, Decimal)):
        return [Decimal(value)]
    if not isinstance(value, str) or len(value) > 100:
        return []
    text = re.sub(r"[\s\u00a0%]", "", value)
    forms = {text, text.replace(",", ""), text.replace(",", "."), text.replace(".", "").replace(",", ".")}
    return [read for form in sorted(forms) if (read := _decimal(form)) is not None]


def _decimal(text: str) -> Decimal | None:
    try:
        read = Decimal(text)
    except InvalidOperation:
        return None
    return read if read.is_finite() else None
