"""A function for conditions: pure, total and quick, as every such function must be."""

from __future__ import annotations

from datetime import datetime

from bursar.api import FieldKind, Function

MONDAY_TO_FRIDAY = range(5)
OPEN = range(8, 18)


def office_hours(at: datetime) -> bool:
    """Return whether people in an office would be awake: Monday to Friday, 8 to 18 o'clock UTC."""
    return at.weekday() in MONDAY_TO_FRIDAY and at.hour in OPEN


OFFICE_HOURS = Function(
    "office_hours",
    office_hours,
    (FieldKind.INSTANT,),
    FieldKind.BOOLEAN,
    "Whether it is Monday to Friday, 8 to 18 o'clock UTC.",
)
