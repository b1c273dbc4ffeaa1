"""Secrets never leave: not in a message, an argument, a traceback, a URL, a key, or a library's own words."""

from __future__ import annotations

import pytest

from bursar.api import Secret
from bursar.logs import Redactor

KEY = "k3y-9f8e/7d+6c="


@pytest.fixture
def redactor() -> Redactor:
    return Redactor([KEY])


@pytest.mark.parametrize(
    "text",
    [
        f"sent {KEY} away",
        f"https://site.example/api.html?method=get_info&x={KEY}",
        "https://site.example/?x=k3y-9f8e%2F7d%2B6c%3D&y=1",
        f'{{"clientKey": "{KEY}"}}',
        f"{KEY}{KEY}",
        f"repr: {KEY!r}",
    ],
)
def test_a_known_value_is_masked_wherever_it_stands(redactor: Redactor, text: str) -> None:
    masked = redactor.redact(text)
    assert "9f8e" not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET /api.html?api_action=pp&api_key=unknown1&method=m", "GET /api.html?api_action=pp&api_key=***&method=m"),
        ("https://user:pa55@host/x", "https://***@host/x"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ('{"clientKey": "abc", "minCreateDate": 1}', '{"clientKey": "***", "minCreateDate": 1}'),
        ("?token=a&next=b", "?token=***&next=b"),
    ],
)
def test_what_looks_like_a_key_is_masked_even_when_nobody_knows_it(text: str, masked: str) -> None:
    assert Redactor().redact(text) == masked


def test_other_text_stays_as_it_is(redactor: Redactor) -> None:
    text = "order 101: partial, 20 of 100 remain; monkey business at https://panel.example/api/v2?page=2"
    assert redactor.redact(text) == text


@pytest.mark.parametrize(
    "name",
    ["token", "hook_secret", "password", "Authorization", "api_key", "apiKey", "api-key", "key", "clientKey"],
)
def test_a_value_under_a_name_of_a_secret_is_masked(name: str) -> None:
    assert Redactor()(None, "info", {"event": "x", name: "anything"})[name] == "***"


def test_every_depth_of_a_line_is_cleaned(redactor: Redactor) -> None:
    line = redactor(None, "info", {"event": "x", "a": [{"b": (f"<{KEY}>",)}, {KEY: 1}], "password": {"x": 1}})
    assert line == {"event": "x", "a": [{"b": ["<***>"]}, {"***": 1}], "password": "***"}


def test_objects_are_cleaned_by_their_text(redactor: Redactor) -> None:
    line = redactor(None, "info", {"event": ValueError(KEY), "wallet": Secret("TXabc12345")})
    assert line == {"event": "***", "wallet": "***"}


def test_an_object_whose_text_fails_does_not_lose_the_line(redactor: Redactor) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    assert redactor(None, "info", {"event": Broken()})["event"] == "<Broken, whose text fails: RuntimeError>"


def test_numbers_and_flags_pass(redactor: Redactor) -> None:
    assert redactor(
        None,
        "info",
        {"n": 5, "f": 1.5, "b": True, "none": None},
    ) == {"n": 5, "f": 1.5, "b": True, "none": None}


def test_a_secret_made_of_digits_is_masked_as_a_number_too() -> None:
    assert Redactor(["123456"])(None, "info", {"n": 123456})["n"] == "***"


def test_a_value_concealed_at_run_time_is_masked_from_then_on(redactor: Redactor) -> None:
    code = "KXXQ-1111-2222-FFMW"
    assert redactor.redact(code) == code
    redactor.add_secret(code)
    assert redactor.redact(f"code {code}!") == "code ***!"


def test_concealed_values_are_remembered_up_to_a_number_and_secrets_for_ever() -> None:
    redactor = Redactor(["first-secret"], most_concealed=3)
    for value in ("aaaa1", "bbbb2", "cccc3", "dddd4"):
        redactor.add_secret(value)
    assert redactor.redact("first-secret aaaa1 bbbb2 cccc3 dddd4") == "*** aaaa1 *** *** ***"


def test_a_secret_that_was_concealed_as_well_is_not_forgotten() -> None:
    redactor = Redactor(["first-secret"], most_concealed=1)
    redactor.add_secret("first-secret")
    redactor.add_secret("second-one")
    assert redactor.redact("first-secret") == "***"


def test_the_longer_of_two_secrets_is_taken_whole() -> None:
    assert Redactor(["abcd", "abcdefgh"]).redact("abcdefgh abcdef") == "*** ***ef"


def test_a_value_too_short_to_be_told_from_text_is_left() -> None:
    assert Redactor(["a", ""]).redact("a rather plain line") == "a rather plain line"
