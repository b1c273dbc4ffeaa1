"""The crash injector knows a commit by what decides in it, and an effect's request by its method."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType

import pytest

from bursar.api import Answer, Http, Request
from bursar_prove.crash_injector import _ACTION, Point, Sabotage, _watch_requests, purpose
from bursar_prove.matrix import COMMITS
from bursar_prove.scaled_clock import Pace
from support.prove import SCENARIOS

MODULES = (
    "control.calls",
    "control.controller",
    "loops.deliverer",
    "loops.executor",
    "loops.lost_attempts",
    "loops.outcome_writer",
    "loops.poller",
    "loops.startup",
    "loops.timer",
)
"""Where the runtime commits."""


def functions(module: ModuleType) -> Iterator[FunctionType]:
    """Return every function in a module, methods and lambdas too."""
    path = Path(str(module.__file__))
    codes = [compile(path.read_text(encoding="utf-8"), str(path), "exec")]
    while codes:
        code = codes.pop()
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        if code.co_flags & CO_OPTIMIZED:  # neither a module nor a class
            yield FunctionType(code, {}, closure=tuple(CellType() for _ in code.co_freevars))


@pytest.mark.parametrize("kind", COMMITS)
def test_the_runtime_has_a_commit_of_every_kind(kind: str) -> None:
    modules = [import_module(f"bursar.{name}") for name in MODULES]
    assert kind in {purpose(function) for module in modules for function in functions(module)}


def test_a_commit_is_known_through_the_functions_around_it() -> None:
    def claim() -> None: ...

    def work() -> None:
        claim()

    assert purpose(work) == "sending"


def test_what_decides_nothing_known_is_other() -> None:
    assert purpose(lambda: None) == "other"


@dataclass
class Struck(Point):
    """A point that only notes that it struck."""

    sabotage: Sabotage
    times: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.sabotage, Pace(1.0))

    def strike(self) -> None:
        self.times += 1


async def sent(monkeypatch: pytest.MonkeyPatch, point: Point, *, action: str) -> None:
    """Send two requests while an action is being performed."""

    async def answer(_self: object, _request: Request) -> Answer:
        return Answer(200, {}, b"{}", "application/json")

    monkeypatch.setattr(Http, "send", answer)
    _watch_requests(point)
    token = _ACTION.set(action)
    for _ in range(2):
        await Http.send(None, Request("http://x.example/"))  # type: ignore[arg-type]
    _ACTION.reset(token)


@pytest.mark.parametrize("where", ["before-request", "after-reply"])
@pytest.mark.parametrize("action", SCENARIOS.actions)
async def test_the_first_request_of_an_action_that_is_being_sent_is_its_effect(
    monkeypatch: pytest.MonkeyPatch, action: str, where: str
) -> None:
    point = Struck(Sabotage(where, action))
    await sent(monkeypatch, point, action=action)
    assert point.times == 1


async def test_the_effect_of_another_action_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    point = Struck(Sabotage("before-request", "refill"))
    await sent(monkeypatch, point, action="cancel")
    assert point.times == 0


async def test_a_read_is_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    point = Struck(Sabotage("before-request", "refill"))
    await sent(monkeypatch, point, action="")
    assert point.times == 0
