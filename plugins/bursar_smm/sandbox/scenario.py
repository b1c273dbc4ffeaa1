"""The panel's scenario for `bursar prove`: what is canceled is ordered anew, what waits is canceled, what is partial is
refilled, and what is in progress waits again; orders are added by a person, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bursar.api import Json, Request
from bursar.api.scenario import EDITED, Done, EffectMethod, Form, Scenario, ScenarioRule, Visit

WAITING = ("pending", "in_progress")
REFILLS = 4
"""So many of one order, ever."""
STARTED_S = 1800.0
"""So long after it was added an order is being delivered; canceled then, it is partial."""
CANCELED_S = 60.0
"""So long after it was accepted a cancel takes effect."""
MAX_IDS = 100
LOOKED_AT = 8
AGAIN = {"service": "1", "link": "https://social.example/again/{{ order.id }}", "quantity": 10}

RULES = (
    ScenarioRule(
        {
            "name": "refill",
            "on": "order.partial",
            "when": "order.remains > 0",
            "do": ["refill"],
            "limit": {"per": "order", "max": REFILLS, "every": "365d"},
        },
        answers="order.partial",
        unless='"remains":"0"',
        states=("partial",),
        times=REFILLS,
    ),
    ScenarioRule(
        {
            "name": "cancel",
            "on": "order",
            "when": 'order.state in ["pending", "in_progress"]',
            "for": "30s",
            "do": ["cancel"],
        },
        states=WAITING,
        demanded=True,
    ),
    ScenarioRule(
        {"name": "order-anew", "on": "order.canceled", "do": [{"add": AGAIN}]},
        answers="order.canceled",
    ),
)


def _edited(**condition: str) -> dict[str, Any]:
    return {"name": EDITED, "on": "order.completed", **condition, "do": ["refill"], "approve": {"within": "6h"}}


def _done(action: str) -> EffectMethod:
    """Return how an action on an order looks: each order that it was done to is counted under its id."""

    def done(_form: Form, _told: Json, counted: Mapping[str, int]) -> Sequence[Done]:
        return [Done(order) for order in _counted(action, counted)]

    return EffectMethod(
        action,
        done,
        _orders,
        made_due_s=CANCELED_S if action == "refill" else 0.0,
        for_commits=frozenset({"time"} if action == "cancel" else ()),
        by_itself=frozenset({"order.partial", "order.canceled"} if action == "cancel" else ()),
    )


def _added(form: Form, _told: Json, counted: Mapping[str, int]) -> Sequence[Done]:
    return [Done(form.get("link", ""), order) for order in _counted("add", counted)]


def _counted(action: str, counted: Mapping[str, int]) -> Sequence[str]:
    named = ((name.partition(":"), times) for name, times in counted.items())
    return [order for (word, _, order), times in named for _ in range(times) if word == action and order]


def _orders(form: Form) -> Sequence[str]:
    return [id_ for name in ("order", "orders") for id_ in form.get(name, "").split(",") if id_]


def _by_hand(number: int) -> Mapping[str, Any]:
    return {"service": "1", "link": f"https://social.example/by-hand/{number}", "quantity": "1000"}


def _state(row: Any) -> str:
    return str(row["status"]).lower().replace(" ", "_")


def _shown(method: str, form: Form, told: Json) -> Mapping[str, str]:
    if method != "status" or not isinstance(told, dict):
        return {}
    rows = {form["order"]: told} if form.get("order") else told
    return {id_: _state(row) for id_, row in rows.items() if isinstance(row, dict) and "status" in row}


def _ask(visit: Visit, action: str, **params: str) -> Any:
    return visit.send(Request(visit.url, form={"action": action, "key": str(visit.settings["key"]), **params}))


def _states(visit: Visit, ids: Sequence[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for start in range(0, len(ids), MAX_IDS):
        some = ids[start : start + MAX_IDS]
        told = _ask(visit, "status", orders=",".join(some))
        found |= {id_: _state(told[id_]) for id_ in some}
    return found


def _order(visit: Visit) -> None:
    _ask(visit, "add", service="1", link=f"https://social.example/there/{next(visit.numbers)}", quantity="10")


def _act_on_an_order(visit: Visit) -> None:
    """Refill or cancel one of the latest orders, whichever can be."""
    latest = visit.watched[-MAX_IDS:]
    states = _states(visit, visit.dice.sample(latest, min(LOOKED_AT, len(latest))))
    able = next((id_ for id_, state in states.items() if state in ("partial", *WAITING)), None)
    if able is None:
        return
    if states[able] == "partial":
        _ask(visit, "refill", order=able)
    else:
        _ask(visit, "cancel", orders=able)


SCENARIO = Scenario(
    account="panel",
    poll={"orders": "15s", "refills": "120s", "balance": "60s", "services": "off"},
    rules=RULES,
    effects={
        "add": EffectMethod(
            "add",
            _added,
            told_apart_by="link",
            by_hand=_by_hand,
            made_due_s=STARTED_S,
            for_commits=frozenset({"look", "sending", "outcome", "person"}),
        ),
        "refill": _done("refill"),
        "cancel": _done("cancel"),
    },
    reads=("status", "balance"),
    edited=(_edited(), _edited(when="order.remains >= 0")),
    edited_states=("completed",),
    tracked=14,
    subject="order",
    shown=_shown,
    acts=(_order, _order, *[_act_on_an_order] * 5),
    states=_states,
)
