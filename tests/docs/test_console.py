"""Every `bursar …` line in the docs is one that the command line takes; every `bursar call` names what there is."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bursar.cli.tree import SUMMARIES, bursar
from bursar.host.plugins import load_plugins
from support.pages import ROOT, fragments

ACCOUNTS = {"main-panel": "smm", "odd-panel": "smm", "exchange": "premium_exchanger", "shop": "anticaptcha"}
FOREIGN = {"bursar plugins parcelbox"}
ENDS = {"|", "&&", ";", ">"}


def words_of(line: str) -> Iterator[list[str]]:
    """Return the words of every call of bursar in a shell's line."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;>")
    lexer.whitespace_split = True
    part: list[str] = []
    for word in [*lexer, ";"]:
        if word not in ENDS:
            part.append(word)
            continue
        if part and part[0].rpartition("/")[2] == "bursar":
            yield part[1:]
        part = []


def lines() -> Iterator[object]:
    for fragment in (*fragments("console"), *fragments("sh")):
        prompt = "$ " if fragment.kind == "console" else ""
        for line in fragment.text.splitlines():
            if line.startswith(prompt):
                for words in words_of(line.removeprefix(prompt)):
                    yield pytest.param(words, id=f"{fragment}: bursar {' '.join(words)}")


LINES = list(lines())
CALLS = [line for line in LINES if line.values[0][:1] == ["call"]]  # type: ignore[attr-defined]


def parse(words: list[str]) -> click.Context:
    """Have a command line parsed, down to the last subcommand, without running it."""
    command: click.Command = bursar
    context = command.make_context("bursar", list(words))
    while isinstance(command, click.Group) and (rest := [*context._protected_args, *context.args]):
        name, found, rest = command.resolve_command(context, rest)
        assert found is not None
        command = found
        context = command.make_context(name, rest, parent=context)
    return context


@pytest.mark.parametrize("words", LINES)
def test_the_command_line_takes_it(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text("id\n101\n", encoding="utf-8")
    with parse(words) as context:
        assert context.command is not bursar or words == ["--help"]


@pytest.mark.parametrize("words", CALLS)
def test_a_call_names_what_there_is(words: list[str]) -> None:
    context = parse(words)
    provider = load_plugins().providers[ACCOUNTS[context.params["account"]]]
    [method] = [method for method in provider.methods if method.name == context.params["method"]]
    given = dict(word.split("=", 1) for word in context.params["given"])
    assert set(given) <= set(method.params)
    assert method.intents is None or method.intents(given)


def test_every_method_of_every_provider_is_called_somewhere() -> None:
    called = {(ACCOUNTS[line.values[0][1]], line.values[0][2]) for line in CALLS}  # type: ignore[attr-defined]
    providers = load_plugins().providers
    assert called == {(name, method.name) for name in set(ACCOUNTS.values()) for method in providers[name].methods}


def test_every_command_is_shown_at_work() -> None:
    shown = {line.values[0][0] for line in LINES if line.values[0]}  # type: ignore[attr-defined]
    texts = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md"))
    mentioned = set(re.findall(r"`bursar ([a-z]+) ", texts))
    assert set(SUMMARIES) - shown - mentioned <= {"demo"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check", "-c", "rules.example.yaml", "--without-secrets"], "fine"),
        (["plugins", "smm"], "refill_status"),
        (["--help"], "bursar demo"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_a_harmless_one_runs(words: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bursar", *words], cwd=ROOT, capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, said in done.stdout) == (0, True), done.stderr
