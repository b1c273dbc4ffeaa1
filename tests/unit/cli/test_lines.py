"""Command lines: what is misspelt is one sentence and exit code 2; `--config` may stand anywhere."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from bursar.cli import execute


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """Run a command line; give its exit code and what it said on the error stream."""
    code = execute(words)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["acounts"], "there is no command 'acounts' (did you mean 'accounts'?)"),
        (["--cnofig", "x", "status"], "No such option '--cnofig'. Did you mean '--config'?"),
        (["status", "--jsno"], "No such option '--jsno'. Did you mean '--json'?"),
        (["call", "main-panel"], "Missing argument 'METHOD'."),
        (["track", "main-panel"], "say which orders: ids, or --file CSV"),
        (["actions", "resolve", "1"], "say one of --happened and --did-not"),
        (
            ["actions", "resolve", "1", "--happened", "--again"],
            "--again goes with --did-not: what happened is not done again",
        ),
        (
            ["sandbox", "--fault", "smm"],
            "a fault is written PROVIDER:METHOD:FAULT or PROVIDER:METHOD:FAULT:TIMES; 'smm' is not",
        ),
    ],
)
def test_wrong_usage_is_one_sentence(capsys: pytest.CaptureFixture[str], words: list[str], sentence: str) -> None:
    assert said(capsys, *words) == (2, f"bursar: {sentence}\n")


def test_what_is_not_text_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "track", "main-panel", "\udcff") == (2, "bursar: '\\udcff' is not UTF-8 text\n")


def test_a_line_without_a_command_is_answered_with_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    code, err = said(capsys)
    assert (code, err.startswith("Usage: bursar ")) == (2, True)


def test_an_unknown_command_without_a_likeness_names_those_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is demo, run, check" in said(capsys, "frobnicate")[1]


def test_a_bad_row_names_its_line_and_nothing_is_tracked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("id\n1\n1 2\n", encoding="utf-8")
    assert said(capsys, "track", "main-panel", "--file", str(file)) == (
        2,
        "bursar: line 3: '1 2' is not an id\nbursar: nothing was tracked\n",
    )


@pytest.mark.parametrize("place", ["before", "after", "both"])
def test_the_configuration_may_be_named_anywhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, place: str
) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(f"{name}: 1\n", encoding="utf-8")
    first, second = ["-c", str(tmp_path / "a.yaml")], ["--config", str(tmp_path / "b.yaml")]
    words = {
        "before": [*first, *second, "check"],
        "after": ["check", *first, *second],
        "both": [*first, "check", *second],
    }
    code = execute(words[place])
    out = capsys.readouterr().out
    assert (code, "a.yaml:1:1: " in out, "b.yaml:1:1: " in out) == (78, True, True)


def test_help_imports_nothing_slow() -> None:
    code = "import sys; from bursar.cli import execute; execute(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert {"aiohttp", "rich", "yaml", "msgspec"} & set(done.stderr.split()) == set()


def test_a_reader_that_leaves_is_nobodys_error() -> None:
    line = f"{shlex.quote(sys.executable)} -m bursar plugins smm --json | head -c 1"
    done = subprocess.run(line, shell=True, capture_output=True, encoding="utf-8", check=False)
    assert (done.stdout, done.stderr) == ("{", "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%s >/dev/full", (1, "bursar: the output cannot be written (No space left on device)\n")),
        ("%s >&-", (0, "")),
        ("%s <&- >/dev/null", (0, "")),
        ("PYTHONIOENCODING=latin-1 %s >/dev/null", (0, "")),
    ],
)
def test_output_that_cannot_be_written_is_a_sentence_and_what_is_not_wanted_is_not_missed(
    line: str, said: tuple[int, str]
) -> None:
    command = line % f"{shlex.quote(sys.executable)} -m bursar --help"
    done = subprocess.run(command, shell=True, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == said


def test_what_a_terminal_cannot_write_is_written_in_another_way() -> None:
    """As the … of a demo on a terminal that is Latin-1."""
    code = "import sys; from bursar.cli import execute; execute(['--version']); print(chr(0x2026))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, env={**os.environ, "PYTHONIOENCODING": "latin-1"}
    )
    assert done.stdout.splitlines()[-1] == b"\\u2026"


PLUGIN = """
import click
from bursar.api import hookimpl

@click.command()
def greet():
    \"\"\"Say hello.\"\"\"
    click.echo("hello")

@hookimpl
def bursar_commands(register):
    register(greet)
"""


@pytest.fixture
def stranger(tmp_path: Path) -> dict[str, str]:
    """Install a stranger's plugin that brings a command; give the environment that sees it."""
    (tmp_path / "mine.py").write_text(PLUGIN, encoding="utf-8")
    installed = tmp_path / "mine-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n", encoding="utf-8")
    (installed / "entry_points.txt").write_text("[bursar]\nmine = mine\n", encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


@pytest.mark.parametrize(("words", "sentence"), [(["greet"], "hello"), (["--help"], "Say hello.")])
def test_a_plugin_brings_a_command(stranger: dict[str, str], words: list[str], sentence: str) -> None:
    line = [sys.executable, "-m", "bursar", *words]
    done = subprocess.run(line, env=stranger, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, sentence in done.stdout, done.stderr) == (0, True, "")
