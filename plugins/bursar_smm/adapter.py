"""The live object for one account at one panel: asks, and has the answers read.

Comes in: what the core wants to look at or to do. Goes out: observations, outcomes, findings, or one clear error.
It decides nothing and keeps nothing that matters: the types of the services that it last saw, so that an order that
lacks what its type needs is not sent. The quick path is the poll of many orders that says nothing new: the
answer is cut into one raw piece per order, and only the pieces that changed are decoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from bursar.api import (
    AccountSettings,
    AdapterContext,
    Answer,
    BadAnswer,
    CannotTell,
    Finding,
    Intent,
    Json,
    Lost,
    NeverSent,
    NotSent,
    Observation,
    Observed,
    Outcome,
    PollRequest,
    ProviderError,
    RateLimited,
    Refusal,
    Refused,
    Rejected,
    Request,
)
from bursar_smm import parse, service_types
from bursar_smm.answers import entries, failure_text, message, of_the_call, strange, unwrapped
from bursar_smm.error_texts import Meaning, about_subject, meaning, sentence, wait
from bursar_smm.masking import masked
from bursar_smm.methods import asked_for
from bursar_smm.outcomes import Reply, not_sent
from bursar_smm.refills import panel_ids
from bursar_smm.requests import Asking

_PIECES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENTRY = msgspec.json.Decoder(float_hook=Decimal)
NOT_LISTED = "it is not in the last list of services, of which a part cannot be read"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError)


class SmmAdapter:
    """An account at a panel.

    Args:
        settings: The account.
        context: What bursar lends.
    """

    def __init__(self, settings: AccountSettings, context: AdapterContext) -> None:
        self._http = context.http
        self._asking = Asking(settings)
        self._secret = settings.key.reveal()
        self._numbers = {str(word): state for word, state in (settings.options.get("status_numbers") or {}).items()}
        self._cancel_with: str = settings.options.get("cancel_with", "orders")
        self._types: dict[str, str] | None = None

    async def observe(self, request: PollRequest) -> Observation:
        """Poll once."""
        if request.stream == "orders":
            return await self._orders(request)
        if request.stream == "refills":
            return await self._refills(request)
        return await self._listing(request)

    async def prepare(self, intent: Intent) -> Json:
        """Read the balance before an order is added; repeatable actions need no evidence."""
        if intent.action != "add":
            return None
        fields = (await self._balance()).fields
        return {"balance": parse.shown(fields["amount"]), "currency": parse.shown(fields["currency"])}

    async def perform(self, intent: Intent) -> Outcome:
        """Do it, once."""
        if intent.action != "add":
            return (await self.perform_many([intent])).get(intent.id, Lost("the answer does not mention the order"))
        try:
            service_types.check(intent.params, (self._types or {}).get(str(intent.params.get("service")).strip()))
        except ValueError as error:
            return Refused(str(error), never=True)
        reply = await self._effect(self._asking.plain("add", intent.params))
        return reply.to_add(intent) if isinstance(reply, Reply) else reply

    async def perform_many(self, intents: Sequence[Intent]) -> Mapping[int, Outcome]:
        """Request refills or cancellations of several orders in one request."""
        action, ids = intents[0].action, [intent.subject.id for intent in intents]
        one = self._cancel_with if action == "cancel" else "order"
        reply = await self._effect(self._asking.about(action, ids, one, "orders"))
        if not isinstance(reply, Reply):
            return {intent.id: reply for intent in intents}
        try:
            return reply.to_orders(intents)
        except BadAnswer as error:
            # An answer of no known shape says neither yes nor no to any of them.
            return {intent.id: Lost(error.reason) for intent in intents}

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        """Put the balance beside the one before: it proves nothing, but a person may read something from it."""
        if intent.action != "add":
            return CannotTell("only a later status of the order tells")
        now = (await self._balance()).fields
        before = evidence if isinstance(evidence, dict) else {}
        was = _money(before.get("balance"), before.get("currency"))
        is_ = _money(parse.shown(now["amount"]), parse.shown(now["currency"]))
        costs = "" if intent.cost is None else f", and the order costs {intent.cost.normalize():f}"
        return CannotTell(
            f"the balance was {was} before and is {is_} now{costs}; other orders and refunds move it, too, "
            "and no panel lists its orders: look there, then say `bursar actions resolve`"
        )

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        """Call a reading method and return the panel's own answer."""
        request = self._asking.plain(method, asked_for(method, params))
        answer = self._checked(await self._http.ask(request))
        if not isinstance(answer, (dict, list)):
            raise strange(answer)
        return masked(answer, self._secret)

    async def close(self) -> None:
        """Let go of nothing: the way to the wire is bursar's."""

    async def _orders(self, request: PollRequest) -> Observation:
        answer = await self._http.ask(self._asking.about("status", request.ids, "order", "orders"))
        try:
            pieces = _PIECES.decode(answer.body)
            if "error" not in pieces and not pieces.keys().isdisjoint(request.ids):
                return self._pieces(request, pieces)
        except _UNREADABLE:
            # Not a map of raw pieces: another shape, or a script's warning before it, which the slow way reads.
            pass
        return self._any_shape(request, answer)

    def _pieces(self, request: PollRequest, pieces: Mapping[str, msgspec.Raw]) -> Observation:
        """Read a map by id, decoding only what changed."""
        is_unchanged = request.is_unchanged
        unchanged: list[str] = []
        changed: dict[str, Json] = {}
        for id_ in request.ids:
            # An id that is missing means nothing: no state, and no change.
            if (piece := pieces.get(id_)) is None:
                continue
            raw = bytes(piece)
            if is_unchanged(id_, raw):
                unchanged.append(id_)
            else:
                changed[id_] = _ENTRY.decode(raw)
        return self._seen(unchanged, changed) if changed else Observation("orders", unchanged=unchanged)

    def _any_shape(self, request: PollRequest, answer: Answer) -> Observation:
        """Read a flat answer, a list, a map that lacks ids, or one with a script's warning before it."""
        decoded = answer.json()
        failure = failure_text(decoded)
        # "Incorrect order ID" to one id is data about that id; to several it does not say which is meant.
        if failure is not None and len(request.ids) == 1 and about_subject(failure):
            return Observation(request.stream, problems={request.ids[0]: sentence(failure, self._secret)})
        found = entries(self._told(answer), request.ids, "order")
        unchanged = [id_ for id_, entry in found.items() if request.is_unchanged(id_, msgspec.json.encode(entry))]
        return self._seen(unchanged, {id_: entry for id_, entry in found.items() if id_ not in unchanged})

    def _seen(self, unchanged: Sequence[str], changed: Mapping[str, Json]) -> Observation:
        subjects: list[Observed] = []
        problems: dict[str, str] = {}
        for id_, entry in changed.items():
            try:
                if (observed := parse.order(id_, entry, self._numbers)) is not None:
                    subjects.append(observed)
                    if (unread := parse.order_problem(entry, observed)) is not None:
                        problems[id_] = sentence(unread, self._secret)
            except parse.Problem as problem:
                problems[id_] = sentence(str(problem), self._secret)
        return Observation("orders", tuple(subjects), unchanged, problems)

    async def _refills(self, request: PollRequest) -> Observation:
        wanted, problems = panel_ids(request)
        if not wanted:
            return Observation("refills", problems=problems)
        ids = list(wanted)
        answer = await self._http.ask(self._asking.about("refill_status", ids, "refill", "refills"))
        failure = failure_text(answer.json())
        if failure is not None and len(ids) == 1 and about_subject(failure):
            return Observation("refills", problems={**problems, wanted[ids[0]]: sentence(failure, self._secret)})
        subjects = []
        for panel_id, entry in entries(self._told(answer), ids, "refill").items():
            try:
                if (observed := parse.refill(wanted[panel_id], entry)) is not None:
                    subjects.append(observed)
            except parse.Problem as problem:
                problems[wanted[panel_id]] = sentence(str(problem), self._secret)
        return Observation("refills", tuple(subjects), problems=problems)

    async def _listing(self, request: PollRequest) -> Observation:
        answer = await self._http.ask(self._asking.plain(request.stream, {}))
        # The types of services are kept in memory only: after a start the list is read once, though it did not change.
        if request.is_unchanged("", answer.body) and (request.stream == "balance" or self._types is not None):
            return Observation(request.stream, nothing_new=True)
        decoded = self._told(answer)
        if request.stream == "balance":
            unread = parse.balance_problem(decoded)
            problems = {} if unread is None else {parse.BALANCE.id: sentence(unread, self._secret)}
            return Observation(request.stream, (parse.balance(decoded),), problems=problems)
        subjects, complete = parse.services(decoded)
        types = {found.ref.id: str(found.fields["type"] or "") for found in subjects}
        # nothing vanishes from a list of which a part cannot be read; nothing is ordered at what is not in it, either
        problems = {} if complete else dict.fromkeys((self._types or {}).keys() - types.keys(), NOT_LISTED)
        problems |= {id_: sentence(said, self._secret) for id_, said in parse.rate_problems(decoded).items()}
        self._types = types
        return Observation(request.stream, tuple(subjects), problems=problems, complete=complete)

    async def _balance(self) -> Observed:
        return parse.balance(self._told(await self._http.ask(self._asking.plain("balance", {}))))

    async def _effect(self, request: Request) -> Reply | NotSent | Lost:
        try:
            answer = await self._http.send(request)
            return Reply(answer.json(), answer.status, answer.retry_after(), self._secret)
        except NeverSent as error:
            return not_sent(error)
        except ProviderError as error:
            return Lost(error.reason)

    def _told(self, answer: Answer) -> Json:
        """Decode an answer to a question, and take it out of the wrapper that some panels put around it.

        Raises:
            ProviderError: as `_checked`; or nothing but the call's own words are in it.
        """
        told = unwrapped(self._checked(answer))
        if isinstance(told, dict) and of_the_call(told):
            raise strange(told)
        return told

    def _checked(self, answer: Answer) -> Json:
        """Decode an answer to a question.

        Raises:
            ProviderError: it is none, or it is a failure as a whole; which kind, its text says.
        """
        decoded = answer.json()
        text = failure_text(decoded)
        if text is None and (said := message(decoded)) and meaning(said) in (Meaning.KEY, Meaning.RATE):
            text = said
        if text is None:
            return decoded
        what, why = meaning(text), sentence(text, self._secret)
        if what is Meaning.KEY:
            raise Rejected(f"the panel rejects the key: {why}")
        if what is Meaning.RATE or (answer.status == 429 and what is Meaning.OTHER):
            raise RateLimited(f"the panel limits the rate: {why}", retry_after=answer.retry_after() or wait(text))
        raise Refusal(f"the panel says: {why}", answer=masked(decoded, self._secret))


def _money(amount: Json, currency: Json) -> str:
    return "unknown" if amount is None else f"{amount} {currency or ''}".rstrip()
