"""The door of conditions: what may be handed to the expression library at all.

Comes in: the text of a `when`. Goes out: nothing, or a `ConditionError` that says what to write instead. The library
folds constants while it parses and knows more than a rule needs (regular expressions, comprehensions, bit shifts), so
whatever could take long, grow large or reach out is refused here, token by token, before the library sees it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bursar.domain.values import cut
from bursar.rules.errors import ConditionError

MAX_LENGTH = 16_384
MAX_DEPTH = 32
MAX_SIGNS = 200
MAX_DIGITS = 40

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<text>(?P<prefix>[rsbdt]?)(?P<quote>["'])([^\\\n]|(\\.))*?(?P=quote))
  | (?P<number>\.?[0-9][0-9A-Za-z_.]*)
  | (?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)
  | (?P<sign>=~~?|!~~?|\*\*|//|<<|>>|<=|>=|==|!=|\?\?|&&|\|\||&\.|&\[|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REFUSED = {
    **dict.fromkeys(("=~", "=~~", "!~", "!~~"), "regular expressions are not available: use $matches(text, glob)"),
    **dict.fromkeys(("&", "|", "^", "<<", ">>"), "bit operators are not available: write `and`, `or`"),
    **dict.fromkeys(("&.", "&["), "not needed: a field without information makes its comparison unknown"),
    **dict.fromkeys(("{", "}"), "sets and mappings are not available: write a list, as in [1, 2]"),
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not`",
    "=": "write `==` to compare",
    "#": "comments are not available in a condition: write them in the YAML",
    ";": "a condition is one expression",
}
_REFUSED_WORDS = {
    "for": "comprehensions are not available",
    "if": "write `condition ? this : that`",
    **dict.fromkeys(("else", "elif"), "write `condition ? this : that`"),
    "while": "loops are not available",
    "inf": "infinity is not available",
    "nan": "nan is not available",
    "True": "write `true`",
    "False": "write `false`",
    "None": "write `null`",
    "AND": "write `and`",
    "OR": "write `or`",
    "NOT": "write `not`",
}
_WORDS = frozenset({"and", "or", "not", "in", "true", "false", "null"})
_QUIET = frozenset("()[],.")
PARTS = ("year", "month", "day", "hour", "minute", "weekday")
"""What can be asked of an instant."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `at` counts characters from 1."""

    sort: str
    text: str
    at: int
    prefix: str = ""


def check_door(text: str) -> None:
    """Refuse a text that must not reach the library.

    Raises:
        ConditionError: it says what to write instead, and at which character.
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"the condition is {len(text)} characters long: the longest may have {MAX_LENGTH}")
    if not text.strip():
        raise ConditionError("the condition is empty: leave `when` out for a rule without one")
    tokens = list(_tokens(text))
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        _check(token, before, after)
    _check_size(tokens)


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise ConditionError(f"nothing can be made of {text[at : at + 10]!r}, at character {at + 1}")
        sort = next(name for name in ("space", "text", "number", "name", "sign") if found[name] is not None)
        if sort != "space":
            yield Token(sort, found[0], at + 1, found["prefix"] or "")
        at = found.end()


def _check(token: Token, before: Token | None, after: Token | None) -> None:
    if token.sort == "text":
        _require(token.prefix != "b", token, "bytes are not available: write a text")
    elif token.sort == "number":
        _check_number(token)
    elif token.sort == "name":
        _check_name(token, before, after)
    else:
        _check_sign(token, before, after)


def _check_number(token: Token) -> None:
    plain = re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", token.text, re.ASCII) is not None
    _require(plain, token, f'{cut(token.text, 20)!r} is not a number: write plain digits, and durations as t"P30D"')
    _require(len(token.text) <= MAX_DIGITS, token, f"a number may have {MAX_DIGITS} digits")


def _check_name(token: Token, before: Token | None, after: Token | None) -> None:
    follows_dot = before is not None and before.text == "."
    if token.text in _REFUSED_WORDS and not follows_dot:
        raise _refusal(token, _REFUSED_WORDS[token.text])
    if token.text.startswith("$"):
        _require(after is not None and after.text == "(", token, f"{token.text} is a function: write {token.text}(…)")
    _require(not token.text.startswith("_"), token, f"names do not start with an underscore, as {token.text!r} does")


def _check_sign(token: Token, before: Token | None, after: Token | None) -> None:
    if token.text in _REFUSED:
        raise _refusal(token, _REFUSED[token.text])
    ends_value = before is not None and (
        before.sort in ("text", "number") or before.text in (")", "]") or (before.sort == "name" and not _word(before))
    )
    if token.text == "[":
        _require(not ends_value, token, "values cannot be indexed")
    if token.text == "(" and ends_value and before is not None:
        _require(before.text.startswith("$"), token, "only functions can be called, as in $lower(order.link)")
    if token.text == "." and before is not None and (before.sort != "name" or _word(before)):
        _require(after is not None and after.text in PARTS, token, f"an instant has only {', '.join(PARTS)}")
    if token.text == "**":
        small = after is not None and after.text.isascii() and after.text.isdigit() and len(after.text) <= 2
        _require(small, token, "an exponent must be a plain number of at most two digits")


def _word(token: Token) -> bool:
    return token.text in _WORDS


def _check_size(tokens: list[Token]) -> None:
    depth, signs = 0, 0
    for token in tokens:
        depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
        signs += (token.sort == "sign" and token.text not in _QUIET) or token.text in ("and", "or", "not", "in")
        _require(depth <= MAX_DEPTH, token, f"the condition is nested more than {MAX_DEPTH} deep")
        _require(signs <= MAX_SIGNS, token, f"the condition has more than {MAX_SIGNS} operators: split the rule")


def _require(holds: bool, token: Token, message: str) -> None:
    if not holds:
        raise _refusal(token, message)


def _refusal(token: Token, message: str) -> ConditionError:
    return ConditionError(f"{message} (at character {token.at})")
