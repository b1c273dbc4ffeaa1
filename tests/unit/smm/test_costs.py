"""What an order costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal

import pytest

from bursar.api import CostFacts, Json, Snapshot, SubjectRef, Value
from bursar.domain.ids import AccountName
from bursar_smm.costs import of_add, service_of
from bursar_smm.provider import SMM

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
SERVICE = SubjectRef("service", "7")


def cost(
    params: Mapping[str, Json], type_: str | None = "Default", rate: Value | None = Decimal("1.5")
) -> Decimal | None:
    known = Snapshot(AccountName("panel"), SERVICE, {"rate": rate, "type": type_}, NOW)
    return of_add(CostFacts({"service": "7", **params}, related={SERVICE: known}))


@pytest.mark.parametrize(
    ("type_", "params", "amount"),
    [
        ("Default", {"quantity": 1000}, "1.5"),
        ("Default", {"quantity": "250"}, "0.375"),
        ("Default", {"quantity": 100, "runs": 5, "interval": 10}, "0.75"),
        ("Custom Comments", {"comments": "a\nb\n\nc"}, "0.0045"),
        ("Custom Comments", {"comments": "a\nb", "quantity": 1000}, "1.5"),
        ("Mentions Custom List", {"usernames": "a\nb\nc\nd"}, "0.006"),
        ("Mentions with Hashtags", {"usernames": "a\nb", "quantity": 1000}, "1.5"),
        ("Package", {}, "1.5"),
        ("Custom Comments Package", {"comments": "a"}, "1.5"),
        ("Subscriptions", {"min": 10, "max": 100, "posts": 5}, "0.75"),
        ("Subscriptions", {"min": 10, "max": 100, "posts": 5, "old_posts": 5}, "1.5"),
        ("A type of their own", {"comments": "a\nb"}, "0.003"),
        ("Default", {"comments": "a\nb\nc", "quantity": 2}, "0.003"),
    ],
)
def test_an_order_costs(type_: str, params: dict[str, Json], amount: str) -> None:
    assert cost(params, type_) == Decimal(amount)


@pytest.mark.parametrize("type_", ["Custom Comment", "Custom Comments [fast]", "Comments (Custom)", "", None])
@pytest.mark.parametrize(
    ("params", "amount"),
    [
        ({"comments": "a\nb\nc", "quantity": 1}, "0.0045"),
        ({"comments": "a\nb\nc", "quantity": 1000}, "1.5"),
        ({"comments": "a\nb\nc", "quantity": 1, "runs": 2}, "0.009"),
        ({"comments": "a", "usernames": "a\nb", "quantity": 1}, "0.003"),
        ({"max": 100, "posts": 5, "quantity": 1}, "0.75"),
    ],
)
def test_an_order_of_a_type_that_nobody_knows_costs_the_most_that_it_can(
    type_: str | None, params: dict[str, Json], amount: str
) -> None:
    assert cost(params, type_) == Decimal(amount)


def test_what_may_be_a_package_costs_the_whole_at_least() -> None:
    assert cost({"comments": "a\nb"}, "Custom Comments Package [fast]") == Decimal("1.5")


def test_posts_that_nobody_can_count_leave_a_type_that_nobody_knows_without_a_cost() -> None:
    assert cost({"max": 100, "quantity": 1}, "Subscriptions [auto]") is None


@pytest.mark.parametrize(
    ("type_", "params"),
    [
        ("Subscriptions", {"min": 10, "max": 100}),
        ("Subscriptions", {"min": 10, "max": 100, "posts": 0}),
        ("Default", {}),
        ("Default", {"quantity": "many"}),
        ("Custom Comments", {"quantity": 10}),
    ],
)
def test_what_nobody_can_count_costs_nobody_knows_what(type_: str, params: dict[str, Json]) -> None:
    assert cost(params, type_) is None


@pytest.mark.parametrize("rate", [None, Decimal(-1), "1.5"])
def test_without_a_rate_nobody_knows(rate: Value | None) -> None:
    assert cost({"quantity": 10}, rate=rate) is None


def test_with_a_rate_that_could_not_be_read_nobody_knows() -> None:
    known = Snapshot(
        AccountName("panel"), SERVICE, {"rate": Decimal("1.5"), "type": "Default"}, NOW, problem="its rate"
    )
    assert of_add(CostFacts({"service": "7", "quantity": 10}, related={SERVICE: known})) is None


def test_a_service_that_is_not_listed_costs_nobody_knows_what() -> None:
    assert of_add(CostFacts({"service": "7", "quantity": 10})) is None


def test_the_service_is_what_must_be_known() -> None:
    assert service_of({"service": " 7 "}) == [SERVICE]


def test_an_orders_charge_settles_what_it_cost() -> None:
    add = next(action for action in SMM.actions if action.name == "add")
    assert (add.cost_stream, add.settled_by) == ("services", ("order", "charge"))


@pytest.mark.parametrize(
    ("params", "known"),
    [
        ({"service": "1", "link": "x", "quantity": "100", "runs": "5"}, ("x", 500)),
        ({"service": "1", "link": "x", "comments": "a\nb\nc"}, ("x", 3)),
        ({"service": "1", "username": "u", "min": "1", "max": "9", "delay": "0"}, ("u", None)),
    ],
)
def test_an_order_that_a_person_found_is_known_by_what_was_ordered(
    params: dict[str, str], known: tuple[str, int | None]
) -> None:
    [add] = [action for action in SMM.actions if action.name == "add"]
    assert add.made_fields is not None
    found = add.made_fields(params)
    assert (found["link"], found["quantity"], found["service"]) == (*known, "1")
