"""Whether an answer that refuses an order hints at one that was made all the same. Pure.

Comes in: a decoded answer to `add` that is a no. Goes out: whether it is nothing but a plain rate limit, on which alone
an order goes out again by itself; and what its words hint at, wherever in the answer they stand. Here a doubt is always
a hint: an order that is asked about needlessly costs a question, one that is made twice costs money.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto

from bursar.api import Json, number
from bursar_smm.answers import FAILS, NOTHING_WRONG, WRAPPERS
from bursar_smm.error_texts import Meaning, meaning, plain
from bursar_smm.opinions import DENIED, is_readable, texts
from bursar_smm.states import squeeze


class Hint(Enum):
    """What the words of a refusal say beside the no."""

    NONE = auto()
    UNREAD = auto()
    """They hold more than is understood: something else was made, or a sentence that no rule reads."""
    MADE = auto()
    """They speak of an order that was made, received or is being done."""


OF_TEXTS = frozenset({"error", "errors", "message", "msg", *WRAPPERS})
"""Under which names a failure says why."""
OF_LIMITS = frozenset(
    word
    for words in (
        "rate limit limits limited limiting exceeded exceeding reached hit quota throttled throttling slow down",
        "too many much often frequently fast quickly maximum max only more than allowed",
        "request requests call calls query queries attempt attempts api http status code error 429",
        "please sorry try retry again later wait after before in for of per within at by from to on and or with",
        "contact support",
        "a an the this that your you have has are is it key ip address user account client",
        "second seconds minute minutes min minutely hour hours hourly day days daily",
    )
    for word in words.split()
)
"""The only words of a plain rate limit: what else a longer sentence tells is not known."""
_COUNTS = re.compile(
    r"\b\d{1,6} ?(?:/|per)? ?(?:requests?|calls?|queries|attempts|times|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?"
    r"|d|days?)\b"
)
"""The only numbers of a plain rate limit, beside 429: any other may be an order's."""

_MADE = (
    r"(?:created|placed|accepted|added|queued|received|submitted|processed|processing|confirmed|registered|charged"
    r"|debited|deducted|purchased|started|begun|scheduled|saved|stored|sent|made|approved|completed?|delivered|executed"
    r"|fulfilled|finished|done|initiated|launched|opened|issued|exists?|pending|awaiting|running|active|underway|ongoing"
    r"|working|ok|success\w*|thank\w*|on hold|under (?:review|moderation)|will (?:start|begin)"
    r"|in (?:progress|process|(?:the |a )?queue))\b"
)
_SPEAKS_OF_MADE = re.compile(
    rf"\b{_MADE}|(?<!\bmin )(?<!\bmax )(?<!\bminimum )(?<!\bmaximum )\border(?: id| no| number)?[ :.#]*\d\d"
)
"""Words of something made, or an order with its number."""
_CERTAINLY = re.compile(r"\b(?:(?:order|purchase|request)\d*|charged|debited|deducted|purchased|success\w*|thank\w*)\b")
"""Words by which what was made is the order, or its money."""
_ELSE = re.compile(
    r"\b(?:links?|urls?|pages?|posts?|profiles?|accounts?|users?|usernames?|payments?|funds?|deposits?|balances?|services?"
    r"|refills?|comments?|keywords?|hashtags?|quantity|country|keys?|tokens?|ips?|subscriptions?|plans?|currency|emails?"
    r"|tickets?|invoices?|types?|categor(?:y|ies)|coupons?|cards?)\b"
)
"""What else a panel speaks of as made, received or active."""
_FOREIGN_ORDER = re.compile(
    r"\b(?:pedidos?|ordenes|orden|encomendas?|ordine|commande|bestellung|bestelling|siparis\w*|pesanan|zamowieni\w*|zakaz)\b"
)
"""An order in languages that do without letters of their own."""
_WITH_THE_LINK = (
    r"(?:with|for|on|to|at) (?:this|the|that|your|(?:the )?same) "
    r"(?:link|url|page|post|profile|user ?name|user|account|address|target|video|media|channel)"
)
_UNFINISHED = r"(?:active|open|pending|existing|unfinished|uncompleted|incomplete|running|ongoing|another|previous)"
_ANOTHER_ORDER = re.compile(
    rf"\b(?:{_UNFINISHED} )+orders?(?: in progress)? {_WITH_THE_LINK}(?: already)?(?: exists?)?"
    r"(?: (?:that|which) [^.,;!?]*)?"
    rf"|\b(?:link|url|page|post|profile|user ?name|account) (?:already )?has (?:an? )?(?:{_UNFINISHED} )+orders?\b"
)
"""A panel that does not take two orders for one link: the order that it speaks of was there before."""
_TOO_MANY = re.compile(
    r"\b(?:too many|(?:limit|maximum|max|number|amount)(?: number| amount)? of)(?: (?:your|the))?"
    rf"(?: {_UNFINISHED})+ orders?\b"
)
"""A panel that takes only so many orders at a time."""
_BOUNDS = re.compile(
    r"\b(?:min|max|minim(?:um|al)|maxim(?:um|al))(?: (?:amount|quantity|number|sum|of|for|per|the|an?|your|this)){0,4}"
    r" orders?(?: (?:amount|quantity|is|of)){0,3}[ :]*\d+"
    r"|\b(?:not enough|insufficient|low)(?: \w+){1,2} to (?:complete|make|place|create|process|start)"
    r"(?: (?:this|the|an?|your|new)){0,3} orders?\b"
)
"""What an order must have: an amount, or the money for it."""
_CONDITION = re.compile(rf"\b(?:un)?til(?: [\w']+){{0,6}}? {_MADE}")
_NOT_MADE = re.compile(
    r"(?:\b(?:not|cannot|never|without|no longer|(?:unable|fail(?:ed|s|ure)?) to)|n't)"
    rf"(?: (?:be|been|being|get|currently|successfully|in|any|an?|the|have|has)){{0,3}} {_MADE}"
    r"|\b(?:nothing|none|no (?:new |such )?(?:orders?|requests?|purchase|funds|money|charge|payment|amount))"
    rf"(?: (?:was|were|is|are|has|have|been|being|could|can|will|be)){{0,3}} {_MADE}"
)
"""That something did not come about. A "not yet" is none of these: what is not yet done was begun."""


_NOT_READ = frozenset({Meaning.OTHER, Meaning.NOT_NOW, Meaning.ALREADY})
"""What is no certain no to an order: who is asked to wait may be waiting for one."""


def only_limits(answer: Json) -> bool:
    """Return whether an answer is one plain text of a rate limit, beside nothing but a call's own words of failure."""
    if not isinstance(answer, dict):
        return False
    parts = [*_unwrapped(answer)]
    said = {text.strip() for name, value in parts if (text := _text_of(name, value))}
    return (
        # One text alone: a second one may be about the order that was made.
        len(said) == 1
        and all(_text_of(name, value) or _is_of_a_no(name, value) for name, value in parts)
        and all(_speaks_of_limits(text) for text in said)
    )


def _unwrapped(answer: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield the parts of an answer, and those of an error that has parts of its own."""
    for name, value in answer.items():
        if name in OF_TEXTS and isinstance(value, Mapping):
            yield from value.items()
        else:
            yield name, value


def hint(answer: Json, *, after_lost: bool = False) -> Hint:
    """Return what the words of a refused order hint at.

    Args:
        answer: The whole answer.
        after_lost: An earlier attempt was lost: then an active order with the same link may be the one that it made.
    """
    said = texts(answer)
    if not is_readable(said):
        # Not read to its end: it may speak of an order there.
        return Hint.MADE
    found = {_hint_of(text, after_lost=after_lost) for text in said}
    return next((worst for worst in (Hint.MADE, Hint.UNREAD) if worst in found), Hint.NONE)


def _hint_of(text: str, *, after_lost: bool) -> Hint:
    said = _spoken(text)
    # After a lost attempt "you have an active order with this link" may be the order that it made.
    rest = said if after_lost else _TOO_MANY.sub(" ", _ANOTHER_ORDER.sub(" ", said))
    not_read = {Meaning.OTHER} if rest != said else _NOT_READ
    rest = _BOUNDS.sub(" ", rest)
    rest = _NOT_MADE.sub(" ", _CONDITION.sub(" ", rest))
    if _SPEAKS_OF_MADE.search(rest):
        return Hint.MADE if _CERTAINLY.search(rest) or not _ELSE.search(rest) else Hint.UNREAD
    # A single word is a code of the panel's; a sentence that is not understood may say anything.
    is_sentence = " " in text.strip() or not text.isascii()
    return Hint.UNREAD if is_sentence and (meaning(text) in not_read or _is_foreign(said)) else Hint.NONE


def _is_foreign(said: str) -> bool:
    """Return whether a text is, at least in part, in another language than the one that is read."""
    return _FOREIGN_ORDER.search(said) is not None or any(sign.isalpha() and not sign.isascii() for sign in said)


def _text_of(name: str, value: Json) -> str | None:
    """Return the text that a part of an answer gives for a failure, if it is one."""
    is_text = name in OF_TEXTS and isinstance(value, str) and value not in NOTHING_WRONG and squeeze(value) not in FAILS
    return value if is_text and isinstance(value, str) else None


def _is_of_a_no(name: str, value: Json) -> bool:
    """Return whether a part of an answer says nothing, or nothing but that the call failed."""
    failed = value is False or (isinstance(value, str) and squeeze(value) in DENIED)
    if name in OF_TEXTS:
        return failed or value in NOTHING_WRONG or (name == "error" and value is True)
    if name in ("success", "ok"):
        return failed or value in NOTHING_WRONG
    if name in ("status", "code"):
        return failed or value is None or _is_client_error(value)
    return name == "retry_after" and (value is None or (not isinstance(value, bool) and number(value) is not None))


def _is_client_error(value: Json) -> bool:
    code = number(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
    return code is not None and 400 <= code < 500


def _speaks_of_limits(text: str) -> bool:
    said = _spoken(text)
    words = re.findall(r"\w+", _COUNTS.sub(" ", said))
    return meaning(text) is Meaning.RATE and said.isascii() and OF_LIMITS.issuperset(words)


def _spoken(text: str) -> str:
    """Return a text as words in lower case, also where it is a name (`order_created`, `orderCreated`)."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain(text))
    return " ".join(re.sub(r"[_-]", " ", apart).casefold().split())
