"""A right adapter: of a stream with pages, and of an action that is looked back for.

A public library: its loans, and their renewal. Each mistake of `typing_mistakes` is one edit of this file, or of one
beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone

from bursar.api import (
    AccountSettings,
    Adapter,
    AdapterContext,
    BadAnswer,
    BatchAdapter,
    CannotTell,
    DidNot,
    Finding,
    Happened,
    Intent,
    Json,
    Later,
    Observation,
    Observed,
    Outcome,
    PollRequest,
    Refusal,
    Refused,
    Request,
    Secret,
    SubjectRef,
    Succeeded,
    number,
)

Said = dict[str, Json]


class Library:
    """An account at a library. Its API: POST {url}/{method} with JSON; answers {"ok": …, …}."""

    def __init__(self, settings: AccountSettings, context: AdapterContext) -> None:
        self._url = settings.url
        self._patience: timedelta = settings.options["patience"]
        self._card: Secret = settings.key
        self._pin: Secret = settings.options["pin"]
        self._page_size: int = settings.options["page_size"]
        self._http = context.http

    async def observe(self, request: PollRequest) -> Observation:
        """Read one page; bursar asks for the next at once, while there is `more`."""
        page = int(str(request.cursor or 1))
        said = await self._ask("loans", {"page": page, "size": self._page_size})
        rows = listed(said)
        more = len(rows) == self._page_size
        seen = tuple(loan(row) for row in rows)
        return Observation(request.stream, seen, complete=False, cursor=page + 1 if more else 1, more=more)

    async def prepare(self, intent: Intent) -> Json | Finding:
        """Read how often it was renewed: what `reconcile` compares with."""
        renewals = await self._renewals(intent.subject)
        if intent.lost:
            found = compared(intent.evidence, renewals)
            return found if isinstance(found, Happened) else {"renewals": renewals}
        return {"renewals": renewals}

    async def perform(self, intent: Intent) -> Outcome:
        """Renew it, once."""
        answer = await self._http.send(self._request("renew", {"loan": intent.subject.id}))
        said = answer.json()
        if not isinstance(said, dict):
            raise BadAnswer("not the library's JSON", kind="foreign")
        return outcome(said)

    async def perform_many(self, intents: Sequence[Intent]) -> Mapping[int, Outcome]:
        """Renew several, in one request."""
        ids: list[Json] = [intent.subject.id for intent in intents]
        answer = await self._http.send(self._request("renew", {"loans": ids}))
        said = answer.json()
        rows = said if isinstance(said, dict) else {}
        found = ((intent.id, rows.get(intent.subject.id)) for intent in intents)
        return {id_: outcome(row) for id_, row in found if isinstance(row, dict)}

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        """Look whether it was renewed: it says how often."""
        return compared(evidence, await self._renewals(intent.subject))

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        """Return the library's own answer."""
        return await self._ask(method, dict(params))

    async def close(self) -> None:
        """Nothing is held."""

    async def _renewals(self, ref: SubjectRef) -> Json:
        return (await self._ask("loan", {"loan": ref.id})).get("renewals")

    async def _ask(self, method: str, body: Said) -> Said:
        answer = await self._http.ask(self._request(method, body))
        said = answer.json()
        if not isinstance(said, dict):
            raise BadAnswer("not the library's JSON", kind="foreign")
        if not said.get("ok"):
            raise Refusal(f"the library says no: {said.get('code')}", answer=said)
        return said

    def _request(self, method: str, body: Said) -> Request:
        headers = {"X-Card": self._card.reveal(), "X-Pin": self._pin.reveal()}
        return Request(f"{self._url}/{method}", json=body, headers=headers, timeout=self._patience)


def listed(said: Said) -> list[Said]:
    """Return the rows of a page."""
    rows = said.get("loans")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def loan(row: Said) -> Observed:
    """Read one loan."""
    lent_s = number(row.get("lent_at"))
    return Observed(
        SubjectRef("loan", str(row.get("id"))),
        {
            "title": str(row.get("title")),
            "fee": number(row.get("fee")),
            "renewed": row.get("renewals") not in (0, None),
        },
        state="overdue" if row.get("overdue") else "lent",
        created_at=None if lent_s is None else datetime.fromtimestamp(int(lent_s), timezone.utc),
    )


def outcome(said: Said) -> Outcome:
    """Read the answer to a renewal."""
    if said.get("ok"):
        return Succeeded(facts={"asked": True}, moved=number(said.get("fee")))
    if said.get("code") == "closed":
        return Later("the library is closed", timedelta(hours=1))
    return Refused(str(said.get("code")), never=said.get("code") == "reserved")


def compared(evidence: Json, renewals: Json) -> Finding:
    """Return whether it was renewed since the evidence was read."""
    was = number(evidence.get("renewals")) if isinstance(evidence, dict) else None
    now = number(renewals)
    if was is None or now is None:
        return CannotTell("the library does not say how often it was renewed")
    return Happened(Succeeded(), f"renewed {now} times") if now > was else DidNot()


def open_account(settings: AccountSettings, context: AdapterContext) -> Adapter:
    """Make the adapter of one account."""
    return Library(settings, context)


renews_many: Callable[[AccountSettings, AdapterContext], BatchAdapter] = Library
