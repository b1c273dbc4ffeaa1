"""Durations as YAML writes them: `90s 5m 6h 2d`. Comes in: text. Goes out: a positive `timedelta`, or a sentence."""

from __future__ import annotations

import re
from datetime import timedelta

from bursar.domain.values import cut

MAX_DURATION = timedelta(days=3650)
DAY_S = 86_400
EXPECTED = "a duration such as 90s, 5m, 6h or 2d"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FORM = re.compile(r"([0-9]{1,10})([smhd])", re.ASCII)


def parse_duration(text: object) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: one sentence that says what was expected.
    """
    form = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if form is None and isinstance(text, int) and not isinstance(text, bool):
        raise ValueError(f"{text} has no unit: expected {EXPECTED}")
    if form is None and not isinstance(text, str):
        raise ValueError(f"expected {EXPECTED}")
    if form is None:
        raise ValueError(f"{cut(str(text), 40)!r} is not a duration: expected {EXPECTED}")
    try:
        duration = timedelta(**{_UNITS[form[2]]: int(form[1])})
    except OverflowError:
        duration = MAX_DURATION * 2
    if not duration:
        raise ValueError(f"{text!r} is no time at all: expected {EXPECTED}")
    if duration > MAX_DURATION:
        raise ValueError(f"{text!r} is longer than ten years")
    return duration


def shown_duration(duration: timedelta) -> str:
    """Write a duration as people do in YAML: `90s 5m 24h 7d`."""
    seconds = int(duration.total_seconds())
    if seconds % DAY_S == 0 and seconds > DAY_S:
        return f"{seconds // DAY_S}d"
    return next(f"{seconds // size}{unit}" for unit, size in (("h", 3600), ("m", 60), ("s", 1)) if seconds % size == 0)
