"""The crash injector knows a commit by what decides in it, and an effect's request by its method."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType

import pytest

from bursar.api import Request
from bursar_prove.crash_injector import Sabotage, meant, purpose
from bursar_prove.matrix import ACTIONS, COMMITS
from bursar_prove.scenario import method_of, provider_of

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


@pytest.mark.parametrize("action", ACTIONS)
def test_an_effect_is_known_in_a_body_as_panels_want_it(action: str) -> None:
    request = Request("http://x.example/", body=f"key=k&action={method_of(action)}&order=1".encode())
    assert meant(Sabotage("before-request", action), request)


def test_an_effect_is_known_in_a_query_as_sites_want_it() -> None:
    request = Request("http://x.example/", query={"api_action": "pp", "method": "add_payout"})
    assert meant(Sabotage("before-request", "payout"), request)


def test_another_effect_is_not_meant() -> None:
    assert not meant(Sabotage("before-request", "add"), Request("http://x.example/", body=b"action=cancel&orders=1"))


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_has_a_provider(action: str) -> None:
    assert provider_of(action) in {"smm", "premium_exchanger"}
