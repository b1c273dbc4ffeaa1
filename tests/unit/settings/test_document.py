"""Files and directories: read once, merged, and every reason why that cannot be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.settings.document import MAX_BYTES, Reading, read_documents


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def messages(reading: Reading, folder: Path) -> list[str]:
    return [str(problem).replace(f"{folder}/", "") for problem in reading.problems]


def test_a_directory_is_merged_in_the_order_of_its_names(tmp_path: Path) -> None:
    write(tmp_path, b="rules: [{name: two}]\naccounts: {b: {}}", a="rules: [{name: one}]\naccounts: {a: {}}")
    (tmp_path / ".hidden.yaml").write_text("[", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("[", encoding="utf-8")
    reading = read_documents([tmp_path])
    assert reading.problems == []
    assert reading.document.value == {"rules": [{"name": "one"}, {"name": "two"}], "accounts": {"a": {}, "b": {}}}


def test_places_survive_the_merging(tmp_path: Path) -> None:
    write(tmp_path, a="rules: [{name: one}]", b="rules:\n  - name: two\n    when: x")
    document = read_documents([tmp_path]).document
    assert str(document.key(("rules", 1, "when"))).endswith("b.yaml:3:5")
    assert str(document.at(("rules", 0, "name"))).endswith("a.yaml:1:16")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("accounts: {x: {}}", "accounts:\n  x: {}", "b.yaml:2:3: duplicate key 'x': it is already at a.yaml:1:12"),
        ("sinks: {x: {}}", "sinks:\n  x: {}", "b.yaml:2:3: duplicate key 'x': it is already at a.yaml:1:9"),
        (
            "settings: {mode: live}",
            "settings: {mode: shadow}",
            "b.yaml:1:12: duplicate key 'mode': it is already at a.yaml:1:12",
        ),
        ("other: 1", "other: 2", "b.yaml:1:1: duplicate key 'other': it is already at a.yaml:1:1"),
    ],
)
def test_a_key_of_two_files_is_a_problem_that_names_both(
    tmp_path: Path,
    first: str,
    second: str,
    expected: str,
) -> None:
    write(tmp_path, a=first, b=second)
    assert messages(read_documents([tmp_path]), tmp_path) == [expected]


def test_settings_of_two_files_are_merged(tmp_path: Path) -> None:
    write(tmp_path, a="settings: {mode: live}", b="settings: {ceiling: 5}")
    reading = read_documents([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert reading.document.value == {"settings": {"mode": "live", "ceiling": 5}}


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, a="accounts: {x: {}}")
    assert read_documents([tmp_path, tmp_path / "a.yaml"]).problems == []


def test_a_section_without_content_is_an_empty_one(tmp_path: Path) -> None:
    write(tmp_path, a="rules:\naccounts:\n")
    assert read_documents([tmp_path]).document.value == {"rules": [], "accounts": {}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a.yaml:1:1: the file is empty: it needs at least `accounts:` and `rules:`"),
        ("# only a comment", "a.yaml:1:1: the file is empty: it needs at least `accounts:` and `rules:`"),
        ("- a", "a.yaml:1:1: expected a mapping with the keys settings, accounts, sinks and rules"),
        ("text", "a.yaml:1:1: expected a mapping with the keys settings, accounts, sinks and rules"),
        ("rules: {a: 1}", "a.yaml:1:8: rules: expected a list of rules, each beginning with '-'"),
        ("accounts:\n  - a", "a.yaml:2:3: accounts: expected a mapping"),
    ],
)
def test_a_file_of_the_wrong_shape_is_one_clear_problem(tmp_path: Path, text: str, expected: str) -> None:
    write(tmp_path, a=text)
    assert messages(read_documents([tmp_path / "a.yaml"]), tmp_path) == [expected]


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    reading = read_documents([tmp_path / "none.yaml"])
    assert messages(reading, tmp_path) == ["none.yaml:1:1: there is no such file"]
    assert not reading.whole


def test_a_directory_without_yaml_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("rules: []", encoding="utf-8")
    reading = read_documents([tmp_path])
    assert [problem.message for problem in reading.problems] == ["no *.yaml file is in this directory"]
    assert [warning.message for warning in reading.warnings] == ["is not read: only *.yaml are read in a directory"]


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()
    assert messages(read_documents([tmp_path]), tmp_path) == ["a.yaml:1:1: cannot be read: Is a directory"]


def test_a_file_that_is_not_utf8_says_where(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"rules: []\nname: \xff\xfe")
    assert messages(read_documents([tmp_path]), tmp_path) == ["a.yaml:2:7: not UTF-8 text"]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfrules: []")
    assert read_documents([tmp_path]).document.value == {"rules": []}


def test_a_file_too_large_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    assert messages(read_documents([tmp_path]), tmp_path) == ["a.yaml:1:1: larger than 4 MiB"]


def test_no_path_at_all_is_a_problem() -> None:
    [problem] = read_documents([]).problems
    assert problem.message == "no configuration was named: use --config PATH"
