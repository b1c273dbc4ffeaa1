"""Text for a terminal: what a provider or a person's file says is shown, never obeyed; numbers of things."""

from __future__ import annotations

import unicodedata

_KEPT = frozenset("\n\t")
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def plain(text: str) -> str:
    """Write control characters, direction marks and lone surrogates as escapes; keep the rest."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def one_line(text: str) -> str:
    """The same, for a table's cell: line ends and tabs as spaces too."""
    return plain(" ".join(text.split()) if not text.isprintable() else text)


def counted(number: int, what: str) -> str:
    """Write a number of things: `1 order`, `2 orders`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _shown(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _REFUSED:
        return character
    return character.encode("unicode_escape").decode("ascii")
