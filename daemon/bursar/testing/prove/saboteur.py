"""The saboteur: in the daemon's own process, before it runs, wraps what it does and ends it at the chosen point.

It ends it as a power switch does: SIGKILL, in the middle of whatever is going on. Production code knows nothing of
this; wrapped are `Journal._commit` and `Http.send`.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from bursar.api import Clock, Http, Request
from bursar.api.http import Answer
from bursar.journal.writer import Journal, Tx, _Call
from bursar.testing.prove.cells import COMMIT_POINTS
from bursar.testing.prove.gate import STAMP

DECIDED_BY = {
    "take_over": "start", "ingest": "poll", "claim": "sending", "review": "sending",
    "record_outcome": "outcome", "record_finding": "look", "record_evidence": "look", "pass_time": "time",
    "delivered": "delivery", "COMMANDS": "person", "plan_call": "person",
}
"""What a commit is for, by the function that decides in it."""
WRITES = {"poll": 4, "time": 1}
"""How many rows a commit must change to be worth a kill: a poll that says nothing new is not."""


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Where the daemon ends itself.

    Attributes:
        point: A point of `cells` that lies in the daemon; else nothing is done.
        at: The action, or what the commit is for.
        nth: At the how manieth of these.
    """

    point: str = ""
    at: str = ""
    nth: int = 1


def die() -> NoReturn:
    """End this process as a power switch does."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL was not obeyed")


def install(sabotage: Sabotage, clock: Clock) -> None:
    """Wrap what has to be wrapped, for the rest of this process's life."""
    _stamp(sabotage, clock)
    if sabotage.point in COMMIT_POINTS:
        _watch_commits(sabotage)


def _stamp(sabotage: Sabotage, clock: Clock) -> None:
    """Have every effect carry when it left; end around it, if that is the point."""
    send, left = Http.send, sabotage.nth

    async def wrapped(self: Http, request: Request, **further: Any) -> Answer:
        nonlocal left
        left -= meant(sabotage, request)
        aimed = meant(sabotage, request) and left <= 0
        if aimed and sabotage.point == "before-request":
            die()
        stamped = replace(request, headers={**request.headers, STAMP: f"{clock.monotonic():.3f}"})
        try:
            return await send(self, stamped, **further)
        finally:
            if aimed and sabotage.point == "after-reply":
                die()

    Http.send = wrapped  # type: ignore[method-assign]


def meant(sabotage: Sabotage, request: Request) -> bool:
    """Say whether a request is one of the action at which to end."""
    body = dict(parse_qsl((request.body or b"").decode("ascii", "replace")))
    asked = {**(request.query or {}), **body, **(request.form or {})}
    method = asked.get("action") or asked.get("method", "")
    return method.removeprefix("add_") == sabotage.at


def _watch_commits(sabotage: Sabotage) -> None:
    commit, left = Journal._commit, sabotage.nth  # noqa: SLF001 - the point of it

    def wrapped(self: Journal, group: list[_Call[Any]]) -> None:
        nonlocal left
        connection = self._connection
        before = connection.total_changes
        aimed = any(purpose(call.function) == sabotage.at for call in group)

        def reached() -> bool:
            nonlocal left
            if not aimed or connection.total_changes - before < WRITES.get(sabotage.at, 0):
                return False
            left -= 1
            return left <= 0

        def at_the_end(_tx: Tx) -> None:
            if sabotage.point == "before-commit" and reached():
                die()

        last: _Call[Any] = replace(group[-1], function=at_the_end)
        commit(self, [*group, last])
        if sabotage.point == "after-commit" and reached():
            die()

    Journal._commit = wrapped  # type: ignore[method-assign]  # noqa: SLF001 - the same


def purpose(function: Callable[..., Any]) -> str:
    """Say what a commit is for: the names that its deciding function uses tell."""
    for name in _names(function):
        if name in DECIDED_BY:
            return DECIDED_BY[name]
    return "other"


def _names(function: Callable[..., Any], depth: int = 0) -> Iterator[str]:
    if not isinstance(function, FunctionType) or depth > 3:
        return
    yield function.__name__
    yield from _code_names(function.__code__)
    for cell in function.__closure__ or ():
        try:
            inner = cell.cell_contents
        except ValueError:  # an empty cell
            continue
        yield from _names(inner, depth + 1)


def _code_names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_names(constant)
