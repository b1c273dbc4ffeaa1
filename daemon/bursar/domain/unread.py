"""Why a provider's number cannot be read, for people: the problem of the subject whose last good value then stays.

Pure. A number that is not read changes nothing, as if it had not been said; without a word about it an account would
look healthy while what its rules wait for never comes. Nothing is guessed: `1,234` is 1234 at one site and 1.234 at
another.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bursar.domain.values import Json, cut, number

MAX_SHOWN_CHARS = 40
SAYS_NOTHING = frozenset({"", "unknown", "null", "none", "n/a", "-"})
"""Words in place of a number that say nothing, in lower case."""


def unread(name: str, raw: Json, *, needed: bool = False) -> str | None:
    """Return that a number cannot be read, such as `balance "1,234" is not a number`; None: nothing is wrong with it.

    Args:
        name: The provider's name for it, or a plainer one.
        raw: What stands there; None where nothing does.
        needed: Rules or money stand on it, so that saying nothing ("", null, "Unknown") is a problem, too.
    """
    # Silence about a balance looks like health: the account is ok, the poll fresh, and the payout never comes.
    if raw is None or (isinstance(raw, str) and raw.strip().casefold() in SAYS_NOTHING):
        return f"{name} is not said" if needed else None
    if number(raw) is not None:
        return None
    if isinstance(raw, (int, float, Decimal)) and not isinstance(raw, bool):
        return f"{name} {_shown(raw)} is out of range"
    return f"{name} {_shown(raw)} is not a number"


def unread_in(row: Mapping[str, Json], names: Mapping[str, bool]) -> str | None:
    """Return which numbers of a row cannot be read, in one line; None: none.

    Args:
        row: What the provider said of one subject.
        names: The names of its numbers, and whether each is needed.
    """
    return together(*(unread(name, row.get(name), needed=needed) for name, needed in names.items()))


def together(*problems: str | None) -> str | None:
    """Return several problems of one subject in one line; None: there is none."""
    return "; ".join(filter(None, problems)) or None


def _shown(raw: Json) -> str:
    """Return what stands in a number's place as it can be shown: on one line, not endless, steering no terminal."""
    if isinstance(raw, (list, dict)):
        return "(a list)" if isinstance(raw, list) else "(an object)"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    text = "".join(sign if sign.isprintable() else " " for sign in cut(str(raw), MAX_SHOWN_CHARS))
    return f'"{text}"' if isinstance(raw, str) else text
