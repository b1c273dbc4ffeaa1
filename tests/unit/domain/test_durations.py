"""Durations as YAML writes them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bursar.domain.durations import parse_duration, shown_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("5m", timedelta(minutes=5)),
        ("6h", timedelta(hours=6)),
        ("2d", timedelta(days=2)),
        (" 5m ", timedelta(minutes=5)),
        ("3650d", timedelta(days=3650)),
    ],
)
def test_durations(text, duration):
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "m",
        "5M",
        "5 m",
        "-5m",
        "1.5h",
        "1h30m",
        "5w",
        "0s",
        "3651d",
        "9999999999d",
        "٥m",
        "5m\n5m",
        None,
        5,
        5.0,
        True,
        ["5m"],
        {"m": 5},
    ],
)
def test_what_is_no_duration_says_what_was_expected(text):
    with pytest.raises(ValueError, match=r"expected a duration such as 90s, 5m, 6h or 2d|longer than ten years"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["90s", "5m", "24h", "7d", "36h", "400d", "61m"])
def test_a_duration_is_shown_as_it_is_written(text):
    assert shown_duration(parse_duration(text)) == text
