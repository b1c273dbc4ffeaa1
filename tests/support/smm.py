"""A panel that answers as it is told, over real loopback HTTP, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web

from bursar.api import AccountSettings, AdapterContext, Observation, Secret, SubjectRef
from bursar.domain.ids import IntentId
from bursar.domain.intent import Intent
from bursar.sandbox.faults import leap
from bursar.testing.fakes import look_at, make_intent
from bursar_smm.adapter import SmmAdapter
from support.limits import LEAP_S, WAIT_S

KEY = "smm+KEY/4f9a1c77d2&="
Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Asked:
    """One request as the panel got it."""

    verb: str
    query: dict[str, str]
    form: dict[str, str]
    body: bytes
    headers: Mapping[str, str]


@dataclass
class ScriptedPanel:
    """Answers in order; the last answer is repeated."""

    replies: list[Reply] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    effects: int = 0
    url: str = ""

    def say(self, *bodies: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Answer with these bodies: bytes as they are, anything else as JSON."""
        self.replies = [_fixed(body, status, headers or {}) for body in bodies]

    def do(self, reply: Reply) -> None:
        self.replies = [reply]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(Asked(request.method, dict(request.query), form, body, request.headers))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return await reply(request)

    async def hang(self, _request: web.Request) -> web.StreamResponse:
        """Do it, and never answer; whoever asked is out of time at once."""
        self.effects += 1
        leap(LEAP_S)
        await self.released.wait()
        return web.Response()

    async def vanish(self, request: web.Request) -> web.StreamResponse:
        """Do it, and drop the connection."""
        self.effects += 1
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    @property
    def forms(self) -> list[dict[str, str]]:
        return [asked.form for asked in self.asked]


def _fixed(body: Any, status: int, headers: Mapping[str, str]) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def reply(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=raw, status=status, headers={"Content-Type": "text/html", **headers})

    return reply


def open_account(url: str, context: AdapterContext, *, key: str = KEY, **options: Any) -> SmmAdapter:
    """Make the adapter of an account."""
    settings = AccountSettings("main-panel", url, Secret(key), timeout=timedelta(seconds=WAIT_S), options=options)
    return SmmAdapter(settings, context)


WANTED = {"service": "1", "link": "https://x.example/p/1", "quantity": "100"}


def on_order(action: str, id_: str = "5", intent: int = 1, **changes: Any) -> Intent:
    return make_intent(action, SubjectRef("order", id_), id=IntentId(intent), **changes)


def add(params: Mapping[str, Any] = WANTED) -> Intent:
    return make_intent("add", SubjectRef("order", "+abc"), params)


async def orders(adapter: SmmAdapter, *ids: str) -> Observation:
    return await adapter.observe(look_at("orders", ids))
