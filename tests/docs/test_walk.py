"""docs/walk.md, run from its first line to its last; its `assert`s are the test."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from support.pages import ROOT, fragments, program


async def test_the_walk_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    [configuration] = fragments("yaml", ROOT / "docs" / "walk.md")
    walked: dict[str, Any] = {"CONFIGURATION": configuration.text}
    walk = eval(compile(program("docs/walk.md"), "docs/walk.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), walked)
    assert inspect.isawaitable(walk)
    await walk
    assert len(walked["received"]) == 1


MAX_STOPS = 15
STOPS = re.findall(r"^(\d+)\. `([\w/]+\.py)`, `(\w+)`:", (ROOT / "docs" / "walk.md").read_text("utf-8"), re.MULTILINE)


def test_the_walk_has_few_stops() -> None:
    assert [int(number) for number, _, _ in STOPS] == list(range(1, len(STOPS) + 1))
    assert 10 <= len(STOPS) <= MAX_STOPS


@pytest.mark.parametrize(("path", "function"), [(path, function) for _, path, function in STOPS])
def test_a_stop_that_is_named_is_there(path: str, function: str) -> None:
    assert f"def {function}(" in (ROOT / path).read_text("utf-8")
