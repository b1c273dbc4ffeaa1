"""docs/tutorial.md is followed, command by command, by somebody who changes nothing but the sandbox's ports."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.pages import ROOT, fragments

PAGE = ROOT / "docs" / "tutorial.md"
BURSAR = [sys.executable, "-m", "bursar"]
[CONFIGURATION] = [fragment.text for fragment in fragments("yaml", PAGE)]
LINES = [
    line.removeprefix("$ ").partition("  #")[0]
    for fragment in fragments("console", PAGE)
    for line in fragment.text.splitlines()
    if line.startswith("$ bursar")
]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start processes that end with the test."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: str, **how: Any) -> subprocess.Popen[str]:
        running.append(subprocess.Popen([*BURSAR, *words], cwd=tmp_path, encoding="utf-8", **how))
        return running[-1]

    yield start
    for process in reversed(running):
        process.terminate()
        process.communicate()


def say(folder: Path, line: str) -> str:
    """Run a command of the page; it has to succeed."""
    done = subprocess.run(
        [*BURSAR, *shlex.split(line)[1:]], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    return done.stdout


def says(folder: Path, line: str, wanted: str) -> None:
    """Run a command again and again, as a person would, until it says something."""
    while wanted not in say(folder, line):
        pass


def test_it_can_be_followed(tmp_path: Path, started: Callable[..., subprocess.Popen[str]]) -> None:
    lines = {line.split()[1]: line for line in LINES}
    words = shlex.split(lines["sandbox"])[1:]
    at = words.index("--port")
    sandbox = started(*words[:at], *words[at + 2 :], "--json", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert sandbox.stdout is not None
    served = {place["provider"]: place for place in (json.loads(sandbox.stdout.readline()) for _ in range(3))}
    assert served["smm"]["key"] in CONFIGURATION
    file = tmp_path / "bursar.yaml"
    file.write_text(CONFIGURATION.replace("http://127.0.0.1:8702/api/v2", served["smm"]["url"]), encoding="utf-8")
    assert say(tmp_path, lines["check"]).endswith("fine, with 1 warning\n")
    with (tmp_path / "run.log").open("w", encoding="utf-8") as log:
        daemon = started(*shlex.split(lines["run"])[1:], stdout=log, stderr=log)
    while not (tmp_path / "control.sock").exists():
        assert daemon.poll() is None, (tmp_path / "run.log").read_text(encoding="utf-8")
    assert set(shlex.split(lines["track"])[3:-2]) <= set(served["smm"]["track"])
    say(tmp_path, lines["track"])
    says(tmp_path, lines["events"], "order.partial")
    assert "held: shadow" in say(tmp_path, lines["why"])
    assert "partial" in say(tmp_path, lines["orders"])
    say(tmp_path, lines["status"])
    file.write_text(file.read_text(encoding="utf-8").replace("mode: shadow", "mode: live"), encoding="utf-8")
    say(tmp_path, lines["reload"])
    says(tmp_path, lines["actions"], "succeeded")
    assert "fired" in say(tmp_path, lines["why"])
    assert "action.succeeded" in (tmp_path / "run.log").read_text(encoding="utf-8")


def test_every_command_of_the_page_is_run() -> None:
    run = {"sandbox", "check", "run", "track", "orders", "status", "events", "why", "reload", "actions"}
    assert {line.split()[1] for line in LINES} == run
