"""The page behind a signed link: it asks once more, and only its button answers.

A link that is merely opened (by a chat's preview, say) does nothing; the answer is a POST. What is decided goes the
way of every decision, through the controller, and is in the audit trail.
"""

from __future__ import annotations

import socket
from html import escape
from types import TracebackType
from typing import Self, cast

from aiohttp import web

from bursar.control.controller import Controller
from bursar.control.messages import RequestRejected
from bursar.domain.intent import State
from bursar.domain.values import Json
from bursar.pipeline.operator.action_rejected import ActionRejected
from bursar.pipeline.operator.decisions import read_id

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>bursar</title></head>
<body style="font-family:sans-serif;max-width:40em;margin:3em auto;padding:0 1em">
<h1>{title}</h1>{body}</body></html>"""
SHOWN = (
    "account", "action", "subject", "params", "amount", "currency", "rule", "reason", "created_at", "due_at",
)  # fmt: skip
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Approvals:
    """The server; use it as a context. Without `settings.http` it does nothing.

    Args:
        controller: Whom it asks.
        bound: A socket that is bound already, in place of one that is bound to what `settings.http` says.
    """

    def __init__(self, controller: Controller, bound: socket.socket | None = None) -> None:
        self._controller = controller
        self._bound = bound
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        listening = self._controller.supervisor.configuration.settings.http
        if listening is None:
            return self
        app = web.Application()
        # A GET decides nothing: chats open every link for its preview.
        app.router.add_get("/approvals/{intent}/{verb}", self._show)
        app.router.add_post("/approvals/{intent}/{verb}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        if self._bound is not None:
            await web.SockSite(self._runner, self._bound).start()
        else:
            await web.TCPSite(self._runner, listening.host, listening.port).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _show(self, request: web.Request) -> web.Response:
        """Return what is asked, and offer the button."""
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        verb = request.match_info["verb"]
        row = await self._controller.action(read_id(request.match_info["intent"])[0])
        if row is None:
            return page(410, "Nothing waits here", "<p>It was answered already, or its time is over.</p>")
        words = "Say yes" if verb == "approve" else "Say no"
        facts = "".join(
            f"<tr><th align=left>{escape(name)}</th><td>{escape(str(row[name]))}</td></tr>" for name in SHOWN
        )
        button = f'<form method="post"><button style="font-size:1.3em;padding:.4em 1em">{words}</button></form>'
        return page(200, f"{words}?", f"<table>{facts}</table>{button}")

    async def _answer(self, request: web.Request) -> web.Response:
        """Decide."""
        refusal = await self._refusal(request)
        if refusal is not None:
            return refusal
        intent, verb = request.match_info["intent"], request.match_info["verb"]
        try:
            answers = await self._controller.answer(verb, {"ids": [intent]})
        except RequestRejected as declined:
            return page(409, "That could not be done", f"<p>{escape(str(declined))}</p>")
        problems = [str(one["problem"]) for one in cast("list[dict[str, Json]]", answers) if one["problem"] is not None]
        if problems:
            return page(409, "That could not be done", f"<p>{escape(problems[0])}</p>")
        return page(200, "Done", f"<p>Action {escape(intent)}: {'approved' if verb == 'approve' else 'denied'}.</p>")

    async def _refusal(self, request: web.Request) -> web.Response | None:
        """Return why a link is not believed: it must be of the question that the intent asks just now."""
        links, verb = self._controller.links, request.match_info["verb"]
        signature = request.query.get("signature", "")
        try:
            id_, number = read_id(request.match_info["intent"])
        except ActionRejected:
            return _invalid()
        intent = await self._controller.intent(id_)
        if links is None or intent is None:
            return _invalid()
        # A link of a question that was asked anew is for another amount.
        if intent.state is not State.AWAITING_APPROVAL or number != max(intent.question, 1):
            return page(410, "Nothing waits here", "<p>It was answered already, has changed, or its time is over.</p>")
        return None if links.believe(intent, verb, signature) else _invalid()


def _invalid() -> web.Response:
    return page(403, "This link is not valid", "<p>It was cut short, changed, or made for another question.</p>")


def page(status: int, title: str, body: str) -> web.Response:
    """Make a page."""
    return web.Response(
        status=status, text=PAGE.format(title=escape(title), body=body), content_type="text/html", headers=HEADERS
    )
