"""The proof itself, in its short form: nothing is lost, doubled, or beyond what was judged."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess, Popen, run
from typing import Any

import pytest

from bursar_prove.matrix import FAULTS
from support.limits import WAIT_S
from support.prove import SCENARIOS, prove

ROUNDS = 33
SEEDS = {"debits at once": 1, "debits when done": 3}
"""One of each kind of site: what is asked for leaves the balance at once, or once it is done."""
TRIES = 20
CELL = "before-commit:person:none"
OF_A_TERMINAL = {"COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}


@pytest.fixture(scope="module", params=SEEDS.values(), ids=SEEDS)
def short(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> CompletedProcess[str]:
    return prove(tmp_path_factory.mktemp("short"), "--rounds", str(ROUNDS), "--seed", str(request.param), "--json")


@pytest.fixture(scope="module")
def told(short: CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(short.stdout)
    return found


def test_nothing_is_lost(told: dict[str, Any]) -> None:
    assert (told["lost"], told["findings"] if told["lost"] else []) == (0, [])


def test_nothing_is_doubled(told: dict[str, Any]) -> None:
    assert (told["doubled"], told["findings"] if told["doubled"] else []) == (0, [])


def test_nothing_is_beyond_what_was_judged(told: dict[str, Any]) -> None:
    assert (told["beyond"], told["findings"] if told["beyond"] else []) == (0, [])


def test_it_ends_well(short: CompletedProcess[str]) -> None:
    assert (short.returncode, short.stderr) == (0, "")


def test_every_round_is_in_a_cell(told: dict[str, Any]) -> None:
    assert (told["rounds"], sum(cell["rounds"] for cell in told["cells"])) == (ROUNDS, ROUNDS)


def test_every_action_was_done(told: dict[str, Any]) -> None:
    assert set(told["effects"]) == set(SCENARIOS.actions)


def test_every_fault_was_played(told: dict[str, Any]) -> None:
    assert {cell["cell"].rpartition(":")[2] for cell in told["cells"] if cell["rounds"]} == set(FAULTS)


@dataclass(frozen=True)
class Shown:
    """A short run in front of a person: its exit code, what the terminal showed, what it left in its folder."""

    code: int
    screen: str
    left: list[str]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("shown")
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "bursar", "prove", "--rounds", "1", "--cell", CELL]
    environ = {name: value for name, value in os.environ.items() if name not in OF_A_TERMINAL}
    environ |= {"TMPDIR": str(folder), "TERM": "xterm"}
    ended = run(command, stdout=DEVNULL, stderr=end, env=environ, check=False)
    os.close(end)
    screen = os.read(terminal, 1 << 16).decode("utf-8", "replace")
    os.close(terminal)
    return Shown(ended.returncode, screen, [path.name for path in folder.iterdir()])


def test_it_leaves_nothing_behind(shown: Shown) -> None:
    assert shown.left == []


def test_it_shows_what_it_plays_on_a_terminal(shown: Shown) -> None:
    assert (shown.code, CELL in shown.screen) == (0, True)


@pytest.mark.parametrize("words", [("--cell", "after-effect:poll:none"), ("--flaw", "sends-frist"), ("--rounds", "0")])
def test_what_makes_no_sense_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    ended = prove(tmp_path, *words)
    assert (ended.returncode, len(ended.stderr.strip().splitlines())) == (2, 1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_its_children_end_with_it(tmp_path: Path, number: signal.Signals) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "bursar", "prove", "--rounds", "1000"]
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    with Popen(command, pass_fds=[writing], stdout=DEVNULL, stderr=PIPE, env=environ) as parent:
        os.close(writing)
        while not list(tmp_path.glob("*/daemon.log")):
            assert parent.poll() is None
            select.select([reading], [], [], 0.05)
        all_ended = False
        for _ in range(TRIES):  # an interrupt may meet a moment in which Python drops it; a person would press again
            parent.send_signal(number)
            if all_ended := bool(select.select([reading], [], [], WAIT_S / TRIES)[0]) and os.read(reading, 1) == b"":
                break
        os.close(reading)
        parent.kill()
    assert all_ended
