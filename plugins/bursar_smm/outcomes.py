"""From a panel's answer to an effect to the outcome of the intent. Pure.

Only decoded JSON of the panel's own kind says yes, no or later; whatever says neither, or both at once, is `Lost`.
`add` is never later but for a rate limit: nothing but the panel's plain "asked too often" lets an order go out again
by itself. A refusal of it that hints at an order is `Lost`, too (`hints`); what no to a refill or a cancel shows
that it was requested before, `proofs` tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bursar.api import (
    BadAnswer,
    Intent,
    Json,
    Later,
    Lost,
    NeverSent,
    NotSent,
    Observed,
    Outcome,
    Refused,
    SubjectRef,
    Succeeded,
    Value,
)
from bursar_smm.answers import No, Yes, canceled, entries, fails, failure_text, unwrapped, verdict
from bursar_smm.error_texts import TROUBLE, Meaning, meaning, sentence, wait
from bursar_smm.hints import Hint, hint, only_limits
from bursar_smm.opinions import beside, is_readable, opinions, texts
from bursar_smm.proofs import meaning_to
from bursar_smm.service_types import ordered

BOTH = "the answer says yes and no at once"
NEITHER = "the answer says neither yes nor no"
NOT_NOW = "not now: "
NOT_SENT = "not sent: "
FAILED, SERVER_ERRORS = 400, 500
"""From which `code` on a call failed, and from which on its server did."""
NEVER = frozenset({Meaning.NEVER, Meaning.NO_SUCH})


class Reply:
    """A panel's decoded answer to an effect, with what its headers say.

    Args:
        answer: The decoded JSON.
        status: The HTTP status; 429 makes an error that no rule reads a rate limit; with 5xx `add` takes no no.
        retry_after: The header's wish.
        secret: The key, which some panels echo.
    """

    def __init__(self, answer: Json, status: int, retry_after: timedelta | None, secret: str) -> None:
        # A failure is read with all that stands around it: what is inside its wrapper may say the opposite.
        self._answer = unwrapped(answer) if failure_text(answer) is None else answer
        self._whole = answer
        self._code = opinions(answer).code
        self._status = status
        self._retry_after = retry_after
        self._secret = secret

    def to_add(self, intent: Intent) -> Outcome:
        """Read the answer to `add`; whatever hints at the opposite makes it lost."""
        outcome, said = self._to_add(intent), opinions(self._whole, "order", "order_id")
        # A panel that took the order and answered "too many requests"
        # beside `success: true` got three orders in ninety seconds.
        doubtful = said.denied if isinstance(outcome, Succeeded) else said.granted
        if doubtful and not isinstance(outcome, Lost):
            return Lost(BOTH)
        return _unless_denied(outcome, intent, self._whole, "order", "order_id")

    def _to_add(self, intent: Intent) -> Outcome:
        answer = self._answer
        if isinstance(answer, list) and len(answer) == 1:
            answer = answer[0]
        if not isinstance(answer, dict):
            return Lost(NEITHER)
        said = verdict(answer, "order") if "order" in answer or failure_text(answer) is not None else None
        if isinstance(said, No):
            return self._refusal(said.text, intent)
        # Neither a yes with an id nor a plain no: an order may be made that has no name here.
        if said is None or said.reference is None:
            return Lost(BOTH if failure_text(answer) is not None else NEITHER)
        # Two orders may have been made; the one that is not named would never be looked at.
        if answer.get("order_id") is not None and str(answer["order_id"]) != said.reference:
            return Lost("the answer names two orders")
        made = Observed(SubjectRef("order", said.reference), ordered(intent.params))
        return Succeeded(reference=said.reference, tracked=(made,))

    def to_orders(self, intents: Sequence[Intent]) -> dict[int, Outcome]:
        """Read the answer to `refill` or `cancel`, of one order or of several."""
        outcomes, ids = self._to_orders(intents), {intent.subject.id for intent in intents}
        # Of several orders each one's entry is held against itself: the failure of one is no no to another.
        of_all = self._whole if len(intents) == 1 else beside(self._whole, ids)
        return {
            intent.id: _unless_denied(outcomes[intent.id], intent, of_all, intent.action)
            for intent in intents
            if intent.id in outcomes
        }

    def _to_orders(self, intents: Sequence[Intent]) -> dict[int, Outcome]:
        if not isinstance(self._answer, (dict, list)):
            return dict.fromkeys([intent.id for intent in intents], Lost(NEITHER))
        name, ids = intents[0].action, [intent.subject.id for intent in intents]
        failure = failure_text(self._answer)
        if failure is not None and isinstance(self._answer, dict):
            both = _agrees_beside(self._answer, ids, name)
            one = len(intents) == 1
            return {intent.id: Lost(BOTH) if both else self._refusal(failure, intent, of_it=one) for intent in intents}
        # It fails and says no word why: neither a yes of an entry nor a no is believed.
        if isinstance(self._answer, dict) and fails(self._answer):
            return dict.fromkeys([intent.id for intent in intents], Lost(NEITHER))
        found = _entries(self._answer, ids, name)
        return {
            intent.id: self._to_order(found[intent.subject.id], intent)
            for intent in intents
            if intent.subject.id in found
        }

    def _to_order(self, entry: Json, intent: Intent) -> Outcome:
        return _unless_denied(self._read_entry(entry, intent), intent, entry, intent.action)

    def _read_entry(self, entry: Json, intent: Intent) -> Outcome:
        said = verdict(entry, intent.action)
        if isinstance(said, Yes):
            return requested(intent, said.reference)
        if isinstance(said, No):
            return self._refusal(said.text, intent)
        return Lost(BOTH if failure_text(entry) is not None else NEITHER)

    def _refusal(self, text: str, intent: Intent, *, of_it: bool = True) -> Outcome:
        """Return what a no means for the intent.

        One to a whole batch (`of_it` false) is never a *never*, and proves nothing of any of its orders.
        """
        if intent.action == "add":
            return self._refusal_of_add(text, intent)
        what, why = meaning_to(intent.action, text), sentence(text, self._secret)
        if what is Meaning.RATE or (self._status == 429 and what is Meaning.OTHER):
            return self._limited(text)
        if what is Meaning.KEY:
            return Refused(f"the panel rejects the key: {why}")
        # A gateway that broke may have passed the request on first.
        if what is Meaning.OUTAGE:
            return Lost(f"the panel's server failed: {why}")
        if what is Meaning.ALREADY and of_it:
            return _already(why, intent)
        if what in (Meaning.ALREADY, Meaning.NOT_NOW):
            return Later(NOT_NOW + why, wait(text) or self._retry_after)
        return Refused(why, never=of_it and what in NEVER)

    def _refusal_of_add(self, text: str, intent: Intent) -> Outcome:
        """Return what a no means for an order: where anything in the answer hints at one, it is lost."""
        what, why = meaning(text), sentence(text, self._secret)
        if what is Meaning.RATE or (self._status == 429 and what is Meaning.OTHER):
            # Only here an order goes out again by itself: an order that is asked
            # about needlessly costs a question, one made twice costs money.
            if self._only_limits():
                return self._limited(text)
            return Lost(f"asked too often, in an answer that may say that it was done: {why}")
        said = hint(self._whole, after_lost=intent.lost)
        # "Order created, wait 5 minutes" as an error is an order.
        if said is Hint.MADE:
            return Lost(f"refused, in words that speak of an order: {why}")
        if what is Meaning.KEY:
            return Refused(f"the panel rejects the key: {why}")
        if what is Meaning.OUTAGE or self._broke() or any(map(TROUBLE.search, texts(self._whole))):
            return Lost(f"the panel is in trouble: {why}")
        # Words that no rule reads may be "accepted" in another
        # language: a person reads them before it is ordered again.
        return Refused(why, unread=what is Meaning.OTHER or said is Hint.UNREAD)

    def _only_limits(self) -> bool:
        """Return whether the whole answer is a plain rate limit; a status such as 201 tells of something else."""
        return not self._broke() and (self._status == 200 or self._status >= FAILED) and only_limits(self._whole)

    def _broke(self) -> bool:
        """Return whether the answer comes from a server that failed, by its status or by its own `code`."""
        return max(self._code, self._status) >= SERVER_ERRORS

    def _limited(self, text: str) -> Later:
        why = f"the panel limits the rate: {sentence(text, self._secret)}"
        return Later(NOT_NOW + why, self._retry_after or wait(text))


def _unless_denied(outcome: Outcome, intent: Intent, answer: Json, *names: str) -> Outcome:
    """Return an outcome, unless another part of the answer says the opposite, or a `code` that the call failed.

    Of an attempt that follows a lost one a mere no may be the yes: "already requested".
    """
    said = opinions(answer, *names)
    if not isinstance(outcome, Succeeded):
        return Lost(BOTH) if said.yes and not isinstance(outcome, Lost) else outcome
    if not (said.no or said.denied or said.code >= FAILED):
        return outcome
    # Only after a loss: "already requested" to a first attempt speaks of somebody else's request.
    proved = intent.lost and _proves(intent.action, texts(answer))
    return outcome if proved and not said.yes else Lost(BOTH)


def _proves(action: str, said: Sequence[str]) -> bool:
    return is_readable(said) and any(meaning_to(action, text) is Meaning.ALREADY for text in said)


def _entries(answer: Json, ids: Sequence[str], name: str) -> dict[str, Json]:
    """Return the entry of each order; a list of what was canceled answers a cancel alone."""
    listed = canceled(answer, ids) if name == "cancel" else None
    return entries(answer, ids, "order") if listed is None else listed


def requested(intent: Intent, reference: str | None) -> Succeeded:
    """Return the success of an accepted refill or cancel: requested, not done.

    Panels give colliding refill ids (the order's, a constant 1), so the refill is named after order and intent; the
    panel's own id is a field. Without one there is nothing that could be asked for, and nothing is put under watch.
    """
    facts: Mapping[str, Value | None] = {f"{intent.action}_requested": True}
    if intent.action != "refill" or reference is None:
        return Succeeded(reference=reference, facts=facts)
    order = intent.subject.id
    made = Observed(SubjectRef("refill", f"{order}.{intent.id}"), {"order": order, "panel_id": reference})
    return Succeeded(reference=reference, facts=facts, tracked=(made,))


def _agrees_beside(answer: Mapping[str, Json], ids: Sequence[str], name: str) -> bool:
    """Return whether a failure of the whole call holds a yes as well."""
    rest: Json = {key: value for key, value in answer.items() if key != "error"}
    try:
        return any(isinstance(verdict(entry, name), Yes) for entry in _entries(rest, ids, name).values())
    except BadAnswer:
        return False


def not_sent(error: NeverSent) -> NotSent:
    """Return the outcome of an attempt that never left."""
    return NotSent(NOT_SENT + error.reason, error.retry_after)


def _already(why: str, intent: Intent) -> Outcome:
    """Read "already requested": not now; but after an attempt that was lost, it is the proof that the attempt took."""
    if intent.lost:
        return requested(intent, None)
    return Later(NOT_NOW + why, wait(why))
