"""Secrets: where they come from, what happens when they do not, and that no problem ever shows one."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.settings import ACCOUNT, ENVIRON, Reader

ONLY_UNIT = "2:60: only the systemd unit can read the credential 'panel'"


def with_key(key: str) -> str:
    return ACCOUNT.replace("{env: KEY}", key)


def key_of(reader: Reader, key: str, **environ: str) -> str:
    return reader.read(with_key(key), {**ENVIRON, **environ}).accounts["main"].settings.key.reveal()


def test_a_secret_of_the_environment(reader: Reader) -> None:
    assert key_of(reader, "{env: MINE}", MINE=" abc\n") == "abc"


def test_a_secret_in_a_file_beside_the_configuration(reader: Reader) -> None:
    (reader.folder / "panel.key").write_text("abc\n", encoding="utf-8")
    assert key_of(reader, "{file: panel.key}") == "abc"


def test_a_secret_in_a_file_at_home(reader: Reader) -> None:
    (reader.folder / "panel.key").write_text("abc", encoding="utf-8")
    assert key_of(reader, "{file: ~/panel.key}", HOME=str(reader.folder)) == "abc"


def test_a_credential_of_the_unit(reader: Reader) -> None:
    (reader.folder / "panel").write_text("abc\n", encoding="utf-8")
    assert key_of(reader, "{credential: panel}", CREDENTIALS_DIRECTORY=str(reader.folder)) == "abc"


def test_a_literal_works_with_a_warning(reader: Reader) -> None:
    assert reader.warnings(with_key("abc")) == [
        "2:60: a secret in plain text: better {env: NAME}, {file: path} or {credential: NAME}"
    ]
    assert key_of(reader, "abc") == "abc"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("{env: NOPE}", "2:60: the environment variable NOPE is not set"),
        ("{env: EMPTY}", "2:60: the environment variable EMPTY is empty"),
        ("{env: 9f8e-7d6c}", "2:60: env: expected the name of an environment variable"),
        ("{file: none}", "2:60: the secret's file none cannot be read: No such file or directory"),
        ("{file: .}", "2:60: the secret's file . cannot be read: Is a directory"),
        ("{file: empty}", "2:60: the secret's file empty is empty"),
        ("{file: binary}", "2:60: the secret's file binary is not UTF-8 text"),
        ("{file: large}", "2:60: the secret's file large is larger than 64 KiB"),
        ("{credential: panel}", ONLY_UNIT),
        ("{credential: ../panel}", "2:60: credential: expected a name without slashes"),
    ],
)
def test_a_secret_that_cannot_be_had_says_why(reader: Reader, key: str, expected: str) -> None:
    (reader.folder / "empty").write_text("\n", encoding="utf-8")
    (reader.folder / "binary").write_bytes(b"\xff\xfe")
    (reader.folder / "large").write_bytes(b"x" * 65537)
    [problem] = reader.problems(with_key(key), {**ENVIRON, "EMPTY": " "})
    assert problem.replace(str(reader.folder), ".") == expected


def test_a_credential_that_the_unit_lacks_says_what_to_do(reader: Reader) -> None:
    environ = {**ENVIRON, "CREDENTIALS_DIRECTORY": str(reader.folder)}
    assert reader.problems(with_key("{credential: panel}"), environ) == [
        "2:60: the unit has no credential 'panel': add LoadCredential=panel:… to it"
    ]


def test_a_credential_that_only_the_unit_can_read_may_be_a_warning(reader: Reader) -> None:
    assert reader.warnings(with_key("{credential: panel}"), unit_only_is_warning=True) == [ONLY_UNIT]


def test_a_missing_variable_is_never_a_warning(reader: Reader) -> None:
    assert reader.problems(with_key("{env: NOPE}"), unit_only_is_warning=True)


@pytest.mark.parametrize("key", ["{env: NOPE}", "{file: none}", "{credential: panel}"])
def test_without_secrets_nothing_is_resolved(reader: Reader, key: str) -> None:
    read = reader.read(with_key(key), without_secrets=True)
    assert (read.accounts["main"].settings.key.reveal(), read.secrets, read.warnings) == ("", frozenset(), ())


def test_without_secrets_two_accounts_without_keys_are_not_the_same(reader: Reader) -> None:
    twin = "  twin: {provider: panel, url: https://p.example/api, key: {env: OTHER}}\n"
    assert len(reader.read(ACCOUNT + twin, without_secrets=True).accounts) == 2


def test_a_secret_where_something_else_belongs_is_not_shown(reader: Reader, tmp_path: Path) -> None:
    text = "accounts:\n  main: {provider: panel, url: 'https://u:hunter2@p', key: {env: 'hunter2 x'}, pin: [hunter2]}\n"
    assert "hunter2" not in "\n".join(reader.problems(text))
