"""What the provider declares."""

from __future__ import annotations

from decimal import Decimal

import jsonschema
import pytest

import bursar_smm
from bursar.api import Coverage, LostReply, Provider
from bursar_smm.provider import SMM


def test_it_registers_itself_through_the_hook() -> None:
    registered: list[Provider] = []
    bursar_smm.bursar_providers(registered.append)
    assert registered == [SMM]


def test_its_streams() -> None:
    assert {(one.name, one.coverage, one.interval.total_seconds(), one.batch) for one in SMM.streams} == {
        ("orders", Coverage.TRACKED, 60, 100),
        ("refills", Coverage.TRACKED, 60, 100),
        ("services", Coverage.LISTING, 21600, 100),
        ("balance", Coverage.LISTING, 300, 100),
    }


def test_an_order_has_the_fields_of_the_design() -> None:
    order = next(one for one in SMM.subjects if one.name == "order")
    assert set(order.all_fields) == {
        "id",
        "status",
        "state",
        "charge",
        "start_count",
        "remains",
        "currency",
        "service",
        "link",
        "quantity",
        "age",
        "state_age",
        "refill_requested",
        "cancel_requested",
    }


def test_only_a_lost_add_is_for_a_person() -> None:
    assert {one.name: one.lost_reply for one in SMM.actions} == {
        "add": LostReply.NEITHER,
        "refill": LostReply.REPEATABLE,
        "cancel": LostReply.REPEATABLE,
    }


def test_what_confirms_an_action_is_an_event_that_exists() -> None:
    events = {name for subject in SMM.subjects for name in subject.event_names()}
    assert {name for action in SMM.actions for name in action.confirmed_by} <= events


@pytest.mark.parametrize(
    ("name", "before", "after", "raised"),
    [
        ("balance.rose", "1", "2", True),
        ("balance.rose", "2", "1", False),
        ("balance.rose", "1", "1.00", False),
        ("balance.fell", "2", "1", True),
        ("balance.fell", "1", "2", False),
        ("balance.fell", None, "1", False),
        ("balance.fell", "1", None, False),
    ],
)
def test_the_events_of_a_balance(name: str, before: str | None, after: str | None, raised: bool) -> None:
    event = next(one for subject in SMM.subjects for one in subject.events if one.name == name)
    was, now = ({"amount": None if text is None else Decimal(text)} for text in (before, after))
    assert event.raised(was, now) is raised


def test_a_first_sight_is_no_event_of_a_balance() -> None:
    balance = next(one for one in SMM.subjects if one.name == "balance")
    assert not any(event.raised(None, {"amount": Decimal(1)}) for event in balance.events)


@pytest.mark.parametrize(
    ("before", "after", "raised"),
    [("0.9", "0.95", True), ("0.9", "0.90", False), (None, "1", False), ("1", None, False)],
)
def test_the_event_of_a_services_rate(before: str | None, after: str | None, raised: bool) -> None:
    service = next(one for one in SMM.subjects if one.name == "service")
    was, now = ({"rate": None if text is None else Decimal(text)} for text in (before, after))
    assert service.events[0].raised(was, now) is raised


def test_the_strict_way_is_the_default() -> None:
    defaults = {name: schema.get("default") for name, schema in SMM.settings.items()}
    assert defaults == {
        "transport": "form",
        "auth": "body",
        "verify_tls": True,
        "status_numbers": None,
        "cancel_with": "orders",
    }


@pytest.mark.parametrize(
    ("settings", "good"),
    [
        ({"status_numbers": {"0": "pending", "5": "refunded"}}, True),
        ({"status_numbers": {"0": "pendng"}}, False),
        ({"transport": "xml"}, False),
        ({"verify_tls": "no"}, False),
        ({"cancel_with": "order", "auth": "bearer"}, True),
    ],
)
def test_its_settings_are_checked(settings: dict[str, object], good: bool) -> None:
    validator = jsonschema.Draft202012Validator({"properties": SMM.settings, "additionalProperties": False})
    assert validator.is_valid(settings) is good
