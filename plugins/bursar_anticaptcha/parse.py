"""Read the vendor's answer: one decoded body in, one observation or one clear error out.

Pure. A coupon's code is money: nothing but a hint of it leaves here, but for `codes`, which says what to conceal.
`errorId` alone says whether it is a yes or a no; numbers may be JSON numbers or strings; what is missing, null or not
a number is "no information", never 0, never empty (docs/providers.md), and a problem of its subject, never silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bursar.api import (
    Answer,
    BadAnswer,
    Json,
    Observation,
    Observed,
    ProviderError,
    Refusal,
    Rejected,
    SubjectRef,
    cut,
    hint,
    number,
    unread,
)

STREAM = "coupons"
NEW = "new"
ACTIVATED = "activated"
BALANCE = SubjectRef("balance", "balance")
PARKING = {
    "ERROR_KEY_DOES_NOT_EXIST": "check the account's key",
    "ERROR_IP_NOT_ALLOWED": "allow this machine's address in the vendor's settings",
    "ERROR_IP_BLOCKED": "the vendor blocks this machine's address; ask its support",
    "ERROR_NO_SUCH_METHOD": "check the account's url",
    "ERROR_ACCESS_DENIED": "the key must be that of a reseller",
}
"""What parks an account, and what a person can do: the vendor bans addresses that repeat a failing call."""
WORTH_CONCEALING_CHARS = 6
MAX_ID_CHARS = 128
MAX_TEXT_CHARS = 2000
MAX_DEPTH = 60
_UNPRINTABLE = re.compile(r"[^ -~]+")

Payload = Mapping[str, Json]


def payload_of(answer: Answer) -> Payload:
    """Decode an answer of the vendor's own kind, yes or no.

    Raises:
        BadAnswer: it is not; whatever the status.
        RateLimited: it is no JSON, and the status is 429.
    """
    payload = answer.json()
    if not isinstance(payload, dict) or number(payload.get("errorId")) is None:
        if answer.status == 429:
            raise answer.failure()
        raise BadAnswer(
            f"JSON that is not the vendor's: it has no errorId (HTTP {answer.status})",
            kind="foreign",
            retry_after=answer.retry_after(),
        )
    return payload


def failure(payload: Payload, key: str) -> ProviderError | None:
    """Name the error that a poll of this answer is; None: the answer is a yes."""
    if not number(payload["errorId"]):
        return None
    code = str(payload.get("errorCode") or "").strip().upper()
    words = _words(payload, key)
    if code in PARKING:
        return Rejected(f"the vendor says {words}: {PARKING[code]}")
    return Refusal(f"the vendor says {words}", answer=masked(payload, key))


def codes(payload: Payload) -> frozenset[str]:
    """Return every coupon's code that is long enough to be one: what must never be seen."""
    found = map(_code, _rows(payload) or [])
    return frozenset(code for code in found if len(code) >= WORTH_CONCEALING_CHARS)


def observation(payload: Payload, *, everything: bool) -> Observation:
    """Normalise a yes.

    Args:
        payload: The answer.
        everything: The request asked for all coupons, so that absence may mean something.

    Raises:
        BadAnswer: it shows neither coupons nor a balance.
    """
    rows = _rows(payload)
    if rows is None and "eligibleBalance" not in payload:
        raise BadAnswer("the vendor's yes shows neither coupons nor a balance: check the account's url", kind="foreign")
    coupons = {seen.ref: seen for seen in _coupons(rows or [])}
    balance = Observed(BALANCE, {"amount": number(payload.get("eligibleBalance"))})
    # A list of which a row has no id, or two have one, is not whole: no coupon may vanish from it.
    complete = everything and rows is not None and len(coupons) == len(rows)
    return Observation(STREAM, (balance, *coupons.values()), problems=_problems(payload, rows or []), complete=complete)


def _problems(payload: Payload, rows: list[Json]) -> dict[str, str]:
    """Return what of the balance and of the coupons cannot be read, by the subject's id."""
    told = {id_: unread("amount", row.get("amount"), needed=True) for id_, row in _with_ids(rows)}
    told[BALANCE.id] = unread("eligibleBalance", payload.get("eligibleBalance"), needed=True)
    return {id_: problem for id_, problem in told.items() if problem is not None}


def masked(payload: Payload, key: str) -> dict[str, Json]:
    """Return an answer as people may see it: codes as hints, wherever they stand; the key never."""
    hints = {**{code: hint(code) for code in codes(payload)}, key: "***"}
    longest_first = {secret: hints[secret] for secret in sorted(filter(None, hints), key=len, reverse=True)}
    return {_hidden(name, longest_first): _masked(value, longest_first) for name, value in payload.items()}


def _rows(payload: Payload) -> list[Json] | None:
    """Return the rows of coupons; None: the answer says nothing of them. PHP writes a list with gaps as an object."""
    rows = payload.get("coupons")
    if rows is None:
        return None
    if isinstance(rows, dict):
        return list(rows.values())
    if not isinstance(rows, list):
        raise BadAnswer("the vendor's coupons are no list", kind="foreign")
    return rows


def _coupons(rows: list[Json]) -> Iterator[Observed]:
    for id_, row in _with_ids(rows):
        yield _coupon(id_, row, _code(row))


def _with_ids(rows: list[Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    for row in rows:
        if isinstance(row, dict) and _is_id(id_ := _text(row.get("id"))):
            yield id_, row


def _is_id(text: str) -> bool:
    return 0 < len(text) <= MAX_ID_CHARS and text.isprintable()


def _coupon(id_: str, row: dict[str, Json], code: str) -> Observed:
    """Read one row. An unknown status is no information: the last known state stands."""
    link, status = _text(row.get("link")), _text(row.get("status")).lower()
    if len(code) >= WORTH_CONCEALING_CHARS:
        link = link.replace(code, hint(code))
    return Observed(
        SubjectRef("coupon", id_),
        {
            "amount": number(row.get("amount")),
            "link": cut(link, MAX_TEXT_CHARS) or None,
            "code_hint": hint(code) or None,
        },
        state=status if status in (NEW, ACTIVATED) else None,
    )


def _code(row: Json) -> str:
    return _text(row.get("code")) if isinstance(row, dict) else ""


def _text(raw: Json) -> str:
    return "" if raw is None or isinstance(raw, (bool, list, dict)) else str(raw).strip()


def _words(payload: Payload, key: str) -> str:
    """Return the vendor's code and words, in one line that holds no key and is not endless."""
    code, said = _text(payload.get("errorCode")), _text(payload.get("errorDescription"))
    number_ = _text(payload["errorId"])
    words = f"{code or f'error {number_}'}" + (f" ({said})" if said else "")
    return cut(_UNPRINTABLE.sub(" ", words.replace(key, "***") if key else words), 200)


def _masked(value: Json, hints: Mapping[str, str], depth: int = 0) -> Json:
    if isinstance(value, str):
        return _hidden(value, hints)
    if depth > MAX_DEPTH and isinstance(value, (list, dict)):
        return "…"
    if isinstance(value, list):
        return [_masked(each, hints, depth + 1) for each in value]
    if isinstance(value, dict):
        return {
            _hidden(name, hints): hint(_text(each)) if name == "code" else _masked(each, hints, depth + 1)
            for name, each in value.items()
        }
    return value


def _hidden(text: str, hints: Mapping[str, str]) -> str:
    for secret, shown in hints.items():
        text = text.replace(secret, shown)
    return text
