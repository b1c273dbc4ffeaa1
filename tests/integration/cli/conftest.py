"""A sandbox and a daemon as processes of their own, for commands that are tried the way people use them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bursar.cli.demo.config import as_yaml
from bursar.host.plugins import load_plugins
from bursar.sandbox import ServedProvider
from support.commands import Command, command_on
from support.left import ASKS, Left


def started(*words: str) -> subprocess.Popen[str]:
    """Start `bursar WORDS`, whose output is going to be read; a log that nobody reads would fill its pipe, and hang it."""
    command = [sys.executable, "-m", "bursar", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")


def serving(path: Path) -> subprocess.Popen[str]:
    """Start a daemon, and wait until its log says that it watches; then let the log run off."""
    command = [sys.executable, "-m", "bursar", "run", "-c", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8")
    assert process.stderr is not None
    while "watching" not in (line := process.stderr.readline()):
        assert line, "bursar run ended before it was ready"
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process


@pytest.fixture(scope="session")
def places() -> Iterator[dict[str, ServedProvider]]:
    """Return every provider of a running sandbox, by its name."""
    wanted = [provider for provider in load_plugins().providers.values() if provider.wire is not None]
    with started("sandbox", "--json", "--speed", "20") as process:
        assert process.stdout is not None
        found = [ServedProvider.read(json.loads(process.stdout.readline())) for _ in wanted]
        yield {place.provider: place for place in found}
        process.terminate()


def document(places: dict[str, ServedProvider], folder: Path) -> dict[str, Any]:
    """Return a configuration for the sandbox, its state in a folder."""
    names = {"smm": "main-panel", "anticaptcha": "shop", "premium_exchanger": "exchange"}
    accounts = {
        names[place.provider]: {
            "provider": place.provider,
            "url": place.url,
            "rate": "1200/min",
            "timeout": "5m",
            **place.settings,
        }
        for place in places.values()
        if place.provider in names
    }
    tell = {"notify": {"sink": "book", "text": "{{ order.id }}"}}
    partial = {"name": "tell-partial", "on": "order.partial", "do": [tell]}
    return {
        "settings": {"state": str(folder / "journal.db")},
        "accounts": accounts,
        "sinks": {"book": {"type": "log"}},
        "rules": [partial],
    }


@pytest.fixture
def configuration(places: dict[str, ServedProvider], tmp_path: Path) -> Path:
    """Write a configuration for the sandbox; no daemon runs by it."""
    path = tmp_path / "bursar.yaml"
    path.write_text(as_yaml(document(places, tmp_path)), encoding="utf-8")
    return path


@pytest.fixture
def alone(configuration: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run commands where no daemon runs."""
    return command_on(configuration, capfd)


@pytest.fixture(scope="session")
def served(places: dict[str, ServedProvider], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run a daemon against the sandbox; give its configuration."""
    folder = tmp_path_factory.mktemp("served")
    path = folder / "bursar.yaml"
    path.write_text(as_yaml(document(places, folder)), encoding="utf-8")
    with serving(path) as process:
        yield path
        process.terminate()
        process.wait()


@pytest.fixture
def bursar(served: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run commands beside the daemon."""
    return command_on(served, capfd)


@pytest.fixture
def left(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Left:
    return Left(tmp_path, command_on(tmp_path / "bursar.yaml", capfd))


@pytest.fixture
def asked(left: Left) -> Left:
    """A payout of 600 that waits for a yes."""
    left.configure(ASKS)
    left.balance("600")
    return left
