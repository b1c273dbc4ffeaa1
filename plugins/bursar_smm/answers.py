"""The shapes of a panel's answers, brought to one: what is said about which id.

Comes in: decoded JSON, and the ids that were asked for. Goes out: the entry of each id, whichever of the three shapes
(flat, map, list) the panel chose; for an effect, a `Yes`, a `No`, or None where it says neither or both. Nothing is
concluded from an id that is missing, and nothing is ever taken for an id that was not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bursar.api import BadAnswer, Json
from bursar_smm.states import squeeze

FAILS = frozenset({"error", "fail", "failed", "false"})
MAX_ID_CHARS = 128
MAX_DEPTH = 20
"""How far into an answer anybody looks: no panel nests deeper, and what does is meant to exhaust."""
RESULTS = frozenset({"status", "order", "refill", "cancel"})
FLAT = RESULTS | {"charge", "start_count", "remains", "currency", "runs", "orders", "posts", "expiry"}
CALL_WORDS = frozenset({"success", "error", "fail", "ok", "true", "false"})
"""What a `status` says of the call itself, where nothing of an order stands beside it."""
OF_ORDERS = FLAT - RESULTS
WRAPPERS = ("data", "result", "response")
AGREES = frozenset({"success", "ok", "true", "yes", "accepted", "requested"})
PENDING = "pending"
"""A yes where it stands for a refill, or under the effect's own name; elsewhere it is the state of an order."""
OF_CANCELS = frozenset({"canceled", "cancelled", "cancel"})
"""The state of an order that was canceled: a yes to nothing but a cancel."""
OF_STATUSES = ("charge", "start_count", "remains")
"""Beside these a `status` is that of an order, and no answer to an effect."""
NOTHING_WRONG: tuple[Json, ...] = (None, False, "", "0", 0, [], {})
"""What an `error` says that says nothing."""


@dataclass(frozen=True, slots=True)
class Yes:
    """The panel did it; `reference` is the id it gave to what it made, if any."""

    reference: str | None = None


@dataclass(frozen=True, slots=True)
class No:
    """The panel refused, and says why."""

    text: str


def of_the_call(answer: Mapping[str, Json]) -> bool:
    """Return whether the `status` of an answer speaks of the call, not of an order or a refill."""
    status = answer.get("status")
    said = status is True or status is False or (isinstance(status, str) and squeeze(status) in CALL_WORDS)
    return said and OF_ORDERS.isdisjoint(answer)


def unwrapped(answer: Json) -> Json:
    """Return what a panel's answer holds, where it is put into a wrapper with the call's own words beside it."""
    for _ in range(MAX_DEPTH):
        of_an_order = not isinstance(answer, dict) or not OF_ORDERS.isdisjoint(answer)
        if not isinstance(answer, dict) or of_an_order or ("status" in answer and not of_the_call(answer)):
            return answer
        inner = next((answer[name] for name in WRAPPERS if isinstance(answer.get(name), (dict, list))), None)
        if inner is None:
            return answer
        answer = inner
    return answer


def failure_text(answer: Json, depth: int = 0) -> str | None:
    """Return the text of an answer that is a failure as a whole: a truthy `error`, even beside other keys."""
    if isinstance(answer, str):
        return answer
    if not isinstance(answer, dict):
        return None
    error = answer.get("error")
    if error and error != "0":
        return _words(error, depth + 1) or message(answer) or "an error without a text"
    if not fails(answer):
        return None
    return message(answer) or (_said_of_call(answer) if of_the_call(answer) else None)


def _said_of_call(answer: Mapping[str, Json]) -> str | None:
    """Return the words in which a call says that it failed; None where there are none."""
    return next((said for name in WRAPPERS if isinstance(said := answer.get(name), str) and said.strip()), None)


def message(answer: Json) -> str | None:
    """Return the `message` that some panels, and the frameworks under them, put in place of an `error`."""
    if not isinstance(answer, dict):
        return None
    text = answer.get("message") or answer.get("msg")
    return text if isinstance(text, str) else None


def entries(answer: Json, ids: Sequence[str], name: str) -> dict[str, Json]:
    """Return the entry of each id that the answer speaks of.

    Args:
        answer: Flat (one id), a map by id, or a list whose rows name their id under `name` or `id`.
        ids: What was asked for.
        name: `order` or `refill`.

    Raises:
        BadAnswer: it is none of the three.
    """
    if isinstance(answer, list):
        return _from_list(answer, ids, name)
    if not isinstance(answer, dict):
        raise strange(answer)
    # Only the ids that were asked for: an entry of another order must not become a state of ours.
    if found := {id_: answer[id_] for id_ in ids if id_ in answer}:
        return found
    return _from_flat(answer, ids, name)


def strange(answer: Json) -> BadAnswer:
    """Name an answer that is JSON, and not the panel's."""
    kind = "a list" if isinstance(answer, list) else "an object" if isinstance(answer, dict) else "a bare value"
    return BadAnswer(f"JSON, but not a panel's answer ({kind})", kind="not_expected")


def canceled(answer: Json, ids: Sequence[str]) -> dict[str, Json] | None:
    """Return the entries of an answer to `cancel` that lists what it canceled; None: it lists nothing."""
    listed = answer.get("canceled", answer.get("cancelled")) if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(listed, list):
        return None
    # Listed as canceled and answered by its own id, perhaps with an error: an empty entry says neither yes nor no.
    return {str(id_): True if str(id_) not in answer else {} for id_ in listed if str(id_) in ids}


def verdict(entry: Json, name: str, *, own: bool = False) -> Yes | No | None:
    """Read what an entry says to an effect: yes, no, or (None) neither or both.

    Args:
        entry: What stands in the answer for one id.
        name: The effect: its result stands under `refill`, `cancel`, or (of `add`) `order`.
        own: It stood under that name.
    """
    if not isinstance(entry, dict):
        return bare(entry, name, own=own)
    no = failure_text(entry)
    inner = verdict(_within(entry, name), name, own=True) if name in entry else _by_status(entry, name, own=own)
    if no is None:
        # `status: error` beside an id is no yes; an order that may be made is lost, not refused.
        return None if isinstance(inner, Yes) and fails(entry) else inner
    return None if isinstance(inner, Yes) else No(no)


def fails(answer: Mapping[str, Json]) -> bool:
    """Return whether the `status` of an answer is a word of failure, with or without a text beside it."""
    said = [answer.get(name) for name in ("status", "success", "ok")]
    return any(word is False or (isinstance(word, str) and squeeze(word) in FAILS) for word in said)


def _within(entry: Mapping[str, Json], name: str) -> Json:
    """Return what stands under the effect's name, be that wrapped once more; what goes on wrapping says nothing."""
    inner: Json = entry[name]
    for _ in range(MAX_DEPTH):
        if not isinstance(inner, dict) or name not in inner or failure_text(inner) is not None or fails(inner):
            return inner
        inner = inner[name]
    return None


def _from_list(rows: Sequence[Json], ids: Sequence[str], name: str) -> dict[str, Json]:
    found: dict[str, Json] = {}
    about_one = len(rows) == len(ids) == 1 and _is_entry(rows[0])
    if rows and not about_one and not any(isinstance(row, dict) and (name in row or "id" in row) for row in rows):
        raise strange(list(rows))
    for row in rows:
        if not isinstance(row, dict):
            continue
        named = row.get(name, row.get("id"))
        if named is None and about_one:
            named = ids[0]
        if str(named) in ids:
            # of two rows of one id that differ neither is believed: an entry that says nothing
            found[str(named)] = row if found.get(str(named), row) == row else {}
    return found


def _from_flat(answer: Mapping[str, Json], ids: Sequence[str], name: str) -> dict[str, Json]:
    named = answer.get(name)
    # A flat answer that names another order is about that one.
    if isinstance(named, (str, int)):
        return {str(named): dict(answer)} if str(named) in ids else {}
    of_other_ids = all(_is_entry(value) for value in answer.values()) and RESULTS.isdisjoint(answer)
    if of_other_ids:
        return {}
    if len(ids) == 1 and not FLAT.isdisjoint(answer):
        return {ids[0]: dict(answer)}
    raise strange(dict(answer))


def _is_entry(row: Json) -> bool:
    """Return whether something looks like what a panel says about one id."""
    return isinstance(row, dict) and ("error" in row or not FLAT.isdisjoint(row))


def _by_status(entry: Mapping[str, Json], name: str, *, own: bool) -> Yes | No | None:
    status, id_ = entry.get("status"), entry.get("id")
    said = bare(id_, name) if isinstance(id_, (str, int)) else None
    made = said.reference if isinstance(said, Yes) else None
    if status is True or (isinstance(status, str) and _agrees(squeeze(status), name, own=own)):
        of_an_order = not own and any(field in entry for field in OF_STATUSES)
        done = name == "cancel" and isinstance(status, str) and squeeze(status) in OF_CANCELS
        # "Success" beside a charge is the state of an order that is finished, and no yes to its cancel.
        return None if of_an_order and not done else Yes(made)
    return Yes(made) if status is None and made is not None else None


def _agrees(word: str, name: str, *, own: bool) -> bool:
    """Return whether a word grants an effect, and is not the state of an order that has nothing to do with it."""
    if word in OF_CANCELS:
        return name == "cancel"
    return word in AGREES or (word == PENDING and (own or name == "refill"))


def bare(value: Json, name: str, *, own: bool = False) -> Yes | No | None:
    """Read a bare value: an id or 1 is a yes, a sentence is a no; 0, false, null and lone words say nothing."""
    if isinstance(value, bool):
        return Yes() if value else None
    if isinstance(value, int):
        # 0 is how some panels write "no": neither an id nor a yes.
        return Yes(str(value)) if value > 0 else None
    if not isinstance(value, str):
        return None
    text = value.strip()
    if " " in text:
        return No(text)
    if _agrees(squeeze(text), name, own=own):
        return Yes()
    return Yes(text) if is_id(text) and text.strip("0") and any(sign.isdigit() for sign in text) else None


_NOT_OF_IDS = frozenset(" ,;&=")


def is_id(text: str) -> bool:
    """Return whether a text can be an id; whatever is longer, a sentence, a list, or steers a terminal, is none."""
    return (
        0 < len(text) <= MAX_ID_CHARS
        and text.isprintable()
        and not text.startswith("+")
        # "17,18" as an id would be asked for as two orders.
        and _NOT_OF_IDS.isdisjoint(text)
    )


def _words(error: Json, depth: int) -> str | None:
    if isinstance(error, str):
        return error
    if depth > MAX_DEPTH:
        return None
    if isinstance(error, dict):
        return message(error) or failure_text(error, depth + 1)
    if isinstance(error, list):
        return "; ".join(part for each in error if (part := _words(each, depth + 1))) or None
    return str(error) if isinstance(error, (int, Decimal)) and not isinstance(error, bool) else None
