"""The parameters of `add`, per service type."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bursar_smm.service_types import PARAMS, TYPES, check, normal, ordered_quantity

VALUES = dict.fromkeys(PARAMS, "10") | {"link": "https://x.example/1", "comments": "a\nb", "expiry": "31/12/2027"}
SPELT = [
    "Default",
    "Package",
    "SEO",
    "Custom Comments",
    "Custom Comments Package",
    "Mentions with Hashtags",
    "Mentions Custom List",
    "Mentions Hashtag",
    "Mentions User Followers",
    "Mentions Media Likers",
    "Comment Likes",
    "Comment Replies",
    "Poll",
    "Invites from Groups",
    "Subscriptions",
    "Web Traffic",
]


def given(*names: str) -> dict[str, str]:
    return {"service": "1", **{name: VALUES[name] for name in names}}


def test_every_type_of_the_contract_is_known_as_panels_spell_it() -> None:
    assert [normal(type_) for type_ in SPELT] == list(TYPES)


@pytest.mark.parametrize("type_", SPELT)
def test_a_type_takes_what_it_needs(type_: str) -> None:
    check(given(*TYPES[normal(type_)][0]), type_)


@pytest.mark.parametrize("type_", SPELT)
def test_a_type_takes_what_it_may_have(type_: str) -> None:
    needs, may = TYPES[normal(type_)]
    check(given(*needs, *may), type_)


@pytest.mark.parametrize(("type_", "name"), [(type_, name) for type_ in SPELT for name in TYPES[normal(type_)][0]])
def test_a_type_refuses_to_miss_what_it_needs(type_: str, name: str) -> None:
    needs = [need for need in TYPES[normal(type_)][0] if need != name]
    with pytest.raises(ValueError, match=f"add needs {name}"):
        check(given(*needs), type_)


def test_a_type_refuses_a_parameter_of_another() -> None:
    with pytest.raises(ValueError, match="takes no comments"):
        check(given("link", "quantity", "comments"), "Default")


def test_an_unknown_type_takes_every_parameter() -> None:
    check(given(*PARAMS), "Quantum Likes")


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"link": "x"}, "add needs service"),
        ({"service": "1", "quantity": "5"}, "add needs link, or username"),
        ({"service": "1", "link": "x", "quantty": "5"}, "no parameter 'quantty'"),
        ({"service": "1", "link": "x", "quantity": "1.5"}, "whole number"),
        ({"service": "1", "link": "x", "quantity": "0"}, "whole number"),
        ({"service": "1", "link": "x", "quantity": "many"}, "whole number"),
        ({"service": "1", "username": "x", "expiry": "2027-12-31"}, "31/12/2027"),
        ({"service": " ", "link": "x"}, "add needs service"),
    ],
)
def test_parameters_that_make_no_sense_get_one_sentence(params: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        check(params)


@pytest.mark.parametrize(
    ("params", "quantity"),
    [
        ({"quantity": "100"}, Decimal(100)),
        ({"quantity": 100, "runs": "3"}, Decimal(300)),
        ({"comments": "nice\n\nwow\n"}, Decimal(2)),
        ({"username": "x"}, None),
    ],
)
def test_the_quantity_that_was_ordered(params: dict[str, str], quantity: Decimal | None) -> None:
    assert ordered_quantity(params) == quantity
