"""The witness: stands innermost, behind a provider's wire server, and alone sees what it really did; and it hears, from
the interceptor, every answer that left for the daemon.

So for every request of an effect there is on record when it left, what it stood on, and what it did. A request that
arrives later than `settle` allows never takes effect: that is what `settle` promises, and a machine under load must not
break the promise for the provider.
"""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bursar.api import Clock, SandboxServer
from bursar.api.scenario import Balance, Form, Scenario
from bursar.domain.ids import microseconds

STAMP = "X-Bursar-Proof-Sent"
"""When a request left, by the run's clock; the daemon's crash injector puts it on."""
INTENTS = "X-Bursar-Proof-Intents"
"""For which intents a request is, each with its fence: `17:1,18:1`."""
EVIDENCE = "X-Bursar-Proof-Evidence"
"""It is a look just before something is sent."""
FOREIGN = "X-Bursar-Proof-Foreign"
"""A person makes this request, at the provider's own site."""
DUE_S: ContextVar[float | None] = ContextVar("due_s", default=None)
"""When the effect of the request that is handled is due, if it comes late: a leap of the clock makes it no later."""
LOOKED_BACK_S = 150.0
"""So far back a request's record says what was seen of its subjects."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that a provider did.

    Attributes:
        subject: What it was done to, as `Done.subject` of its scenario.
        reference: What the provider calls what it made.
        at_us: When, by the run's clock, in microseconds since 1970.
        intents: The intents that the request was for.
        foreign: A person did it, at the provider's own site.
    """

    provider: str
    action: str
    subject: str
    reference: str | None
    at_us: int
    intents: tuple[int, ...] = ()
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of an effect by the daemon, whatever came of it.

    Attributes:
        intents: For which intents it was, each with its fence.
        left_s: When it left, by the run's clock.
        takes_balance: It takes what the last look showed.
        seen: Of some time back: a subject, when it was asked for, and the state that was answered.
        balance: What the last look before it showed; None: there was no look since the one before.
        least: The least that is paid out, by the same look.
        looked_s: When that look was asked for.
        beside: What that look listed as waiting, where the site debits once it is done: it is the same money.
    """

    action: str
    intents: tuple[tuple[int, int], ...]
    left_s: float
    takes_balance: bool = False
    seen: tuple[tuple[str, float, str], ...] = ()
    balance: str | None = None
    least: str | None = None
    looked_s: float = 0.0
    beside: tuple[str, ...] = ()


@dataclass(slots=True)
class Witness:
    """The witness of one provider.

    Attributes:
        provider: Its name.
        scenario: How its effects and its answers look.
        wire: The server.
        clock: The run's clock.
        in_time_s: A request that is older never takes effect.
        debits_when_done: What waits is still in the balance that the site shows.
        effects: Every effect, in order.
        sent: Every request of one by the daemon, in order.
    """

    provider: str
    scenario: Scenario
    wire: SandboxServer
    clock: Clock
    in_time_s: float
    debits_when_done: bool = False
    effects: list[Effect] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    _states: dict[str, list[str]] = field(default_factory=dict)
    _recent: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    _look: tuple[float, Balance] | None = None
    _list: tuple[float, Sequence[str]] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @web.middleware
    async def behind(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the server answer, and note what it did."""
        action = self._action_of(await self.wire.name_of(request) if self.wire.name_of is not None else "")
        if action is None:
            return await handler(request)
        foreign = FOREIGN in request.headers
        left_s = float(request.headers.get(STAMP, "inf"))
        # One effect at a time: what the server has counted before and after must be this request's own.
        async with self._turn:
            now_s, now_us = self._now_s(), microseconds(self.clock.now())
            at_us = now_us - int((self.clock.monotonic() - now_s) * 1e6)
            if now_s - left_s > self.in_time_s:
                return web.Response(status=504)
            before = Counter(self.wire.effects())
            response = await handler(request)
            done = Counter(self.wire.effects()) - before
            await self._note(action, done, request, response, at_us, foreign=foreign)
            return response

    async def meet(self, request: web.Request, method: str) -> None:
        """Put on record what a request of the daemon's stands on, as it arrives: it may be held back from here on."""
        action = self._action_of(method)
        if action is not None:
            left_s = float(request.headers.get(STAMP, "inf"))
            self.sent.append(await self._noted(action, left_s, request))

    def _action_of(self, method: str) -> str | None:
        return next((action for action, one in self.scenario.effects.items() if one.method == method), None)

    def takes_balance(self, method: str) -> bool:
        """Return whether an API method takes the balance."""
        return any(one.method == method and one.takes_balance for one in self.scenario.effects.values())

    def shows_balance(self, method: str, response: web.StreamResponse) -> bool:
        """Return whether an answer shows the balance."""
        return self.scenario.look(method, _read(response)) is not None

    async def hear(self, request: web.Request, method: str, response: web.StreamResponse) -> None:
        """Note what an answer shows that leaves for the daemon: only what is whole, and says yes."""
        told = _read(response)
        asked_s = request.headers.get(STAMP)
        if told is None or asked_s is None:
            return
        for id_, state in self.scenario.shown(method, await _form(request), told).items():
            self._show(id_, float(asked_s), state)
        if EVIDENCE not in request.headers:
            return
        look = self.scenario.look(method, told)
        listed = self.scenario.waiting(method, told) if self.scenario.waiting is not None else None
        # It may have been overtaken.
        if look is not None and (self._look is None or self._look[0] <= float(asked_s)):
            self._look = (float(asked_s), look)
        if listed is not None and (self._list is None or self._list[0] <= float(asked_s)):
            self._list = (float(asked_s), listed)

    def public(self, effects: int, sent: int) -> dict[str, Any]:
        """Return the effects and the requests after the first so many."""
        return {
            "effects": [asdict(one) for one in self.effects[effects:]],
            "sent": [asdict(one) for one in self.sent[sent:]],
        }

    def _now_s(self) -> float:
        due_s = DUE_S.get()
        return self.clock.monotonic() if due_s is None else due_s

    def answered(self) -> dict[str, list[str]]:
        """Return the states that were answered of each subject, by when they were asked for."""
        return {id_: [*self._states.get(id_, ()), *(state for _, state in seen)] for id_, seen in self._recent.items()}

    def _show(self, id_: str, asked_s: float, state: str) -> None:
        """Keep what was answered: all of the last minutes, and of the time before every change."""
        recent = self._recent.setdefault(id_, [])
        insort(recent, (asked_s, state))
        if recent[0][0] >= asked_s - 4 * LOOKED_BACK_S:
            return
        place = bisect_left(recent, (asked_s - 2 * LOOKED_BACK_S, ""))
        known = self._states.setdefault(id_, [])
        for _, before in recent[:place]:
            if not known or known[-1] != before:
                known.append(before)
        del recent[:place]

    async def _noted(self, action: str, left_s: float, request: web.Request) -> Sent:
        """Put on record what a request of the daemon's stands on; a look counts for one request."""
        effect, intents = self.scenario.effects[action], tuple(_pairs(request.headers.get(INTENTS, "")))
        if not effect.takes_balance:
            subjects, since_s = effect.subjects(await _form(request)), left_s - LOOKED_BACK_S
            seen = [(id_, *one) for id_ in subjects for one in self._recent.get(id_, ()) if one[0] > since_s]
            return Sent(action, intents, left_s, seen=tuple(seen))
        look, listed, self._look, self._list = self._look, self._list, None, None
        beside = tuple(listed[1]) if listed is not None and self.debits_when_done else ()
        sent = Sent(action, intents, left_s, takes_balance=True, beside=beside)
        if look is None:
            return sent
        asked_s, told = look
        return replace(sent, balance=str(told.amount), least=str(told.least), looked_s=asked_s)

    async def _note(
        self,
        action: str,
        done: Mapping[str, int],
        request: web.Request,
        response: web.StreamResponse,
        at_us: int,
        *,
        foreign: bool,
    ) -> None:
        """Note what was done, at the time when it was still in time: the run's clock may leap while it is done."""
        intents = tuple(id_ for id_, _ in _pairs(request.headers.get(INTENTS, "")))
        for one in self.scenario.effects[action].done(await _form(request), _read(response), done):
            self.effects.append(Effect(self.provider, action, one.subject, one.reference, at_us, intents, foreign))


def _pairs(words: str) -> Sequence[tuple[int, int]]:
    return [(int(id_), int(fence)) for id_, _, fence in (word.partition(":") for word in words.split(",") if word)]


def _read(response: web.StreamResponse) -> Any:
    """Read a whole answer; anything else shows nothing."""
    body = response.body if isinstance(response, web.Response) and response.status == 200 else None
    try:
        return json.loads(body) if isinstance(body, bytes) else None
    except ValueError:
        return None


async def _form(request: web.Request) -> Form:
    """Read what a request asks for; aiohttp keeps its body for the handler."""
    try:
        body = json.loads(await request.read()) if request.content_type == "application/json" else {}
    except ValueError:
        body = {}
    asked = {**request.query, **(await request.post()), **(body if isinstance(body, dict) else {})}
    return {name: str(value) for name, value in asked.items()}
