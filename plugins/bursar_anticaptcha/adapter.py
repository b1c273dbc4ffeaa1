"""The live object for one anti-captcha account: one method, one request, one observation.

`getResellerData` shows every coupon and the eligible balance at once; both are one stream. The body is recognized as a
whole when it says nothing new. The key travels in the JSON body, never in the URL. Nothing is ever changed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from yarl import URL

from bursar.api import (
    AccountSettings,
    AdapterContext,
    Answer,
    CannotTell,
    Finding,
    Intent,
    Json,
    Observation,
    Outcome,
    PollRequest,
    Refusal,
    Refused,
    Request,
)
from bursar_anticaptcha import parse

METHOD = "getResellerData"


class AntiCaptcha:
    """The adapter of one account."""

    def __init__(self, settings: AccountSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._url = method_url(settings.url)
        self._since: int | None = settings.options.get("min_create_date")

    async def observe(self, request: PollRequest) -> Observation:
        """See all coupons and the balance.

        Raises:
            Rejected: the vendor rejects the key or this machine; asking again could get it banned.
            ProviderError: anything else that is not a yes of the vendor's own.
        """
        answer = await self._ask(self._since)
        if request.is_unchanged("", answer.body):
            return Observation(parse.STREAM, nothing_new=True)
        payload = self._read(answer)
        failure = parse.failure(payload, self._key)
        if failure is not None:
            raise failure
        return parse.observation(payload, everything=self._since is None)

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        """Call `getResellerData` as a person asked for it, and return its answer with every code masked.

        Raises:
            ValueError: there is no such method, or `minCreateDate` makes no sense.
            Refusal: the vendor says no; carries its answer.
            ProviderError: it did not answer in its protocol.
        """
        if method != METHOD:
            raise ValueError(f"anti-captcha has no method {method!r}, only {METHOD}")
        payload = self._read(await self._ask(_since(params.get("minCreateDate"))))
        shown = parse.masked(payload, self._key)
        failure = parse.failure(payload, self._key)
        if failure is not None:
            raise Refusal(failure.reason, answer=shown)
        return shown

    async def prepare(self, intent: Intent) -> Json:
        """Nothing can be done here, so there is nothing to prepare."""
        return None

    async def perform(self, intent: Intent) -> Outcome:
        """Refuse: nothing can be done here."""
        return Refused("anti-captcha has no actions", never=True)

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        """Nothing can be done here, so there is nothing to find."""
        return CannotTell("anti-captcha has no actions")

    async def close(self) -> None:
        """Nothing is held."""

    @property
    def _key(self) -> str:
        return self._settings.key.reveal()

    async def _ask(self, since: int | None) -> Answer:
        body: dict[str, Json] = {"clientKey": self._key}
        if since is not None:
            body["minCreateDate"] = since
        return await self._context.http.ask(Request(self._url, json=body, timeout=self._settings.timeout))

    def _read(self, answer: Answer) -> parse.Payload:
        """Decode an answer, and let bursar know what of it must never be seen."""
        payload = parse.payload_of(answer)
        # Before anything else is read of it: a code that stands in an
        # error or a log line is money in a stranger's hands.
        for code in parse.codes(payload):
            self._context.add_secret(code)
        return payload


def method_url(url: str) -> str:
    """Return the method's address, from that or from the vendor's base."""
    address = URL(url)
    return url if address.path.rstrip("/").endswith(f"/{METHOD}") else str(address / METHOD)


def _since(raw: str | None) -> int | None:
    if raw is None:
        return None
    return int(raw) if str(raw).isdecimal() and len(str(raw)) <= 12 else _not_seconds()


def _not_seconds() -> NoReturn:
    raise ValueError("minCreateDate is a number of whole Unix seconds, UTC, such as 1672185600")
