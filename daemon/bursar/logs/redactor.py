"""Takes secrets out of log lines: values that are known, values under keys that name a secret, and keys in URLs.

It is the last step but one of every line (the rendering is the last), after tracebacks have become text, so that
nothing gets past it in a message, an argument, a traceback or a library's own words. Values that become known while
the daemon runs (a coupon code that just arrived) are added by `add_secret`; so many are remembered, the oldest go
first, while the configuration's secrets stay. Looking for values costs the same however many there are: the text is
looked up by its next four characters.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from html import escape
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from bursar.api.secret import Secret
from bursar.domain.values import CUT

MASK = "***"
MIN_LENGTH = 4
MAX_CONCEALED = 20_000
FEW = 64
MIN_END = 6
MIN_TOKEN = 8
MIN_WORD = 16
MAX_DEPTH = 12

_NAMES_A_SECRET = re.compile(
    r"token|secret|passw(or)?d|passphrase|authorization|cookie|credential|api.?key|client.?key|^key$", re.IGNORECASE
)
_CUTS = re.compile(rf"({CUT}|\.\.\.)")
_IN_TEXT = (
    re.compile(r"(?i)([?&;](?:[\w-]*key|[\w-]*token|[\w-]*secret|password|signature)=)[^&;\s\"'<>]+"),
    re.compile(r"(?i)(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer |basic )?)[^\s\"',}]+"),
    re.compile(r"(?i)([\"'](?:[\w-]*key|[\w-]*token|[\w-]*secret|password)[\"']\s*:\s*[\"'])[^\"']+"),
    re.compile(r"(://)[^/\s:@\"']+:[^/\s@\"']+(?=@)"),
)


class Redactor:
    """Takes secrets out of text and of log lines; it is a processor of structlog.

    Args:
        secrets: The configuration's secrets; they are never forgotten.
        most_concealed: How many further values are remembered.
    """

    def __init__(self, secrets: Iterable[str] = (), *, most_concealed: int = MAX_CONCEALED) -> None:
        self._most_concealed = most_concealed
        self._concealed: OrderedDict[str, None] = OrderedDict()
        self._by_start: dict[str, set[str]] = {}
        self._kept: set[str] = set()
        self._longest = 0
        self.know(secrets)

    def know(self, secrets: Iterable[str]) -> None:
        """Add secrets that are never forgotten: the configuration's."""
        for secret in secrets:
            for form in _forms(secret):
                self._kept.add(form)
                self._remember(form)

    def add_secret(self, value: str) -> None:
        """Add a value that must not be seen from now on. One that is too short to be told from other text is not."""
        for form in _forms(value):
            if form in self._concealed:
                self._concealed.move_to_end(form)
                continue
            self._concealed[form] = None
            self._remember(form)
        while len(self._concealed) > self._most_concealed:
            self._forget(self._concealed.popitem(last=False)[0])

    def redact(self, text: str) -> str:
        """Return the text with every secret in it masked."""
        for pattern in _IN_TEXT:
            text = pattern.sub(rf"\g<1>{MASK}", text)
        return self.hide(text)

    def hide(self, text: str, shortest: int = MIN_LENGTH) -> str:
        """Return the text with known values of at least so many characters masked; what only looks like one stays.

        Of a value that was cut its beginning is masked, where a mark shows the cut.
        """
        if not self._by_start or (len(self._by_start) <= FEW and not any(start in text for start in self._by_start)):
            return text
        parts, done, at, last = [], 0, 0, len(text) - MIN_LENGTH
        while at <= last:
            candidates = self._by_start.get(text[at : at + MIN_LENGTH])
            found = _longest_at(text, at, candidates) if candidates else 0
            if found >= shortest:
                parts += [text[done:at], MASK]
                at = done = at + found
            else:
                at += 1
        return self._hide_cut("".join([*parts, text[done:]]) if parts else text, max(shortest, MIN_END))

    def _hide_cut(self, text: str, shortest: int) -> str:
        *before, rest = _CUTS.split(text)  # texts and marks by turns
        return "".join([*(self.hide_end(part, shortest) for part in before), rest]) if before else text

    def hide_end(self, text: str, shortest: int = MIN_END) -> str:
        """Return a text that somebody cut without the beginning of a known value that it may end with."""
        for at in range(max(0, len(text) - self._longest), len(text) - shortest + 1):
            candidates = self._by_start.get(text[at : at + MIN_LENGTH], ())
            if any(form.startswith(text[at:]) for form in candidates):
                return text[:at] + MASK
        return text

    def __call__(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Redact a whole log line, in every depth."""
        for key in list(event):
            value = self._clean(key, event[key], 0)
            clean_key = self.redact(key)
            if clean_key != key:
                del event[key]
            event[clean_key] = value
        return event

    def _clean(self, key: str, value: Any, depth: int) -> Any:
        if _NAMES_A_SECRET.search(key) and value is not None and not isinstance(value, bool):
            return MASK
        return self._clean_value(value, depth)

    def _clean_value(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, (bool, int, float)):
            return value if self.redact(str(value)) == str(value) else MASK
        if isinstance(value, Secret):
            return MASK
        if isinstance(value, Mapping) and depth < MAX_DEPTH:
            return {self.redact(str(key)): self._clean(str(key), each, depth + 1) for key, each in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)) and depth < MAX_DEPTH:
            return [self._clean_value(each, depth + 1) for each in value]
        return self.redact(_as_text(value))

    def _remember(self, form: str) -> None:
        self._by_start.setdefault(form[:MIN_LENGTH], set()).add(form)
        self._longest = max(self._longest, len(form))

    def _forget(self, form: str) -> None:
        # A coupon code that equals a configured key must not take that along when it is forgotten.
        if form in self._kept:
            return
        same_start = self._by_start[form[:MIN_LENGTH]]
        same_start.discard(form)
        if not same_start:
            del self._by_start[form[:MIN_LENGTH]]


def tokens_of(address: str) -> Iterator[str]:
    """Return what an address carries besides its place: values of its query, long words with a digit in its path."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return
    if parts.scheme not in ("http", "https"):
        return
    yield from (value for _, value in parse_qsl(parts.query) if len(value) >= MIN_TOKEN)
    words = map(unquote, parts.path.split("/"))
    yield from (word for word in words if len(word) >= MIN_WORD and any(map(str.isdigit, word)))


def _longest_at(text: str, at: int, candidates: Iterable[str]) -> int:
    return max((len(form) for form in candidates if text.startswith(form, at)), default=0)


def _forms(value: str) -> set[str]:
    """Return how a value may look in a line: as it is, in a URL, in JSON, in HTML, in a repr, each line of several."""
    plain = value.strip()
    # As libraries write it: a URL in an error has the key quoted, a traceback has its repr.
    forms = {plain, quote(plain, safe=""), quote(plain), quote_plus(plain), repr(plain)[1:-1], escape(plain)}
    forms.add(plain.replace("/", "\\/"))
    forms.update(line.strip() for line in plain.splitlines())
    forms.add(plain.replace("\\", "\\\\").replace('"', '\\"'))
    return {form for form in forms if len(form) >= MIN_LENGTH}


def _as_text(value: object) -> str:
    try:
        return value if isinstance(value, str) else str(value)
    except Exception as error:  # noqa: BLE001 - a line is never lost because of what it carries
        return f"<{type(value).__name__}, whose text fails: {type(error).__name__}>"
