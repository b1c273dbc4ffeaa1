"""A refused order that the answer hints at all the same: it is not ordered again by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bursar.api import Json, Later, Lost, Outcome, Refused
from bursar_smm.outcomes import Reply
from support.smm import add


def to_add(answer: Json, status: int = 200, *, lost: bool = False) -> Outcome:
    return Reply(answer, status, None, "secret").to_add(replace(add(), lost=lost))


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Rate limit exceeded", "message": "Order 4711 was created"},
        {"error": "Rate limit exceeded", "msg": "Thank you, your order was placed"},
        {"error": "Too many requests", "data": "Order 4711 created"},
        {"error": "Rate limit exceeded", "errors": ["order 4711 created"]},
        {"error": "Rate limit exceeded", "message": {"order_no": 4711}},
        {"error": "Rate limit exceeded", "message": "Too many requests"},
        {"error": "Rate limit exceeded", "message": 4711},
        {"error": "Rate limit exceeded", "order": None},
        {"error": "Rate limit exceeded", "status": "pending"},
        {"error": "Rate limit exceeded", "retry_after": "ord_4711"},
        {"error": "Rate limit exceeded", "code": 201},
        {"error": "Rate limit exceeded", "code": True},
        {"error": {"message": "Rate limit exceeded", "charge": "0.90", "balance": "99.10"}},
        {"error": ["Rate limit exceeded", {"orderID": 4711}]},
        {"error": ["Rate limit exceeded"]},
        [{"error": "Rate limit exceeded", "charge": "0.90"}],
        [{"error": "Rate limit exceeded"}],
        {"error": "Rate limit exceeded (#4711)"},
        {"error": "Rate limit exceeded, your purchase went through"},
        {"error": "Rate limit exceeded. Заказ создан"},
        {"error": "Rate limit exceeded. Pedido creado"},
        {"error": "Rate limit exceeded ✅"},
        {"error": "rate_limit_exceeded_order_created"},
    ],
)
def test_a_rate_limit_beside_anything_else_is_no_plain_one(answer: Json) -> None:
    assert isinstance(to_add(answer), Lost)


def test_a_rate_limit_with_the_status_of_what_was_created_is_no_plain_one() -> None:
    assert isinstance(to_add({"error": "Rate limit exceeded"}, 201), Lost)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "You have exceeded the API rate limit of 60 requests per minute."},
        {"error": "Rate limit: 60/min"},
        {"error": "HTTP 429: Too Many Requests. Please wait 5 minutes and try again"},
        {"error": "rate_limit_exceeded", "retry_after": 30},
        {"error": "Too Many Requests", "status": 429},
        {"error": True, "message": "Too many requests"},
        {"error": "Rate limit exceeded", "message": "Rate limit exceeded"},
        {
            "error": "Rate limit exceeded",
            "code": "429",
            "status": "fail",
            "success": False,
            "data": None,
            "message": "",
        },
    ],
)
def test_a_plain_rate_limit_may_be_said_in_full(answer: Json) -> None:
    assert isinstance(to_add(answer), Later)


MADE = [
    "Order created, wait 5 minutes",
    "Order is being processed, please wait",
    "Order received, not yet completed",
    "Order in progress",
    "Order already exists",
    "Order with this link already exists",
    "Order is pending",
    "Order #4711 has been registered",
    "Your request is being processed, please wait",
    "There is already an order in progress for this link",
    "Your active order for this link was created",
    "Order was not refused but accepted",
    "Not enough funds for more, order created",
    "order_created",
    "orderCreated",
    "Queued",
    "Processing, please wait",
    "Please wait, 0.90 was charged from your balance",
    "Order hasn&#39;t failed, it is in the queue",
    "Please wait. Order ID: 4711",
    "Your order will start in 5 minutes",
]


@pytest.mark.parametrize("text", MADE)
def test_a_refusal_that_speaks_of_an_order_is_one_that_nobody_can_tell(text: str) -> None:
    assert isinstance(to_add({"error": text}), Lost)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Please wait", "message": "Order 4711 was created"},
        {"error": "Not enough funds", "data": {"info": ["your order was received"]}},
        {"error": "Please wait", "status": "pending"},
        {"error": "Not enough funds", "data": {"orderID": 4711}},
        {"error": "Not enough funds", "order_no": 4711},
        {"order": {"error": "Please wait"}, "message": "Order accepted"},
        [{"error": "Please wait"}, {"message": "Order accepted"}],
        {"error": "Invalid API key", "message": "Order 4711 was created"},
    ],
)
def test_the_order_may_be_spoken_of_anywhere_in_the_answer(answer: Json) -> None:
    assert isinstance(to_add(answer), Lost)


@pytest.mark.parametrize(
    "answer", [{"error": "Not enough funds", "message": "Database error"}, {"error": "No", "data": ["Busy"]}]
)
def test_trouble_may_be_spoken_of_anywhere_in_the_answer(answer: Json) -> None:
    assert isinstance(to_add(answer), Lost)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Please wait", "message": "Заказ создан"},
        {"error": "Заказ создан, please wait"},
        {"error": "Pedido creado, please wait"},
        {"error": "Please wait", "message": "Something else that is told"},
        {"error": "Please wait, your payment is pending"},
        {"error": "Please wait, somebody looks after it"},
        {"error": "Please wait 30 seconds before the next order"},
    ],
)
def test_a_refusal_with_words_that_no_rule_reads_is_a_persons(answer: Json) -> None:
    outcome = to_add(answer)
    assert isinstance(outcome, Refused)
    assert outcome.unread


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("Not enough funds", True),
        ("Incorrect service ID", True),
        ("Min quantity is 100", True),
        ("Minimum order 100", True),
        ("Order was not created: not enough funds", True),
        ("Order couldn’t be placed", True),
        ("No order was created", True),
        ("Orders are not accepted right now", True),
        ("Only public links are accepted", True),
        ("neworder.error.link_duplicate", True),
        ("You have active order with this link", True),
        ("You have active order with this link. Please wait until order being completed.", False),
        ("You already have an active order with this link, please wait until it is completed", False),
        ("Your order cannot be processed", False),
        ("New orders for this service are disabled", False),
        ("User does not exist", False),
    ],
)
def test_an_ordinary_refusal_stays_one(text: str, unread: bool) -> None:
    assert to_add({"error": text}) == Refused(text, unread=unread)


@pytest.mark.parametrize(
    "text",
    [
        "You have active order with this link",
        "You already have an active order with this link, please wait until it is completed",
    ],
)
def test_after_a_lost_attempt_the_active_order_with_the_link_may_be_its_own(text: str) -> None:
    assert isinstance(to_add({"error": text}, lost=True), Lost)


@pytest.mark.parametrize(
    "error",
    [
        "Too many active orders",
        "You have reached your limit of running orders",
        "Minimum amount of order 100",
        "Minimal order 100",
        "Not enough balance to complete order",
    ],
)
def test_a_plain_no_that_speaks_of_orders_is_a_no(error: str) -> None:
    assert isinstance(to_add({"error": error}), Refused)


@pytest.mark.parametrize("error", [{"message": "Rate limit exceeded"}, "Rate limit 60/min exceeded. Contact support"])
def test_a_plain_rate_limit_is_heard_where_it_stands_deeper_or_says_whom_to_ask(error: Json) -> None:
    assert isinstance(to_add({"error": error}), Later)


def test_an_active_order_beside_a_limit_may_be_the_one_that_was_lost() -> None:
    assert isinstance(to_add({"error": "Too many active orders"}, lost=True), Lost)


def test_a_limit_that_stands_deeper_beside_an_order_is_no_plain_limit() -> None:
    assert isinstance(to_add({"error": {"message": "Rate limit exceeded", "order_no": 4711}}), Lost)
