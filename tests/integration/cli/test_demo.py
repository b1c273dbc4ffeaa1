"""The demo as a whole, as `make demo` runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

WORDS = [sys.executable, "-m", "bursar", "demo"]


@pytest.fixture
def folder(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which temporary folders are made here."""
    return {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the ids of a process's children."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8")
    return [int(each) for each in found.split()]


def test_the_demo_ends_by_itself_and_well(folder: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(WORDS, env=folder, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "nothing was done twice" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_takes_its_children_along(
    folder: dict[str, str], tmp_path: Path, number: signal.Signals
) -> None:
    with subprocess.Popen([*WORDS, "--keep"], env=folder, stdout=subprocess.PIPE, encoding="utf-8") as demo:
        assert demo.stdout is not None
        while "bursar accounts -c" not in (line := demo.stdout.readline()):
            assert line, "the demo ended before it began"
        children = children_of(demo)
        demo.send_signal(number)
        demo.communicate()
    assert len(children) == 2
    assert [each for each in children if Path(f"/proc/{each}").exists()] == []
    assert list(tmp_path.iterdir()) == []
