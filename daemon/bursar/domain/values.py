"""The values that fields hold, and how they are written into the journal and read back without loss.

Money and rates are `Decimal`, from a string or a number, never through `float`. None is "no information": neither 0,
nor empty, nor a change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from bursar.domain.ids import MICROSECOND, instant, microseconds

Value = str | bool | Decimal | datetime | timedelta
Fields = Mapping[str, Value | None]
Json = None | bool | int | float | str | Decimal | list["Json"] | dict[str, "Json"]
"""JSON as it travels here: a number with a fraction is a `Decimal` where it came from outside."""

DIGITS = 30
"""Numbers with more than so many before or after the point are nonsense."""


class FieldKind(StrEnum):
    """What a field holds: text, a number (Decimal), true or false, an instant (aware UTC), or a duration."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DURATION = "duration"


def number(raw: object) -> Decimal | None:
    """Read a provider's number, exactly; what is not one (null, "", "Unknown", NaN, absurdly large) is None, and so is
    what may be one of two (`1,234`).

    A `float` is read by its shortest decimal form; decoders should not make one (`float_hook=Decimal`).
    """
    # `true` in a balance's place is no 1.
    if raw is None or isinstance(raw, bool):
        return None
    written = str(raw).strip().replace("\u00a0", " ")
    # Decimal reads "1_000" and Arabic digits, too; what no provider means as money is not guessed at.
    if len(written) > 64 or "_" in written or not written.isascii() or _AMBIGUOUS.fullmatch(written):
        return None
    text = _with_point(written)
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    if not value:  # a zero may come with any exponent, and would be written out with all its places
        return value if -DIGITS <= value.adjusted() <= 0 else Decimal(0)
    return value if -DIGITS <= value.adjusted() < DIGITS else None


_AMBIGUOUS = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}")
"""`1,234` is 1234 in one script and 1.234 in another: a thousandfold error in money either way."""


_COMMAS = re.compile(r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3})(?:\.[0-9]+)?")
_POINTS = re.compile(r"[-+]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+")
_SPACES = re.compile(r"[-+]?[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?")
_COMMA = re.compile(r"[-+]?[0-9]*,[0-9]+")


def _with_point(text: str) -> str | None:
    """Bring "1,234.56", "1.234,56", "1 234,56", "0,5", "12,345,678" and "12,34,567" to one form.

    None: what is grouped in no such way is no number. "1,23,4" read as 1234 would be a hundred times too much.
    """
    if " " in text:
        return text.replace(" ", "").replace(",", ".") if _SPACES.fullmatch(text) else None
    if "," not in text:
        return text
    if _COMMA.fullmatch(text):
        return text.replace(",", ".")
    if _COMMAS.fullmatch(text):
        return text.replace(",", "")
    return text.replace(".", "").replace(",", ".") if _POINTS.fullmatch(text) else None


def to_json(value: Value | None) -> Json:
    """Write one value for the journal: Decimal as text, instants and durations as whole microseconds."""
    if isinstance(value, Decimal):
        # Never in exponents, nor through a float: 0.1 and 1E+3 must come back to the last digit.
        return format(value, "f")
    if isinstance(value, datetime):
        return microseconds(value)
    if isinstance(value, timedelta):
        return value // MICROSECOND
    return value


def from_json(kind: FieldKind, raw: Json) -> Value | None:
    """Read one value that `to_json` wrote."""
    if raw is None:
        return None
    if kind is FieldKind.NUMBER:
        return Decimal(str(raw))
    if kind is FieldKind.INSTANT:
        return instant(int(str(raw)))
    if kind is FieldKind.DURATION:
        return timedelta(microseconds=int(str(raw)))
    if kind is FieldKind.BOOLEAN:
        return bool(raw)
    return str(raw)


def to_public(value: Value | None) -> Json:
    """Write one value for people and receivers: Decimal as text, instants as RFC 3339, durations in seconds."""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    return to_json(value)


CUT = "…"
"""What stands where a text was cut off: a secret whose beginning stands before it is hidden (`logs/redactor.py`)."""


def cut(text: str, longest: int) -> str:
    """Return a text with an end: one that is longer is cut, and shows it. No text is cut in another way."""
    return text if len(text) <= longest else text[: longest - 1] + CUT
