"""The traps of YAML, each closed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bursar.settings.strict_yaml import MAX_VALUES, read_text


def value(text: str) -> Any:
    document, problems = read_text(text, "f.yaml")
    assert problems == []
    assert document is not None
    return document.value


def problems(text: str) -> list[str]:
    return [str(problem) for problem in read_text(text, "f.yaml")[1]]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("010", "010"),
        ("0o17", "0o17"),
        (
            "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe",
            "0xde0B295669a9FD93d5F28D9Ec85E40f4cb697BAe",
        ),
        ("12:30:00", "12:30:00"),
        ("2026-01-01", "2026-01-01"),
        ("1e5", "1e5"),
        ("+380441234567", "+380441234567"),
        ("1_000", "1_000"),
        (".5", ".5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("5.", "5."),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("''", ""),
        ("|\n  10\n", "10\n"),
    ],
)
def test_a_scalar_means_what_it_looks_like(written: str, meant: object) -> None:
    found = value(f"key: {written}")["key"]
    assert (found, type(found)) == (meant, type(meant))


def test_money_keeps_every_digit() -> None:
    found = value("a: 10.10\nb: 12345678901234567.89")
    assert [str(found["a"]), str(found["b"])] == ["10.10", "12345678901234567.89"]
    assert all(isinstance(each, Decimal) for each in found.values())


def test_a_number_too_long_to_be_one_stays_text() -> None:
    digits = "9" * 5000
    assert value(f"a: {digits}")["a"] == digits


def test_on_is_a_key_like_any_other() -> None:
    assert value("on: order.partial\noff: x\nno: y") == {"on": "order.partial", "off": "x", "no": "y"}


def test_an_alias_repeats_its_anchor() -> None:
    assert value("a: &x {p: 60s}\nb: *x") == {"a": {"p": "60s"}, "b": {"p": "60s"}}


def test_places_count_from_one_and_tell_key_from_value() -> None:
    document, _ = read_text("a:\n  - b: ж\n    key:   value\n", "f.yaml")
    assert document is not None
    assert str(document.key(("a", 0, "key"))) == "f.yaml:3:5"
    assert str(document.at(("a", 0, "key"))) == "f.yaml:3:12"
    assert str(document.at(("a", 0, "missing", 3))) == "f.yaml:2:5"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", "f.yaml:3:1: duplicate key 'a': it is already at line 1"),
        ("x:\n  a: 1\n  'a': 3", "f.yaml:3:3: duplicate key 'a': it is already at line 2"),
        ("a: !!python/object:os.system x", "f.yaml:1:4: tags are not allowed: write the plain value"),
        ("a: !!str 5", "f.yaml:1:4: tags are not allowed: write the plain value"),
        ("a: ! 5", "f.yaml:1:4: tags are not allowed: write the plain value"),
        ("a: !!binary aGk=", "f.yaml:1:4: tags are not allowed: write the plain value"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f.yaml:3:3: merge keys (<<) are not supported: write the keys out"),
        ("1: a", "f.yaml:1:1: keys must be text; put quotes around this one"),
        ("true: a", "f.yaml:1:1: keys must be text; put quotes around this one"),
        ("? [a, b]\n: c", "f.yaml:1:3: keys must be text; put quotes around this one"),
        ("~: a", "f.yaml:1:1: keys must be text; put quotes around this one"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1: a second document: one file holds one"),
        ("a: *nobody", "f.yaml:1:4: the alias *nobody has no anchor &nobody before it"),
        ("a: &x [*x]", "f.yaml:1:8: the alias *x stands inside its own anchor"),
        ("a:\n\tb: 1", "f.yaml:2:1: a tab cannot indent: use spaces"),
        ("a: @x", "f.yaml:1:4: a text that begins with '@' needs quotes"),
        ("a: b: c", "f.yaml:1:5: a ':' that does not belong here (a text with ': ' needs quotes)"),
        ("a: 'x", "f.yaml:1:6: the file ends in the middle of a quoted text"),
        ("a: b\x07", "f.yaml:1:5: a character that YAML does not allow (U+0007)"),
        ("a: b\n\x00", "f.yaml:2:1: a character that YAML does not allow (U+0000)"),
    ],
)
def test_a_trap_is_a_problem_with_its_place(text: str, expected: str) -> None:
    assert problems(text) == [expected]


def test_several_problems_are_found_at_once() -> None:
    found = problems("a: 1\na: 2\nb: !x 1\nc: {1: 2}")
    assert [text.split(": ")[0] for text in found] == ["f.yaml:2:1", "f.yaml:3:4", "f.yaml:4:5"]


def test_an_alias_bomb_does_not_go_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    document, found = read_text("\n".join(lines), "bomb.yaml")
    assert document is None
    assert f"more than {MAX_VALUES} values" in found[0].message


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 100_000,
        "\n".join(" " * n + "- " for n in range(300)),
        "- " * 1000,
        "\n".join(["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 2000))]),
    ],
    ids=["brackets", "braces", "indent", "dashes", "aliases"],
)
def test_depth_without_end_has_an_end(text: str) -> None:
    document, found = read_text(text, "deep.yaml")
    assert document is None
    assert "levels deep" in found[0].message


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "---\n...\n"])
def test_a_file_with_nothing_in_it_is_no_data(text: str) -> None:
    document, found = read_text(text, "f.yaml")
    assert (document.value if document else None, found) == (None, [])
