"""The crash injector: in the daemon's own process, before it runs, wraps what it does, and strikes at the chosen point.

A kill is what a power switch does: SIGKILL, in the middle of whatever is going on. Instead, an hour may pass there, the
wall clock be set, the process be frozen, or the disk be full. Every request carries when it left and what it is for.
Production code knows nothing of it; wrapped are `Journal._commit`, `Http.send`, `Http._exchange`, the executor's
`_prepare` and `_perform`, and the journal's connection.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import CodeType, FunctionType
from typing import Any

from bursar.api import Http, Intent, Outcome, Request
from bursar.api.answer import Answer
from bursar.api.exchange import Exchange
from bursar.domain.ids import IntentId
from bursar.journal.writer import Journal, Tx, _Call
from bursar.loops import executor
from bursar.loops.executor import Executor
from bursar_prove import world
from bursar_prove.matrix import COMMIT_POINTS
from bursar_prove.scaled_clock import Pace
from bursar_prove.shared import Shared
from bursar_prove.strike import KILL, Strike, happen
from bursar_prove.witness import EVIDENCE, INTENTS, STAMP

DECIDED_BY = {
    "take_over": "start",
    "ingest": "poll",
    "claim": "sending",
    "review": "sending",
    "record_outcome": "outcome",
    "record_finding": "look",
    "record_evidence": "look",
    "record_landed": "look",
    "pass_time": "time",
    "delivered": "delivery",
    "COMMANDS": "person",
    "plan_call": "person",
}
"""What a commit is for, by the function that decides in it."""
WRITES = {"poll": 4, "time": 1}
"""How many rows a commit must change to be worth a kill: a poll that says nothing new is not."""
_LOOKING: ContextVar[bool] = ContextVar("looking", default=False)
_SENDING: ContextVar[str] = ContextVar("sending", default="")
_ACTION: ContextVar[str] = ContextVar("action", default="")


@dataclass(frozen=True, slots=True)
class Sabotage:
    """Where something happens to the daemon, and what.

    Attributes:
        point: A point of `cells` that lies in the daemon; else nothing is done.
        at: The action, or what the commit is for.
        nth: Which occurrence to strike at (1 is the first).
        strike: What happens.
    """

    point: str = ""
    at: str = ""
    nth: int = 1
    strike: Strike = KILL


class Point:
    """The point of a sabotage: strikes once."""

    def __init__(self, sabotage: Sabotage, pace: Pace) -> None:
        self.sabotage = sabotage
        self._pace = pace
        self._left = sabotage.nth

    def is_next(self) -> bool:
        """Return whether it would strike now: count one more that it is for."""
        self._left -= 1
        return self._left == 0

    def strike(self) -> None:
        """Let it happen."""
        happen(self.sabotage.strike, os.getpid(), self._pace, "daemon")


def put(owner: object, name: str, by: object) -> None:
    """Put something else in the place of what is there; mypy need not see what production code may not do."""
    assert hasattr(owner, name), f"{owner} has no {name}"
    setattr(owner, name, by)


def install(sabotage: Sabotage, pace: Pace) -> None:
    """Wrap what has to be wrapped, for the rest of this process's life."""
    put(executor, "LAST_LOOK_S", world.LAST_LOOK_S)
    point = Point(sabotage, pace)
    _mark()
    _stamp(pace)
    _watch_requests(point)
    _fill(pace.shared)
    if sabotage.point in COMMIT_POINTS:
        _watch_commits(point)


def _mark() -> None:
    """Have every request know what it is for: a look before something is sent, or the sending, and of which intents."""
    prepare, perform = Executor._prepare, Executor._perform  # noqa: SLF001 - the point of it

    async def looking(self: Executor, ready: Sequence[Intent], look: Exchange, before: object = None) -> object:
        token = _LOOKING.set(True)
        try:
            return await prepare(self, ready, look, before)
        finally:
            _LOOKING.reset(token)

    async def sending(self: Executor, sent: Sequence[Intent]) -> Mapping[IntentId, Outcome]:
        token = _SENDING.set(",".join(f"{one.id}:{one.fence}" for one in sent))
        acting = _ACTION.set(sent[0].action)
        try:
            return await perform(self, sent)
        finally:
            _ACTION.reset(acting)
            _SENDING.reset(token)

    put(Executor, "_prepare", looking)
    put(Executor, "_perform", sending)


def _stamp(pace: Pace) -> None:
    """Have every request carry when it left, and what it is for."""
    exchange = Http._exchange  # noqa: SLF001 - the point of it

    async def stamped(self: Http, session: Any, request: Request, *further: Any) -> Answer:
        marks = {STAMP: f"{pace.monotonic():.3f}", INTENTS: _SENDING.get(), EVIDENCE: "1" if _LOOKING.get() else ""}
        headers = {**request.headers, **{name: value for name, value in marks.items() if value}}
        return await exchange(self, session, replace(request, headers=headers), *further)

    put(Http, "_exchange", stamped)


def _watch_requests(point: Point) -> None:
    """Strike around a request, if that is the point."""
    send, sabotage = Http.send, point.sabotage

    async def wrapped(self: Http, request: Request) -> Answer:
        around = sabotage.point in ("before-request", "after-reply")
        aimed = around and _ACTION.get() == sabotage.at and point.is_next()  # the first request is the effect's
        if aimed and sabotage.point == "before-request":
            point.strike()
        try:
            return await send(self, request)
        finally:
            if aimed and sabotage.point == "after-reply":
                point.strike()

    put(Http, "send", wrapped)


class Disk:
    """A connection whose commits find the disk full, as often as the run says."""

    def __init__(self, connection: Any, shared: Shared) -> None:
        self._connection = connection
        self._shared = shared

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, sql: str, *params: Any) -> Any:
        """Run a statement; a commit may fail, and its transaction stays open, as the database has it."""
        if sql == "COMMIT" and self._shared.full > 0:
            self._shared.full -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._connection.execute(sql, *params)


def _fill(shared: Shared) -> None:
    """Let the disk be full whenever the run says so."""
    init = Journal.__init__

    def wrapped(self: Journal, path: Any, connection: Any, *further: Any) -> None:
        init(self, path, Disk(connection, shared), *further)  # type: ignore[arg-type]

    put(Journal, "__init__", wrapped)


def _watch_commits(point: Point) -> None:
    commit, sabotage = Journal._commit, point.sabotage  # noqa: SLF001 - the point of it

    def wrapped(self: Journal, group: list[_Call[Any]]) -> None:
        connection = self._connection
        before = connection.total_changes
        aimed = any(purpose(call.function) == sabotage.at for call in group)

        def reached() -> bool:
            return aimed and connection.total_changes - before >= WRITES.get(sabotage.at, 0) and point.is_next()

        def at_the_end(_tx: Tx) -> None:
            if sabotage.point == "before-commit" and reached():
                point.strike()

        last: _Call[Any] = replace(group[-1], function=at_the_end)
        commit(self, [*group, last])
        if sabotage.point == "after-commit" and reached():
            point.strike()

    put(Journal, "_commit", wrapped)


def purpose(function: Callable[..., Any]) -> str:
    """Return what a commit is for: the names that its deciding function uses tell."""
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
