"""Texts of a site as they are compared: sites escape them, and some swap letters for others that look alike. Pure."""

from __future__ import annotations

import html
import re

_LOOKALIKES = str.maketrans("авекмнорстухіјѕ", "abekmhopctyxijs")


def folded(text: str) -> str:
    """Fold what sites do to text: entities, case, and letters that look alike."""
    return html.unescape(text).casefold().translate(_LOOKALIKES)


def words(*patterns: str) -> re.Pattern[str]:
    """Compile what is searched in folded text; the patterns are written in any letters."""
    return re.compile("|".join(patterns).translate(_LOOKALIKES))
