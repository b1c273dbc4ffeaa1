"""Is what a provider or sink declares sound? Sentences come out; none means that it is.

First what the host asks of it when it is loaded (`host.declarations`); then what the host cannot ask: a declaration's
functions (`raised`, `still`, `cost`, `cost_needs`, `evidence_…`, `intents`) are called with nothing known, which
they must survive. No adapter is opened, no request is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import TypeVar

from bursar.api import ActionType, CostFacts, EventType, Method, Provider, SinkType
from bursar.host.declarations import BadDeclaration, check_provider, check_sink
from bursar.sandbox.scenario_check import problems_of_scenario

T = TypeVar("T")


def problems_of(provider: Provider) -> list[str]:
    """Return what is wrong with what a provider declares; what the host refuses comes first, and alone."""
    try:
        check_provider(provider)
    except BadDeclaration as error:
        return [str(error)]
    actions = {action.name for action in provider.actions}
    return [
        *(problem for subject in provider.subjects for event in subject.events for problem in _event(event)),
        *(problem for action in provider.actions for problem in _cost(action)),
        *(problem for method in provider.methods for problem in _intents(method, actions)),
        *problems_of_scenario(provider),
    ]


def problems_of_sink(sink: SinkType) -> list[str]:
    """Return what is wrong with what a sink declares."""
    try:
        check_sink(sink)
    except BadDeclaration as error:
        return [str(error)]
    return []


def _event(event: EventType) -> Iterator[str]:
    for verdict in (_tried(partial(event.raised, None, {})), _tried(partial(event.raised, {}, {}))):
        if isinstance(verdict, Exception):
            yield f"event {event.name} raises {type(verdict).__name__} when nothing is known"
        elif verdict is not False:
            yield f"event {event.name} happens although nothing is known"
    lasting = _tried(partial(event.still, {})) if event.still is not None else None
    if isinstance(lasting, Exception):
        yield f"the `still` of event {event.name} raises {type(lasting).__name__} when nothing is known"


def _cost(action: ActionType) -> Iterator[str]:
    amount = _tried(partial(action.cost, CostFacts({}))) if action.cost is not None else None
    if isinstance(amount, Exception):
        yield f"the cost of {action.name!r} raises {type(amount).__name__} when nothing is known"
    elif amount is not None and not isinstance(amount, Decimal):
        yield f"the cost of {action.name!r} is a {type(amount).__name__}, not a Decimal"
    needs = _tried(partial(action.cost_needs, {})) if action.cost_needs is not None else ()
    if isinstance(needs, Exception):
        yield f"the cost_needs of {action.name!r} raises {type(needs).__name__} when nothing is known"
    shown = _tried(partial(action.evidence_shows, None)) if action.evidence_shows is not None else {}
    if isinstance(shown, Exception):
        yield f"the evidence_shows of {action.name!r} raises {type(shown).__name__} when nothing is known"
    elif not isinstance(shown, Mapping):
        yield f"the evidence_shows of {action.name!r} gives a {type(shown).__name__}, not fields by name"
    listed = _tried(partial(action.evidence_lists, None)) if action.evidence_lists is not None else {}
    if isinstance(listed, Exception):
        yield f"the evidence_lists of {action.name!r} raises {type(listed).__name__} when nothing is known"
    elif not isinstance(listed, Mapping):
        yield f"the evidence_lists of {action.name!r} gives a {type(listed).__name__}, not whether each waits, by id"


def _intents(method: Method, actions: set[str]) -> Iterator[str]:
    wanted = _tried(partial(method.intents, {})) if method.intents is not None else ()
    if isinstance(wanted, Exception):
        if not isinstance(wanted, ValueError):
            yield f"method {method.name!r} raises {type(wanted).__name__} without parameters, not ValueError"
        return
    for one in wanted:
        if one.action not in actions:
            yield f"method {method.name!r} asks for action {one.action!r}, which does not exist"


def _tried(call: Callable[[], T]) -> T | Exception:
    try:
        return call()
    except Exception as error:  # noqa: BLE001  whatever a stranger's function raises is what is asked for here
        return error
