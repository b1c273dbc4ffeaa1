"""What people may see of an answer: wallets as hints, the key never, the site's words in one clean line.

Pure. The key travels in the query string here, so a site may well echo it; wallets stand in every payout.
"""

from __future__ import annotations

import html
import re

from bursar.api import Json, cut, hint

MASK = "***"
MAX_REASON_CHARS = 300
MAX_DEPTH = 60
WORTH_CONCEALING_CHARS = 6
_TAGS = re.compile(r"<[^<>]{0,200}>")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]+")


def wallets(value: Json, depth: int = 0) -> frozenset[str]:
    """Find every wallet in a decoded answer: whatever stands under `account`."""
    if depth > MAX_DEPTH:
        return frozenset()
    if isinstance(value, list):
        return frozenset().union(*(wallets(each, depth + 1) for each in value))
    if not isinstance(value, dict):
        return frozenset()
    own = value.get("account")
    found = frozenset({str(own).strip()}) if isinstance(own, (str, int)) and not isinstance(own, bool) else frozenset()
    return found.union(*(wallets(each, depth + 1) for each in value.values()))


def concealable(found: frozenset[str]) -> frozenset[str]:
    """Leave out what is too short to be a wallet: hiding every `1` of every log line would hide the log."""
    return frozenset(text for text in found if len(text) >= WORTH_CONCEALING_CHARS)


def masked(value: Json, secrets: frozenset[str]) -> Json:
    """Return a decoded answer as people may see it.

    Args:
        value: The answer.
        secrets: The key, and the wallets of the request; those of the answer are found in it.
    """
    return _masked(value, _longest_first(secrets | concealable(wallets(value))), 0)


def spoken(text: str, secrets: frozenset[str]) -> str:
    """Return the site's words in one line, unescaped, without tags and secrets."""
    plain = _TAGS.sub(" ", html.unescape(text))
    return cut(_BLANKS.sub(" ", _without(plain, _longest_first(secrets))).strip(), MAX_REASON_CHARS)


def _masked(value: Json, secrets: list[str], depth: int) -> Json:
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, str):
        return _without(value, secrets)
    if isinstance(value, list):
        return [_masked(each, secrets, depth + 1) for each in value]
    if isinstance(value, dict):
        return {
            _without(name, secrets): _hinted(each) if _is_wallet(name, each) else _masked(each, secrets, depth + 1)
            for name, each in value.items()
        }
    return value


def _is_wallet(name: str, value: Json) -> bool:
    return name == "account" and isinstance(value, (str, int)) and not isinstance(value, bool)


def _hinted(value: Json) -> str:
    return hint(html.unescape(str(value)))


def _without(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def _longest_first(secrets: frozenset[str]) -> list[str]:
    """A secret inside a longer one must not tear it apart and leave the rest readable."""
    escaped = {html.escape(secret) for secret in secrets}
    return sorted((secret for secret in secrets | escaped if secret), key=len, reverse=True)
