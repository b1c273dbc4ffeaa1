"""What changes something at a provider is asked about at the terminal first, with what it costs."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

ADD = ("main-panel", "add", "service=1", "link=https://example.org/p", "quantity=100")
PAY = ("exchange", "add_payout", "method_id=7", "account=TWallet")


def call(configuration: Path, words: tuple[str, ...], answer: str) -> tuple[int, str, str]:
    """Run `bursar call` at a terminal, with what is typed there; return its exit code, its output, and the screen."""
    terminal, end = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())
    command = [sys.executable, "-m", "bursar", "call", *words, "-c", str(configuration)]
    ended = subprocess.run(command, stdin=end, stderr=end, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    os.close(end)
    screen = os.read(terminal, 1 << 16).decode("utf-8", "replace")
    os.close(terminal)
    return ended.returncode, ended.stdout, screen


@pytest.mark.parametrize("beside", ["served", "configuration"], ids=["beside a daemon", "alone"])
@pytest.mark.parametrize("words", [ADD, PAY], ids=["add", "payout"])
def test_what_it_costs_is_shown_and_a_no_does_nothing(
    request: pytest.FixtureRequest, beside: str, words: tuple[str, ...]
) -> None:
    code, out, screen = call(request.getfixturevalue(beside), words, "n")
    assert (code, out, ", for " in screen, "nothing was done" in screen) == (1, "", True, True)


def test_a_yes_does_it(configuration: Path) -> None:
    code, out, screen = call(configuration, ADD, "y")
    assert (code, "succeeded" in out, "TWallet" in screen) == (0, True, False)


def test_a_wallet_is_not_shown(configuration: Path) -> None:
    _, _, screen = call(configuration, PAY, "n")
    assert ("TWallet" in screen, "account=***" in screen) == (False, True)
