"""From Parcelbox's answers to what bursar watches. Pure: bytes that were decoded in, observations or errors out.

What the API says (all of it is made up; a real plugin names here the document that it was read from, and when):
every call is a POST of JSON with `Authorization: Bearer KEY`; every answer is an object with `ok`, true or false, and
for false a `code` and a `message`. Money is text. What is missing, null or not understood is "no information", never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from bursar.api import (
    Answer,
    BadAnswer,
    Json,
    Observation,
    Observed,
    RateLimited,
    Refusal,
    Rejected,
    SubjectRef,
    hint,
    number,
)

STATES = ("announced", "stored", "collected", "returned", "unknown")
BALANCE = SubjectRef("balance", "balance")
MAX_MESSAGE = 200

Said = Mapping[str, Json]


def decoded(answer: Answer) -> Said:
    """Read an answer of Parcelbox's own, be it a yes or a no. The status decides nothing.

    Raises:
        ProviderError: it is something else: HTML, an empty body, JSON of a stranger.
    """
    said = answer.json()
    if not isinstance(said, dict) or not isinstance(said.get("ok"), bool):
        if answer.status == 429:
            raise answer.failure()
        raise BadAnswer("JSON that is not Parcelbox's: it does not say ok", kind="foreign")
    return said


def accepted(said: Said, key: str) -> Said:
    """Return an answer to a question, if it is a yes.

    Raises:
        ProviderError: it is a no; which kind decides what bursar does next.
    """
    if said["ok"]:
        return said
    code, why = said.get("code"), message(said, key)
    if code == "bad_key":
        raise Rejected(f"Parcelbox rejects the key: {why}")
    if code == "too_fast":
        raise RateLimited(f"Parcelbox limits the rate: {why}", retry_after=retry_after(said))
    raise Refusal(f"Parcelbox says no: {why}", answer=masked(dict(said)))


def message(said: Said, key: str) -> str:
    """Return the API's words on one line, not endless, and without the key should it be echoed."""
    words = " ".join(str(said.get("message") or said.get("code") or "no reason").split())
    return words.replace(key, "***")[:MAX_MESSAGE] if key else words[:MAX_MESSAGE]


def retry_after(said: Said) -> timedelta | None:
    """Return how long the API asks to be left alone."""
    seconds = number(said.get("retry_after_s"))
    return timedelta(seconds=int(seconds)) if seconds is not None and 0 <= seconds < 86400 else None


def parcels(said: Said) -> Observation:
    """Read the list of parcels."""
    rows = listed(said, "parcels")
    seen = {_text(row.get("id")): row for row in rows}
    # A row without an id cannot be told from a parcel that is missing: such a list may not make one vanish.
    whole = None not in seen and len(seen) == len(rows)
    return Observation("parcels", tuple(_parcel(id_, row) for id_, row in seen.items() if id_), complete=whole)


def wallet(said: Said, low_at: Decimal) -> Observation:
    """Read the balance. `low_at` is the account's own setting; as a field, rules and events can use it."""
    fields = {"amount": number(said.get("balance")), "currency": _text(said.get("currency")), "low_at": low_at}
    return Observation("wallet", (Observed(BALANCE, fields),))


def top_ups(said: Said) -> Observation:
    """Read the list of top-ups."""
    rows = {str(row["id"]): row for row in listed(said, "top_ups") if _text(row.get("id"))}
    seen = (
        Observed(SubjectRef("top_up", id_), {"amount": number(row.get("amount"))}, created_at=_instant(row.get("at")))
        for id_, row in rows.items()
    )
    return Observation("top_ups", tuple(seen), complete=False)


def listed(said: Said, name: str) -> list[dict[str, Json]]:
    """Return the rows of a list.

    Raises:
        BadAnswer: there is no such list, so that nothing is concluded from its absence.
    """
    rows = said.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadAnswer(f"a yes without {name}", kind="foreign")
    return [row for row in rows if isinstance(row, dict)]


def pickup_codes(said: Said) -> frozenset[str]:
    """Return what must never be seen: who has a pickup code has the parcel."""
    rows = said.get("parcels")
    codes = (_text(row.get("pickup_code")) for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()
    return frozenset(code for code in codes if code)


def masked(said: dict[str, Json]) -> dict[str, Json]:
    """Return an answer as people may see it."""
    rows = said.get("parcels")
    if not isinstance(rows, list):
        return said
    shown: list[Json] = [
        {**row, "pickup_code": hint(str(row.get("pickup_code", "")))} if isinstance(row, dict) else row for row in rows
    ]
    return {**said, "parcels": shown}


def _parcel(id_: str, row: Said) -> Observed:
    status, code, reminded = _text(row.get("status")), _text(row.get("pickup_code")), row.get("reminded")
    return Observed(
        SubjectRef("parcel", id_),
        {
            "locker": _text(row.get("locker")),
            "size": _text(row.get("size")),
            "fee": number(row.get("fee")),
            "collect_by": _instant(row.get("collect_by")),
            "reminded": reminded if isinstance(reminded, bool) else None,
            "pickup_hint": hint(code) if code else None,
        },
        state=None if status is None else status if status in STATES else "unknown",
        created_at=_instant(row.get("announced_at")),
    )


def _text(raw: Json) -> str | None:
    return str(raw).strip() or None if isinstance(raw, (str, int)) and not isinstance(raw, bool) else None


def _instant(raw: Json) -> datetime | None:
    try:
        at = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
