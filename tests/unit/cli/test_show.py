"""What is printed: JSON whole and exact, tables that no foreign text can break."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from bursar.cli.output import MAX_ROWS, cell, json_line, json_text, show_facts, show_rows
from bursar.cli.terminal_text import one_line, plain


def table(capsys: pytest.CaptureFixture[str], *rows: dict[str, object]) -> str:
    """Print rows with the columns A and B."""
    show_rows(rows, {"a": "A", "b": "B"}, empty="nothing")
    return capsys.readouterr().out


def test_money_keeps_its_digits() -> None:
    assert json_line({"amount": Decimal("12345678901234567.890")}) == '{"amount":12345678901234567.890}'


def test_json_is_never_cut_short() -> None:
    rows = [{"id": str(number), "link": "x" * 500} for number in range(3000)]
    assert json.loads(json_text(rows)) == rows


@pytest.mark.parametrize("text", ["half \ud83d", "\x1b]0;title\x07", "тест"])
def test_any_text_becomes_json(text: str) -> None:
    assert isinstance(json.loads(json_line([text]))[0], str)


def test_markup_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert "evil [/nope] [bold]text" in table(capsys, {"a": "evil [/nope] [bold]text"})


def test_a_terminal_is_not_commanded(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in table(capsys, {"a": "\x1b[31mred\x1b[0m", "b": "\u202eevil"})


def test_a_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(table(capsys, {"a": "one\ntwo\r\nthree"}).splitlines()) == 2


def test_a_column_without_anything_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert "B" not in table(capsys, {"a": "x", "b": None})


def test_no_rows_are_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert table(capsys) == "nothing\n"


def test_a_long_table_says_what_it_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"a": str(number)} for number in range(MAX_ROWS + 7)]
    assert table(capsys, *rows).endswith("… and 7 more; --json gives all\n")


def test_a_long_value_is_not_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert "x" * 300 in table(capsys, {"a": "x" * 300})


def test_facts_stand_under_their_name(capsys: pytest.CaptureFixture[str]) -> None:
    show_facts({"running": True, "orders": {"partial": 2}})
    assert capsys.readouterr().out == "running: yes\norders:\n  partial: 2\n"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        ({}, "-"),
        ([], "-"),
        (False, "no"),
        (0, "0"),
        (["a", 1], "a, 1"),
        ({"a": None, "b": 1}, "b=1"),
        ("2026-11-21T08:00:00.123456Z", "2026-11-21 08:00:00Z"),
        ("2026-99-99T08:00:00.123456Z", "2026-99-99T08:00:00.123456Z"),
    ],
)
def test_a_value_for_people(value: object, shown: str) -> None:
    assert cell(value) == shown


def test_control_characters_are_spelt_out() -> None:
    assert plain("a\x1b[2Jb") == "a\\x1b[2Jb"


def test_line_ends_and_tabs_become_spaces() -> None:
    assert one_line("a\n\tb") == "a b"
