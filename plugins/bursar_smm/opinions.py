"""What the parts of an answer to an effect say, wherever they stand in it.

Comes in: decoded JSON. Goes out: whether any part of it says yes, whether any says no, and the greatest `code`, so that
an answer that says both is believed in neither; and every text in it. Nothing is concluded here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bursar.api import Json, number
from bursar_smm.answers import FAILS, MAX_DEPTH, NOTHING_WRONG, OF_ORDERS, WRAPPERS, Yes, bare, fails
from bursar_smm.error_texts import MAX_READ
from bursar_smm.states import squeeze

CALLS = ("success", "ok", "status", "result")
"""Under which names a call says how it went."""
WELL = frozenset({"success", "ok", "true", "1", "yes", "created", "accepted"})
DENIED = FAILS | {"rejected", "declined", "refused", "denied", "no"}
MADE = frozenset({"id", "order", "orders", "orderid", "orderids", "orderno", "ordernumber", "neworder", "neworderid"})
"""Where panels put what they made, however they spell it."""
MAX_TEXTS = 100
ZEROS: tuple[Json, ...] = (0, "0")


@dataclass(frozen=True, slots=True)
class Opinions:
    """What the parts of an answer say to an effect, wherever they stand in it.

    Attributes:
        granted: A part says that the call went well, or names something that might have been made.
        denied: A part says in other words than those of every call that it did not.
        yes: A part names what was made, or grants the effect by its name.
        no: A part fails.
        code: The greatest `code` that a part gives, 0 where there is none.
    """

    yes: bool = False
    no: bool = False
    code: int = 0
    granted: bool = False
    denied: bool = False


def opinions(answer: Json, *names: str) -> Opinions:
    """Collect what every part of an answer says, so that one that says yes and no is believed in neither.

    Args:
        answer: The answer, or what it says of one id.
        names: Under which names the effect's result stands.
    """
    parts: list[Json] = [answer]
    said: list[Opinions] = []
    for part in parts:  # it grows meanwhile
        if isinstance(part, dict):
            said.append(_opinions_of(part, names))
        inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        parts += [value for value in inside if isinstance(value, (dict, list))]
    return Opinions(
        yes=any(one.yes for one in said),
        no=any(one.no for one in said),
        code=max((one.code for one in said), default=0),
        granted=any(one.granted for one in said),
        denied=any(one.denied for one in said),
    )


def _opinions_of(part: dict[str, Json], names: Sequence[str]) -> Opinions:
    """Return what one object of an answer says, whatever stands deeper in it."""
    words = {squeeze(word) for name in CALLS if isinstance(word := part.get(name), str)}
    wrong = any(part.get(name) not in NOTHING_WRONG for name in ("error", "errors"))
    well = any(part.get(name) == 1 for name in ("success", "ok"))  # true is 1, too
    return Opinions(
        yes=any(isinstance(bare(part.get(name), name, own=True), Yes) for name in names),
        no=wrong or fails(part) or _zero(part),
        code=code_of(part),
        granted=well
        or not words.isdisjoint(WELL)
        or any(squeeze(name) in MADE and _names_a_thing(value) for name, value in part.items()),
        denied=not words.isdisjoint(DENIED) or part.get("result") is False,
    )


def _names_a_thing(value: Json) -> bool:
    """Return whether a value names something, or lists what it names; an object is looked at by itself."""
    return not isinstance(value, (dict, bool)) and value not in NOTHING_WRONG


def _zero(part: Mapping[str, Json]) -> bool:
    """Return whether a 0 says that the call failed; an order may be in a state that a panel writes as 0."""
    said = [part.get(name) for name in ("success", "ok")] + ([part.get("status")] if OF_ORDERS.isdisjoint(part) else [])
    return any(word in ZEROS and word is not False for word in said)


def beside(answer: Json, ids: Collection[str], depth: int = 0) -> Json:
    """Return what of an answer to several speaks of none of them: the call's own words, and what names no id."""
    if isinstance(answer, list):
        return [row for row in answer if not (isinstance(row, dict) and ("order" in row or "id" in row))]
    if not isinstance(answer, dict) or depth > MAX_DEPTH:
        return answer
    rest = {key: value for key, value in answer.items() if key not in ids and not _names_an_id(key, value)}
    return {
        key: beside(value, ids, depth + 1) if key in WRAPPERS or isinstance(value, list) else value
        for key, value in rest.items()
    }


def _names_an_id(key: str, value: Json) -> bool:
    """Return whether a key is an id, perhaps one that was not asked for, with what is said of it."""
    return isinstance(value, dict) and any(sign.isdigit() for sign in key)


def code_of(answer: Json) -> int:
    """Return the `code` that a panel writes into its answer; 0: there is none."""
    raw = answer.get("code") if isinstance(answer, dict) else None
    code = number(raw) if isinstance(raw, (int, str)) else None
    return int(code) if code is not None and 0 <= code < 1000 else 0


def is_readable(said: Sequence[str]) -> bool:
    """Return whether the texts of an answer are so few and so short that each is read to its end."""
    # What is not read to its end may speak of an order there: the caller takes that for a hint.
    return len(said) <= MAX_TEXTS and all(len(text) <= MAX_READ for text in said)


def texts(answer: Json) -> list[str]:
    """Return every text that says something in an answer, however deep it stands."""
    parts: list[Json] = [answer]
    for part in parts:  # it grows meanwhile
        parts += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [part for part in parts if isinstance(part, str) and part.strip()]
