"""What a provider answered: status, headers and body, and how the body is read.

JSON with its money as Decimals, a warning of the provider's script passed over; anything else is one clear error. The
answer to an effect is read more strictly, since what it says decides about money.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime

import msgspec
from yarl import URL

from bursar.api.errors import BadAnswer, ProviderError, RateLimited
from bursar.domain.values import Json

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP's.
        headers: HTTP's.
        body: As it came.
        strict: It decides about money: an effect's, or what one is judged by.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    strict: bool = False

    def json(self) -> Json:
        """Decode the body, money exactly (`Decimal`); a BOM or a script's warning before the JSON is passed over.

        Of two values under one key the last counts; a `strict` answer says two things then, and is none.

        Raises:
            BadAnswer: it is empty, HTML, truncated or otherwise not JSON (`kind` says which), or `ambiguous`.
            RateLimited: it is not JSON, and the status is 429.
        """
        text = json_part(self.body)
        try:
            decoded: Json = _DECODER.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
            raise self.failure() from None
        # The decoder lets the last of two values win: {"error": 1, …, "error": 0} would be a yes.
        if self.strict and _is_ambiguous(text):
            raise BadAnswer(f"JSON with two values for one key (HTTP {self.status})", kind="ambiguous")
        return decoded

    def failure(self) -> ProviderError:
        """Name what is wrong with an answer that is not the provider's own."""
        if self.status == 429:
            return RateLimited("the provider limits the rate (HTTP 429)", retry_after=self.retry_after())
        start = self.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        if 300 <= self.status < 400:
            return redirected(self.headers.get("Location", ""))
        what, kind = "an answer that is not JSON", "not_json"
        if not start:
            what, kind = "an empty body", "empty"
        elif start.startswith(b"<"):
            what, kind = "HTML instead of JSON", "html"
        elif start[:1] in (b"{", b"["):
            what, kind = "JSON that is cut short or broken", "truncated"
        if self.status >= 500 and kind != "empty":
            kind = "server_error" if kind != "html" else "html"
        return BadAnswer(f"{what} (HTTP {self.status})", kind=kind, retry_after=self.retry_after())

    def date(self) -> datetime | None:
        """Read the `Date` header: what time the other side thinks it is."""
        return read_date(self.headers.get("Date", ""))

    def retry_after(self) -> timedelta | None:
        """Read `Retry-After`, in seconds or as a date; None where there is none or it makes no sense."""
        raw = self.headers.get("Retry-After", "").strip()
        if raw.isascii() and raw.isdigit() and len(raw) < 8:
            return timedelta(seconds=int(raw))
        sent = self.date()
        try:
            at = parsedate_to_datetime(raw)
        except (TypeError, ValueError, OverflowError):
            return None
        # Against the provider's own `Date`: its clock may be an hour off, and the difference is not.
        return None if at.tzinfo is None or sent is None else max(at - sent, timedelta(0))


def read_date(header: str) -> datetime | None:
    """Read a `Date` header; None where it makes no sense."""
    try:
        at = parsedate_to_datetime(header)
    except (TypeError, ValueError, OverflowError):
        return None
    return at if at.tzinfo is not None else None


def json_part(body: bytes) -> bytes:
    """Return the JSON in a body: without a BOM, and without a script's warning before it."""
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n").rstrip()
    if text[:1] in (b"{", b"[", b'"') or text[:1].isdigit() or text[-1:] not in (b"}", b"]"):
        return text
    for _ in range(8):
        starts = [at for at in (text.find(b"{", 1), text.find(b"[", 1)) if at > 0]
        if not starts:
            return body
        text = text[min(starts) :]
        try:
            _DECODER.decode(text)
        except msgspec.DecodeError as error:
            # what would decode further in is a piece of an answer, or the second of two, and not the answer
            if "truncated" in str(error) or (text[:1] == b"{" and "trailing" in str(error)):
                return body
            continue
        except (UnicodeDecodeError, RecursionError, ArithmeticError):
            continue
        return text
    return body


def _is_ambiguous(text: bytes) -> bool:
    """Return whether an object in JSON gives one key two values."""
    try:
        json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=_one_value_a_key)
    except (ValueError, RecursionError):
        return True
    return False


def _one_value_a_key(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Read an object of JSON.

    Raises:
        ValueError: it gives one key two values.
    """
    read: dict[str, object] = {}
    for key, value in pairs:
        if read.setdefault(key, value) != value:
            raise ValueError(key)
    return read


def redirected(location: str) -> BadAnswer:
    """Report the new address of a provider that moved, without its query."""
    try:
        target = str(URL(location).with_query(None).with_user(None)) if location else "an unnamed address"
    except ValueError:
        target = "an address that makes no sense"
    return BadAnswer(f"the provider moved to {target}: put that into the account's url", kind="redirect")
