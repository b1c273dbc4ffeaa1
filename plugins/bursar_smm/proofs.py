"""What a panel's no means to a refill or a cancel, and which no shows that it was requested before.

Comes in: a text, and the action that it answers. Goes out: a `Meaning`. Pure. After an attempt that was lost,
`ALREADY` is taken for a success, so it takes words that name the request itself: "refill already requested", "pending
refill", "open request" to a refill. What is said of the order ("already in progress"), of the other action ("this order
has a pending refill", to a cancel), or denied ("no open request") shows nothing, and a word of refusal anywhere in the
text outweighs all others. What is left in doubt is no proof: asking twice for a refill or a cancel does it once.
"""

from __future__ import annotations

import re

from bursar_smm.error_texts import Meaning, asks_to_wait, meaning, plain

_OTHER_NAMED = {
    "refill": re.compile(r"\bcancel", re.IGNORECASE),
    "cancel": re.compile(r"\bre-?fill", re.IGNORECASE),
}
_DENIES = re.compile(
    r"n't\b|\b(?:no|not|none|nothing|never|without|cannot|neither|nor|unless|if|only|must|should|before|can|could|may)\b",
    re.IGNORECASE,
)
"""Words that turn what follows in their sentence into its opposite, a condition, or a mere possibility."""
_REFUSES = re.compile(
    r"\b(?:can(?:not|'t| not)|could(?:n't| not))\b(?!.{0,30}\b(?:again|twice|another|second)\b)"
    r"|\bnot (?:possible|available|allowed|supported|enabled|permitted|eligible)\b"
    r"|\b(?:unable|impossible|unavailable|disabled|reject\w*|refus\w*|den(?:y|ied)|declin\w*|fail\w*|expired|closed"
    r"|too late|limit\w*|max\w*|reached|(?:an)?other order)\b",
    re.IGNORECASE,
)
_TAKES_BACK = re.compile(
    r"\b(?:but|though|although|however|yet)\b.{0,60}(?:\b(?:not|never|no)\b|n't\b)"
    r"|\b(?:was|were|is|has|have|been)(?:n't| not| never)\b"
    r"|\b\d+ ?(?:d|days?|weeks?|months?|years?) ago\b|\b(?:yesterday|last (?:week|month|year))\b"
    r"|\bby (?:an?other|someone|somebody|other)\b",
    re.IGNORECASE,
)
"""What, behind such words, takes them back, or tells of an earlier or another's request."""
_SENTENCE_ENDS = re.compile(r"[.;:!?]")
_FOR_IT = re.compile(r" for (?:this|the|that|your) order\b(?: #?\d+\b)?", re.IGNORECASE)
_STARTS = r"(?:^|[.,;:!?(] ?|\b(?:an?|the|this|your|same|such) )"
"""What may stand before a bare "request", so that it is not one for something else: "refund request"."""
_ENDS = (
    r"(?= ?(?:$|[.,;:!?()-])| (?:and|please|wait|try|until|before|earlier|today|by|already|now|at|on|since|for|with"
    r"|which|that|\d+)\b)"
)
"""What may stand behind it, so that it is not a part of something else: "cancel pending orders", "refill guarantee"."""
_A = r"(?:(?:an?|the|this|your) )?"
_IS = r"(?: (?:is|was|has|have|been|being|already|still|currently|now))"
_OPEN = r"(?:pending|open|active|ongoing|existing)"
_MADE = r"(?:submitted|placed|received|accepted|exists?|pending|queued|in (?:progress|process|(?:the )?queue))"


def _proof(own: str) -> re.Pattern[str]:
    """Compile the sentences which say that an action was requested before.

    A refill that is "open" or "active" may be one that can be had: so these words are read of a request alone.
    """
    request = rf"(?:\b{own} request|\brequest (?:for|to) {_A}{own}|{_STARTS}request(?! (?:for|to)\b))"
    named = rf"(?:\b{own}|{request})"
    asked = (
        rf"(?:{named}|{_STARTS}|\b(?:you(?:'ve)?|it|this|that)){_IS}{{0,3}} ?already (?:been )?(?:requested|asked for)"
    )
    has = r"\balready (?:has|have|requested|asked for|submitted|placed|received|made|sent)"
    sentences = (
        rf"{named}{_IS}{{0,4}} {_MADE}",
        rf"{request}{_IS}{{0,4}} (?:open|active|ongoing)",
        rf"{asked}(?: {_A}{own})?",
        rf"{has} {_A}(?:{_OPEN} )?(?:{own}(?: request)?|request(?! for\b))",
        rf"\b(?:pending|ongoing|existing) {own}(?: request)?",
        rf"\b{_OPEN} (?:{own} request|request(?! (?:for|to)\b))",
    )
    return re.compile(rf"(?:{'|'.join(sentences)})\b{_ENDS}", re.IGNORECASE)


_PROOFS = {
    "refill": (_proof(r"re-?fill(?:ing)?"), re.compile(r"\bbeing re-?filled\b", re.IGNORECASE)),
    "cancel": (_proof(r"cancel(?:l?ation|l?ing)?"), re.compile(r"\bbeing cancell?ed\b", re.IGNORECASE)),
}


def meaning_to(action: str, text: str) -> Meaning:
    """Return what a no means to a refill or a cancel.

    A state of the order bars a cancel, and delays a refill. What speaks of the other action, or denies, is a plain
    refusal; but a text that itself asks to come again is heard.
    """
    what, said = meaning(text), plain(text)
    if what not in (Meaning.ALREADY, Meaning.NOT_NOW):
        return what
    if what is Meaning.ALREADY and _proves(action, said):
        return what
    if asks_to_wait(said) or (action == "refill" and _of_the_order(said)):
        return Meaning.NOT_NOW
    # In doubt a plain no: asked twice, a refill or a cancel is done once; taken for proof, it is never done.
    return Meaning.WRONG_STATE


def _of_the_order(said: str) -> bool:
    """Return whether a text says what the order does, and neither denies it nor speaks of a cancel."""
    return (
        _DENIES.search(said) is None and _REFUSES.search(said) is None and _OTHER_NAMED["refill"].search(said) is None
    )


def _proves(action: str, said: str) -> bool:
    """Return whether a text shows that the action was requested before."""
    # "This order has a pending refill" answers a cancel with a no.
    if _OTHER_NAMED[action].search(said) is not None or _REFUSES.search(said) is not None:
        return False
    sentence = _FOR_IT.sub("", " ".join(said.split()))
    return any(
        _DENIES.search(_SENTENCE_ENDS.split(sentence[: found.end()])[-1]) is None
        and _TAKES_BACK.search(sentence[found.end() :]) is None
        for proof in _PROOFS[action]
        for found in proof.finditer(sentence)
    )
