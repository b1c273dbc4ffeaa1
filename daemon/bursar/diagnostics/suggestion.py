"""Comes in: an unknown word, and those that are known. Goes out: the one that was probably meant, or nothing;
never a guess that is merely the least wrong, since a bad suggestion costs more than none."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant."""
    options = list(known)
    lowered = {option.lower(): option for option in options}
    if word.lower() in lowered:
        return lowered[word.lower()]
    close = get_close_matches(word[:80], options, n=1, cutoff=0.6)
    return close[0] if close else None


def did_you_mean(suggestion: str | None) -> str:
    """Return the end of a sentence that names a suggestion."""
    return f" (did you mean {suggestion!r}?)" if suggestion is not None else ""
