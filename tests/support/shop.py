"""A complete small provider, sound in every way, and its sandbox: the contract's own touchstone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from aiohttp import web

from bursar.api import (
    AccountSettings,
    ActionType,
    AdapterContext,
    Answer,
    BadAnswer,
    CannotTell,
    Clock,
    Coverage,
    DidNot,
    Field,
    FieldKind,
    Finding,
    Happened,
    Intent,
    Json,
    Lost,
    LostReply,
    Method,
    NeverSent,
    NotSent,
    Observation,
    Observed,
    Outcome,
    PollRequest,
    Provider,
    ProviderError,
    Refused,
    Rejected,
    Request,
    SandboxServer,
    Secret,
    Stream,
    SubjectRef,
    SubjectType,
    Succeeded,
    Wanted,
    number,
)

KEY = "toy-key-that-nobody-may-see"
THING = SubjectRef("thing", "1")


@dataclass
class Shop:
    """Counts how often its one thing was filled."""

    filled: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("key") != KEY:
            return web.json_response({"ok": False, "why": "wrong key"})
        if form.get("method") == "fill":
            self.filled += 1
            return web.json_response({"ok": True})
        return web.json_response({"ok": True, "things": [{"id": 1, "count": self.filled}]})


@dataclass
class Toy:
    """The adapter."""

    settings: AccountSettings
    context: AdapterContext
    closed: list[bool] = field(default_factory=list)

    async def observe(self, look: PollRequest) -> Observation:
        answer = await self.context.http.ask(self.request("list"))
        if look.is_unchanged("", answer.body):
            return Observation("things", nothing_new=True)
        rows = self.read(answer)["things"]
        assert isinstance(rows, list)
        return Observation("things", tuple(self.sight(row) for row in rows if isinstance(row, dict)))

    def sight(self, row: Mapping[str, Json]) -> Observed:
        return Observed(SubjectRef("thing", str(row["id"])), {"count": number(row["count"])})

    async def prepare(self, intent: Intent) -> Json | Finding:
        count = await self.count()
        if intent.lost and isinstance(intent.evidence, dict) and count != intent.evidence["count"]:
            return Happened(Succeeded())
        return {"count": count}

    async def perform(self, intent: Intent) -> Outcome:
        try:
            answer = await self.context.http.send(self.request("fill"))
            self.read(answer)
        except NeverSent as error:
            return NotSent(error.reason)
        except Rejected as error:
            return Refused(error.reason)
        except ProviderError as error:
            return Lost(error.reason)
        return Succeeded()

    async def reconcile(self, intent: Intent, evidence: Json) -> Finding:
        if not isinstance(evidence, dict):
            return CannotTell("there is no evidence")
        return Happened(Succeeded()) if await self.count() != evidence["count"] else DidNot()

    async def call(self, method: str, params: Mapping[str, str]) -> Json:
        return self.read(await self.context.http.ask(self.request(method)))

    async def close(self) -> None:
        self.closed.append(True)

    async def count(self) -> str:
        rows = self.read(await self.context.http.ask(self.request("list")))["things"]
        assert isinstance(rows, list)
        return str(rows[0]["count"])

    def request(self, method: str) -> Request:
        form = {"key": self.settings.key.reveal(), "method": method}
        return Request(self.settings.url, form=form, timeout=self.settings.timeout)

    def read(self, answer: Answer) -> dict[str, Json]:
        payload = answer.json()
        if not isinstance(payload, dict) or not isinstance(payload.get("ok"), bool):
            raise BadAnswer("not the shop's answer")
        if not payload["ok"]:
            raise Rejected("the shop says no")
        return payload


def wire(seed: int, speed: float, clock: Clock) -> SandboxServer:
    shop, app = Shop(), web.Application()
    app.router.add_post("/api", shop.answer)
    return SandboxServer(app, "/api", {"key": Secret(KEY)}, lambda: {"fill": shop.filled})


def fills(params: Mapping[str, str]) -> Sequence[Wanted]:
    return [Wanted("fill", subject=THING)]


def provider(adapter: type[Toy] = Toy) -> Provider:
    """Declare the toy, with another adapter if one is given."""
    return Provider(
        "toy",
        (Stream("things", timedelta(minutes=1), Coverage.LISTING),),
        (SubjectType("thing", "things", {"count": Field(FieldKind.NUMBER)}),),
        adapter,
        actions=(ActionType("fill", "thing", LostReply.RECONCILABLE),),
        methods=(Method("list"), Method("fill", intents=fills)),
        wire=wire,
    )
