"""Values that must never be seen: keys, wallets, coupon codes."""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """A text that does not show itself: `repr`, `str`, f-strings and pickling give a mask; `reveal()` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself: only into the request that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")


def hint(text: str) -> str:
    """Mask a code or wallet so that a person can still recognize it: `KXXQ-…-FFMW`; short ones wholly."""
    stripped = text.strip()
    if len(stripped) < 12:
        return "…" if stripped else ""
    separator = "-" if "-" in stripped else ""
    return f"{stripped[:4]}{separator}…{separator}{stripped[-4:]}"
