"""JSON that can be wrong in ways that no dict can hold: keys twice, numbers that are none, bytes that are no text.

Comes in: a canonical body and a seeded random. Goes out: bytes, mutated first as a tree (types, keys, ids, values) and
then, sometimes, as bytes. The same random makes the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

KEY = "k3y-Fuzz/9d41aa70c2+&="
WALLET = "TXfuzzWALLET8b17c0de55"
CODE = "FUZZ-83UY-MX73-G7BH-4BMU"
PLANTED = (KEY, WALLET, CODE)


class Raw(str):
    """Text that stands in the body as it is."""

    __slots__ = ()


@dataclass(slots=True)
class Pairs:
    """A JSON object that may have a key twice."""

    rows: list[tuple[str, Any]]


def tree_of(value: Any) -> Any:
    """Turn decoded JSON into a tree that can be mutated in place."""
    if isinstance(value, dict):
        return Pairs([(name, tree_of(each)) for name, each in value.items()])
    return [tree_of(each) for each in value] if isinstance(value, list) else value


def written(node: Any) -> str:
    """Write a tree as the text of a body."""
    if isinstance(node, Raw):
        return str(node)
    if isinstance(node, Pairs):
        return "{" + ",".join(f"{json.dumps(name)}:{written(each)}" for name, each in node.rows) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(written, node)) + "]"
    return json.dumps(node, ensure_ascii=False)


ODD: Sequence[Any] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    3,
    10**18,
    10**40,
    -(10**25),
    0.5,
    -7.25,
    "",
    " ",
    "0",
    "1",
    "-1",
    "1.5",
    "1,234.56",
    "12%",
    "Unknown",
    "unknown",
    "null",
    "N/A",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e5",
    "1e400",
    "1_000",
    "٣٤",
    "½",
    "0x10",
    "true",
    "yes",
    "Success",
    "Completed",
    "Canceled",
    "In progress",
    "Zombie",
    "new",
    "activated",
    "error",
    "false",
    "Incorrect order ID",
    "Rate limit exceeded",
    "Invalid API key",
    "Api disabled",
    "Not enough funds on balance",
    "Refill already requested",
    "available in 99999 days",
    "Internal server error",
    "<b>html</b>",
    "&laquo;x&raquo;",
    "a\x00b",
    "a\nb",
    "\u202eabc",
    "💰",
    "\ufeff",
    "x" * 5000,
    "ord_01HG",
    "5f1c0ffee0ddba11decafbad",
    "-0",
    "--",
    "…",
    Raw("NaN"),
    Raw("Infinity"),
    Raw("-Infinity"),
    Raw("1e5"),
    Raw("1E400"),
    Raw("-1e-400"),
    Raw("1e999999"),
    Raw("-0"),
    Raw("-0.0"),
    Raw("0e99999"),
    Raw("0e-99999"),
    "0e-99999",
    Raw("9" * 400),
    Raw("9" * 5000),
    Raw("0." + "3" * 500),
    Raw("01"),
    Raw("+1"),
    Raw(".5"),
    Raw("1."),
    Raw("'x'"),
    Raw('"\\ud800"'),
    Raw('"\\ud83d\\udcb0"'),
    Raw('"\\q"'),
    Raw("undefined"),
    Raw(""),
    Raw("True"),
    Raw("{}"),
    Raw("[]"),
    Raw('{"error":"no"}'),
    Raw('{"error":""}'),
    Raw('{"id":5}'),
    Raw('[{"id":1},{"id":1}]'),
    Raw("[[[[1]]]]"),
    Raw("[" * 90 + "]" * 90),
    Raw('{"a":' * 90 + "1" + "}" * 90),
    Raw("[" * 700 + "]" * 700),
    Raw("[" * 5000 + "]" * 5000),
    Raw("[" * 3000),
    *PLANTED,
    f"bad key {KEY}, wallet {WALLET}, code {CODE}",
)
KEYS: Sequence[str] = (
    "error",
    "status",
    "message",
    "msg",
    "data",
    "items",
    "order",
    "orders",
    "refill",
    "cancel",
    "canceled",
    "id",
    "balance",
    "currency",
    "charge",
    "remains",
    "service",
    "payout_id",
    "error_text",
    "errorId",
    "errorCode",
    "errorDescription",
    "coupons",
    "eligibleBalance",
    "code",
    "account",
    "amount",
    "time",
    "result",
    "success",
    "0",
    "1",
    "-1",
    "",
    " ",
    "10",
    "ERROR",
    "Order",
    "toString",
    "\x00",
    "💰",
    "x" * 600,
    KEY,
    WALLET,
)
PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>%s</body></html>"
WARNING = b'<br />\n<b>Warning</b>:  Undefined array key "id" in <b>/var/www/api.php</b> on line <b>12</b><br />\n'


def slots(node: Any) -> list[tuple[Any, int]]:
    """Return every place of a tree that holds a value: its container and the position in it."""
    found: list[tuple[Any, int]] = []
    waiting = [node]
    while waiting:
        holder = waiting.pop()
        inside = [each for _, each in holder.rows] if isinstance(holder, Pairs) else holder
        for place, each in enumerate(inside):
            found.append((holder, place))
            if isinstance(each, (Pairs, list)):
                waiting.append(each)
    return found


def held(slot: tuple[Any, int]) -> Any:
    holder, place = slot
    return holder.rows[place][1] if isinstance(holder, Pairs) else holder[place]


def put(slot: tuple[Any, int], value: Any) -> None:
    holder, place = slot
    if isinstance(holder, Pairs):
        holder.rows[place] = (holder.rows[place][0], value)
    else:
        holder[place] = value


def _odd(root: list[Any], dice: Random) -> None:
    put(dice.choice(slots(root)), dice.choice(ODD))


def _other_type(root: list[Any], dice: Random) -> None:
    slot = dice.choice(slots(root))
    was = held(slot)
    choices: list[Any] = [[was], Pairs([("value", was)]), Pairs([("0", was)]), str(was), [was, was]]
    if isinstance(was, str):
        choices += [Raw(was or '""'), was.upper(), was.lower(), f" {was} ", was[::-1], was + was]
    if isinstance(was, list):
        choices += [Pairs([(str(place), each) for place, each in enumerate(was)]), *was[:1]]
    if isinstance(was, Pairs):
        choices += [[each for _, each in was.rows], *[each for _, each in was.rows[:1]]]
    if isinstance(was, (int, float)) and not isinstance(was, bool):
        choices += [-was, was + 1, float(was), str(was), was * 10**9]
    put(slot, dice.choice(choices))


def _exchange(root: list[Any], dice: Random) -> None:
    """Put a copy of one part in another's place."""
    places = slots(root)
    part, target = held(dice.choice(places)), dice.choice(places)
    put(target, Raw(written(part)) if isinstance(part, (Pairs, list)) else part)


def _rows(root: list[Any], dice: Random) -> None:
    """Take rows of an object or list away, double them, add some, or mix them."""
    holders = [each for each in [root[0], *map(held, slots(root))] if isinstance(each, (Pairs, list))]
    if not holders:
        return _odd(root, dice)
    holder = dice.choice(holders)
    rows: list[Any] = holder.rows if isinstance(holder, Pairs) else holder
    new: Any = dice.choice(ODD)
    if isinstance(holder, Pairs):
        new = (dice.choice(KEYS), new)
    what = dice.randrange(5)
    if what == 0 and rows:
        del rows[dice.randrange(len(rows))]
    elif what == 1 and rows:
        rows.insert(dice.randrange(len(rows) + 1), dice.choice(rows))
    elif what == 2:
        dice.shuffle(rows)
    elif what == 3 and isinstance(holder, Pairs) and rows:
        rows.append((dice.choice(rows)[0], dice.choice(ODD)))
    else:
        rows.insert(dice.randrange(len(rows) + 1), new)
    return None


def _rename(root: list[Any], dice: Random) -> None:
    """Rename a key, or swap two."""
    holders = [each for each in [root[0], *map(held, slots(root))] if isinstance(each, Pairs) and each.rows]
    if not holders:
        return _odd(root, dice)
    rows = dice.choice(holders).rows
    one, two = dice.randrange(len(rows)), dice.randrange(len(rows))
    if one != two and dice.random() < 0.5:
        (first, value), (second, other) = rows[one], rows[two]
        rows[one], rows[two] = (second, value), (first, other)
    else:
        name, value = rows[one]
        rows[one] = (dice.choice([*KEYS, name.upper(), f"{name} ", name[:-1], f"{name}s"]), value)
    return None


ON_TREES: Sequence[Callable[[list[Any], Random], None]] = (
    _odd,
    _odd,
    _odd,
    _other_type,
    _exchange,
    _rows,
    _rows,
    _rename,
)


def _flip(body: bytearray, dice: Random) -> bytes:
    for _ in range(dice.randint(1, 4)):
        if body:
            body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
    return bytes(body)


def _slice(body: bytearray, dice: Random) -> bytes:
    start = dice.randrange(len(body) + 1)
    end = min(len(body), start + dice.randint(1, 30))
    return bytes(body[:start] + (body[start:end] * 2 if dice.random() < 0.4 else b"") + body[end:])


ON_BYTES: Sequence[Callable[[bytearray, Random], bytes]] = (
    _flip,
    _flip,
    _slice,
    lambda body, dice: bytes(body[: dice.randrange(len(body) + 1)]),
    lambda body, dice: bytes(body[dice.randrange(len(body) + 1) :]),
    lambda body, dice: b"\xef\xbb\xbf" + bytes(body),
    lambda body, dice: WARNING + bytes(body),
    lambda body, dice: bytes(body) + WARNING,
    lambda body, dice: bytes(body + body),
    lambda body, dice: PAGE % bytes(body),
    lambda body, dice: dice.choice(
        [b"", b" ", b"null", b"0", b"1", b"[]", b"{}", b'""', b"\x00", b"\xff\xfe{\x00}\x00"]
    ),
    lambda body, dice: body.decode("utf-8", "replace").encode(dice.choice(["utf-16", "cp1251", "utf-7"]), "replace"),
    lambda body, dice: bytes(dice.randrange(256) for _ in range(dice.randint(1, 60))),
)


def mutated(body: Any, dice: Random) -> bytes:
    """Return the bytes of a body with something wrong about it; once in a while, nothing.

    Args:
        body: Decoded JSON, or bytes.
        dice: Decides everything.
    """
    raw = body if isinstance(body, bytes) else _mutated_tree(body, dice)
    if dice.random() < 0.02:  # of a sound body only: no server makes JSON that is broken and cut short behind a warning
        sound = body if isinstance(body, bytes) else written(tree_of(body)).encode()
        return WARNING + sound[: dice.randrange(len(sound) + 1)]
    if isinstance(body, bytes) or dice.random() < 0.25:
        raw = dice.choice(ON_BYTES)(bytearray(raw), dice)
    return raw


def _mutated_tree(body: Any, dice: Random) -> bytes:
    root = [tree_of(body)]
    for _ in range(dice.choice((0, 1, 1, 1, 1, 2, 2, 3, 6))):
        dice.choice(ON_TREES)(root, dice)
    return written(root[0]).encode("utf-8", "surrogatepass")
