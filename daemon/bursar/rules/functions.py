"""The functions of conditions that bursar brings itself. Plugins add theirs by the hook `bursar_functions`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from fnmatch import fnmatchcase

from bursar.api.function import Function
from bursar.domain.values import FieldKind

TEXT, NUMBER, BOOLEAN, DURATION = FieldKind.TEXT, FieldKind.NUMBER, FieldKind.BOOLEAN, FieldKind.DURATION
MAX_DIGITS = 12


def rounded(value: Decimal, digits: Decimal = Decimal(0)) -> Decimal | None:
    """Round half up, as bills do; None for a number of digits that makes no sense."""
    if digits != digits.to_integral_value() or abs(digits) > MAX_DIGITS:
        return None
    return value.quantize(Decimal(1).scaleb(-int(digits)), rounding=ROUND_HALF_UP)


def _lasting(unit_s: int, description: str, name: str) -> Function:
    def call(count: Decimal) -> timedelta:
        return timedelta(microseconds=int(count * unit_s * 1_000_000))

    return Function(name, call, (NUMBER,), DURATION, description)


OWN_FUNCTIONS: Mapping[str, Function] = {
    function.name: function
    for function in (
        Function("matches", fnmatchcase, (TEXT, TEXT), BOOLEAN, "Whether a text matches a glob (`*`, `?`), exactly."),
        Function("lower", str.lower, (TEXT,), TEXT, "The text in lower case."),
        _lasting(86_400, "So many days.", "days"),
        _lasting(3_600, "So many hours.", "hours"),
        _lasting(60, "So many minutes.", "minutes"),
        Function("abs", abs, (NUMBER,), NUMBER, "The number without its sign."),
        Function("round", rounded, (NUMBER, NUMBER), NUMBER, "The number, rounded half up to so many digits."),
    )
}
"""By name, without the `$`."""
