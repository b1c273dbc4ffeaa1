"""The end of a run: what is compared is of one instant."""

from __future__ import annotations

from bursar_prove.ending import at_one_instant


def test_what_happens_between_the_reading_and_the_looking_is_read_again() -> None:
    effects = iter([[1], [1, 2], [1, 2], [1, 2]])
    claims = iter(["of the first", "of both"])
    assert at_one_instant(lambda: next(claims), lambda: next(effects)) == ("of both", [1, 2])


def test_what_stands_still_is_read_once() -> None:
    assert at_one_instant(lambda: "all", lambda: [1]) == ("all", [1])
