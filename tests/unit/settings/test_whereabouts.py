"""Where the journal lies is found in a configuration that has mistakes, up to the first of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bursar.settings.whereabouts import find_state

FOUND = {
    "settings: {state: /v/j.db}\n": "/v/j.db",
    "settings:\n  state: /v/j.db\nrules: [": "/v/j.db",
    "accounts: {a: {state: /no.db}}\nsettings: {mode: live, state: '/v/j.db'}\nx: {{": "/v/j.db",
    "accounts: {a: &where /v/j.db}\nsettings: {state: *where, typo: 1}": "/v/j.db",
    "settings: {state: /v/j.db, stat: /no.db}": "/v/j.db",
    "settings: {state: /v/j.db}\ncooldwn: 1h": "/v/j.db",
    "rules:\n- settings: {state: /no.db}\n- [a, {b: c}]\nsettings:\n  budget: [{a: b}]\n  state: /v/j.db\n\t-": "/v/j.db",
    "rules: &x {state: /no.db}\naccounts: *x\nsettings: {state: /v/j.db}": "/v/j.db",
    "settings: {state: relative/j.db}": "relative/j.db",
}
DEFAULT = ["", "rules: []", "settings: {mode: lve}\naccounts: {a: {stat: x}}"]
NOT_TOLD = [
    "settings: {stat: ./staging.db}\naccounts: {}\n",
    "setings: {state: ./staging.db}\naccounts: {}\n",
    "settings:\n- state: ./staging.db\n",
    "settings: [state, /v/j.db]",
    "settings: {state: [/v/j.db]}",
    "settings: {state: ''}",
    "state: /v/j.db",
    "- settings",
    "<<: {settings: {state: ./mine.db}}",
    "config: {settings: {state: ./mine.db}}",
    "config: {bursar: {settings: {state: ./mine.db}}}",
    "config: [{settings: {state: ./mine.db}}]",
    "config: {? [a] : b, settings: {state: ./mine.db}}",
    "config: {<<: {settings: {state: ./mine.db}}}",
    "x: &s {state: ./mine.db, mode: live}\nsettings: {mode: live}\n",
    "Settings: {state: ./mine.db}",
    "daemon:\n  journal: ./mine.db\n",
    "options: {state: ./mine.db}",
    "cooldwn: 1h",
    "[" * 3000,
    "rules: &x {state: ./mine.db}\nsettings: {<<: *x, typo: 1}",
    "settings: {state: ./a.db}\nsettings: {state: ./b.db}",
    "? {a: b}\n: c\nsettings: {state: /v/j.db}",
    "rules: [\nsettings: {state: /v/j.db}",
    "\x00",
    "a: b: c",
    "rules:\n\t- x\nsettings: {state: /v/j.db}",
]


@pytest.mark.parametrize("text", FOUND)
def test_what_settings_say_is_found(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bursar.yaml"
    file.write_text(text, encoding="utf-8")
    state = tmp_path / FOUND[text]
    assert find_state([file], {"HOME": "/h"}) == (state, state.parent / "control.sock")


@pytest.mark.parametrize("text", DEFAULT)
def test_else_it_lies_where_it_does_without_a_word(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bursar.yaml"
    file.write_text(text, encoding="utf-8")
    home = Path("/h/.local/state/bursar")
    assert find_state([file], {"HOME": "/h"}) == (home / "journal.db", home / "control.sock")


def test_all_files_of_a_folder_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("rules: [", encoding="utf-8")
    (tmp_path / "b.yaml").write_text("settings: {state: /v/j.db}", encoding="utf-8")
    (tmp_path / ".c.yaml").write_text("settings: {state: /no.db}", encoding="utf-8")
    (tmp_path / "d.yml").write_text("settings: {state: /no.db}", encoding="utf-8")
    assert find_state([tmp_path], {"HOME": "/h"})[0] == Path("/v/j.db")


def test_what_two_files_say_in_two_ways_is_not_guessed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"settings: {{state: ./{name}.db}}", encoding="utf-8")
    assert find_state([tmp_path], {"HOME": "/h"}) is None


@pytest.mark.parametrize("text", NOT_TOLD)
def test_where_a_mistake_may_hide_it_nothing_is_guessed(tmp_path: Path, text: str) -> None:
    """A yes must not go to another daemon, which lies where one does of which nothing is said."""
    file = tmp_path / "bursar.yaml"
    file.write_text(text, encoding="utf-8")
    assert find_state([file], {"HOME": "/h"}) is None


def test_of_what_cannot_be_read_nothing_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "a.yaml", tmp_path / "gone.yaml", tmp_path / "empty"):
        assert find_state([path], {"HOME": "/h"}) is None
    assert find_state([], {"HOME": "/h"}) is None
