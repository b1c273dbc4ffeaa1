r"""What a panel's error text means. There are no codes: only English sentences, each panel with its own.

Comes in: a text. Goes out: a `Meaning`, and how long to wait where the text says so. Pure. The order of the patterns
matters: "Refill will be available in 5 hours" is *not now* although "not available" is *never*. What no pattern knows
is `OTHER`: a plain no. The patterns stand on the texts in docs/providers.md and on public panel sources.
"""

from __future__ import annotations

import html
import re
from datetime import timedelta
from enum import Enum, auto

from bursar.api import cut


class Meaning(Enum):
    """What a text says."""

    KEY = auto()
    """The key or the caller is rejected: stop asking."""
    RATE = auto()
    """Asked too often."""
    OUTAGE = auto()
    """A server or a gateway broke: says neither yes nor no to an effect."""
    NOT_NOW = auto()
    """It may be asked again later."""
    ALREADY = auto()
    """Not now: something was requested before, or is being done; whether it is what was asked for, `proofs` tells."""
    NEVER = auto()
    """It will always be refused for this subject."""
    WRONG_STATE = auto()
    """The order is not in a state in which it can be done."""
    NO_SUCH = auto()
    """There is no such order or refill."""
    OTHER = auto()


OF_THE_CALL = frozenset({Meaning.KEY, Meaning.RATE, Meaning.OUTAGE})
"""What is never said about one order or refill."""

_WRONG = (
    r"\b(?:invalid|incorrect|wrong|bad|unknown|missing|expired|disabled|inactive|required"
    r"|not\s+(?:found|valid|exist\w*))"
)
_KEY = r"(?:\b|_|\bapi)key\b"
_DONE = r"(?:cancell?ed|completed?|refunded|finished)"
_THING = r"\b(?:orders?|refills?)\b"
_WAITING = (
    r"\b(?:not|isn't) .{0,20}\byet\b",
    r"try (?:again )?later|again later|please wait|maintenance|temporar",
)
"""Words that ask to come again, whatever it is that is in the way."""
_WORDS: tuple[tuple[Meaning, tuple[str, ...]], ...] = (
    (
        Meaning.RATE,
        (
            r"rate.?limit",
            r"too many (?:requests|attempts|calls|queries)",
            r"(?:requests?|api) limit",
            r"limit of requests",
            r"slow down",
        ),
    ),
    (
        Meaning.KEY,
        (
            rf"{_KEY}.{{0,30}}{_WRONG}",
            rf"{_WRONG}\b.{{0,20}}{_KEY}",
            r"\bno (?:api )?key\b",
            r"unauthori[sz]ed|unauthenticated|forbidden|access denied(?!.*\border)",
            r"\bapi\b.{0,20}\bdisabled",
            r"\b(?:user|account)\b.{0,20}\b(?:blocked|banned|suspended|disabled|inactive|deactivated)",
            r"\bip\b.{0,30}\b(?:blocked|banned|not (?:allowed|permitted|whitelisted))",
            r"неверн\w* (?:api[- ])?ключ\b|\bключ неверн",
        ),
    ),
    (
        Meaning.OUTAGE,
        (
            r"internal (?:server )?error|server error|bad gateway|gateway time-?out",
            r"service (?:temporarily )?unavailable",
            r"\bupstream\b|timed? ?out\b|\btimeout\b",
        ),
    ),
    (
        Meaning.NO_SUCH,
        (
            rf"{_WRONG}\b.{{0,12}}{_THING}.{{0,6}}(?:\bids?\b|$)",
            rf"{_THING}(?: ids?\b)?.{{0,10}}\b(?:not (?:found|exist\w*)|(?:is|are) (?:invalid|incorrect))",
            r"\b(?:no such|does(?: not|n't) exist)\b",
        ),
    ),
    (
        Meaning.NEVER,
        (
            r"not (?:available|allowed|possible|supported|enabled) (?:for|on|with|by) (?:this|the|that|your)",
            r"not support|does(?: not|n't) (?:support|have|allow)",
            r"no (?:longer|refill|cancel)",
            r"\bexpired\b|\bperiod\b.{0,12}\b(?:over|ended|passed)\b",
        ),
    ),
    # Before the waiting times: "closed after 30 days" is no promise of a refill in 30 days.
    (Meaning.NEVER, (r"\bclosed\b.{0,12}\bafter\b|\bno\b.{0,20}\bafter\b",)),
    (
        Meaning.WRONG_STATE,
        (
            r"already (?:been )?(?:used|started|delivered|reached|sent|running|refilled)",
            r"can(?:not|'t| not)\b.{0,12}\b(?:cancel|refill|be (?:cancel|refill))",
            r"must be",
            rf"\bonly\b.{{0,20}}\b(?:{_DONE}|partial|pending)",
            rf"not (?:yet )?{_DONE}",
            rf"already (?:been )?{_DONE}",
            r"(?:wrong|incorrect|invalid) (?:order )?status",
        ),
    ),
    (
        Meaning.ALREADY,
        (
            r"already (?:been )?(?:requested|submitted|asked|placed|received|exists?|pending|open)",
            r"already in (?:progress|process|queue)",
            r"already (?:has|have)\b.{0,20}\b(?:refill|cancel|request)",
            r"\b(?:pending|open|active|ongoing)\b.{0,12}\b(?:refill|cancel\w*|request)",
            (
                r"\b(?:refill|cancel\w*|request)\b.{0,12}\b(?:is )?(?:already )?"
                r"(?:pending|open|active|in progress|in process)"
            ),
            r"being (?:refilled|cancell?ed)",
        ),
    ),
    (
        Meaning.NOT_NOW,
        (r"in progress|in process|being processed", *_WAITING),
    ),
    (
        Meaning.NEVER,
        (
            r"not (?:available|allowed|possible|enabled)|unavailable|disabled",
            r"can(?:not|'t| not) be|impossible",
        ),
    ),
)
_ASKS_TO_WAIT = re.compile("|".join(_WAITING), re.IGNORECASE)
_PATTERNS = tuple((what, re.compile("|".join(words), re.IGNORECASE)) for what, words in _WORDS)
TROUBLE = re.compile(
    r"system error|(?:server|internal).{0,20}error|\bbusy\b|try (?:again|later)|again later|maintenance|database|"
    r"\bsql\b|temporar|time-?out|timed out",
    re.IGNORECASE,
)
"""Words of trouble inside the panel: to an order they say neither yes nor no."""
_SUBJECT = re.compile(r"\b(?:orders?|refills?|ids?)\b", re.IGNORECASE)
_WAIT = re.compile(
    r"(?:\b(?:in|wait|every)|\b(?:available|again|try|retry|request|wait)\b[^.]{0,20}\bafter)\s+(?:about\s+)?"
    r"(\d{1,5})\s*(second|sec|minute|min|hour|hr|day|s|m|h|d)",
    re.IGNORECASE,
)
"""A number behind a bare "after" is no waiting time: "closed after 30 days"."""
_TOO_LATE = re.compile(r"expired|\bnot\b(?s:.{0,200}?)\bafter\b", re.IGNORECASE)
MAX_READ = 2000
"""No panel's text is read further: patterns take time, and all accounts wait for it."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def meaning(text: str) -> Meaning:
    """Return what a text means, whatever it answers; of a refill or a cancel `proofs` knows more."""
    said = plain(text)
    first = next((what for what, pattern in _PATTERNS if pattern.search(said)), Meaning.OTHER)
    # "Not available. Try again in 5 hours" names its time, and must not end the rule for this order.
    if first not in OF_THE_CALL and wait(text) is not None:
        return Meaning.NOT_NOW
    return first


def wait(text: str) -> timedelta | None:
    """Read how long a text asks to wait ("available in 5 hours"); None where it does not say."""
    said = plain(text)
    found = None if _TOO_LATE.search(said) else _WAIT.search(said)
    return timedelta(**{_UNITS[found[2][0].lower()]: int(found[1])}) if found else None


def asks_to_wait(text: str) -> bool:
    """Return whether a text itself asks to come again later."""
    return wait(text) is not None or _ASKS_TO_WAIT.search(plain(text)) is not None


def plain(text: str) -> str:
    """Return a text as it is read: its beginning, without HTML's escapes, with a typewriter's apostrophe ("can't")."""
    return html.unescape(text[:MAX_READ]).replace("\u2019", "'")


def about_subject(text: str) -> bool:
    """Return whether a text that answers a question about one id talks of that id, not of the whole call."""
    return meaning(text) not in OF_THE_CALL and _SUBJECT.search(plain(text)) is not None


def sentence(text: str, secret: str = "") -> str:
    """Return a panel's text as it may be shown: on one line, not endless, and without the key that some panels echo."""
    shown = text.replace(secret, "***") if secret else text
    return cut(" ".join(shown.split()), 200)
