"""From one HTTP answer of a site to its decoded envelope, whatever dialect the site's script speaks.

Comes in: an `Answer`. Goes out: an `Envelope`, or one clear error. Never happens: a decision on the HTTP status or on
`error_text` while there is an `error` to go by, or an empty form (`[]`, `{}`, missing) taken for something that
vanished.

Three dialects are known (observed, not promised): A says `error` as a
number and keys `items` by id; B says it as text and lists `items`; C is A with `status` beside it. The vendor's own
page names the fields and no envelope, so an answer without one is read too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bursar.api import Answer, BadAnswer, Json, RateLimited, Refusal, cut, number
from bursar_premium_exchanger.masking import masked, spoken

DISABLED = "api disabled"
CONTRACT_NAMES = frozenset({"items", "balance", "min_payout", "payout_id"})
NAMES = ("time", "title", "date", "ip", "user_hash", "method_id", "currency_code_give")
"""What a row without an `id` of its own must have some of, to be taken for one under its key (dialect A)."""
MAX_ID_CHARS = 128
WORDS = ("status", "success", "ok", "result")
"""Under which names a site says how the call went, beside `error`."""
FAILS = frozenset({"error", "fail", "failed", "false", "rejected", "declined", "refused", "denied"})
"""What stands under `WORDS` on a call that failed."""
WELL = frozenset({"success", "ok", "true", "1", "created", "accepted"})
"""What stands there on one that went well."""
MADE = ("id", "payout", "payouts", "payoutId")
"""Where a site may put what it made, beside `payout_id`."""
NO_ERROR: tuple[Json, ...] = (None, False, 0, "0", "", [], {})
FAILED_CODE = 400
"""From which `code` on a call failed."""
_ID = re.compile(r"[A-Za-z0-9][\w-]{0,127}", re.ASCII)
_NONE = frozenset({"false", "true", "null", "none"})

Row = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded answer.

    Attributes:
        error: 0 is yes; nothing else decides.
        text: `error_text`, as it came: in the site's language, and perhaps filled on success.
        data: What it carries; None for every form of "nothing".
        whole: The whole answer, for people.
        newer: It shows signs of dialect B, which pages its exchanges.
    """

    error: int
    text: str
    data: dict[str, Json] | list[Json] | None
    whole: Json
    newer: bool

    @property
    def codes(self) -> frozenset[int]:
        """Return the numbers that the answer, and whatever stands in it, gives its failure."""
        raws = [part[name] for part in parts(self.whole) for name in ("code", "error", "status") if name in part]
        read = [number(raw) for raw in raws if isinstance(raw, (int, str, Decimal)) and not isinstance(raw, bool)]
        return frozenset({self.error, *(int(one) for one in read if one is not None and 0 <= one < 1000)})

    @property
    def fails(self) -> bool:
        """Whether a part of it says that it failed, whatever `error` says."""
        nested = [part for part in parts(self.data) if part is not self.whole]
        return any(_denies(part) for part in [self.whole, *nested] if isinstance(part, dict)) or any(
            part.get("error") not in NO_ERROR for part in nested
        )

    @property
    def fails_as_a_whole(self) -> bool:
        """The same of its envelope alone: the rows of a list have a `status` of their own."""
        nested = self.data if isinstance(self.data, dict) and self.data is not self.whole else {}
        return any(_denies(part) for part in (self.whole, nested) if isinstance(part, dict)) or (
            nested.get("error") not in NO_ERROR
        )

    @property
    def agrees_as_a_whole(self) -> bool:
        """Whether its envelope says that it went well, or names something that may have been made."""
        nested = self.data if isinstance(self.data, dict) else {}
        places = [part for part in (self.whole, nested) if isinstance(part, dict)]
        said = [(name, str(part[name]).strip().casefold()) for part in places for name in WORDS if name in part]
        well = any(word in WELL and (name, word) != ("status", "1") for name, word in said)  # a state may be numbered
        return well or any(part.get(name) not in NO_ERROR for part in places for name in MADE)

    @property
    def disabled(self) -> bool:
        """Return whether it is the site's word for a bad key, a ban and maintenance alike."""
        return self.error != 0 and self.text.strip().rstrip(".!").casefold() == DISABLED


def _denies(part: Mapping[str, Json]) -> bool:
    """Return whether the words beside an `error` say that the call failed."""
    said = {str(part[name]).strip().casefold() for name in WORDS if name in part}
    # Not under `status`, where a payout that waits is a 0.
    zero = any(part.get(name) in (0, "0") for name in WORDS[1:] if name in part)
    codes = [number(raw) for name in ("code", "status") if isinstance(raw := part.get(name), (int, str))]
    failed = any(FAILED_CODE <= one < 1000 for one in codes if one is not None)
    return zero or failed or not said.isdisjoint(FAILS) or part.get("errors") not in NO_ERROR


def decode(answer: Answer) -> Envelope:
    """Read an answer's envelope, be it a yes or a no.

    Raises:
        BadAnswer: it is not the site's protocol.
        RateLimited: it is not, and the status is 429.
    """
    if answer.status == 501 and not answer.body.strip(b"\xef\xbb\xbf \t\r\n"):
        raise BadAnswer(
            "the partner API module is off at the site, or its script does not know the method (HTTP 501, empty)",
            kind="disabled",
        )
    if answer.body.strip(b"\xef\xbb\xbf \t\r\n.!").lower() == DISABLED.encode():
        raise _disabled()
    return _envelope(answer.json())


def accepted(answer: Answer, secrets: frozenset[str]) -> Envelope:
    """Read the answer to a call that reads.

    Args:
        answer: What came back.
        secrets: What the site may echo and must not be shown.

    Raises:
        Refusal: the site said no; carries its answer, masked.
        ProviderError: it did not answer in its protocol, or says "Api disabled".
    """
    envelope = decode(answer)
    if envelope.error == 0:
        # A look whose own answer says that it failed would be an empty list, and *did not*.
        if envelope.fails_as_a_whole:
            raise BadAnswer("the site says yes and no at once", kind="protocol")
        return envelope
    if envelope.disabled:
        raise _disabled()
    if answer.status == 429:
        raise RateLimited("the site limits the rate (HTTP 429)", retry_after=answer.retry_after())
    raise refusal(envelope, secrets)


def refusal(envelope: Envelope, secrets: frozenset[str]) -> Refusal:
    """Return the site's no as an error that carries its answer, masked."""
    return Refusal(refused_because(envelope, secrets), answer=masked(envelope.whole, secrets))


def refused_because(envelope: Envelope, secrets: frozenset[str]) -> str:
    """Return the site's reason for its no, in one line."""
    return spoken(envelope.text, secrets) or f"the site gives no reason (error {envelope.error})"


def rows(data: Json, *, strict: bool = False) -> dict[str, Row]:
    """Return the rows of a list method by id, in their order; of two with one id the later.

    Args:
        data: What the envelope carries.
        strict: Money is judged by them: two of one id that differ are no list.

    Raises:
        BadAnswer: what is there is not a list of things with ids.
    """
    if isinstance(data, dict) and "items" in data:
        data = data["items"]
    if data is None or data is False or data == "":
        return {}
    if isinstance(data, (dict, list)):
        pairs = data.items() if isinstance(data, dict) else ((None, row) for row in data)
        found: dict[str, Row] = {}
        for id_, row in (_row(row, key) for key, row in pairs):
            # Of two rows of one payout one may be ours and one not: evidence that says both is none.
            if strict and found.get(id_, row) != row:
                raise BadAnswer(f"a list with two items of the id {cut(id_, 40)}", kind="ambiguous")
            found[id_] = row
        return found
    raise BadAnswer("a list of items that is no list", kind="protocol")


def payout_id(envelope: Envelope) -> str | None:
    """Return the id of the payout that the answer names; 0, false and empty name none, and two that differ neither."""
    raws = [part["payout_id"] for part in parts(envelope.whole) if part.get("payout_id") is not None]
    found = {_id_of(raw) for raw in raws}
    places = [place for place in (envelope.data, envelope.whole) if isinstance(place, dict)]
    at_its_place = any(place.get("payout_id") is not None for place in places)
    return found.pop() if len(found) == 1 and at_its_place else None


def _id_of(raw: Json) -> str | None:
    named = str(raw).strip() if isinstance(raw, (int, str)) and not isinstance(raw, bool) else ""
    return named if _ID.fullmatch(named) and named.strip("0") and named.lower() not in _NONE else None


def names_something(envelope: Envelope) -> bool:
    """Return whether there is anything in the place of a payout's id, readable or not, anywhere in the answer."""
    raws = [place["payout_id"] for place in parts(envelope.whole) if place.get("payout_id")]
    return any(str(raw).strip().strip("0").lower() not in ("", "false", "null", "none") for raw in raws)


def parts(answer: Json) -> list[dict[str, Json]]:
    """Return every object in an answer, from the outside in; its bytes were bounded when it was read."""
    found: list[Json] = [answer]
    for part in found:  # it grows meanwhile
        inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        found += [value for value in inside if isinstance(value, (dict, list))]
    return [part for part in found if isinstance(part, dict)]


def said(answer: Json) -> list[str]:
    """Return every text that says something in an answer, however deep it stands."""
    found: list[Json] = [answer]
    for part in found:  # it grows meanwhile
        found += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [part for part in found if isinstance(part, str) and part.strip()]


def _disabled() -> BadAnswer:
    return BadAnswer("the site says 'Api disabled': a wrong key, a ban, or maintenance", kind="disabled")


def _envelope(whole: Json) -> Envelope:
    if isinstance(whole, str) and whole.strip().rstrip(".!").casefold() == DISABLED:
        return Envelope(1, whole, None, whole, newer=False)
    if isinstance(whole, list):
        return Envelope(0, "", whole or None, whole, newer=bool(whole))
    if not isinstance(whole, dict):
        raise BadAnswer("JSON that is not an answer of the partner API", kind="protocol")
    flat = "data" not in whole and not CONTRACT_NAMES.isdisjoint(whole)
    data = whole if flat else _contents(whole.get("data"))
    text = whole.get("error_text")
    newer = isinstance(whole.get("error"), str) or isinstance(data, list) or _lists_items(data)
    return Envelope(_error(whole, data), text if isinstance(text, str) else "", data, whole, newer)


def _error(whole: dict[str, Json], data: Json) -> int:
    """Read `error`; an answer without one is a yes only where it carries what the vendor's page names."""
    if "error" not in whole and data is not None:
        return 0
    raw = whole.get("error")
    code = number(raw) if not isinstance(raw, bool) else number(int(raw))
    # Never a default: an `error` that cannot be read is neither 0 nor a no.
    if code is None or code != code.to_integral_value():
        raise BadAnswer("an answer without a readable `error`: not the partner API, or another script", kind="protocol")
    return int(code)


def _contents(data: Json) -> dict[str, Json] | list[Json] | None:
    if isinstance(data, (dict, list)):
        return data or None
    if data is None or data is False or data == "":
        return None
    raise BadAnswer("an answer whose `data` is neither an object nor a list", kind="protocol")


def _lists_items(data: Json) -> bool:
    return isinstance(data, dict) and isinstance(items := data.get("items"), list) and bool(items)


def _row(row: Json, key: str | None) -> tuple[str, Row]:
    """Return a row with its id, the opaque text that it is; dialect A says it once more as the row's key."""
    if not isinstance(row, dict):
        raise BadAnswer("a list of items with something else in it", kind="protocol")
    if "id" not in row and not any(isinstance(row.get(name), (str, int)) for name in NAMES):
        raise BadAnswer("a list of items with something else in it", kind="protocol")
    raw = row.get("id", key)
    named = "" if isinstance(raw, bool) or not isinstance(raw, (int, str)) else str(raw).strip()
    if not named or len(named) > MAX_ID_CHARS or not named.isprintable():
        raise BadAnswer("an item without an id", kind="protocol")
    return named, row
