"""How bad input is answered: the nearest known name, and plain words for what was found instead."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from bursar.diagnostics.suggestion import suggest
from bursar.domain.values import cut

MAX_LIST = 12
MAX_QUOTE = 40


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what follows an unknown name: ` (did you mean 'when'?)`, or the names that there are."""
    names = sorted(known)
    meant = suggest(word, names)
    if meant is not None:
        return f" (did you mean {meant!r}?)"
    if not names:
        return ""
    more = ", …" if len(names) > MAX_LIST else ""
    return f" (known: {', '.join(names[:MAX_LIST])}{more})"


def quoted(text: str) -> str:
    """Quote what somebody wrote, cut to a length that fits into a line."""
    return repr(cut(text, MAX_QUOTE))


def kind_of(value: object) -> str:
    """Return what a value is, without showing it: it may be a secret."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float, Decimal)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "a mapping"
