"""What a panel is to bursar: its streams, subjects, events, actions, methods and settings. Declarations only."""

from __future__ import annotations

from datetime import timedelta

from bursar.api import (
    AccountSettings,
    ActionType,
    Adapter,
    AdapterContext,
    Coverage,
    EventType,
    Field,
    FieldKind,
    Fields,
    LostReply,
    Provider,
    Stream,
    SubjectType,
)
from bursar.api.schema import Schema, choice, flag
from bursar_smm import costs, service_types, states
from bursar_smm.adapter import SmmAdapter
from bursar_smm.methods import MAX_IDS, METHODS
from bursar_smm.sandbox.scenario import SCENARIO
from bursar_smm.sandbox.server import wire

_NUMBER, _TEXT, _BOOLEAN = FieldKind.NUMBER, FieldKind.TEXT, FieldKind.BOOLEAN


def _moved(field: str, sign: int) -> EventType:
    def raised(before: Fields | None, after: Fields) -> bool:
        was, now = before.get(field) if before is not None else None, after.get(field)
        return was is not None and now is not None and (now > was if sign > 0 else now < was)  # type: ignore[operator]

    word = "rose" if sign > 0 else "fell"
    return EventType(f"balance.{word}", f"The balance {word}.", raised)


def _rate_changed(before: Fields | None, after: Fields) -> bool:
    was = before.get("rate") if before is not None else None
    return was is not None and after.get("rate") is not None and was != after["rate"]


STREAMS = (
    Stream("orders", timedelta(seconds=60), Coverage.TRACKED, MAX_IDS, "The orders under watch."),
    Stream("refills", timedelta(seconds=60), Coverage.TRACKED, MAX_IDS, "Refills of orders.", needs_known=True),
    Stream("services", timedelta(hours=6), Coverage.LISTING, description="What the panel sells."),
    Stream("balance", timedelta(minutes=5), Coverage.LISTING, description="The account's money."),
)

ORDER = SubjectType(
    "order",
    "orders",
    {
        "status": Field(_TEXT, "The panel's own word."),
        "charge": Field(_NUMBER, "What it cost; panels may reduce it after a partial."),
        "start_count": Field(_NUMBER, "The count at the start."),
        "remains": Field(_NUMBER, "How many are still to come."),
        "currency": Field(_TEXT, "Of the charge.", identity=True),
        "service": Field(_TEXT, "The service's id.", identity=True),
        "link": Field(_TEXT, "What it was ordered for."),
        "quantity": Field(_NUMBER, "How many were ordered."),
        "refill_requested": Field(_BOOLEAN, "A refill was accepted.", own=True, default=False),
        "cancel_requested": Field(_BOOLEAN, "A cancel was accepted.", own=True, default=False),
    },
    states=states.ORDER_STATES,
    terminal=states.ORDER_TERMINAL,
    unknown=states.UNKNOWN,
    first_sight_is_news=True,
    trackable=True,
    description="An order; no panel can list them, so they come by `add` and `bursar track`.",
)
REFILL = SubjectType(
    "refill",
    "refills",
    {
        "order": Field(_TEXT, "The order that it refills.", identity=True),
        "status": Field(_TEXT, "The panel's own word."),
        "panel_id": Field(_TEXT, "The panel's own id, which need not be unique.", identity=True),
    },
    states=states.REFILL_STATES,
    terminal=states.REFILL_TERMINAL,
    unknown=states.UNKNOWN,
    first_sight_is_news=True,
    watch_for=timedelta(days=1),
    description="A refill that bursar requested; its id is the order's and the intent's.",
)
SERVICE = SubjectType(
    "service",
    "services",
    {
        "name": Field(_TEXT, "Its name."),
        "category": Field(_TEXT, "Its category."),
        "type": Field(_TEXT, "What `add` takes for it."),
        "rate": Field(_NUMBER, "The price of 1000."),
        "min": Field(_NUMBER, "The least quantity."),
        "max": Field(_NUMBER, "The greatest quantity."),
        "refill": Field(_BOOLEAN, "The panel says that it refills."),
        "cancel": Field(_BOOLEAN, "The panel says that it cancels."),
    },
    events=(EventType("service.rate_changed", "A service's price changed.", _rate_changed),),
    description="Something that the panel sells.",
)
BALANCE = SubjectType(
    "balance",
    "balance",
    {"amount": Field(_NUMBER, "What is left."), "currency": Field(_TEXT, "Its currency.", identity=True)},
    events=(_moved("amount", +1), _moved("amount", -1)),
    first_sight_is_entry=True,
    description="The account's money at the panel.",
)

ACTIONS = (
    ActionType(
        "add",
        "order",
        LostReply.NEITHER,
        service_types.PARAMS,
        "Order something. A lost reply is for a person: no panel lists orders.",
        creates=True,
        made_fields=service_types.ordered,
        money=True,
        cost=costs.of_add,
        cost_needs=costs.service_of,
        cost_stream="services",
        settled_by=("order", "charge"),
    ),
    ActionType(
        "refill",
        "order",
        LostReply.REPEATABLE,
        description="Request a refill.",
        batch=MAX_IDS,
        confirmed_by=(
            "order.refilling",
            "order.pending",
            "order.processing",
            "order.in_progress",
            "order.completed",
            "refill.pending",
            "refill.in_progress",
            "refill.completed",
        ),
        disproved_by=("refill.rejected", "refill.canceled", "refill.failed"),
    ),
    ActionType(
        "cancel",
        "order",
        LostReply.REPEATABLE,
        description="Request a cancellation.",
        batch=MAX_IDS,
        confirmed_by=("order.canceled", "order.partial", "order.refunded"),
        disproved_by=("order.completed",),
    ),
)

_NUMBERS: Schema = {
    "type": "object",
    "additionalProperties": {"enum": list(states.ORDER_STATES)},
    "description": "What the panel's numbers mean, where it answers them for words: {0: pending, 2: completed}.",
    "x-expected": "states by number, such as {0: pending, 2: completed}",
}
SETTINGS: dict[str, Schema] = {
    "transport": choice("form", "json", "get", description="How parameters are sent.", default="form"),
    "auth": choice("body", "bearer", description="Where the key goes: a parameter, or a header.", default="body"),
    "verify_tls": flag("Check the panel's certificate.", default=True),
    "status_numbers": _NUMBERS,
    "cancel_with": choice("orders", "order", description="The parameter that cancel reads.", default="orders"),
}


def _open(settings: AccountSettings, context: AdapterContext) -> Adapter:
    return SmmAdapter(settings, context)


SMM = Provider(
    name="smm",
    description="An SMM panel, API v2.",
    streams=STREAMS,
    subjects=(ORDER, REFILL, SERVICE, BALANCE),
    open=_open,
    actions=ACTIONS,
    methods=METHODS,
    settings=SETTINGS,
    wire=wire,
    scenario=SCENARIO,
)
