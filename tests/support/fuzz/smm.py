"""What an SMM panel answers, in every shape that is known: flat, map and list, all seven methods, errors included."""

from __future__ import annotations

from typing import Any

from bursar.api import SubjectRef
from bursar.domain.ids import IntentId
from bursar.testing.fakes import make_intent
from support.fuzz.case import Case, calls, looks
from support.fuzz.tree import KEY

PARTIAL = {"charge": "0.27819", "start_count": "3572", "status": "Partial", "remains": "157", "currency": "USD"}
MOVING = {"charge": "1.44219", "start_count": "234", "status": "In progress", "remains": "10", "currency": "USD"}
NUMERIC = {"charge": 0.27819, "start_count": 3572, "status": "in_progress", "remains": 157, "currency": None}
NOTHING = {"charge": "Unknown", "start_count": None, "status": "Pending", "remains": "", "currency": "USD"}
DRIP_FEED = {"status": "Active", "runs": "4", "orders": ["23501", "23502"]}
SUBSCRIPTION = {"status": "Completed", "expiry": "31/12/2027", "posts": "3", "orders": ["7"]}
NUMBERED = {"charge": "1", "status": 2, "remains": 0, "currency": "USD"}
NO_SUCH = {"error": "Incorrect order ID"}
SERVICES = [
    {
        "service": 1,
        "name": "Followers",
        "type": "Default",
        "category": "First Category",
        "rate": "0.90",
        "min": "50",
        "max": "10000",
        "refill": True,
        "cancel": True,
    },
    {
        "service": "2",
        "name": "Comments",
        "type": "Custom Comments",
        "category": "Second Category",
        "rate": 8,
        "min": 10,
        "max": 1500,
        "refill": "0",
        "cancel": 1,
        "dripfeed": False,
        "desc": "<p>slow</p>",
    },
]
ERRORS: list[Any] = [
    {"error": "Rate limit exceeded"},
    {"error": "Invalid API key"},
    {"error": f"API key {KEY} is not valid"},
    {"error": "System error", "balance": "0.00"},
    {"status": "fail", "message": "Server error"},
    {"error": {"message": "no"}},
    {"error": "Refill already requested"},
    {"error": "Refill will be available in 5 hours"},
    {"message": "Unauthenticated."},
    {"error": "Not available for this service"},
    {"error": "Order must be completed"},
    {"error": ["a", "b"]},
    NO_SUCH,
    {"error": "Not enough funds on balance"},
    b"",
    b"Too Many Requests",
    b"<html>503</html>",
]
REFILLS = [
    {"order": 1, "refill": 1},
    {"order": 2, "refill": "2"},
    {"order": 3, "refill": {"error": "Incorrect order ID"}},
]
REFILL_STATES = [
    {"refill": 1, "status": "Completed"},
    {"refill": 2, "status": "Rejected"},
    {"refill": 3, "status": {"error": "Refill not found"}},
]
CANCELS = [{"order": 9, "cancel": {"error": "Incorrect order ID"}}, {"order": 2, "cancel": 1}]
MANY = ("1", "10", "100")
REFILL_IDS = ("7.1", "8.2", "9.3")
KNOWN = {id_: {"order": id_[0], "panel_id": str(place)} for place, id_ in enumerate(REFILL_IDS, 1)}
NUMBERS = {"status_numbers": {"0": "pending", "1": "processing", "2": "completed"}}
ADD = make_intent(
    "add", SubjectRef("order", "+1"), {"service": "1", "link": "https://social.example/p/1", "quantity": "100"}
)


def order(action: str, *ids: str) -> tuple[Any, ...]:
    """Return the intents to do something to orders."""
    return tuple(make_intent(action, SubjectRef("order", id_), id=IntentId(place)) for place, id_ in enumerate(ids, 1))


ORDERS_ONE: list[Any] = [
    PARTIAL,
    {"1": PARTIAL},
    [{"order": 1, **PARTIAL}],
    [{"id": "1", **MOVING}],
    [MOVING],
    {"order": "1", **NUMERIC},
    NOTHING,
    DRIP_FEED,
    SUBSCRIPTION,
    {"1": "Incorrect order ID"},
    {"1": NO_SUCH},
    {"1": {}},
    *ERRORS,
]
ORDERS_MANY: list[Any] = [
    {"1": PARTIAL, "10": NO_SUCH, "100": MOVING},
    {"1": MOVING, "10": "Incorrect order ID", "100": NOTHING},
    [{"order": 1, **PARTIAL}, {"order": "10", **NO_SUCH}, {"id": 100, **NUMERIC}],
    {"100": PARTIAL},
    {"1": NUMBERED},
    {"1": DRIP_FEED, "10": SUBSCRIPTION, "7": PARTIAL},
    {"orders": {"1": PARTIAL}},
    [],
    {},
    *ERRORS,
]
REFILL_ONE: list[Any] = [
    {"status": "Completed"},
    {"refill": 1, "status": "In progress"},
    [{"refill": "1", "status": "Pending"}],
    {"1": {"status": "Rejected"}},
    {"1": "Completed"},
    {"status": {"error": "Refill not found"}},
    *ERRORS,
]
REFILL_MANY: list[Any] = [
    REFILL_STATES,
    {"1": {"status": "Completed"}, "2": "Rejected", "3": {"error": "Refill not found"}},
    *ERRORS,
]
LISTED: list[Any] = [SERVICES, {"1": SERVICES[0], "2": SERVICES[1]}, [], *ERRORS]
BALANCES: list[Any] = [
    {"balance": "100.84292", "currency": "USD"},
    {"balance": 100.84292},
    [{"balance": "1", "currency": "EUR"}],
    {"balance": None, "currency": "USD"},
    *ERRORS,
]
ADDED: list[Any] = [
    {"order": 23501},
    {"order": "ord_01HG"},
    [{"order": "23501"}],
    {"status": "success", "order": 23501},
    {"order": {"id": 5, "status": "Success"}},
    {"order": 23501, "error": "low balance"},
    {"order": 0},
    {"order": None},
    {"order": 23501, "status": "fail"},
    *ERRORS,
]
REFILL_YES: list[Any] = [
    {"refill": "1"},
    {"refill": 1},
    [{"order": 1, "refill": 1}],
    {"1": {"refill": 1}},
    {"status": "Success"},
    {"order": 1, "refill": {"error": "Refill already requested"}},
    {"refill": "1", "error": "no"},
    {"refill": 0},
    *ERRORS,
]
CANCEL_YES: list[Any] = [
    {"cancel": 1},
    {"status": "Canceled"},
    {"canceled": [1]},
    {"1": True},
    [{"order": 1, "cancel": 1}],
    [{"order": 1, "cancel": {"error": "Order already completed"}}],
    {"1": "ok"},
    {"cancel": "1", "error": "x"},
    *ERRORS,
]
MANY_YES: list[Any] = [
    REFILLS,
    CANCELS,
    [{"order": 1, "cancel": 1}, {"order": 2, "cancel": {"error": "no"}}],
    {"canceled": [1, "2"]},
    {"1": {"refill": 5}, "2": {"error": "must be completed"}, "9": 1},
    {"1": 1, "2": "Refill already requested"},
    *ERRORS,
]
EVIDENCE = {"balance": "100.84292", "currency": "USD"}

CASES: list[Case] = [
    looks("smm", "orders", ORDERS_ONE, ids=("1",), name="smm order"),
    looks("smm", "orders", ORDERS_MANY, ids=MANY),
    looks("smm", "orders", ORDERS_MANY, ids=MANY, options=NUMBERS, name="smm numbered orders"),
    looks("smm", "orders", ORDERS_MANY, ids=MANY, remembers=True, name="smm known orders"),
    looks("smm", "services", LISTED, remembers=True, name="smm known services"),
    looks("smm", "refills", REFILL_ONE, ids=REFILL_IDS[:1], known=KNOWN, name="smm refill"),
    looks("smm", "refills", REFILL_MANY, ids=REFILL_IDS, known=KNOWN),
    looks("smm", "services", LISTED),
    looks("smm", "balance", BALANCES),
    Case("smm prepare add", "smm", "prepare", BALANCES, intents=(ADD,)),
    Case("smm add", "smm", "perform", ADDED, intents=(ADD,)),
    Case("smm refill one", "smm", "perform", REFILL_YES, intents=order("refill", "1")),
    Case("smm cancel one", "smm", "perform", CANCEL_YES, intents=order("cancel", "1")),
    Case(
        "smm cancel by order",
        "smm",
        "perform",
        CANCEL_YES,
        intents=order("cancel", "1"),
        options={"cancel_with": "order"},
    ),
    Case("smm refill many", "smm", "perform_many", MANY_YES, intents=order("refill", "1", "2", "3")),
    Case("smm cancel many", "smm", "perform_many", MANY_YES, intents=order("cancel", "1", "2", "9")),
    Case("smm reconcile add", "smm", "reconcile", BALANCES, intents=(ADD,), evidence=EVIDENCE),
    *calls(
        "smm",
        {
            ("services", ""): LISTED,
            ("balance", ""): BALANCES,
            ("status", "order=1"): ORDERS_ONE,
            ("status", "orders=1,10,100"): ORDERS_MANY,
            ("refill_status", "refill=1"): REFILL_ONE,
            ("refill_status", "refills=1,2,3"): REFILL_MANY,
        },
    ),
]
