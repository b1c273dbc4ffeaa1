"""The live object for one account at a Premium Exchanger site: requests out, normalised observations back.

The URL holds the key (`requests.py`): no error, log or answer made here shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from bursar.api import (
    AccountSettings,
    AdapterContext,
    Answer,
    DidNot,
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
    Succeeded,
    number,
    together,
)
from bursar_premium_exchanger import answers, outcomes, parse
from bursar_premium_exchanger.answers import Envelope, Row
from bursar_premium_exchanger.cursor import Cursor, oldest_waiting
from bursar_premium_exchanger.masking import concealable, masked, wallets
from bursar_premium_exchanger.methods import check
from bursar_premium_exchanger.requests import Asking

PAID_WITHIN_S = 5.0
CLOCK_SLACK_S = 2 * 86400
READ: Mapping[str, tuple[str, Callable[[str, Row], Observed], Callable[[Row], str | None]]] = {
    "visits": ("get_links", parse.visit, parse.visit_problem),
    "exchanges": ("get_exchanges", parse.exchange, parse.exchange_problem),
    "payouts": ("get_payouts", parse.payout, parse.payout_problem),
}
"""The method that shows each stream, what reads one of its rows, and what says why a part of it is not read."""


class PremiumExchanger:
    """The adapter of one account."""

    def __init__(self, settings: AccountSettings, context: AdapterContext) -> None:
        self._settings = settings
        self._context = context
        self._currency = settings.currency
        self._asking = Asking(settings)

    async def observe(self, request: PollRequest) -> Observation:
        """Poll one stream once."""
        cursor = replace(Cursor.read(request.cursor).believed(self._latest_s()), currency=self._currency)
        remembered = Cursor.read(request.cursor).currency == self._currency
        if request.stream == "info":
            answer = await self._ask("get_info")
            # `remembered`: another `currency` in the settings is another balance, though the site's bytes are the same.
            if request.is_unchanged("", answer.body) and remembered:
                return Observation("info", nothing_new=True)
            data = self._accepted(answer).data
            subjects, listed = parse.partner(data, self._currency)
            problems = parse.partner_problems(data)
            return Observation("info", subjects, problems=problems, complete=listed, cursor=cursor.write())
        return await self._window(request, cursor, remembered)

    async def prepare(self, intent: Intent) -> Json | Finding:
        """Read the payouts known and the balance, just before sending; of a lost one, look whether it is among them."""
        method, account = self._target(intent)
        # Unfiltered and strict, whatever the polls have shown: this is what a lost reply is judged by.
        known, balance = await self._standing()
        if intent.lost:
            found = outcomes.finding(
                known, balance, intent.evidence, method, account, self._currency, intent.made_for_others
            )
            if not isinstance(found, DidNot):
                return found
        return outcomes.evidence(known, balance, method, account)

    async def perform(self, intent: Intent) -> Outcome:
        """Ask for the payout, once."""
        method, account = self._target(intent)
        try:
            request = self._asking.method("add_payout", {"method_id": method, "account": account})
            answer = await self._context.http.send(request)
            outcome = outcomes.outcome(
                answers.decode(answer),
                self._secrets(account),
                broke=answer.status >= 500,
                known=outcomes.known_ids(intent.evidence),
            )
        except NeverSent as error:
            # Nothing else is "not sent": a time-out or a reset may have left a payout behind.
            return NotSent(error.reason)
        except ProviderError as error:
            return Lost(error.reason)
        if not isinstance(outcome, Succeeded):
            return outcome
        return await self._paid(outcome)

    async def _paid(self, outcome: Succeeded) -> Succeeded:
        """Look what a payout took, at once and not for long: the yes must be written down; later polls tell, too."""
        with suppress(TimeoutError):
            # The yes is in hand and not on disk yet: a look that hangs must not put it at risk.
            async with asyncio.timeout(PAID_WITHIN_S):
                with suppress(ProviderError):
                    outcome = replace(outcome, moved=await self._moved(outcome.reference or ""))
                with suppress(ProviderError):
                    outcome = replace(outcome, left=await self._left())
        return outcome

    async def _moved(self, reference: str) -> Decimal | None:
        row = answers.rows(self._accepted(await self._ask("get_payouts")).data).get(reference)
        return outcomes.amount_of(row, self._currency) if row is not None else None

    async def _left(self) -> Decimal | None:
        partner = self._accepted(await self._ask("get_info")).data
        return number(partner.get("balance")) if isinstance(partner, dict) else None

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        """Look whether a payout that was lost is there."""
        method, account = self._target(intent)
        known, balance = await self._standing()
        return outcomes.finding(known, balance, evidence, method, account, self._currency, intent.made_for_others)

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        """Call a reading method and return its whole answer, masked."""
        check(method, params)
        envelope = answers.decode(await self._ask(method, params))
        self._conceal(envelope.whole)
        if envelope.error != 0:
            raise answers.refusal(envelope, self._secrets())
        return masked(envelope.whole, self._secrets())

    async def close(self) -> None:
        """Nothing is held: the pooled connections are the daemon's."""

    async def _window(self, request: PollRequest, cursor: Cursor, remembered: bool) -> Observation:
        method, read, problem_of = READ[request.stream]
        paged = request.stream == "exchanges"
        answer = await self._ask(method, cursor.form() if paged else replace(cursor, pages=False).form())
        # An equal first page of many says nothing of the others.
        if not cursor.walking and request.is_unchanged("", answer.body) and remembered and not cursor.long:
            return Observation(request.stream, nothing_new=True)
        envelope = self._accepted(answer)
        seen = answers.rows(envelope.data)
        latest_s = self._latest_s()
        onward = cursor.onward(seen, latest_s, newer=envelope.newer) if paged else None
        after = onward or cursor.after(seen, latest_s, oldest_waiting(seen) if request.stream == "payouts" else None)
        return Observation(
            request.stream,
            tuple(read(id_, row) for id_, row in seen.items()),
            problems=self._problems(seen, problem_of),
            cursor=after.write(),
            more=onward is not None,
        )

    def _latest_s(self) -> int:
        """Return the latest `time` that a site can honestly show: its clock stands in some zone, and may be off."""
        return int(self._context.clock.now().timestamp()) + CLOCK_SLACK_S

    async def _standing(self) -> tuple[Mapping[str, Row], Decimal | None]:
        """Read all payouts, unfiltered, and then the balance: a payout that lands in between lowers it."""
        # The list first: a payout that lands between the two questions is missed by the list, but lowers the balance.
        listed = self._accepted(await self._ask("get_payouts"))
        partner = self._accepted(await self._ask("get_info")).data
        known = answers.rows(listed.data, strict=True)
        return known, number(partner.get("balance")) if isinstance(partner, dict) else None

    async def _ask(self, method: str, form: Mapping[str, str] | None = None) -> Answer:
        return await self._context.http.ask(self._asking.method(method, form))

    def _accepted(self, answer: Answer) -> Envelope:
        envelope = answers.accepted(answer, self._secrets())
        self._conceal(envelope.whole)
        return envelope

    def _conceal(self, whole: Json) -> None:
        for wallet in concealable(wallets(whole)):
            self._context.add_secret(wallet)

    def _problems(self, seen: Mapping[str, Row], problem_of: Callable[[Row], str | None]) -> dict[str, str]:
        told = {
            id_: together(parse.currency_problem(row, self._currency), problem_of(row)) for id_, row in seen.items()
        }
        return {id_: problem for id_, problem in told.items() if problem is not None}

    def _secrets(self, *more: str) -> frozenset[str]:
        return frozenset({self._settings.key.reveal()}) | concealable(frozenset(more))

    def _target(self, intent: Intent) -> tuple[str, str]:
        return str(intent.params["method"]).strip(), str(intent.params["account"]).strip()
