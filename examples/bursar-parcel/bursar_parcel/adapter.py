"""The live object for one Parcelbox account: it asks, has the answers read, and decides nothing.

It holds no state that matters: bursar may throw it away and make it again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bursar.api import (
    AccountSettings,
    Answer,
    CannotTell,
    DidNot,
    Finding,
    Intent,
    Json,
    PollRequest,
    Observation,
    Outcome,
    Request,
    AdapterContext,
    number,
)
from bursar_parcel import outcomes, parse


class Parcelbox:
    """An account at Parcelbox."""

    def __init__(self, settings: AccountSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._key = settings.key.reveal()
        self._low_at = Decimal(settings.options["low_balance"])

    async def observe(self, request: PollRequest) -> Observation:
        """Poll one stream once. Whatever is not a yes is raised, and then teaches nothing."""
        if request.stream == "wallet":
            return parse.wallet(self._accepted(await self._ask("wallet")), self._low_at)
        answer = await self._ask(request.stream)
        if request.is_unchanged("", answer.body):
            return Observation(request.stream, nothing_new=True)
        said = self._accepted(answer)
        return parse.parcels(said) if request.stream == "parcels" else parse.top_ups(said)

    async def prepare(self, intent: Intent) -> Json | Finding:
        """Read, just before money is spent, what will show afterwards whether it was.

        One that was lost before is not sent again if what is read now shows that it happened, or may have.
        """
        if intent.action != "top_up":
            return None
        standing = await self._standing()
        if intent.lost:
            found = outcomes.finding(intent.params["amount"], intent.evidence, *standing)
            if not isinstance(found, DidNot):
                return found
        return outcomes.evidence(*standing)

    async def perform(self, intent: Intent) -> Outcome:
        """Do it, once. An error that is raised here is a lost reply, unless nothing was sent."""
        wanted: dict[str, Json] = {"parcel": intent.subject.id} if intent.action == "remind" else dict(intent.params)
        answer = await self._context.http.send(self._request(intent.action, wanted))
        return outcomes.outcome(intent, parse.decoded(answer), self._key)

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        """Look, without changing anything, whether a lost top-up is there."""
        if intent.action != "top_up":
            return CannotTell("a reminder is asked for again, and then answered")
        return outcomes.finding(intent.params["amount"], evidence, *await self._standing())

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        """Return Parcelbox's own answer to a reading method, pickup codes masked."""
        return parse.masked(dict(self._accepted(await self._ask(method))))

    async def close(self) -> None:
        """Nothing is held: connections are bursar's."""

    async def _standing(self) -> tuple[Observation, Decimal | None]:
        """Read the top-ups and then the balance: one that lands in between raises it."""
        listed = parse.top_ups(self._accepted(await self._ask("top_ups")))
        amount = number(self._accepted(await self._ask("wallet")).get("balance"))
        return listed, amount

    def _accepted(self, answer: Answer) -> parse.Said:
        said = parse.decoded(answer)
        for code in parse.pickup_codes(said):
            self._context.add_secret(code)
        return parse.accepted(said, self._key)

    async def _ask(self, method: str) -> Answer:
        return await self._context.http.ask(self._request(method, {}))

    def _request(self, method: str, body: dict[str, Json]) -> Request:
        return Request(
            f"{self._settings.url.rstrip('/')}/{method}",
            json=body,
            headers={"Authorization": f"Bearer {self._key}"},
            timeout=self._settings.timeout,
        )
