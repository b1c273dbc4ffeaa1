"""A contradiction in a declaration is refused when the plugin is loaded, in words for its author."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bursar.api import ActionType, EventType, Field, FieldKind, Function, LostReply, Method, Stream
from bursar.api.schema import duration, secret, text
from bursar.host.declarations import BadDeclaration, check_function, check_provider, check_sink
from support.host import PARCEL, PLACE, RETURN, STREAMS, provider, sink

TRACKED = STREAMS[0]


def refusal(check: Callable[[Any], None], declared: object) -> str:
    with pytest.raises(BadDeclaration) as caught:
        check(declared)
    return str(caught.value)


def test_a_sound_provider_passes() -> None:
    check_provider(provider(settings={"pin": secret(), "grace": duration(default="5m")}))


def test_an_action_that_says_what_it_costs_and_did_cost_passes() -> None:
    check_provider(
        provider(
            **acting(
                cost=lambda facts: None,
                cost_needs=lambda params: (),
                cost_stream="places",
                settled_by=("parcel", "weight"),
                confirmed_by=("parcel.gone",),
                disproved_by=("parcel.new",),
                undone_by=("parcel.fell",),
            ),
            **still(lambda fields: None),
        )
    )


def still(function: Any) -> dict[str, Any]:
    fell = EventType("parcel.fell", "", lambda before, after: True, still=function)
    return {"subjects": (replace_subject(events=(fell,)), PLACE)}


def acting(**changes: Any) -> dict[str, Any]:
    return {"actions": (replace(RETURN, **changes),)}


def subject(**changes: Any) -> dict[str, Any]:
    return {"subjects": (replace_subject(**changes), PLACE), "actions": ()}


def replace_subject(**changes: Any) -> Any:
    init = {name: getattr(PARCEL, name) for name in PARCEL.__dataclass_fields__ if name != "all_fields"}
    return type(PARCEL)(**{**init, **changes})


def event(name: str, **more: Any) -> dict[str, Any]:
    return subject(events=(EventType(name, "", lambda before, after: True, **more),))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"api_level": 2}, "provider 'post' was made for level 2 of the plugin interface; this bursar has level 1"),
        ({"name": "Post Office"}, "a name is made of small letters"),
        ({"open": None}, "open is not callable"),
        ({"wire": 5}, "wire is not callable"),
        ({"default_url": "ftp://x"}, "default_url is no http(s) address"),
        ({"default_rate": 30}, "default_rate is (requests, timedelta)"),
        ({"default_rate": (0, timedelta(1))}, "default_rate is (requests, timedelta)"),
        ({"default_timeout": timedelta(0)}, "default_timeout: expected a timedelta above 0"),
        ({"settings": {"key": secret()}}, "the setting 'key' is one of bursar's own"),
        ({"settings": {"pin": {"type": "strange"}}}, "setting 'pin' is no JSON Schema"),
        ({"settings": {"pin": {"items": {"$ref": "http://x/"}}}}, "$ref is not supported"),
        ({"streams": None}, "streams: expected a tuple"),
        ({"streams": ("orders",)}, "stream: expected a Stream, not str"),
        ({"streams": (*STREAMS, TRACKED)}, "stream 'parcels' is declared twice"),
        ({"streams": (replace(TRACKED, batch=101), STREAMS[1])}, "a batch is 1 to 100 ids, not 101"),
        ({"streams": (replace(TRACKED, batch=0), STREAMS[1])}, "a batch is 1 to 100 ids, not 0"),
        ({"streams": (replace(TRACKED, interval=timedelta(0)), STREAMS[1])}, "interval: expected a timedelta above 0"),
        ({"streams": (replace(TRACKED, interval=timedelta(milliseconds=1)), STREAMS[1])}, "at least one second"),
        ({"streams": (Stream("parcels", timedelta(1), "tracked"), STREAMS[1])}, "coverage is a Coverage"),
        ({"subjects": (PARCEL, PARCEL)}, "subject 'parcel' is declared twice"),
        (subject(stream="letters"), "there is no stream 'letters'"),
        (subject(name="account"), "this word has a meaning of its own in rules"),
        (subject(name="now"), "this word has a meaning of its own in rules"),
        (subject(fields={"id": Field(FieldKind.TEXT)}), "the field 'id' comes by itself"),
        (subject(fields={"Weight": Field(FieldKind.TEXT)}), "a name is made of small letters"),
        (subject(fields={"weight": "number"}), "field 'weight' is no Field"),
        (subject(fields={"weight": Field(FieldKind.NUMBER, default=True)}), "only a boolean field has a default"),
        (subject(states=("new", "gone", "unknown", "new")), "a state is declared twice"),
        (subject(states=("new", "gone", "unknown", "changed")), "the state 'changed' has the name of a built-in event"),
        (subject(terminal=("lost",)), "a terminal state is not among its states"),
        (subject(terminal="gone"), "terminal is a collection of words, not str"),
        (subject(states="new"), "states is a collection of words, not str"),
        (subject(terminal=frozenset({"lost"})), "a terminal state is not among its states"),
        (subject(unknown="what"), "the unknown state 'what' is not among its states"),
        (subject(terminal=frozenset({"unknown"})), "the unknown state cannot be a terminal one"),
        (event("parcel.gone"), "the event 'parcel.gone' is declared twice"),
        (event("order.fell"), "the event 'order.fell' must be named parcel.something"),
        (event("parcel.Fell Down"), "must be named parcel.something"),
        (event("parcel.fell", rearmed_by=("payout.done",)), "rearmed_by: there is no event 'payout.done'"),
        (subject(events=(EventType("parcel.fell", "", None),)), "raised is not callable"),
        ({"actions": (RETURN, RETURN)}, "action 'return_it' is declared twice"),
        ({"actions": (replace(RETURN, subject="order"),)}, "there is no subject 'order'"),
        ({"actions": (replace(RETURN, batch=101),)}, "a batch is 1 to 100 intents, not 101"),
        ({"actions": (replace(RETURN, lost_reply="repeatable"),)}, "lost_reply is a LostReply"),
        (
            {"actions": (replace(RETURN, confirmed_by=("parcel.lost",)),)},
            "confirmed_by: there is no event 'parcel.lost'",
        ),
        (event("parcel.fell", still=True), "event 'parcel.fell': still is not callable"),
        (acting(undone_by=("parcel.lost",)), "undone_by: there is no event 'parcel.lost'"),
        (acting(disproved_by=("parcel.lost",)), "disproved_by: there is no event 'parcel.lost'"),
        (acting(cost=5), "action 'return_it': cost is not callable"),
        (acting(cost_needs=("place",), cost_stream="places"), "action 'return_it': cost_needs is not callable"),
        (acting(cost_needs=lambda params: ()), "action 'return_it': cost_needs asks for a cost_stream"),
        (acting(cost_stream="prices"), "cost_stream: there is no stream 'prices'"),
        (acting(cost_within=timedelta(0)), "cost_within: expected a timedelta above 0"),
        (acting(settled_by=("letter", "weight")), "settled_by: letter.weight is no field with a number"),
        (acting(settled_by=("parcel", "price")), "settled_by: parcel.price is no field with a number"),
        (acting(settled_by=("parcel", "name")), "settled_by: parcel.name is no field with a number"),
        ({"settings": {"currency": text()}}, "the setting 'currency' is one of bursar's own"),
        ({"actions": (replace(RETURN, params={"why": "text"}),)}, "parameter 'why' is no Param"),
        ({"actions": (ActionType("notify", "parcel", LostReply.NEITHER),)}, "a meaning of its own in rules"),
        ({"methods": (Method("getParcel"), Method("getParcel"))}, "method 'getParcel' is declared twice"),
        ({"methods": (Method("get", intents=5),)}, "intents is not callable"),
    ],
)
def test_a_provider_that_contradicts_itself_is_refused(changes: dict[str, Any], expected: str) -> None:
    assert expected in refusal(check_provider, provider(**changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"api_level": 0}, "was made for level 0"),
        ({"name": ""}, "a name is made of small letters"),
        ({"settings": {"events": {}}}, "the setting 'events' is one of bursar's own"),
        ({"required": ("url",)}, "requires the setting 'url', which it does not declare"),
        ({"open": "open"}, "open is not callable"),
    ],
)
def test_a_sink_that_contradicts_itself_is_refused(changes: dict[str, Any], expected: str) -> None:
    assert expected in refusal(check_sink, sink(**changes))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (Function("$round", round, (FieldKind.NUMBER,), FieldKind.NUMBER), "a name is made of small letters"),
        (Function("round", None, (), FieldKind.NUMBER), "call is not callable"),
        (Function("round", round, ("number",), FieldKind.NUMBER), "must be FieldKinds"),
    ],
)
def test_a_function_that_contradicts_itself_is_refused(function: Function, expected: str) -> None:
    assert expected in refusal(check_function, function)
