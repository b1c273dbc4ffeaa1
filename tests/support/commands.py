"""Commands as the tests of the command line run them, and what they said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bursar.cli import execute


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Said]


def command_on(configuration: Path, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run commands by a configuration, and give what they say."""

    def command(*words: str) -> Said:
        capfd.readouterr()
        code = execute([*words, "-c", str(configuration)])
        printed = capfd.readouterr()
        return Said(code, printed.out, printed.err)

    return command
