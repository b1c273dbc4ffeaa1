"""Runs one body through one adapter, the way that the core goes, without a socket: fast, and the same every time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

import msgspec
from multidict import CIMultiDict

from bursar.api import AccountSettings, AdapterContext, Answer, Http, Provider, ProviderError, Request, Secret
from bursar.api.answer import redirected
from bursar.api.provider import UnchangedCheck
from bursar.host.isolation import GuardedAdapter, open_adapter
from bursar.host.plugins import load_plugins
from bursar.testing.clock import VirtualClock
from support.fuzz.case import Case
from support.fuzz.oracle import Said
from support.fuzz.promises import (
    Baseline,
    baseline,
    events_are_literal,
    finding_is_the_sites,
    no_secret,
    no_wallet,
    not_out_of_nothing,
    only_a_providers_error,
    outcome_is_the_providers,
    sound_values,
)
from support.fuzz.tree import KEY, mutated

ADDRESS = "https://provider.example/api/v2"
PROVIDERS = load_plugins().providers
STATUSES = (200,) * 12 + (201, 204, 301, 302, 400, 401, 403, 404, 429, 429, 500, 501, 502, 503, 520, 999)
HEADERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Retry-After",
        (
            "0",
            "2",
            "120",
            "-1",
            "9999999",
            "99999999999999999999",
            "soon",
            "1.5",
            "",
            "٣",
            "²",
            "Sat, 21 Nov 2026 10:00:00 GMT",
            "Sat, 21 Nov 2026 10:00:00 +99999999999999999999",
            "Fri, 31 Feb 99999 00:00:00 GMT",
            "Sat, 21 Nov 2026 10:00:00",
        ),
    ),
    ("Date", ("Sat, 21 Nov 2026 09:00:00 GMT", "Sat, 21 Nov 2026 09:00:00", "never")),
    (
        "Location",
        (
            "https://moved.example/api?key=" + KEY,
            "/api",
            "",
            "http://[::1",
            "//",
            f"https://x.example/{KEY}/v2",
            "javascript:alert(1)",
            "https://user:" + KEY + "@x.example/",
            "http://x.example:99999/",
            "\x00",
        ),
    ),
    ("Content-Type", ("text/html", "application/json; charset=utf-16", "💰")),
)


class CannedHttp(Http):
    """Answers from a script, as the real one would: a redirect is an error before any adapter sees it."""

    def __init__(self) -> None:
        super().__init__(VirtualClock(), _no_wait)
        self.answers: list[Answer] = []
        self.others: dict[str, Answer] = {}

    async def ask(self, request: Request) -> Answer:
        return self._next(request)

    async def send(self, request: Request, *, not_after: datetime | None = None) -> Answer:
        return replace(self._next(request), strict=True)

    def _next(self, request: Request) -> Answer:
        method = (request.query or {}).get("method", "")
        answer = self.others.get(method) or (self.answers.pop() if len(self.answers) > 1 else self.answers[0])
        if 300 <= answer.status < 400 and "Location" in answer.headers:
            raise redirected(answer.headers["Location"])
        return answer


def _noting(shown: set[bytes]) -> UnchangedCheck:
    """Recognise nothing, and note what was shown."""

    def same(id_: str, raw: bytes | memoryview) -> bool:
        shown.add(bytes(raw))
        return False

    return same


async def _no_wait() -> None:
    return None


def sound(body: Any) -> Answer:
    """Answer with a body as it is."""
    return Answer(200, CIMultiDict(), body if isinstance(body, bytes) else msgspec.json.encode(body))


def unsound(bodies: Any, dice: Random) -> Answer:
    """Answer with a mutated body, and whatever status and headers."""
    headers = CIMultiDict((name, dice.choice(values)) for name, values in HEADERS if dice.random() < 0.2)
    return Answer(dice.choice(STATUSES), headers, mutated(dice.choice(bodies), dice))


class Stage:
    """One case: its adapter, what sound polls left behind, and which kinds of answer came so far (`reached`)."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.provider: Provider = PROVIDERS[case.provider]
        self.http = CannedHttp()
        self.baseline: Baseline = {}
        self.known: set[bytes] = set()
        self.reached: set[str] = set()
        defaults = {name: schema["default"] for name, schema in self.provider.settings.items() if "default" in schema}
        options = {**defaults, **case.options}
        settings = AccountSettings("account", ADDRESS, Secret(KEY), currency="USD", options=options)
        context = AdapterContext(self.http, VirtualClock(), lambda value: None)
        self.adapter: GuardedAdapter = open_adapter(self.provider, settings, context)

    async def remember(self) -> None:
        """Make the baseline of the sound bodies, those of them that are good polls."""
        polls = []
        for body in self.case.bodies if self.case.do == "observe" else ():
            assert self.case.look is not None
            self.http.answers = [sound(body)]
            shown: set[bytes] = set()
            try:
                polls.append(await self.adapter.observe(replace(self.case.look, is_unchanged=_noting(shown))))
                self.known |= shown
            except ProviderError as error:
                only_a_providers_error(error)
        self.baseline = baseline(self.provider, polls)

    async def play(self, dice: Random) -> bytes:
        """Let the adapter have one mutated body, and check what it makes of it; give the body.

        Raises:
            AssertionError: a property does not hold; the body is in its notes.
        """
        answer = unsound(self.case.bodies, dice)
        self.http.answers = [answer]
        self.http.others = self._others()
        try:
            await self._check(Said(answer.body))
        except Exception as error:
            error.add_note(f"HTTP {answer.status} {dict(answer.headers)}\n{answer.body[:4000]!r}")
            raise
        return answer.body

    def _others(self) -> dict[str, Answer]:
        mine = self.case.method or "get_payouts"
        return {method: sound(body) for method, body in self.case.others.items() if method != mine}

    async def _check(self, said: Said) -> None:
        try:
            await getattr(self, f"_{self.case.do}")(said)
        except ProviderError as error:
            self.reached.add(type(error).__name__)
            only_a_providers_error(error)
            no_secret(error)
            self._no_wallet(error)

    def _no_wallet(self, shown: Any) -> None:
        if any(intent.sealed for intent in self.case.intents):
            no_wallet(shown)

    async def _observe(self, said: Said) -> None:
        assert self.case.look is not None
        look = replace(self.case.look, is_unchanged=self._same) if self.case.remembers else self.case.look
        seen = await self.adapter.observe(look)
        self.reached.add(type(seen).__name__)
        no_secret(seen)
        sound_values(seen)
        not_out_of_nothing(self.case, seen, said)
        events_are_literal(self.case, self.provider, seen, said, self.baseline)

    def _same(self, id_: str, raw: bytes | memoryview) -> bool:
        return bytes(raw) in self.known

    async def _prepare(self, said: Said) -> None:
        evidence = await self.adapter.prepare(self.case.intents[0])
        assert said.document is not Said.NOTHING, "evidence from what is no JSON"
        no_secret(evidence)
        self._no_wallet(evidence)

    async def _perform(self, said: Said) -> None:
        [intent] = self.case.intents
        outcome = await self.adapter.perform(intent)
        self.reached.add(type(outcome).__name__)
        no_secret(outcome)
        self._no_wallet(outcome)
        outcome_is_the_providers(intent, outcome, said, self.case.provider)

    async def _perform_many(self, said: Said) -> None:
        outcomes = await self.adapter.perform_many(self.case.intents)
        no_secret(outcomes)
        for intent in self.case.intents:
            outcome_is_the_providers(intent, outcomes[intent.id], said, self.case.provider)

    async def _reconcile(self, said: Said) -> None:
        [intent] = self.case.intents
        finding = await self.adapter.reconcile(intent, self.case.evidence)
        self.reached.add(type(finding).__name__)
        assert said.document is not Said.NOTHING, "a finding from what is no JSON"
        no_secret(finding)
        self._no_wallet(finding)
        finding_is_the_sites(finding, said)

    async def _call(self, said: Said) -> None:
        answer = await self.adapter.call(self.case.method, self.case.params)
        assert said.document is not Said.NOTHING, "an answer of what is no JSON"
        no_secret(answer)
        msgspec.json.encode(answer, enc_hook=str)


@asynccontextmanager
async def staged(case: Case) -> AsyncIterator[Stage]:
    """Open the adapter of a case, with its baseline made."""
    stage = Stage(case)
    await stage.remember()
    try:
        yield stage
    finally:
        await stage.adapter.close()
